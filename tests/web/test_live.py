"""The page of a lot that keeps itself up to date: what goes over the open line, to whom, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic, sleep

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import service
from marketplace.auctions.models import Lot
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web import live_hub
from marketplace.web.live_hub import Full, Hub
from tests.factories.auctions import a_bid, a_lot
from tests.factories.groups import a_member


class Versions:
    """A database of versions, and how often it was asked."""

    def __init__(self) -> None:
        self.now, self.asked = {1: 1, 2: 1}, 0

    def __call__(self, lot_ids: object) -> dict[int, int]:
        self.asked += 1
        return dict(self.now)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "LOOKS_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(live_hub, "LONGEST_SECONDS", 60.0)


def wait_until(so: Callable[[], bool]) -> None:
    give_up = monotonic() + 10
    while not so():
        assert monotonic() < give_up
        sleep(0.005)


# ---- who listens ----


def test_each_page_hears_of_its_own_lot_and_of_the_newest_version_alone() -> None:
    versions = Versions()
    hub = Hub(versions, most=5)
    first, other = hub.join(1, 1), hub.join(2, 1)
    told = first.told()
    assert next(told) == 1
    for version in (2, 3, 4):
        first.news.put(version)
    assert next(told) == 4
    versions.now[1] = 5
    wait_until(lambda: first.version == 5)
    assert other.news.empty()
    hub.leave(first)
    hub.leave(other)


def test_nobody_looks_while_nobody_listens_and_a_page_that_goes_makes_room() -> None:
    versions = Versions()
    hub = Hub(versions, most=1)
    listener = hub.join(1, 1)
    with pytest.raises(Full):
        hub.join(1, 1)
    hub.leave(listener)
    sleep(0.05)
    asked = versions.asked
    sleep(0.05)
    assert versions.asked == asked
    hub.leave(hub.join(2, 1))


def test_a_database_that_fails_for_a_while_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "HEARTBEAT_SECONDS", 0.01)
    answers = iter([RuntimeError("gone"), {1: 2}])

    def read(_lot_ids: object) -> dict[int, int]:
        answer = next(answers, {1: 2})
        if isinstance(answer, Exception):
            raise answer
        return answer

    hub = Hub(read, most=5)
    listener = hub.join(1, 1)
    wait_until(lambda: listener.version == 2)
    hub.leave(listener)


def test_open_lines_end_when_the_server_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    mark = tmp_path / "serving"  # type: ignore[operator]
    mark.touch()
    monkeypatch.setenv("EARNEST_SERVING", str(mark))
    hub = Hub(Versions(), most=5)
    told = hub.join(1, 1).told()
    assert next(told) == 1
    mark.unlink()
    assert list(told) == []
    with pytest.raises(Full):
        hub.join(1, 1)


def test_a_silent_line_says_that_it_is_there_and_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(live_hub, "LONGEST_SECONDS", 0.05)
    listener = Hub(Versions(), most=5).join(1, 1)
    heard = list(listener.told())
    assert heard[0] == 1 and set(heard[1:]) == {None}


# ---- the page ----


@pytest.fixture
def lot(app: Flask) -> Lot:
    return a_lot(opening=500)


def events_of(client: FlaskClient, path: str, count: int, meanwhile: Callable[[], object]) -> list[str]:
    """The first `count` things that come over the line; after the first two, something happens."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    heard = []
    for chunk in answer.response:
        heard.append(chunk.decode() if isinstance(chunk, bytes) else chunk)
        if len(heard) == 2:
            meanwhile()
        if len(heard) == count:
            break
    answer.close()
    return heard


def path_of(lot: Lot, what: str) -> str:
    return f"/g/{db.session.get_one(Group, lot.group_id).slug}/lots/{lot.number}/{what}"


def test_the_line_tells_of_a_bid_and_of_nothing_but_the_version(
    app: Flask, lot: Lot, client_of: Callable[..., FlaskClient]
) -> None:
    anna = a_member(db.session.get_one(Group, lot.group_id))
    path, before = path_of(lot, "live"), lot.version
    retry, *heard = events_of(client_of(anna), path, 3, lambda: a_bid(lot, maximum=900))
    assert retry == "retry: 3000\n\n"
    told = [re.fullmatch(r"data: (\d+) (\d+)\n\n", event) for event in heard]
    assert [int(each[1]) for each in told] == [before, before + 1]
    assert all(abs(int(each[2]) / 1000 - clock.now().timestamp()) < 30 for each in told)
    assert len(app.extensions["earnest_live"]) == 0


@pytest.mark.one_database
def test_where_all_lines_are_taken_the_page_is_told_to_ask(
    app: Flask, lot: Lot, client_of: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["earnest_live"], "_most", 0)
    answer = client_of(a_member(db.session.get_one(Group, lot.group_id))).get(path_of(lot, "live"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


@pytest.mark.one_database
@pytest.mark.one_database
def test_asking_for_the_head_of_the_line_takes_no_place(
    lot: Lot, client_of: Callable[..., FlaskClient], app: Flask
) -> None:
    anna = a_member(db.session.get_one(Group, lot.group_id))
    assert client_of(anna).head(path_of(lot, "live")).mimetype == "text/event-stream"
    assert len(app.extensions["earnest_live"]) == 0


def test_the_parts_come_again_only_when_something_changed(lot: Lot, client_of: Callable[..., FlaskClient]) -> None:
    anna = a_member(db.session.get_one(Group, lot.group_id))
    client, path = client_of(anna), path_of(lot, "now")

    def ask(tag: str = "") -> tuple[int, str, str]:
        answer = client.get(path, headers={"If-None-Match": tag} if tag else {})
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status_code, answer.headers["ETag"], answer.get_data(as_text=True)

    status, tag, page = ask()
    assert status == 200 and 'id="live-price"' in page and "<form" not in page, "what one types is not swapped away"
    assert ask(tag)[0] == 304
    a_bid(lot, anna, 900)
    status, led, page = ask(tag)
    assert status == 200 and "You lead" in page
    a_bid(lot, maximum=2000)
    status, _tag, page = ask(led)
    assert status == 200 and "You have been outbid." in page
    with clock.at(lot.ends_at):
        assert ask(led)[0] == 200


@pytest.mark.one_database
@pytest.mark.parametrize("what", ["live", "now"])
def test_who_may_not_see_the_lot_hears_nothing_of_it(
    lot: Lot, client: FlaskClient, client_of: Callable[..., FlaskClient], what: str
) -> None:
    group = db.session.get_one(Group, lot.group_id)
    anna, moderator = a_member(group), a_member(group, Role.MODERATOR)
    path, hers = path_of(lot, what), client_of(anna)
    with hers.get(path) as answer:
        assert answer.status_code == 200
    assert client.get(path).status_code == 404
    members.leave_group(by=anna.id, group_id=group.id)
    assert hers.get(path).status_code == 404
    service.hide_lot(lot_id=lot.id, by=moderator.id, reason="Not antique.")
    assert client_of(a_member(group)).get(path).status_code == 404
