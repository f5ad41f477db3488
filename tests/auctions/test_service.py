"""Listing, withdrawing, hiding and relisting lots, on both databases."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.auctions import finding, following, service
from marketplace.auctions.events import LotHidden, LotListed, LotWithdrawn
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.catalog.events import ItemChanged, ItemWithdrawn
from marketplace.catalog.models import Item
from marketplace.groups.events import GroupClosed
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooLate
from marketplace.kernel.money import Money
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr(service, "announce", heard.append)
    return heard


def eur(minor):
    return Money(minor, "EUR")


def listed(item, **changes):
    asked = {"opening": eur(500), "ends_at": clock.now() + timedelta(days=3), "client_key": "key-of-this-lot"} | changes
    return service.list_lot(by=asked.pop("by", item.seller_id), item_id=item.id, **asked)


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


# ---- listing ----


def test_a_published_item_becomes_a_lot_that_copies_what_the_deal_rests_on(app, told):
    item = an_item(title="A slate clock", shipping_minor=1250)
    with unit_of_work():
        db.session.get_one(Group, item.group_id).terms = Terms(days_to_pay=9)
    lot = now_of(listed(item, reserve=eur(2000)))
    assert (lot.title, lot.shipping_minor, lot.terms.days_to_pay) == ("A slate clock", 1250, 9)
    assert (lot.state, lot.number, lot.price, lot.reserve) == (State.RUNNING, 1, eur(500), eur(2000))
    assert (lot.ends_at, lot.leader_id, lot.bid_count) == (lot.scheduled_end_at, None, 0)
    assert [type(fact) for fact in told] == [LotListed]
    assert db.session.get_one(Group, item.group_id).currency_fixed


def test_numbers_are_counted_in_each_group(app):
    group, other = a_group(), a_group(name="The Escapement")
    keys = iter(f"key-number-{n}" for n in range(9))
    numbers = [listed(an_item(group=g), client_key=next(keys)).number for g in (group, group, other, group)]
    assert numbers == [1, 2, 1, 3]


def test_the_same_key_is_the_same_lot(app):
    item = an_item()
    assert listed(item).id == listed(item, opening=eur(900)).id
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 1


def test_a_moment_without_a_zone_is_the_groups(app):
    item = an_item(group=a_group(time_zone="Asia/Tokyo"))
    tomorrow = (clock.now() + timedelta(days=1)).replace(tzinfo=None, hour=12, minute=0, second=0, microsecond=0)
    lot = now_of(listed(item, starts_at=tomorrow, ends_at=tomorrow + timedelta(days=2)))
    assert lot.starts_at == datetime.fromisoformat(f"{tomorrow:%Y-%m-%d}T12:00+09:00")
    assert lot.state == State.SCHEDULED


@pytest.mark.parametrize(("changes", "field"), [
    ({"opening": eur(0)}, "opening"),
    ({"reserve": eur(499)}, "reserve"),
    ({"starts_in": timedelta(minutes=-6)}, "starts_at"),
    ({"starts_in": timedelta(days=61), "ends_in": timedelta(days=62)}, "starts_at"),
    ({"ends_in": timedelta(minutes=59)}, "ends_at"),
    ({"ends_in": timedelta(days=30, minutes=1)}, "ends_at"),
    ({"starts_in": timedelta(days=2), "ends_in": timedelta(days=1)}, "ends_at"),
])  # fmt: skip
def test_an_offer_that_makes_no_sense_is_refused_at_its_field(app, changes, field):
    for name in [name for name in changes if name.endswith("_in")]:
        changes = {**changes, name.replace("_in", "_at"): clock.now() + changes[name]}
        del changes[name]
    with pytest.raises(RuleBroken) as refusal:
        listed(an_item(), **changes)
    assert refusal.value.field == field


def test_a_start_that_went_by_while_the_form_was_filled_in_means_now(app):
    before = clock.now()
    lot = listed(an_item(), starts_at=before - timedelta(minutes=1))
    assert now_of(lot).starts_at >= before


def test_an_item_runs_in_one_lot_at_a_time(app):
    item = an_item()
    listed(item)
    with pytest.raises(RuleBroken, match="already in an auction"):
        listed(item, client_key="another-key")


def test_two_who_list_it_at_the_same_moment_are_told_apart(app):
    item = an_item()
    asked = {"by": item.seller_id, "item_id": item.id, "opening": eur(500), "ends_at": clock.now() + timedelta(days=3)}
    keys = ("key-of-one-page", "key-of-the-other")
    failures = at_once(app, *[functools.partial(service.list_lot, client_key=key, **asked) for key in keys])
    assert [type(failure) for failure in failures] == [RuleBroken]
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 1


def test_a_sold_item_is_not_listed_again_unless_the_deal_fell_through(app):
    lot = a_lot(state=State.SOLD)
    item = db.session.get_one(Item, lot.item_id)
    with pytest.raises(RuleBroken, match="is sold"):
        listed(item)
    with pytest.raises(RuleBroken):
        service.relist(lot_id=lot.id, by=lot.seller_id, client_key="relist-key")
    service.note_fallen_through(lot_id=lot.id, buyer_id=lot.leader_id)
    assert service.relist(lot_id=lot.id, by=lot.seller_id, client_key="relist-key").id != lot.id


def test_only_published_items_of_ones_own_are_listed(app):
    with pytest.raises(RuleBroken, match="Publish it first"):
        listed(an_item(published=False))
    item = an_item()
    with pytest.raises(NotAllowed):
        listed(item, by=a_member(db.session.get_one(Group, item.group_id)).id)
    with pytest.raises(NotFound):
        listed(item, by=a_person().id)


def test_the_only_officer_who_confirms_money_cannot_sell(app):
    owner = a_person()
    group = a_group(owner=owner)
    item = an_item(owner, group)
    with pytest.raises(NotAllowed, match="only officer"):
        listed(item)
    a_member(group, Role.TREASURER)
    assert listed(item).state == State.RUNNING


def test_who_has_not_agreed_to_the_new_rules_lists_nothing(app):
    item = an_item()
    with unit_of_work():
        db.session.get_one(Group, item.group_id).rules_version += 1
    with pytest.raises(RuleBroken, match="agree"):
        listed(item)


# ---- withdrawing and hiding ----


def test_the_seller_takes_his_lot_back_before_the_first_bid(app, told):
    lot = a_lot()
    service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    assert now_of(lot).state == State.WITHDRAWN
    assert [type(fact) for fact in told] == [LotWithdrawn]


def test_after_the_first_bid_he_does_not_and_others_never_do(app):
    lot = a_lot()
    stranger = a_member(db.session.get_one(Group, lot.group_id))
    with pytest.raises(NotAllowed):
        service.withdraw_lot(lot_id=lot.id, by=stranger.id)
    a_bid(lot)
    with pytest.raises(TooLate):
        service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)


def test_a_hidden_lot_is_there_for_its_seller_and_the_officers_alone(app, told):
    group = a_group()
    lot = a_lot(an_item(group=group))
    moderator, treasurer, member = (a_member(group, role) for role in (Role.MODERATOR, Role.TREASURER, Role.MEMBER))
    a_bid(lot, member)
    with pytest.raises(NotAllowed):
        service.hide_lot(lot_id=lot.id, by=member.id, reason="I do not like it")
    service.hide_lot(lot_id=lot.id, by=moderator.id, reason="A fake")
    assert (now_of(lot).state, now_of(lot).hidden_reason) == (State.WITHDRAWN, "A fake")
    assert [(fact.by_moderator, fact.reason, fact.leader_id) for fact in told] == [(True, "A fake", member.id)]
    for person in (moderator, treasurer, db.session.get_one(Person, lot.seller_id)):
        assert finding.lot_for(lot.id, person.id).id == lot.id
    for person_id in (member.id, a_person().id, None):
        with pytest.raises(NotFound):
            finding.lot_for(lot.id, person_id)
    with pytest.raises(NotFound):
        a_bid(lot, member, 2000)


def test_what_a_moderator_hid_is_not_listed_again(app):
    lot = a_lot()
    moderator = a_member(db.session.get_one(Group, lot.group_id), Role.MODERATOR)
    service.hide_lot(lot_id=lot.id, by=moderator.id, reason="A fake")
    with pytest.raises(RuleBroken, match="hidden this item"):
        listed(db.session.get_one(Item, lot.item_id))
    with pytest.raises(RuleBroken, match="hidden already"):
        service.hide_lot(lot_id=lot.id, by=moderator.id, reason="Again")


def test_a_withdrawn_lot_can_be_hidden_as_well(app, told):
    lot = a_lot()
    moderator = a_member(db.session.get_one(Group, lot.group_id), Role.MODERATOR)
    service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    service.hide_lot(lot_id=lot.id, by=moderator.id, reason="An insult in the title")
    assert [type(fact) for fact in told] == [LotWithdrawn, LotHidden]


def test_a_sold_lot_that_is_hidden_stays_sold_and_its_buyer_sees_it(app, told):
    group = a_group()
    buyer, moderator = a_member(group), a_member(group, Role.MODERATOR)
    lot = a_lot(an_item(group=group), state=State.SOLD, leader_id=buyer.id, leader_maximum_minor=900)
    service.hide_lot(lot_id=lot.id, by=moderator.id, reason="A name in the picture")
    assert now_of(lot).state == State.SOLD
    assert finding.lot_for(lot.id, buyer.id).id == lot.id
    assert [(type(fact), fact.buyer_id) for fact in told] == [(LotHidden, buyer.id)]


def test_with_a_lot_its_item_and_the_items_other_lots_are_hidden(app, told):
    group = a_group()
    buyer, moderator, member = a_member(group), a_member(group, Role.MODERATOR), a_member(group)
    item = an_item(group=group)
    sold = a_lot(item, state=State.SOLD, leader_id=buyer.id, leader_maximum_minor=900, fell_through_at=clock.now())
    running = a_lot(item)
    service.hide_lot(lot_id=sold.id, by=moderator.id, reason="A name in the picture")
    assert [type(fact) for fact in told] == [LotHidden, LotWithdrawn]
    assert (now_of(sold).state, now_of(running).state) == (State.SOLD, State.WITHDRAWN)
    assert db.session.get_one(Item, item.id).hidden_at is not None
    for lot in (sold, running):
        with pytest.raises(NotFound):
            finding.lot_for(lot.id, member.id)
    with pytest.raises(RuleBroken, match="A moderator has hidden this lot"):
        service.relist(lot_id=sold.id, by=sold.seller_id, client_key="list-it-again")
    assert finding.has_bought(item.id, buyer.id)
    assert not finding.has_bought(item.id, member.id)
    assert not finding.has_bought(item.id, None)


def test_strangers_see_lots_only_where_the_catalogue_is_public(app):
    closed, public = a_lot(), a_lot(an_item(group=a_group(is_catalogue_public=True)))
    for person_id in (None, a_person().id):
        with pytest.raises(NotFound):
            finding.lot_for(closed.id, person_id)
        assert finding.lot_for(public.id, person_id).id == public.id


# ---- relisting ----


def test_a_lot_that_passed_is_relisted_with_one_click_and_once(app):
    lot = a_lot(opening=700, reserve=900, state=State.PASSED)
    again = service.relist(lot_id=lot.id, by=lot.seller_id, client_key="relist-key")
    again = now_of(again)
    assert (again.opening_minor, again.reserve_minor, again.relisted_from_id) == (700, 900, lot.id)
    assert again.scheduled_end_at - again.starts_at == lot.scheduled_end_at - lot.starts_at
    assert (again.state, again.number) == (State.RUNNING, lot.number + 1)
    assert service.relist(lot_id=lot.id, by=lot.seller_id, client_key="relist-key").id == again.id
    with pytest.raises(RuleBroken, match="already in an auction"):
        service.relist(lot_id=lot.id, by=lot.seller_id, client_key="another-key")


def test_nobody_but_the_seller_relists(app):
    lot = a_lot(state=State.PASSED)
    with pytest.raises(NotAllowed):
        service.relist(lot_id=lot.id, by=a_member(db.session.get_one(Group, lot.group_id)).id, client_key="relist-key")


# ---- what happens below ----


def test_until_the_first_bid_a_lot_says_what_its_item_says(app):
    lot = a_lot()
    changed = ItemChanged(lot.item_id, lot.group_id, lot.seller_id, "Another title", "books", eur(77), clock.now())
    following.item_changed(changed)
    assert (now_of(lot).title, now_of(lot).category, now_of(lot).shipping_minor) == ("Another title", "books", 77)
    a_bid(lot)
    following.item_changed(ItemChanged(lot.item_id, lot.group_id, lot.seller_id, "A third", "books", None, clock.now()))
    assert now_of(lot).title == "Another title"


def test_until_the_first_bid_a_lot_has_the_combined_rate_of_its_item(app):
    lot = a_lot(shipping_minor=980)
    about = (lot.item_id, lot.group_id, lot.seller_id, lot.title, "watches", eur(980), clock.now())
    following.item_changed(ItemChanged(*about, shipping_further=eur(250)))
    assert now_of(lot).shipping_further == eur(250)
    a_bid(lot)
    following.item_changed(ItemChanged(*about))
    assert now_of(lot).shipping_further == eur(250)


def test_a_lot_starts_with_the_combined_rate_of_its_item(app):
    item = an_item(shipping_minor=1250, shipping_further_minor=300)
    ends_at = clock.now() + timedelta(days=3)
    lot = service.list_lot(
        by=item.seller_id, item_id=item.id, opening=eur(500), client_key="key-of-the-lot", ends_at=ends_at
    )
    assert now_of(lot).shipping_further == eur(300)


def test_an_item_that_is_put_away_takes_its_lot_along(app):
    lot = a_lot()
    following.item_withdrawn(ItemWithdrawn(lot.item_id, lot.group_id, lot.seller_id, lot.title, clock.now()))
    assert now_of(lot).state == State.WITHDRAWN


def test_in_a_closed_group_only_lots_with_bids_go_on(app):
    group = a_group()
    bare, bidden = a_lot(an_item(group=group)), a_lot(an_item(group=group))
    a_bid(bidden)
    following.group_closed(GroupClosed(group.id, group.founded_by))
    assert [now_of(lot).state for lot in (bare, bidden)] == [State.WITHDRAWN, State.RUNNING]
