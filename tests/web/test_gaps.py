"""A page made once for many: each finds his own in it and nobody another's, and who has something there has his own."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cachetools import TTLCache
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from marketplace.accounts.models import Person
from marketplace.auctions import questions, watching
from marketplace.auctions.models import Lot
from marketplace.groups import founding, members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.web import gaps, live, sight
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.deposits import a_deposit
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database
AROUND = gaps.around
SETTLED = timedelta(seconds=6)
Browse = Callable[..., FlaskClient]


@pytest.fixture
def group(app: Flask) -> Group:
    return a_group(is_catalogue_public=True)


@pytest.fixture
def lot(group: Group) -> Lot:
    lot = a_lot(an_item(group=group), ends_at=clock.now() + timedelta(days=5, hours=3))
    a_bid(lot, maximum=900)
    return lot


def path(lot: Lot) -> str:
    return f"/g/{db.session.get_one(Group, lot.group_id).slug}/lots/{lot.number}"


def settled(browser: FlaskClient, where: str) -> str:
    """The page, once its reader's session is set up and nothing has happened for a while."""
    browser.get(where)
    clock.move(SETTLED)
    return browser.get(where).text


TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
KEY = re.compile(r'name="client_key" value="([^"]+)"')


def but_for_keys(page: str) -> str:
    for each in (TOKEN, KEY, re.compile(r'data-now="(\d+)"'), re.compile(r'datetime="PT\d+S"')):
        page = each.sub("", page)
    return page


def a_plain_member(_lot: Lot, group: Group) -> Person:
    return a_member(group)


def an_officer(_lot: Lot, group: Group) -> Person:
    return a_member(group, Role.MODERATOR)


def an_owner(_lot: Lot, group: Group) -> Person:
    return a_member(group, Role.OWNER)


def no_member(_lot: Lot, _group: Group) -> Person:
    return a_person()


def one_who_left(_lot: Lot, group: Group) -> Person:
    person = a_member(group)
    members.leave_group(by=person.id, group_id=group.id)
    return person


def one_who_has_not_agreed(_lot: Lot, group: Group) -> Person:
    person, owner = a_member(group), a_member(group, Role.OWNER)
    founding.change_rules(by=owner.id, group_id=group.id, text="Be kind, and pay.", based_on=group.rules_version)
    return person


def an_operator(_lot: Lot, _group: Group) -> Person:
    return a_person(is_operator=True)


def the_seller(lot: Lot, _group: Group) -> Person:
    return db.session.get_one(Person, lot.seller_id)


def the_leader(lot: Lot, _group: Group) -> Person:
    return db.session.get_one(Person, lot.leader_id)


def one_outbid(lot: Lot, group: Group) -> Person:
    person = a_member(group)
    a_bid(lot, person, 1200)
    a_bid(lot, maximum=5000)
    return person


def a_watcher(lot: Lot, group: Group) -> Person:
    person = a_member(group)
    watching.watch(lot_id=lot.id, by=person.id)
    return person


def an_asker(lot: Lot, group: Group) -> Person:
    person = a_member(group)
    questions.ask(lot_id=lot.id, by=person.id, text="Does it run?", client_key="key-of-the-question")
    return person


def a_depositor(_lot: Lot, group: Group) -> Person:
    person = a_member(group)
    a_deposit(group, person)
    return person


Kind = Callable[[Lot, Group], Person]
LOOK_ON: list[Kind] = [
    a_plain_member, an_officer, an_owner, no_member, one_who_left, one_who_has_not_agreed, an_operator,
]  # fmt: skip
HAVE_THEIR_OWN: list[Kind] = [the_seller, the_leader, one_outbid, a_watcher, an_asker, a_depositor]


