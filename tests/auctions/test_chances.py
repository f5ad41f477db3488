"""Second chances, on both databases: who is offered a lot that was not paid, at what price, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from marketplace.auctions import chance_rules, chances, closing, records, service
from marketplace.auctions.bid_rules import price
from marketplace.auctions.chance_models import Chance
from marketplace.auctions.chance_rules import LAW, Action, Party, State, in_line, judge
from marketplace.auctions.models import Bid, Lot
from marketplace.auctions.record_rules import examine
from marketplace.auctions.rules import State as LotState
from marketplace.escrow import lapsing
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from marketplace.worker.ledger_audit import party_findings
from tests.at_once import at_once
from tests.auctions.test_rules import NOON, a_lot as lot_of_the_law, after
from tests.factories.auctions import a_bid, a_lot
from tests.factories.groups import a_member

DAY = timedelta(days=1)


def eur(minor):
    return Money(minor, "EUR")


# ---- the law ----


def test_every_state_is_reached_and_all_else_refused():
    assert {State.OPEN} | {clause.then for clause in LAW} == set(State)
    for state, action, by, late in product(State, Action, Party, (False, True)):
        now = NOON if late else NOON - DAY
        clause = next((c for c in LAW if (c.given, c.action, c.by) == (state, action, by)), None)
        if clause is not None and late == (clause.when is chance_rules.When.FROM_ITS_END):
            assert judge(state, action, by=by, ends_at=NOON, now=now) is clause.then
        else:
            with pytest.raises(RuleBroken):
                judge(state, action, by=by, ends_at=NOON, now=now)


BIDS = st.lists(st.tuples(st.sampled_from((2, 3, 4, 5)), st.integers(500, 9000)), max_size=8)


@given(bids=BIDS, reserve=st.none() | st.integers(500, 9000))
def test_the_next_in_line_pays_as_if_those_before_him_had_never_bid(bids, reserve):
    lot, counting = lot_of_the_law(reserve=None if reserve is None else eur(reserve)), []
    for bidder, maximum in bids:
        try:
            lot = after(lot, (bidder, maximum))
        except RuleBroken:
            continue
        counting.append((bidder, eur(maximum)))
    out = {lot.leader_id}
    for standing in in_line(lot, counting):
        best = {who: max(most for each, most in counting if each == who) for who, _most in counting if who not in out}
        highest = max(best.values())
        assert standing.leader_maximum == highest
        assert best[standing.leader_id] == highest
        assert reserve is None or highest.minor >= reserve
        assert price(standing) <= highest
        out.add(standing.leader_id)


# ---- what comes of it ----


@pytest.fixture
def lot(app):
    """Sold to Anna for 80.50, then not paid: Ben went to 80.00, Cleo to 30.00."""
    return a_lot(opening=500)


@pytest.fixture
def people(lot):
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = (a_member(group) for _each in range(3))
    for bidder, maximum in ((cleo, 3000), (ben, 8000), (anna, 20_000)):
        a_bid(lot, bidder, maximum)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    return anna, ben, cleo


def lapse_order(lot):
    """The buyer has not paid in time. When that was."""
    order = db.session.scalars(select(Order).where(Order.lot_id == lot.id).order_by(Order.id.desc())).first()
    at = order.deadline
    with clock.at(at):
        lapsing.lapse_due_orders()
    assert db.session.get_one(Order, order.id, populate_existing=True).state == OrderState.UNPAID
    return at


def take(lot, person, price_seen, at):
    with clock.at(at):
        chances.take(lot_id=lot.id, by=person.id, price_seen=eur(price_seen), shipping_seen=eur(lot.shipping_minor))


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def offers():
    wanted = select(Chance.person_id, Chance.price_minor, Chance.state).order_by(Chance.id)
    return [tuple(row) for row in db.session.execute(wanted)]


def kinds_told(person_id):
    wanted = select(Notice.kind).where(Notice.person_id == person_id, Notice.ref.like("lot:%")).order_by(Notice.id)
    return list(db.session.scalars(wanted))


def test_the_underbidder_has_it_for_the_price_without_the_defaulter(lot, people):
    _anna, ben, _cleo = people
    at = lapse_order(lot)
    assert offers() == [(ben.id, 3100, State.OPEN)]
    assert kinds_told(ben.id)[-1] == "second_chance"
    assert kinds_told(lot.seller_id)[-1] == "lot_offered_on"
    with pytest.raises(RuleBroken, match="another one"):
        take(lot, ben, 8050, at)
    take(lot, ben, 3100, at)
    take(lot, ben, 3100, at)
    after_it = now_of(lot)
    assert (after_it.leader_id, after_it.price_minor, after_it.state) == (ben.id, 3100, LotState.SOLD)
    assert (after_it.fell_through_at, after_it.offered_until) == (None, None)
    orders = db.session.scalars(select(Order).order_by(Order.id)).all()
    assert [(order.attempt, order.buyer_id, order.hammer_minor) for order in orders][1:] == [(2, ben.id, 3100)]
    assert list(party_findings()) == []
    assert not examine(records.record_for(after_it, ben.id))
    causes = db.session.scalars(select(Bid.void_cause).order_by(Bid.id)).all()
    assert causes == ["", "", "unpaid"]


def test_after_the_underbidder_the_third_and_then_nobody(lot, people):
    anna, ben, cleo = people
    at = lapse_order(lot)
    with pytest.raises(NotFound):
        take(lot, cleo, 500, at)
    with clock.at(at + DAY - timedelta(seconds=1)):
        assert chances.lapse_due_chances() == 0
    with clock.at(at + DAY):
        with pytest.raises(TooLate):
            take(lot, ben, 3100, at + DAY)
        assert chances.lapse_due_chances() == 1
        assert chances.lapse_due_chances() == 0
        with pytest.raises(TooEarly, match="next in line"):
            service.relist(lot_id=lot.id, by=lot.seller_id, client_key="key-of-the-second")
        assert offers() == [(ben.id, 3100, State.LAPSED), (cleo.id, 500, State.OPEN)]
        chances.decline(lot_id=lot.id, by=cleo.id)
        with pytest.raises(Stale):
            take(lot, cleo, 500, at + DAY)
        assert kinds_told(lot.seller_id)[-1] == "chances_over"
        assert now_of(lot).leader_id == anna.id
        assert service.relist(lot_id=lot.id, by=lot.seller_id, client_key="key-of-the-second").state == LotState.RUNNING


def test_who_was_passed_on_does_not_count_when_the_third_takes_it(lot, people):
    _anna, ben, cleo = people
    at = lapse_order(lot)
    with clock.at(at):
        chances.decline(lot_id=lot.id, by=ben.id)
    take(lot, cleo, 500, at)
    assert (now_of(lot).leader_id, now_of(lot).price_minor) == (cleo.id, 500)
    assert db.session.scalars(select(Bid.void_cause).order_by(Bid.id)).all() == ["", "passed on", "unpaid"]
    assert not examine(records.record_for(now_of(lot), cleo.id))


def test_when_the_second_buyer_does_not_pay_either_the_third_is_asked(lot, people):
    _anna, ben, cleo = people
    take(lot, ben, 3100, lapse_order(lot))
    lapse_order(lot)
    assert offers() == [(ben.id, 3100, State.TAKEN), (cleo.id, 500, State.OPEN)]


def test_who_wants_none_has_left_or_is_below_the_reserve_is_passed_over(lot, people):
    _anna, ben, cleo = people
    chances.refuse_chances(by=ben.id, wants_none=True)
    assert chances.wants_none(ben.id)
    lapse_order(lot)
    assert offers() == [(cleo.id, 500, State.OPEN)]


def test_who_has_left_is_passed_over_and_where_nobody_is_left_the_seller_lists_again(app):
    lot = a_lot(opening=500, reserve=5000)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = (a_member(group) for _each in range(3))
    for bidder, maximum in ((cleo, 3000), (ben, 8000), (anna, 20_000)):
        a_bid(lot, bidder, maximum)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
        members.leave_group(by=ben.id, group_id=group.id)
    at = lapse_order(lot)
    assert offers() == [], "Cleo is below the reserve"
    with clock.at(at):
        service.relist(lot_id=lot.id, by=lot.seller_id, client_key="key-of-the-second")


def test_taking_it_while_it_lapses_has_one_outcome(app, lot, people):
    _anna, ben, _cleo = people
    at = lapse_order(lot)
    lot_id, ben_id, shipping = lot.id, ben.id, eur(lot.shipping_minor)

    def click():
        with clock.at(at):
            chances.take(lot_id=lot_id, by=ben_id, price_seen=eur(3100), shipping_seen=shipping)

    def pass_on():
        with clock.at(at):
            chances.decline(lot_id=lot_id, by=ben_id)

    at_once(app, click, pass_on, click)
    taken = offers()[0][2] == State.TAKEN
    assert len(db.session.scalars(select(Order)).all()) == (2 if taken else 1)
