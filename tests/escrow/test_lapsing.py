"""Every deadline acts by itself, whoever sleeps; and whoever has to act is reminded before it does."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.escrow import lapsing, paying, payouts, proving, queries, shipping
from marketplace.escrow.acting import act
from marketplace.escrow.events import DeadlineNear, OrderClosed
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.ledger import audit, queries as ledger
from marketplace.ledger.rules import escrow
from marketplace.notifications.models import Notice
from marketplace.payments import asking, queries as movements
from marketplace.payments.rules import Kind, State as MovementState
from marketplace.reputation.rules import Ending
from tests.factories.escrow import an_order, confirm, fresh, lapse, pay_out, say_sent, treasurer_of
from tests.factories.groups import a_group, a_member

# What the clock makes of an order that everybody forgot, and after how long.
LAPSES = [
    (State.AWAITING_PAYMENT, timedelta(days=3), State.UNPAID),
    (State.PAYMENT_CLAIMED, timedelta(days=5), State.CANCELLED),
    (State.TOPPING_UP, timedelta(days=3), State.PAYING_OUT),
    (State.HELD, timedelta(days=7), State.PAYING_OUT),
    (State.SHIPPED, timedelta(days=20), State.INSPECTING),
    (State.INSPECTING, timedelta(days=7), State.PAYING_OUT),
    (State.RETURN_DUE, timedelta(days=7), State.PAYING_OUT),
    (State.RETURN_SHIPPED, timedelta(days=10), State.RETURN_RECEIVED),
    (State.RETURN_RECEIVED, timedelta(days=5), State.PAYING_OUT),
    (State.RETURN_CONTESTED, timedelta(days=3), State.PAYING_OUT),
    (State.RELEASED, timedelta(), State.PAYING_OUT),
    (State.REFUNDED, timedelta(), State.PAYING_OUT),
    (State.SPLIT, timedelta(), State.PAYING_OUT),
]


@pytest.mark.parametrize(("state", "after", "then"), LAPSES)
def test_the_clock_acts_at_the_deadline_and_not_before(app: Flask, state: State, after: timedelta, then: State) -> None:
    order = an_order(state)
    if after:
        clock.move(after - timedelta(minutes=1))  # tests take a while themselves
        lapse()
        assert fresh(order).state == state
    clock.move(timedelta(minutes=1))
    lapse()
    order = fresh(order)
    assert order.state == then
    assert not [*audit.findings(), *proving.held_findings()]


@pytest.mark.parametrize(
    ("state", "owed"),
    [
        (State.TOPPING_UP, (100_00, 0)),
        (State.HELD, (142_00, 0)),
        (State.INSPECTING, (0, 135_40)),
        (State.RETURN_DUE, (0, 135_40)),
        (State.RETURN_RECEIVED, (142_00, 0)),
        (State.RETURN_CONTESTED, (142_00, 0)),
    ],
)
def test_silence_gives_the_money_to_whom_the_law_says(app: Flask, state: State, owed: tuple[int, int]) -> None:
    order = an_order(state)
    clock.move(timedelta(days=20))
    lapse()
    order = fresh(order)
    assert (order.owed_buyer_minor, order.owed_seller_minor) == owed
    assert not ledger.balance(escrow(order.id), "EUR")
    pay_out(order)
    assert fresh(order).state == State.CLOSED


def test_the_longest_silence_ends_every_order(app: Flask) -> None:
    orders = [an_order(state) for state in (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED, State.HELD, State.SHIPPED)]
    for _ in range(30):
        clock.move(timedelta(days=3))
        lapse()
    assert [fresh(order).state for order in orders] == [
        State.UNPAID, State.CANCELLED, State.PAYING_OUT, State.PAYING_OUT,
    ]  # fmt: skip


def test_who_does_not_pay_gets_a_strike(app: Flask, heard: list[object]) -> None:
    order = an_order()
    clock.move(timedelta(days=3))
    lapse()
    strikes = groups.strikes_of(order.buyer_id, order.group_id, now=clock.now())
    assert [strike.reason for strike in strikes] == ["Did not pay for lot 1, Bow porcelain teapot."]
    assert [fact.ending for fact in heard if isinstance(fact, OrderClosed)] == [Ending.FELL_THROUGH]


def test_a_sleeping_treasurer_costs_the_buyer_nothing(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    clock.move(timedelta(days=5))
    lapse()
    assert fresh(order).state == State.CANCELLED
    assert not groups.strikes_of(order.buyer_id, order.group_id, now=clock.now())


def test_after_three_days_any_other_officer_may_confirm(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    moderator = a_member(db.session.get_one(Group, order.group_id), Role.MODERATOR)

    def look() -> None:
        paying.confirm_payment(order_id=order.id, by=moderator.id, amount=order.facts().total, bank_reference="line 1")

    with pytest.raises(NotFound):
        look()
    clock.move(timedelta(days=3))
    lapse()
    order = fresh(order)
    assert (order.state, order.is_second_officer_due) == (State.PAYMENT_CLAIMED, True)
    look()
    assert fresh(order).state == State.HELD
    with pytest.raises(NotFound):
        look()


def test_a_payout_that_is_late_may_be_made_by_any_other_officer(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    moderator = a_member(db.session.get_one(Group, order.group_id), Role.MODERATOR)
    for _ in range(3):
        clock.move(timedelta(days=2))
        lapse()
    assert fresh(order).state == State.PAYING_OUT
    payouts.confirm_payout(order_id=order.id, by=moderator.id, payee=Party.SELLER, bank_reference="line 1")
    assert fresh(order).state == State.CLOSED


def test_one_more_inspection_of_three_days(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    shipping.extend(order_id=order.id, by=order.buyer_id)
    clock.move(timedelta(days=9, hours=23))
    lapse()
    assert fresh(order).state == State.INSPECTING
    clock.move(timedelta(hours=1))
    lapse()
    assert fresh(order).state == State.PAYING_OUT


def test_the_clocks_deeds_stand_in_the_history(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    clock.move(timedelta(days=7))
    lapse()
    first, second = queries.lines_of(order.id)[-2:]
    assert (first.action, first.by_party, first.person_id) == (Action.LAPSE, Party.CLOCK, None)
    assert (first.to_state, first.amount_minor, second.to_state) == (State.RELEASED, 135_40, State.PAYING_OUT)


def test_two_workers_act_on_an_order_once(app: Flask) -> None:
    orders = [an_order(State.HELD) for _ in range(3)]
    clock.move(timedelta(days=7))

    def work() -> None:
        with app.app_context():
            while lapsing.lapse_due_orders():
                pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for order in orders:
        assert [line.to_state for line in queries.lines_of(order.id)][-2:] == [State.REFUNDED, State.PAYING_OUT]
        assert len(queries.lines_of(order.id)) == 4
    assert not [*audit.findings(), *proving.held_findings()]


def test_an_order_that_cannot_be_moved_stays_due_and_the_others_go_on(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = an_order(State.SHIPPED), an_order(State.SHIPPED)
    clock.move(timedelta(days=20))

    def breaks(order: Order, *args: object, **how: object) -> bool:
        if order.id == broken.id:
            raise RuntimeError("no light")
        return act(order, *args, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(lapsing, "act", breaks)
        assert lapsing.lapse_due_orders() == 1
    assert (fresh(broken).state, fresh(other).state) == (State.SHIPPED, State.INSPECTING)
    lapse()
    assert fresh(broken).state == State.INSPECTING


# ---- Reminders ----


def reminded(heard: list[object]) -> list[tuple[int, Party, tuple[int, ...]]]:
    return [(fact.hours, fact.whose, fact.person_ids) for fact in heard if isinstance(fact, DeadlineNear)]


def test_two_reminders_before_a_deadline_once_each(app: Flask, heard: list[object]) -> None:
    order = an_order(State.INSPECTING)
    for hours in (24 * 5, 24, 24, 24):
        clock.move(timedelta(hours=hours))
        lapsing.remind_due_orders()
        lapsing.remind_due_orders()
    assert reminded(heard) == [(48, Party.BUYER, (order.buyer_id,))]
    assert fresh(order).remind_at is None


def test_the_reminders_come_when_they_are_due(app: Flask, heard: list[object]) -> None:
    order = an_order(State.HELD)
    for hours in (24 * 5, 36):
        clock.move(timedelta(hours=hours))
        while lapsing.remind_due_orders():
            pass
    assert reminded(heard) == [(hours, Party.SELLER, (order.seller_id,)) for hours in (48, 12)]
    reminder = next(fact for fact in heard if isinstance(fact, DeadlineNear))
    assert reminder.until == order.deadline
    assert (reminder.deed, reminder.then) == (
        "ship it and enter the parcel number",
        "The money goes back to the buyer.",
    )


def test_a_seller_is_reminded_before_the_buyer_may_cancel_and_again_before_the_refund(app: Flask) -> None:
    order = an_order(State.HELD)
    for hours in (24, 36, 24 * 5 - 60, 36):  # after the payment: on days 1, 2.5, 5 and 6.5
        clock.move(timedelta(hours=hours))
        lapsing.remind_due_orders()
    told = select(Notice.kind).where(Notice.person_id == order.seller_id, Notice.kind.like("deadline%"))
    assert list(db.session.scalars(told.order_by(Notice.id))) == ["deadline_two_days", "deadline_twelve_hours"] * 2


def test_the_officers_who_may_act_are_reminded_and_never_a_party(app: Flask, heard: list[object]) -> None:
    group = a_group()
    seller = a_member(group, Role.TREASURER)
    order = an_order(State.PAYMENT_CLAIMED, group=group, seller=seller)
    treasurer, owner = treasurer_of(order), groups.officers(group.id, (Role.OWNER,))[0].person_id
    a_member(group, Role.MODERATOR)
    clock.move(timedelta(days=1))
    lapsing.remind_due_orders()
    assert reminded(heard) == [(48, Party.TREASURER, (owner, treasurer.id))]


def test_what_was_done_in_time_is_not_reminded_of(app: Flask, heard: list[object]) -> None:
    order = an_order(State.AWAITING_PAYMENT)
    say_sent(order)
    confirm(order)
    clock.move(timedelta(days=2, hours=13))
    lapsing.remind_due_orders()
    assert Party.BUYER not in [whose for _hours, whose, _ids in reminded(heard)], "he has paid"


def test_a_short_time_is_reminded_of_once(app: Flask, heard: list[object]) -> None:
    an_order(terms=Terms(days_to_pay=1))
    for _ in range(23):
        clock.move(timedelta(hours=1))
        lapsing.remind_due_orders()
    assert [hours for hours, *_ in reminded(heard)] == [12]


def test_the_worker_asks_the_treasurer_for_what_was_intended(app: Flask) -> None:
    order = an_order(State.RELEASED)
    asking.ask_gateways()
    db.session.rollback()
    payout = movements.of_order(order.id)[-1]
    assert (payout.kind, payout.state) == (Kind.PAYOUT, MovementState.ASKED)
    lapse()
    pay_out(order)
    assert fresh(order).state == State.CLOSED
