"""Saved searches and wants, on both databases: kept, removed, and told of what fits, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.auctions import matching, search_rules, searches, service
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.auctions.search_models import Fit, LotToMatch
from marketplace.auctions.search_rules import TOLD_EVERY, Search, Sort
from marketplace.catalog import service as items
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Category, Condition, Details
from marketplace.groups import members
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.kernel.money import Money
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.notifications.letters import all_letters, kinds_told, letters_to

MINUTES = timedelta(minutes=1)


@pytest.fixture
def group(app):
    return a_group()


def kept(person, group, sort=Sort.SEARCH, key="key-of-search", **asked):
    name = asked.get("words") or "Mine"
    return searches.keep(
        by=person.id, group_id=group.id, sort=sort, name=name, search=Search(**asked), client_key=key
    )  # fmt: skip


def listed(group, seller, *, opening=500, days=3, **changes):
    """A lot that is listed now, as a seller lists it; its number within the group, and its id."""
    item = an_item(seller, group, **changes)
    lot = service.list_lot(
        by=seller.id, item_id=item.id, opening=Money(opening, "EUR"), client_key=f"key-of-lot-{item.id}",
        ends_at=clock.now() + timedelta(days=days),
    )  # fmt: skip
    return lot.id


def work(at=None):
    """What the worker does, until nothing is left to do."""
    with clock.at(at or clock.now()):
        return [(matching.match_new_lots(), matching.tell_of_fits()) for _twice in range(2)]


def test_a_member_is_told_once_of_a_new_lot_that_fits(group):
    anna, seller = a_member(group), a_member(group)
    listed(group, seller, title="Seiko diver, old news")
    work()
    kept(anna, group, words="seiko divers", kind="watches")
    kept(a_member(group), group, words="seiko", kind="books")
    kept(seller, group, words="seiko")
    listed(group, seller, title="Seiko diver of 1970")
    assert work() == [(1, 1), (0, 0)]
    assert work() == [(0, 0), (0, 0)]
    assert (kinds_told(anna), kinds_told(seller)) == (["search_fits"], [])
    [letter] = letters_to(anna)
    assert letter.subject == "New and fits your search, lot 2: Seiko diver of 1970"
    assert f"/g/{group.slug}/lots/2\n" in letter.body
    assert len(all_letters()) == 1


def test_a_search_tells_what_is_new_together_and_a_want_at_once(group):
    anna, seller, now = a_member(group), a_member(group), clock.now()
    kept(anna, group, words="clock", key="key-of-search")
    kept(anna, group, Sort.WANT, words="clock", with_shipping_to=2000, key="key-of-want")
    listed(group, seller, title="A clock")
    work(now)
    for title in ("A slate clock", "A tall clock"):
        listed(group, seller, title=title)
    work(now + 30 * MINUTES)
    assert kinds_told(anna) == ["search_fits", "want_fits", "want_fits_more"]
    work(now + TOLD_EVERY - MINUTES)
    assert len(kinds_told(anna)) == 3
    work(now + TOLD_EVERY + MINUTES)
    assert kinds_told(anna)[3:] == ["search_fits_more"]
    more = letters_to(anna)[-1]
    assert more.subject == "2 new lots fit your search clock"
    assert f"/g/{group.slug}/searches/" in more.body


def test_a_want_is_told_of_prices_up_to_its_maximum_with_shipping(group):
    anna, seller = a_member(group), a_member(group)
    kept(anna, group, Sort.WANT, words="vase", with_shipping_to=1480)
    listed(group, seller, title="A dear vase", opening=501)
    listed(group, seller, title="A vase", opening=500)
    work()
    assert [letter.subject for letter in letters_to(anna)] == ["Perhaps what you want, lot 2: A vase"]


def test_what_cannot_be_had_any_more_at_the_price_is_not_told(group):
    anna, seller, now = a_member(group), a_member(group), clock.now()
    kept(anna, group, Sort.WANT, words="vase", with_shipping_to=2000)
    dearer, withdrawn, ended = (listed(group, seller, title=f"Vase {each}", days=1) for each in range(3))
    matching.match_new_lots()
    for maximum in (3000, 5000):
        a_bid(db.session.get_one(Lot, dearer), maximum=maximum)
    service.withdraw_lot(lot_id=withdrawn, by=seller.id)
    with unit_of_work():
        db.session.get_one(Lot, ended).state = State.PASSED
    assert matching.to_tell(now + 10 * MINUTES) == (3, 3)
    matching.tell_of_fits()
    assert (kinds_told(anna), matching.to_tell(now + 10 * MINUTES)) == ([], (0, 0))


def test_an_item_that_is_changed_is_looked_at_anew(group):
    anna, seller = a_member(group), a_member(group)
    kept(anna, group, words="meissen")
    lot_id = listed(group, seller, title="A cup")
    work()
    details = Details(title="A Meissen cup", description="Gilt.", category=Category.PORCELAIN,
                      condition=Condition.USED, pickup_possible=True)  # fmt: skip
    item_id = db.session.get_one(Lot, lot_id).item_id
    for _twice in range(2):
        items.change_item(item_id=item_id, by=seller.id, details=details)
        work()
    assert kinds_told(anna) == ["search_fits"]
    assert db.session.get_one(Item, item_id).title == "A Meissen cup"


def test_who_left_or_stopped_looking_is_not_told(group):
    left, stopped, seller = a_member(group), a_member(group), a_member(group)
    kept(left, group, words="clock")
    kept(left, group, words="clock", key="key-of-second", kind="watches")
    search_id = kept(stopped, group, words="clock").id
    listed(group, seller, title="A clock")
    matching.match_new_lots()
    members.leave_group(by=left.id, group_id=group.id)
    assert searches.remove(search_id=search_id, by=stopped.id) is Sort.SEARCH
    listed(group, seller, title="Another clock")
    work()
    assert all_letters() == []
    assert searches.kept_by(stopped.id, group.id) == []


def test_a_lot_put_in_anew_while_it_was_looked_at_is_looked_at_again(group, monkeypatch):
    lot_id = listed(group, a_member(group), title="A clock")
    note = matching._note

    def slowly(looked_at, found):
        with unit_of_work():
            matching._queue([lot_id])
        return note(looked_at, found)

    monkeypatch.setattr(matching, "_note", slowly)
    with clock.at(clock.now() + MINUTES):
        assert matching.match_new_lots() == 0
    assert db.session.scalar(select(func.count()).select_from(LotToMatch)) == 1


def test_two_workers_tell_nobody_twice(app, group):
    people, seller = [a_member(group) for _each in range(3)], a_member(group)
    for person in people:
        kept(person, group, words="clock")
    for number in range(3):
        listed(group, seller, title=f"Clock {number}")
    assert at_once(app, work, work, work) == []
    work()
    told = [kinds_told(person) for person in people]
    assert all(kinds and len(kinds) == len(letters_to(person)) for kinds, person in zip(told, people, strict=True))
    fits = db.session.execute(select(func.count(), func.count(Fit.told_at))).one()
    assert fits[0] == 9


def test_operators_see_what_waits(group):
    seller, now = a_member(group), clock.now()
    kept(a_member(group), group, words="clock")
    listed(group, seller, title="A clock")
    assert matching.to_match(now + 10 * MINUTES) == (1, 1)
    matching.match_new_lots()
    assert (matching.to_match(now + MINUTES), matching.to_tell(now + MINUTES)) == ((0, 0), (1, 0))


def test_one_keeps_what_is_ones_own(group, monkeypatch):
    anna, bruno = a_member(group), a_member(group)
    first = kept(anna, group, words="clock")
    assert kept(anna, group, words="clock").id == first.id, "a form sent twice is one search"
    assert first.search == Search(words="clock")
    with pytest.raises(NotFound):
        searches.remove(search_id=first.id, by=bruno.id)
    with pytest.raises(NotFound):
        searches.kept(first.id, by=bruno.id)
    with pytest.raises(NotFound):
        kept(a_person(), group, words="clock")
    with pytest.raises(NotAllowed):
        kept(a_person(), a_group(name="Silver", is_catalogue_public=True), words="clock")
    monkeypatch.setattr(search_rules, "MOST_SEARCHES", 1)
    with pytest.raises(RuleBroken, match="Remove one first"):
        kept(anna, group, words="vase", key="key-of-another")
    assert kept(anna, group, Sort.WANT, words="vase", key="key-of-a-want").id
