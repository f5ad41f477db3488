"""Whoever has to act is reminded two days and twelve hours before the deadline, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.escrow.judging_rules import lapse_of
from marketplace.escrow.order_rules import Order, Party, State
from marketplace.escrow.reminding_rules import DUTIES, Due, due_of, hours_left, next_reminder, ship_until
from marketplace.escrow.rules import LAW, STAYS
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
NOTHING = Money(0, "EUR")
ORDER = Order(
    id=7, group_id=3, state=State.INSPECTING, buyer_id=1, seller_id=2, hammer=Money(1000, "EUR"), shipping=NOTHING,
    terms=Terms(), since=NOON, deadline=NOON + timedelta(days=7), held=Money(1000, "EUR"), owed_buyer=NOTHING,
    owed_seller=NOTHING, paid_buyer=NOTHING, paid_seller=NOTHING,
)  # fmt: skip


def lasting(**span: int) -> Order:
    return replace(ORDER, deadline=NOON + timedelta(**span))


def reminders(order: Order) -> list[timedelta]:
    """How long before the deadline reminders come, when the worker is punctual."""
    found, at = [], order.since
    while (moment := next_reminder(order, after=at)) is not None:
        assert order.deadline is not None
        found.append(order.deadline - moment)
        at = moment
    return found


def due_at(order: Order, now: datetime) -> Due:
    due = due_of(order, now=now)
    assert due is not None
    return due


def test_two_days_and_twelve_hours_before() -> None:
    assert reminders(lasting(days=7)) == [timedelta(days=2), timedelta(hours=12)]


@pytest.mark.parametrize("hours", [13, 36, 48])
def test_what_lasts_no_longer_than_two_days_is_reminded_once(hours: int) -> None:
    assert reminders(lasting(hours=hours)) == [timedelta(hours=12)]


def test_what_lasts_no_longer_than_twelve_hours_is_not_reminded() -> None:
    assert reminders(lasting(hours=12)) == []


def test_a_worker_who_comes_late_sends_the_reminder_that_is_true_then() -> None:
    due = due_at(lasting(days=7), NOON)
    assert hours_left(due, now=NOON + timedelta(days=5)) == 48
    assert hours_left(due, now=NOON + timedelta(days=6, hours=11)) == 48
    assert hours_left(due, now=NOON + timedelta(days=6, hours=12)) == 12
    assert hours_left(due, now=NOON + timedelta(days=7)) is None


def test_where_nobody_in_particular_has_to_act_nobody_is_reminded() -> None:
    assert reminders(replace(lasting(days=7), state=State.RETURN_CONTESTED)) == []
    assert reminders(replace(ORDER, state=State.DISPUTED, deadline=None)) == []


def test_every_state_that_waits_for_somebody_says_for_whom_and_what_then() -> None:
    waiting = {state for state in STAYS if STAYS[state](Terms())} - {State.RETURN_CONTESTED}
    assert set(DUTIES) == waiting
    for state in DUTIES:
        order = replace(ORDER, state=state)
        assert lapse_of(order) is not None
        if state is not State.TOPPING_UP:  # the buyer sends the rest, and the treasurer's word is all that counts
            assert any(clause.given is state and clause.by is DUTIES[state].whose for clause in LAW)


def test_the_second_officer_is_told_what_follows_then() -> None:
    claimed = replace(ORDER, state=State.PAYMENT_CLAIMED)
    late = replace(claimed, is_second_officer_due=True)
    first, second = due_at(claimed, NOON).duty, due_at(late, NOON).duty
    assert first.whose is second.whose is Party.TREASURER
    assert first.then != second.then


def test_the_seller_is_reminded_before_the_buyer_may_cancel_and_again_before_the_refund() -> None:
    held = replace(lasting(days=7), state=State.HELD)
    assert reminders(held) == [
        timedelta(days=6), timedelta(days=4, hours=12), timedelta(days=2), timedelta(hours=12)
    ]  # fmt: skip
    first, last = due_at(held, NOON), due_at(held, NOON + timedelta(days=3))
    assert (first.until, last.until) == (ship_until(held), held.deadline)
    assert first.duty.whose is last.duty.whose is Party.SELLER
    assert first.duty.then != last.duty.then


def test_where_the_buyer_may_cancel_only_when_the_clock_refunds_it_is_one_duty() -> None:
    held = replace(lasting(days=3), state=State.HELD)
    assert reminders(held) == [timedelta(days=2), timedelta(hours=12)]


def test_where_it_goes_back_to_is_the_sellers_to_say_and_then_nobodys() -> None:
    lost = replace(lasting(days=7), state=State.RETURN_DUE)
    assert due_at(lost, NOON)[1] == NOON + timedelta(days=2)
    assert due_at(lost, NOON).duty.whose is Party.SELLER
    assert reminders(lost) == [timedelta(days=5, hours=12)]
    assert due_of(lost, now=NOON + timedelta(days=2)) is None
    assert due_at(replace(lost, has_return_address=True), NOON).duty.whose is Party.BUYER
