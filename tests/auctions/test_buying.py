"""Buying a lot at once, on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.auctions import buying, catalogue, closing, records, retracting, service
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.record_file import read, written
from marketplace.auctions.record_rules import examine
from marketplace.auctions.retraction_rules import Reason
from marketplace.auctions.rules import State
from marketplace.auctions.search_rules import Search, Stage
from marketplace.escrow.models import Order
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_member


def eur(minor):
    return Money(minor, "EUR")


def buy(lot, person_id, price=9000, shipping=None):
    shipping = lot.shipping_minor if shipping is None else shipping
    buying.buy_now(lot_id=lot.id, by=person_id, price_seen=eur(price), shipping_seen=eur(shipping))


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def members(lot, count):
    group = db.session.get_one(Group, lot.group_id)
    return [a_member(group) for _each in range(count)]


def is_gone(lot, person):
    with pytest.raises(TooLate):
        buy(lot, person.id)
    return now_of(lot).buy_now is None


def test_who_pays_the_price_has_it_and_the_auction_is_over(app):
    lot = a_lot(buy_now_minor=9000)
    (anna,) = members(lot, 1)
    buy(lot, anna.id)
    buy(lot, anna.id)
    after = now_of(lot)
    assert (after.state, after.leader_id, after.price_minor) == (State.SOLD, anna.id, 9000)
    assert after.ends_at == after.closed_at == after.bought_at < after.scheduled_end_at
    order = db.session.scalars(select(Order)).one()
    assert (order.buyer_id, order.hammer_minor) == (anna.id, 9000)
    ended = catalogue.catalogue(lot.group_id, Search(stage=Stage.ENDED), now=clock.now())
    assert [each.id for each in ended.lots] == [lot.id]
    with pytest.raises(TooLate):
        a_bid(lot, maximum=10_000)


def test_it_is_gone_with_the_first_bid_and_stays_gone_when_that_is_taken_back(app):
    lot = a_lot(buy_now_minor=9000)
    anna, ben = members(lot, 2)
    a_bid(lot, anna, 1000)
    assert is_gone(lot, ben)
    retracting.retract(
        lot_id=lot.id, by=anna.id, reason=Reason.TYPO, corrected=None, client_key="key-of-the-form", confirmed=True
    )
    assert now_of(lot).leader_id is None
    assert is_gone(lot, ben)


def test_with_a_reserve_it_stands_until_that_is_met_and_whoever_bid_is_told(app):
    lot = a_lot(reserve=5000, buy_now_minor=9000)
    anna, ben, cleo = members(lot, 3)
    a_bid(lot, anna, 2000)
    a_bid(lot, ben, 4999)
    buy(lot, cleo.id)
    kinds = select(Notice.kind).where(Notice.person_id == anna.id).order_by(Notice.id)
    assert db.session.scalars(kinds).all() == ["outbid", "lot_bought"]
    other = a_lot(an_item(group=db.session.get_one(Group, lot.group_id)), reserve=5000, buy_now_minor=9000)
    a_bid(other, anna, 5000)
    assert is_gone(other, ben)


def test_nobody_pays_what_he_has_not_seen_and_not_everybody_may(app):
    lot = a_lot(buy_now_minor=9000)
    (anna,) = members(lot, 1)
    with pytest.raises(Stale, match="price for buying"):
        buy(lot, anna.id, price=8000)
    with pytest.raises(Stale, match="Shipping"):
        buy(lot, anna.id, shipping=lot.shipping_minor + 1)
    with pytest.raises(NotAllowed, match="your own"):
        buy(lot, lot.seller_id)
    with pytest.raises(NotFound):
        buy(lot, a_person().id)
    with clock.at(lot.ends_at), pytest.raises(TooLate, match="ended on"):
        buy(lot, anna.id)
    assert now_of(lot).state == State.RUNNING


def test_of_several_who_click_at_once_one_has_it(app):
    lot = a_lot(buy_now_minor=9000)
    people = [person.id for person in members(lot, 4)]
    shown = db.session.get_one(Lot, lot.id)
    seen, lot_id = eur(shown.shipping_minor), lot.id

    def click(person_id):
        buying.buy_now(lot_id=lot_id, by=person_id, price_seen=eur(9000), shipping_seen=seen)

    failures = at_once(app, *(lambda who=who: click(who) for who in people))
    assert Counter(type(failure).__name__ for failure in failures) == {"TooLate": 3}
    assert len(db.session.scalars(select(Order)).all()) == 1
    assert len(db.session.scalars(select(Alias)).all()) == 1


def test_the_record_says_who_bought_and_a_false_one_is_found(app):
    lot = a_lot(reserve=5000, buy_now_minor=9000)
    anna, ben = members(lot, 2)
    a_bid(lot, ben, 4000)
    buy(lot, anna.id)
    text = written(records.record_for(now_of(lot), anna.id), group="g", number=1, title="t")
    assert examine(read(text)[0]) == []
    assert examine(read(text.replace('"price": 9000', '"price": 8000'))[0])
    assert examine(read(text.replace('"buy_now": 9000', '"buy_now": 9500'))[0])
    assert examine(read(text.replace('"is_bought": true', '"is_bought": false'))[0])


def test_a_price_below_the_reserve_is_no_price_and_a_lot_listed_again_keeps_it(app):
    item = an_item()
    asked = {
        "by": item.seller_id, "item_id": item.id, "opening": eur(1000), "reserve": eur(5000),
        "ends_at": clock.now() + timedelta(days=2), "client_key": "key-of-the-lot",
    }  # fmt: skip
    with pytest.raises(RuleBroken) as refusal:
        service.list_lot(**asked, buy_now=eur(4999))
    assert (refusal.value.field, refusal.value.details["least"]) == ("buy_now", eur(5000))
    lot = service.list_lot(**asked, buy_now=eur(5000))
    with clock.at(lot.ends_at):
        closing.close_due_lots()
        again = service.relist(lot_id=lot.id, by=item.seller_id, client_key="key-of-the-second")
    assert again.buy_now == eur(5000)
