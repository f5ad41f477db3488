"""Lots start and end by themselves, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.auctions import closing
from marketplace.auctions.events import LotPassed, LotSold, LotStarted
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr(closing, "announce", heard.append)
    return heard


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def test_a_lot_starts_under_the_terms_of_that_moment(app, told):
    lot = a_lot(starts_at=clock.now() + timedelta(hours=1))
    with unit_of_work():
        db.session.get_one(Group, lot.group_id).terms = Terms(fee_basis_points=250)
    assert closing.start_due_lots() == 0
    with clock.at(lot.starts_at):
        assert closing.start_due_lots() == 1
        assert closing.start_due_lots() == 0
    assert (now_of(lot).state, now_of(lot).terms.fee_basis_points) == (State.RUNNING, 250)
    assert [type(fact) for fact in told] == [LotStarted]


def test_a_lot_is_sold_to_its_leader_at_the_price_with_its_own_terms(app, told):
    lot = a_lot(opening=500, terms=Terms(days_to_pay=9), shipping_minor=1250, shipping_further_minor=300)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    a_bid(lot, anna, 1000)
    a_bid(lot, ben, 9000)
    assert closing.close_due_lots() == 0
    with clock.at(lot.ends_at):
        assert closing.close_due_lots() == 1
        assert closing.close_due_lots() == 0
    assert now_of(lot).state == State.SOLD
    (fact,) = told
    assert isinstance(fact, LotSold)
    assert (fact.lot_id, fact.number, fact.seller_id, fact.buyer_id) == (lot.id, lot.number, lot.seller_id, ben.id)
    assert fact.shipping_further == Money(300, "EUR")
    assert (fact.hammer, fact.shipping, fact.terms) == (Money(1050, "EUR"), Money(1250, "EUR"), Terms(days_to_pay=9))


@pytest.mark.parametrize("maximum", [None, 1999])
def test_without_a_bid_or_below_the_reserve_a_lot_passes(app, told, maximum):
    lot = a_lot(reserve=2000)
    if maximum:
        a_bid(lot, maximum=maximum)
    with clock.at(lot.ends_at):
        assert closing.close_due_lots() == 1
    assert now_of(lot).state == State.PASSED
    assert [(type(fact), fact.bid_count) for fact in told] == [(LotPassed, 1 if maximum else 0)]


def test_an_extended_lot_closes_at_its_new_end(app, told):
    lot = a_lot()
    a_bid(lot, at=lot.ends_at - timedelta(seconds=1))
    with clock.at(lot.scheduled_end_at):
        assert closing.close_due_lots() == 0
    with clock.at(now_of(lot).ends_at):
        assert closing.close_due_lots() == 1


def test_a_lot_that_was_never_started_in_time_still_runs_its_course(app, told):
    lot = a_lot(starts_at=clock.now() + timedelta(hours=1))
    with clock.at(lot.ends_at + timedelta(days=1)):
        assert (closing.start_due_lots(), closing.close_due_lots()) == (1, 1)
    assert now_of(lot).state == State.PASSED


def test_one_lot_that_cannot_be_closed_does_not_hold_up_the_others(app, monkeypatch):
    group = a_group()
    lots = [a_lot(an_item(group=group)) for _ in range(3)]

    def refuse_the_second(fact):
        if fact.lot_id == lots[1].id:
            raise RuntimeError("the order could not be opened")

    monkeypatch.setattr(closing, "announce", refuse_the_second)
    with clock.at(max(lot.ends_at for lot in lots)):
        assert closing.close_due_lots() == 2
        assert [now_of(lot).state for lot in lots] == [State.PASSED, State.RUNNING, State.PASSED]
        monkeypatch.setattr(closing, "announce", lambda fact: None)
        assert closing.close_due_lots() == 1


def test_what_follows_from_a_sale_is_kept_with_it_or_not_at_all(app, monkeypatch):
    lot = a_lot()
    a_bid(lot)
    monkeypatch.setattr(closing, "announce", lambda fact: 1 / 0)
    with clock.at(lot.ends_at):
        assert closing.close_due_lots() == 0
    assert (now_of(lot).state, now_of(lot).closed_at) == (State.RUNNING, None)


def test_a_worker_takes_no_more_lots_at_once_than_it_was_asked(app, told):
    group = a_group()
    lots = [a_lot(an_item(group=group)) for _ in range(3)]
    with clock.at(max(lot.ends_at for lot in lots)):
        assert [closing.close_due_lots(limit=2) for _ in range(3)] == [2, 1, 0]
