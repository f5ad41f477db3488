"""Offers on lots that have passed: their law, and what becomes of them. On both databases."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import func, select

from marketplace.auctions import chances, offer_queries, offer_rules, offering, records, retracting, service
from marketplace.auctions.offer_rules import LAW, MOST_OFFERS, STANDS_FOR, TAKEN_FOR, Action, Cause, Party, State
from marketplace.auctions.record_file import read, written
from marketplace.auctions.record_rules import examine
from marketplace.auctions.retraction_rules import Refusal
from marketplace.auctions.rules import State as LotState
from marketplace.catalog import service as catalog
from marketplace.escrow.models import Order
from marketplace.groups import founding, members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import LARGEST_MINOR, Money
from marketplace.notifications.models import Mail, Notice
from tests.at_once import at_once
from tests.auctions.test_rules import NOON
from tests.factories.auctions import a_bid, a_lot
from tests.factories.groups import a_group, a_member

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def eur(minor):
    return Money(minor, "EUR")


def a_passed_lot(**columns):
    """It ended an hour ago, and nobody bid enough."""
    now = clock.now()
    past = {"starts_at": now - 3 * DAY, "ends_at": now - HOUR, "closed_at": now - HOUR, "state": LotState.PASSED}
    return a_lot(**(past | columns))


@pytest.fixture
def lot(app):
    return a_passed_lot()


@pytest.fixture
def anna(lot):
    return a_member(group_of(lot), name="Anna")


def group_of(lot):
    return db.session.get_one(Group, lot.group_id)


def now_of(row):
    return db.session.get_one(type(row), row.id, populate_existing=True)


def offer(lot, person, amount=400, *, key=None):
    return offering.make_offer(
        lot_id=lot.id, by=person.id, amount=eur(amount), shipping_seen=lot.shipping,
        client_key=key or f"key-of-{person.id}-{amount}",
    )  # fmt: skip


def told(person):
    return [notice.kind for notice in db.session.scalars(select(Notice).where(Notice.person_id == person.id))]


# ---- The law ----


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("by", Party)
def test_every_case_is_in_the_law_or_refused(state, action, by):
    clauses = [each for each in LAW if (each.given, each.action, each.by) == (state, action, by)]
    for now in (NOON - HOUR, NOON):
        allowed = [each for each in clauses if (each.when is offer_rules.When.FROM_ITS_END) == (now == NOON)]
        if allowed:
            assert offer_rules.judge(state, action, by=by, ends_at=NOON, now=now) is allowed[0].then
        else:
            with pytest.raises(RuleBroken):
                offer_rules.judge(state, action, by=by, ends_at=NOON, now=now)


@pytest.mark.parametrize("state", State)
def test_an_offer_lapses_by_itself_the_moment_its_time_is_over(state):
    assert offer_rules.as_of(state, ends_at=NOON, now=NOON - timedelta(microseconds=1)) is state
    at_its_end = offer_rules.as_of(state, ends_at=NOON, now=NOON)
    assert at_its_end is (State.LAPSED if state is State.OPEN else state)


@given(st.integers())
def test_any_sum_may_be_offered_that_somebody_can_pay(minor):
    if 0 < minor <= LARGEST_MINOR:
        offer_rules.check_amount(eur(minor))
    else:
        with pytest.raises(RuleBroken):
            offer_rules.check_amount(eur(minor))


# ---- Making one ----


def test_an_offer_stands_for_two_days_and_the_seller_is_told(lot, anna):
    made = offer(lot, anna)
    assert (made.state, made.ends_at - made.made_at) == (State.OPEN, STANDS_FOR)
    seller = db.session.get_one(type(anna), lot.seller_id)
    assert told(seller) == ["offer_new"]
    assert db.session.scalar(select(func.count()).where(Mail.person_id == seller.id)) == 1
    [line] = offer_queries.offers_on(lot, now=clock.now())
    assert (line.offer.id, line.state) == (made.id, State.OPEN)
    assert line.name != "Anna"


def test_the_same_form_twice_is_one_offer_and_with_another_sum_it_is_refused(lot, anna):
    first = offer(lot, anna, key="key-of-the-form")
    assert offer(lot, anna, key="key-of-the-form").id == first.id
    with pytest.raises(Stale):
        offer(lot, anna, 500, key="key-of-the-form")


def test_one_offer_at_a_time_and_three_in_all(lot, anna):
    for number in range(MOST_OFFERS):
        made = offer(lot, anna, 400 + number)
        with pytest.raises(RuleBroken, match="still stands"):
            offer(lot, anna, 900)
        offering.withdraw(lot_id=lot.id, offer_id=made.id, by=anna.id)
        offering.withdraw(lot_id=lot.id, offer_id=made.id, by=anna.id)
    with pytest.raises(TooLate, match="3 offers"):
        offer(lot, anna, 900)


def test_nothing_tells_whether_the_reserve_would_be_met(app):
    lot = a_passed_lot(opening=500, reserve=5000)
    low, high = offer(lot, a_member(group_of(lot)), 1), offer(lot, a_member(group_of(lot)), 100_000)
    assert (low.state, high.state) == (State.OPEN, State.OPEN)
    assert now_of(lot).is_reserve_met is False
    offering.accept(lot_id=lot.id, offer_id=high.id, by=lot.seller_id)
    assert now_of(lot).is_reserve_met is False


def test_who_may_not_bid_makes_no_offer(lot):
    group = group_of(lot)
    stranger, removed = a_member(a_group()), a_member(group)
    members.remove_member(group_id=group.id, person_id=removed.id, by=a_member(group, Role.OWNER).id, reason="Fakes.")
    seller = db.session.get_one(type(stranger), lot.seller_id)
    for person, refusal in ((stranger, NotFound), (removed, NotFound), (seller, NotAllowed)):
        with pytest.raises(refusal):
            offer(lot, person)


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"state": LotState.RUNNING, "closed_at": None, "ends_at": None}, TooEarly),
        ({"state": LotState.WITHDRAWN}, TooLate),
        ({"state": LotState.SOLD}, TooLate),
    ],
)
def test_only_lots_that_have_passed_take_offers(app, columns, refusal):
    lot = a_passed_lot(**columns)
    with pytest.raises(refusal):
        offer(lot, a_member(group_of(lot)))


def test_offers_are_taken_for_thirty_days(lot, anna):
    clock.move(now_of(lot).ends_at + TAKEN_FOR - clock.now())
    with pytest.raises(TooLate, match="were taken until"):
        offer(lot, anna)


def test_whose_bids_the_seller_cancelled_makes_him_no_offer(app):
    lot = a_lot(reserve=5000)
    ben = a_member(group_of(lot))
    a_bid(lot, ben, 900)
    [name] = [line.bidder for line in records.record_for(now_of(lot), ben.id).lines]
    retracting.cancel_bids(lot_id=lot.id, by=lot.seller_id, bidder=name, reason=Refusal.ASKED)
    with unit_of_work():
        row = now_of(lot)
        row.state, row.closed_at, row.ends_at = LotState.PASSED, clock.now(), clock.now()
        row.scheduled_end_at = row.ends_at
    with pytest.raises(NotAllowed, match="cancelled your bids"):
        offer(lot, ben)


# ---- What becomes of it ----


def test_who_takes_an_offer_sells_and_all_others_end(lot, anna):
    ben = a_member(group_of(lot))
    mine, other = offer(lot, anna, 400), offer(lot, ben, 300)
    offering.accept(lot_id=lot.id, offer_id=mine.id, by=lot.seller_id)
    offering.accept(lot_id=lot.id, offer_id=mine.id, by=lot.seller_id)
    after = now_of(lot)
    assert (after.state, after.leader_id, after.price_minor) == (LotState.SOLD, anna.id, 400)
    order = db.session.scalars(select(Order).where(Order.lot_id == lot.id)).one()
    assert (order.buyer_id, order.hammer_minor, order.attempt) == (anna.id, 400, 1)
    assert (now_of(mine).state, now_of(other).state, now_of(other).cause) == (
        State.ACCEPTED, State.SUPERSEDED, Cause.SOLD,
    )  # fmt: skip
    assert "offer_accepted" in told(anna)
    assert told(ben) == ["offer_ended"]
    for act in (offering.decline, offering.accept):
        with pytest.raises(Stale):
            act(lot_id=lot.id, offer_id=other.id, by=lot.seller_id)


def test_the_record_of_a_lot_sold_on_an_offer_is_that_of_an_auction_that_passed(app, tmp_path):
    lot = a_lot(opening=500, reserve=5000)
    ben = a_member(group_of(lot))
    a_bid(lot, ben, 900)
    a_bid(lot, None, 800)
    with unit_of_work():
        row = now_of(lot)
        row.state, row.closed_at = LotState.PASSED, row.ends_at
    anna = a_member(group_of(lot))
    with clock.at(now_of(lot).ends_at + HOUR):
        made = offer(lot, anna, 700)
        offering.accept(lot_id=lot.id, offer_id=made.id, by=lot.seller_id)
        found = records.record_for(now_of(lot), ben.id)
    assert (found.state, found.price.minor) == (LotState.PASSED, 850)
    assert not examine(read(written(found, group="g", number=1, title="t"))[0])


def test_two_offers_taken_at_once_are_one_sale(app, lot, anna):
    offers = [offer(lot, each, 400) for each in (anna, a_member(group_of(lot)))]
    lot_id, seller_id = lot.id, lot.seller_id
    deeds = [partial(offering.accept, lot_id=lot_id, offer_id=each.id, by=seller_id) for each in offers * 2]
    failures = at_once(app, *deeds)
    assert all(isinstance(each, Stale) for each in failures), failures
    assert db.session.scalar(select(func.count()).select_from(Order).where(Order.lot_id == lot.id)) == 1
    assert sorted(now_of(each).state for each in offers) == [State.ACCEPTED, State.SUPERSEDED]


def test_declined_it_binds_nobody_and_another_may_follow(lot, anna):
    made = offer(lot, anna)
    for _click in range(2):
        offering.decline(lot_id=lot.id, offer_id=made.id, by=lot.seller_id)
    assert told(anna) == ["offer_declined"]
    assert offer(lot, anna, 500).state == State.OPEN


def test_nobody_but_the_seller_answers_and_nobody_but_the_bidder_withdraws(lot, anna):
    made = offer(lot, anna)
    owner = a_member(group_of(lot), Role.OWNER)
    for person in (anna, owner):
        for act in (offering.accept, offering.decline):
            with pytest.raises(NotFound):
                act(lot_id=lot.id, offer_id=made.id, by=person.id)
    for person_id in (owner.id, lot.seller_id):
        with pytest.raises(NotFound):
            offering.withdraw(lot_id=lot.id, offer_id=made.id, by=person_id)
    with pytest.raises(NotFound):
        offering.decline(lot_id=a_passed_lot().id, offer_id=made.id, by=lot.seller_id)


def test_it_lapses_after_two_days_and_not_a_moment_before(lot, anna):
    made = offer(lot, anna)
    with clock.at(made.ends_at - timedelta(microseconds=1)):
        assert offering.lapse_due_offers() == 0
    with clock.at(made.ends_at):
        with pytest.raises(TooLate):
            offering.accept(lot_id=lot.id, offer_id=made.id, by=lot.seller_id)
        assert offering.lapse_due_offers() == 1
        assert offering.lapse_due_offers() == 0
    assert now_of(made).state == State.LAPSED
    assert told(anna) == ["offer_lapsed"]
    with clock.at(made.ends_at + HOUR):
        assert offer(lot, anna, 500).state == State.OPEN


def list_again(lot):
    service.relist(lot_id=lot.id, by=lot.seller_id, client_key="key-of-the-relisting")


def put_away(lot):
    catalog.withdraw(item_id=lot.item_id, by=lot.seller_id)


def hide(lot):
    service.hide_lot(lot_id=lot.id, by=a_member(group_of(lot), Role.MODERATOR).id, reason="A copy.")


def leave(lot):
    members.leave_group(by=lot.seller_id, group_id=lot.group_id)


def close(lot):
    founding.close_group(by=group_of(lot).founded_by, group_id=lot.group_id)


@pytest.mark.parametrize(
    ("change", "cause"),
    [(list_again, Cause.LISTED), (put_away, Cause.GONE), (hide, Cause.GONE), (leave, Cause.GONE), (close, Cause.GONE)],
)
def test_what_it_was_made_for_is_gone_and_so_is_the_offer(lot, anna, change, cause):
    made = offer(lot, anna)
    change(lot)
    assert (now_of(made).state, now_of(made).cause) == (State.SUPERSEDED, cause)
    assert "offer_ended" in told(anna)
    with pytest.raises((RuleBroken, NotFound)):
        offering.accept(lot_id=lot.id, offer_id=made.id, by=lot.seller_id)


def test_who_leaves_the_group_offers_nothing_there_any_more(lot, anna):
    made = offer(lot, anna)
    members.leave_group(by=anna.id, group_id=lot.group_id)
    assert (now_of(made).state, now_of(made).cause) == (State.SUPERSEDED, Cause.LEFT)


def test_an_offer_that_is_not_paid_brings_nobody_a_second_chance(app):
    lot = a_lot(opening=500, reserve=5000)
    a_bid(lot, None, 900)
    with unit_of_work():
        row = now_of(lot)
        row.state, row.closed_at = LotState.PASSED, row.ends_at
    anna = a_member(group_of(lot))
    with clock.at(now_of(lot).ends_at + HOUR):
        made = offer(lot, anna, 700)
        offering.accept(lot_id=lot.id, offer_id=made.id, by=lot.seller_id)
        with unit_of_work():
            now_of(lot).fell_through_at = clock.now()
        chances.offer_next(lot_id=lot.id, unpaid_by=anna.id)
    assert now_of(lot).offered_until is None


def test_the_worker_counts_what_waits(lot, anna):
    made = offer(lot, anna)
    assert offering.to_lapse(made.ends_at - HOUR).due == 0
    assert offering.to_lapse(made.ends_at).due == 1