@pytest.mark.parametrize("kind", LOOK_ON + HAVE_THEIR_OWN)
def test_the_shared_page_is_what_its_reader_would_have_got_alone(
    lot: Lot, group: Group, client_of: Browse, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = a_member(group, name="Anna Ahorn")
    reader = kind(lot, group)
    settled(client_of(anna), path(lot))
    browser, made = client_of(reader), []
    for where in (path(lot), f"/g/{group.slug}/lots"):
        shared = settled(browser, where)
        with monkeypatch.context() as alone:
            alone.setattr(sight, "_shared", lambda _seen, _common, make: gaps.made_for_one(make))
            his_own = browser.get(where).text
        assert but_for_keys(shared) == but_for_keys(his_own)
        with monkeypatch.context() as asked:
            asked.setattr(sight, "_shared", lambda *_asked, of=where: str(made.append(of)))
            browser.get(where)
        assert anna.name not in shared
    assert (path(lot) in made) == (kind in LOOK_ON), "who has something of his own on the page does not share it"
    assert f"/g/{group.slug}/lots" in made, "a list has nothing of anybody's own"


@pytest.mark.parametrize("kind", [*LOOK_ON, *HAVE_THEIR_OWN, None])
def test_the_parts_that_change_are_what_their_reader_would_have_got_alone(
    lot: Lot, group: Group, client: FlaskClient, client_of: Browse, kind: Kind | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, where = client if kind is None else client_of(kind(lot, group)), f"{path(lot)}/now"
    client_of(a_member(group)).get(where)
    shared = browser.get(where)
    with monkeypatch.context() as alone:
        alone.setattr(live, "_as_many_see_it", lambda *_where: None)
        his_own = browser.get(where)
    assert but_for_keys(shared.text) == but_for_keys(his_own.text)
    assert shared.headers["ETag"] == his_own.headers["ETag"]
    assert browser.get(where, headers={"If-None-Match": shared.headers["ETag"]}).status_code == 304


def test_the_parts_have_the_clock_of_each_who_asks(lot: Lot, group: Group, client_of: Browse) -> None:
    moments = []
    for _reader in range(2):
        page = client_of(a_member(group)).get(f"{path(lot)}/now").text
        moments.append(int(re.findall(r'data-now="(\d+)"', page)[0]))
        clock.move(timedelta(seconds=0.5))
    assert moments[1] - moments[0] >= 500


def test_the_parts_are_others_after_a_bid(lot: Lot, group: Group, client_of: Browse) -> None:
    browser = client_of(a_member(group))
    assert "EUR 5.00" in browser.get(f"{path(lot)}/now").text.replace("\xa0", " ")
    a_bid(lot, maximum=5000)
    assert "EUR 9.50" in browser.get(f"{path(lot)}/now").text.replace("\xa0", " ")


def test_each_has_his_own_name_tokens_and_keys(lot: Lot, group: Group, client_of: Browse) -> None:
    anna, ben = a_member(group, name="Anna Ahorn"), a_member(group, name="Ben Birke")
    pages = {each.name: settled(client_of(each), path(lot)) for each in (anna, ben)}
    assert but_for_keys(pages[anna.name]).replace("Anna Ahorn", "Ben Birke") == but_for_keys(pages[ben.name])
    for name, page in pages.items():
        assert [each in page for each in ("Anna Ahorn", "Ben Birke")] == [name == "Anna Ahorn", name == "Ben Birke"]
        assert len(set(TOKEN.findall(page))) == 1
    assert not set.intersection(*(set(TOKEN.findall(page)) for page in pages.values()))
    assert not set.intersection(*(set(KEY.findall(page)) for page in pages.values()))


def test_two_browsers_of_one_member_have_each_its_own_token(
    lot: Lot, group: Group, app: Flask, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while the head and the foot of his pages are kept."""
    monkeypatch.setattr(gaps, "around", AROUND)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    anna = a_member(group)
    browsers = [client_of(anna), client_of(anna)]
    tokens = [TOKEN.findall(settled(each, path(lot)))[0] for each in browsers]
    for browser, (own, other) in zip(browsers, (tokens, tokens[::-1]), strict=True):
        assert browser.post(f"{path(lot)}/watch", data={"csrf_token": other}).status_code == 400
        assert browser.post(f"{path(lot)}/watch", data={"csrf_token": own}).status_code == 302


@pytest.fixture
def for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is outside tests, but that the second does not end."""
    monkeypatch.setattr(sight, "_of_this_second", TTLCache(maxsize=8, ttl=60))


def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that grows with each page that is made for many."""
    pages: list[str] = []
    made_for_many = gaps.made_for_many
    monkeypatch.setattr(gaps, "made_for_many", lambda make: pages.append("") or made_for_many(make))
    return pages


@pytest.mark.usefixtures("for_a_second")
def test_while_others_bid_a_page_is_shared_for_a_second(
    lot: Lot, group: Group, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = made(monkeypatch)
    anna, ben = client_of(a_member(group)), client_of(a_member(group))
    for number, bids in enumerate((False, True), start=1):
        if bids:
            a_bid(lot, maximum=5000)
        for browser in (anna, ben, anna):
            page = browser.get(path(lot))
            assert "ETag" not in page.headers, "another bid may be on its way"
            assert ("EUR 9.50" in page.text.replace("\xa0", " ")) == bids, "a bid on it shows at once"
        assert len(pages) == number


@pytest.mark.usefixtures("for_a_second")
def test_a_list_is_another_with_each_deed_in_the_group(
    lot: Lot, group: Group, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, where = made(monkeypatch), f"/g/{group.slug}/lots"
    for browser in (client_of(a_member(group)), client_of(a_member(group))):
        assert "1 bid" in browser.get(where).text
    a_bid(lot, maximum=5000)
    assert "2 bids" in client_of(a_member(group)).get(where).text
    assert len(pages) == 2


@pytest.mark.usefixtures("for_a_second")
def test_a_catalogue_that_is_not_public_any_more_is_closed_at_once(lot: Lot, group: Group, client: FlaskClient) -> None:
    assert client.get(path(lot)).status_code == 200
    with unit_of_work():
        db.session.get_one(Group, group.id).is_catalogue_public = False
    assert client.get(path(lot)).status_code == 404


@pytest.mark.usefixtures("for_a_second")
def test_what_one_does_oneself_shows_at_once(lot: Lot, group: Group, client_of: Browse) -> None:
    browser = client_of(a_member(group))
    assert "Watch this lot" in browser.get(path(lot)).text
    browser.post(f"{path(lot)}/watch")
    for _look in range(2):
        assert "Stop watching this lot" in browser.get(path(lot)).text


@pytest.mark.usefixtures("for_a_second")
def test_readers_who_have_not_signed_in_share_it_too(lot: Lot, client: FlaskClient, app: Flask) -> None:
    first, second = client.get(path(lot)), app.test_client().get(path(lot))
    assert (first.status_code, first.text) == (200, second.text)
    assert "csrf_token" not in first.text


def test_a_form_of_a_shared_page_counts(lot: Lot, group: Group, client_of: Browse) -> None:
    settled(client_of(a_member(group)), path(lot))
    ben = client_of(a_member(group))
    page = settled(ben, path(lot))
    sent = {"csrf_token": TOKEN.findall(page)[0], "client_key": KEY.findall(page)[0], "maximum": "20", "confirmed": "y"}
    assert ben.post(f"{path(lot)}/bid", data=sent).status_code == 302
    assert "You lead" in ben.get(path(lot)).text


def test_who_may_not_see_the_group_gets_no_page_that_is_kept_of_it(client_of: Browse) -> None:
    lot = a_lot()
    group = db.session.get_one(Group, lot.group_id)
    stranger, removed, owner = a_person(), a_member(group), a_member(group, Role.OWNER)
    members.remove_member(group_id=group.id, person_id=removed.id, by=owner.id, reason="He sold copies.")
    assert "live-price" in settled(client_of(a_member(group)), path(lot))
    assert "live-price" in settled(client_of(a_member(group)), f"{path(lot)}/now")
    for reader in (stranger, removed):
        for where in (path(lot), f"{path(lot)}/now", f"/g/{group.slug}/lots"):
            assert client_of(reader).get(where).status_code == 404


def test_a_kept_page_asks_the_database_twice(
    lot: Lot, group: Group, client_of: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its reader, and for all that it depends on; what is in its head is counted once in a while."""
    monkeypatch.setattr("marketplace.web.waiting.counted", lambda _person_id, _deed: 0)
    monkeypatch.setattr(gaps, "around", AROUND)
    settled(client_of(a_member(group)), path(lot))
    browser = client_of(a_member(group))
    where, said = path(lot), []
    settled(browser, where)

    def note(*what: Any) -> None:
        said.append(what[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert browser.get(where).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len([each for each in said if each.startswith("SELECT") and "clock_offset" not in each]) == 2
