"""What was answered a moment ago is answered again without asking the application, and only while it still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask, request_started
from flask.testing import FlaskClient

from marketplace.accounts import service as accounts
from marketplace.accounts.models import Person
from marketplace.auctions import watching
from marketplace.auctions.models import Lot
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.web import early
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

SETTLED = timedelta(seconds=6)
Browse = Callable[..., FlaskClient]
_remember = early.remember  # before each test changes it


@pytest.fixture
def lot(app: Flask) -> Lot:
    lot = a_lot(an_item(group=a_group(is_catalogue_public=True)), ends_at=clock.now() + timedelta(days=5, hours=3))
    clock.move(SETTLED)
    return lot


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """The paths that the application was asked for."""
    paths: list[str] = []

    def note(_app: Flask, **_words: object) -> None:
        from flask import request  # noqa: PLC0415 - inside the request

        paths.append(request.path)

    with request_started.connected_to(note, app):
        yield paths


def path(lot: Lot) -> str:
    return f"/g/{db.session.get_one(Group, lot.group_id).slug}/lots/{lot.number}"


def catalogue(lot: Lot) -> str:
    return path(lot).rpartition("/")[0]


def known(browser: FlaskClient, where: str) -> dict[str, str]:
    """The header with which a browser asks whether its page still holds; the first visit sets the session up."""
    browser.get(where)
    return {"If-None-Match": browser.get(where).headers["ETag"]}


@pytest.mark.parametrize("place", [path, catalogue])
def test_whether_a_page_still_holds_is_one_look_at_the_database(
    lot: Lot, client_of: Browse, asked: list[str], place: Callable[[Lot], str]
) -> None:
    browser, where = client_of(a_member(db.session.get_one(Group, lot.group_id))), place(lot)
    clock.move(SETTLED)
    tag = known(browser, where)
    slow = browser.get(where, headers=tag | {"If-None-Match": tag["If-None-Match"] + ', "another"'})
    asked.clear()
    fast = browser.get(where, headers=tag)
    assert not asked
    assert (fast.status_code, fast.data, slow.status_code) == (304, b"", 304)
    assert set(fast.headers.items()) == {pair for pair in slow.headers.items() if pair[0] != "Set-Cookie"}


def hidden(lot: Lot, reader: Person) -> None:
    members.remove_member(
        group_id=lot.group_id, person_id=reader.id, reason="He sold copies.",
        by=a_member(db.session.get_one(Group, lot.group_id), Role.OWNER).id,
    )  # fmt: skip


def bid(lot: Lot, _reader: Person) -> None:
    a_bid(lot)


def watch(lot: Lot, reader: Person) -> None:
    watching.watch(lot_id=lot.id, by=reader.id)


def renamed(_lot: Lot, reader: Person) -> None:
    accounts.describe(by=reader.id, name="Another name", about="")


def an_hour(_lot: Lot, _reader: Person) -> None:
    clock.move(timedelta(hours=1))


def signed_out_everywhere(_lot: Lot, reader: Person) -> None:
    with unit_of_work():
        db.session.get_one(Person, reader.id).fs_uniquifier = "another"


def closed(_lot: Lot, reader: Person) -> None:
    with unit_of_work():
        db.session.get_one(Person, reader.id).active = False


@pytest.mark.parametrize("change", [hidden, bid, watch, renamed, an_hour, signed_out_everywhere, closed])
def test_whatever_may_have_changed_is_asked_of_the_application(
    lot: Lot, client_of: Browse, asked: list[str], change: Callable[[Lot, Person], None]
) -> None:
    reader = a_member(db.session.get_one(Group, lot.group_id))
    browser = client_of(reader)
    clock.move(SETTLED)
    tag = known(browser, path(lot))
    change(lot, reader)
    asked.clear()
    answer = browser.get(path(lot), headers=tag)
    assert asked == [path(lot)]
    assert answer.status_code != 304


def test_another_reader_with_the_same_tag_is_not_answered(lot: Lot, client_of: Browse, asked: list[str]) -> None:
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = client_of(a_member(group)), client_of(a_member(group))
    clock.move(SETTLED)
    tag = known(anna, path(lot))
    asked.clear()
    assert ben.get(path(lot), headers=tag).status_code == 200
    assert asked == [path(lot)]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "remember", _remember)


@pytest.mark.usefixtures("shared")
def test_readers_who_have_not_signed_in_share_a_page_for_a_second(app: Flask, lot: Lot, asked: list[str]) -> None:
    first = app.test_client(use_cookies=False).get(path(lot))
    asked.clear()
    second = app.test_client(use_cookies=False).get(path(lot))
    same = app.test_client(use_cookies=False).get(path(lot), headers={"If-None-Match": first.headers["ETag"]})
    assert not asked
    assert (second.status_code, second.data, second.headers) == (200, first.data, first.headers)
    assert (same.status_code, same.data) == (304, b"")
    assert app.test_client(use_cookies=False).head(path(lot)).status_code == 200
    assert asked == [path(lot)]


@pytest.mark.usefixtures("shared")
def test_what_they_share_is_of_that_address_alone(app: Flask, lot: Lot, asked: list[str]) -> None:
    everybody = app.test_client(use_cookies=False)
    everybody.get(catalogue(lot))
    asked.clear()
    assert everybody.get(f"{catalogue(lot)}?show=ended").status_code == 200
    assert everybody.get(catalogue(lot), headers={"Host": "elsewhere.example"}).status_code == 400
    assert asked == [catalogue(lot)] * 2


@pytest.mark.usefixtures("shared")
def test_somebody_with_a_cookie_gets_a_page_of_his_own(
    lot: Lot, client: FlaskClient, client_of: Browse, asked: list[str]
) -> None:
    client.get(path(lot))
    browser = client_of(a_member(db.session.get_one(Group, lot.group_id)))
    asked.clear()
    clock.move(SETTLED)
    assert "Sign in" not in browser.get(path(lot)).text
    assert asked == [path(lot)]
