"""A lot's page is not sent again while all that it shows is as its reader has it; and is sent whenever it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import service as accounts
from marketplace.accounts.models import Person
from marketplace.auctions import service, watching
from marketplace.auctions.models import Lot
from marketplace.auctions.trail import Trail
from marketplace.catalog import service as catalog
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web import sheets
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database
SETTLED = timedelta(seconds=6)
NOON = datetime(2026, 11, 26, 11, tzinfo=UTC)
Browse = Callable[..., FlaskClient]


@pytest.fixture
def lot(app: Flask) -> Lot:
    lot = a_lot(an_item(group=a_group(is_catalogue_public=True)), ends_at=clock.now() + timedelta(days=5, hours=3))
    clock.move(SETTLED)
    return lot


def group_of(lot: Lot) -> Group:
    return db.session.get_one(Group, lot.group_id)


def path(lot: Lot) -> str:
    return f"/g/{group_of(lot).slug}/lots/{lot.number}"


def tag(browser: FlaskClient, lot: Lot) -> str:
    """The tag of the page; the first visit sets the session up, and is another."""
    browser.get(path(lot))
    answer = browser.get(path(lot))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache, max-age=0"
    return answer.headers["ETag"]


def asked(browser: FlaskClient, lot: Lot, known: str) -> int:
    return browser.get(path(lot), headers={"If-None-Match": known}).status_code


def test_an_unchanged_page_is_not_sent_again(lot: Lot, client_of: Browse, client: FlaskClient) -> None:
    for browser in (client, client_of(a_member(group_of(lot)))):
        clock.move(SETTLED)
        known = tag(browser, lot)
        answer = browser.get(path(lot), headers={"If-None-Match": known})
        assert (answer.status_code, answer.text, answer.headers["ETag"]) == (304, "", known)
        assert "Cookie" in answer.headers["Vary"]


def test_the_tag_is_its_readers_own(lot: Lot, client_of: Browse, client: FlaskClient) -> None:
    group = group_of(lot)
    anna, ben = client_of(a_member(group)), client_of(a_member(group))
    clock.move(SETTLED)
    known = tag(anna, lot)
    assert [asked(each, lot, known) for each in (anna, ben, client)] == [304, 200, 200]


def bid(lot: Lot, _reader: Person) -> None:
    a_bid(lot, maximum=900)


def hide(lot: Lot, _reader: Person) -> None:
    owner = a_member(group_of(lot), Role.OWNER)
    service.hide_lot(lot_id=lot.id, by=owner.id, reason="A copy")


def watch(lot: Lot, reader: Person) -> None:
    watching.watch(lot_id=lot.id, by=reader.id)


def rename(_lot: Lot, reader: Person) -> None:
    accounts.describe(by=reader.id, name="Another name", about="")


def rename_seller(lot: Lot, _reader: Person) -> None:
    accounts.describe(by=lot.seller_id, name="Another name", about="")


def an_hour(_lot: Lot, _reader: Person) -> None:
    """While days are left the page counts hours."""
    clock.move(timedelta(hours=1))


def near_the_end(lot: Lot, _reader: Person) -> None:
    clock.move(lot.ends_at - clock.now() - timedelta(minutes=3))


@pytest.mark.parametrize(
    ("change", "status"),
    [(bid, 200), (hide, 404), (watch, 200), (rename, 200), (rename_seller, 200), (an_hour, 200), (near_the_end, 200)],
)
def test_whatever_changes_the_page_is_sent(
    lot: Lot, client_of: Browse, change: Callable[[Lot, Person], None], status: int
) -> None:
    reader = a_member(group_of(lot))
    browser = client_of(reader)
    clock.move(SETTLED)
    known = tag(browser, lot)
    assert asked(browser, lot, known) == 304
    change(lot, reader)
    assert asked(browser, lot, known) == status
    clock.move(SETTLED)
    assert asked(browser, lot, known) == status


def test_a_remark_on_the_item_is_sent(lot: Lot, client: FlaskClient) -> None:
    a_bid(lot, maximum=900)
    clock.move(SETTLED)
    known = tag(client, lot)
    catalog.add_remark(item_id=lot.item_id, by=lot.seller_id, text="The hands are new.", client_key="key-of-remark")
    clock.move(SETTLED)
    assert asked(client, lot, known) == 200


def test_in_the_last_days_the_page_counts_minutes(lot: Lot, client: FlaskClient) -> None:
    clock.move(timedelta(days=4))
    known = tag(client, lot)
    clock.move(timedelta(minutes=1))
    assert asked(client, lot, known) == 200


@pytest.mark.parametrize(
    ("left", "passes", "is_other"),
    [
        (timedelta(days=5, minutes=30), timedelta(minutes=20), False),
        (timedelta(days=5, minutes=30), timedelta(minutes=40), True),  # 5 days, then 4 days 23 hours
        (timedelta(days=1, seconds=30), timedelta(seconds=20), False),
        (timedelta(days=1, seconds=30), timedelta(seconds=40), True),
        (timedelta(hours=-1), timedelta(minutes=20), False),  # it is past: the page only says which day that was
        (timedelta(minutes=10), timedelta(minutes=10), True),
        (timedelta(days=5, hours=1, minutes=-1), timedelta(minutes=30), False),
    ],
)
def test_a_page_is_another_when_the_time_on_it_is(left: timedelta, passes: timedelta, is_other: bool) -> None:
    trail = Trail(1, NOON, "Europe/Vienna", (NOON + left,))
    assert (sheets.as_shown(trail, NOON) != sheets.as_shown(trail, NOON + passes)) == is_other


def test_after_midnight_where_the_group_is_today_is_another_day() -> None:
    evening = datetime(2026, 11, 26, 22, 50, tzinfo=UTC)
    trail = Trail(1, evening, "Europe/Vienna", (evening + timedelta(days=5, minutes=30),))
    assert sheets.as_shown(trail, evening) != sheets.as_shown(trail, evening + timedelta(minutes=20))


def test_in_its_last_hour_a_page_shows_seconds_and_has_no_tag(lot: Lot, client: FlaskClient) -> None:
    group = group_of(lot)
    clock.move(lot.ends_at - clock.now() - timedelta(minutes=59))
    for where in (path(lot), f"/g/{group.slug}/lots"):
        assert "ETag" not in client.get(where).headers


def test_the_catalogue_is_sent_again_after_a_bid_and_after_a_minute(lot: Lot, client: FlaskClient) -> None:
    where = f"/g/{group_of(lot).slug}/lots"
    known = client.get(where).headers["ETag"]
    again = {"If-None-Match": known}
    assert client.get(where, headers=again).status_code == 304
    assert client.get(f"{where}?order=newest", headers=again).status_code == 200
    a_bid(lot, maximum=900)
    assert "1 bid" in client.get(where, headers=again).text
    clock.move(SETTLED)
    later = client.get(where).headers["ETag"]
    clock.move(timedelta(minutes=1))
    assert client.get(where, headers={"If-None-Match": later}).status_code == 200


def test_a_page_that_may_change_any_moment_has_no_tag(lot: Lot, client: FlaskClient) -> None:
    """A line with a smaller number may still be on its way to its commit."""
    a_bid(lot, maximum=900)
    assert "ETag" not in client.get(path(lot)).headers
    clock.move(SETTLED)
    assert "ETag" in client.get(path(lot)).headers


def test_what_is_to_be_said_once_is_said(lot: Lot, client_of: Browse) -> None:
    browser = client_of(a_member(group_of(lot)))
    clock.move(SETTLED)
    known = tag(browser, lot)
    with browser.session_transaction() as session:
        session["_flashes"] = [("message", "You watch this lot.")]
    answer = browser.get(path(lot), headers={"If-None-Match": known})
    assert answer.status_code == 200
    assert "You watch this lot." in answer.text


def test_who_was_removed_is_not_told_that_nothing_changed(app: Flask, client_of: Browse) -> None:
    lot = a_lot()
    member, owner = a_member(group_of(lot)), a_member(group_of(lot), Role.OWNER)
    browser = client_of(member)
    clock.move(SETTLED)
    known = tag(browser, lot)
    members.remove_member(group_id=lot.group_id, person_id=member.id, by=owner.id, reason="He sold copies.")
    clock.move(SETTLED)
    assert asked(browser, lot, known) == 404


def test_signing_out_makes_the_browser_forget(lot: Lot, client_of: Browse) -> None:
    answer = client_of(a_member(group_of(lot))).post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
