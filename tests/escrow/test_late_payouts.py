"""What is not paid out in time is told of once and seen by whom the law names, until it is paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from marketplace.accounts import payout_details
from marketplace.accounts.models import Person
from marketplace.deposits.rules import State as DepositState
from marketplace.escrow import late_payouts, payouts, treasury
from marketplace.escrow.late_payouts import LatePayout
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from marketplace.payments import asking, lateness, queries as movements, service as payments
from marketplace.payments.late_rules import Stage
from marketplace.payments.models import Movement
from marketplace.payments.rules import State as MovementState, Through
from marketplace.payments.stripe_models import SellerAccount
from tests.at_once import at_once
from tests.factories.deposits import a_club, a_deposit, give_back, pay_out as pay_deposit_out, payouts_to
from tests.factories.escrow import an_order, fresh, is_asked_back, lapse, pay_out, treasurer_of
from tests.factories.groups import a_group, a_member

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def can_be_paid(person_id: int) -> None:
    """He has said long ago where he is paid."""
    with clock.at(clock.now() - 9 * DAY):
        payout_details.change_payout_details(by=person_id, details="AT61 1904 3002 3457 3201")


def a_due_payout(group: Group | None = None) -> Order:
    """Released a moment ago, to a seller who has said where he is paid."""
    order = an_order(State.PAYING_OUT, group=group)
    can_be_paid(order.seller_id)
    asking.ask_gateways()
    return fresh(order)


def look() -> int:
    """The worker comes by, until nothing is to be looked at."""
    seen = 0
    while found := lateness.tell_of_late_payouts():
        seen += found
    return seen


def told(kind: str) -> list[int]:
    """Whom this was told, the first first."""
    db.session.rollback()
    return list(db.session.scalars(select(Notice.person_id).where(Notice.kind == kind).order_by(Notice.id)))


def for_all(order: Order) -> list[LatePayout]:
    return late_payouts.shown_to_group(order.group_id, order.buyer_id, clock.now())


def stages(found: list[LatePayout]) -> list[Stage]:
    return [late.stage for late in found]


def test_after_two_days_the_seller_and_the_officers_know_after_five_the_group(app: Flask) -> None:
    group = a_group()
    order = a_due_payout(group)
    treasurer = treasurer_of(order).id
    clock.move(2 * DAY - MINUTE)
    look()
    assert not late_payouts.waiting_for(order.seller_id, clock.now()) and not told("payout_late")
    clock.move(2 * MINUTE)
    look()
    (late,) = late_payouts.waiting_for(order.seller_id, clock.now())
    assert (late.order, late.payee, late.payout.amount) == (order, Party.SELLER, order.facts().owed_seller)
    assert set(told("payout_late")) == {group.founded_by, treasurer}
    assert told("payout_late_to_you") == [order.seller_id]
    assert not for_all(order)
    assert stages(late_payouts.shown_to_officers(order.group_id, treasurer, clock.now())) == [Stage.LATE]
    clock.move(3 * DAY)
    look()
    assert stages(for_all(order)) == [Stage.VERY_LATE]
    assert len(told("payout_late")) == 4 and told("payout_late_to_you") == [order.seller_id] * 2
    clock.move(20 * DAY)
    assert look() == 0 and len(told("payout_late")) == 4


def test_once_it_is_paid_it_is_late_no_more(app: Flask) -> None:
    order = a_due_payout()
    clock.move(6 * DAY)
    lapse()
    look()
    assert for_all(order)
    pay_out(order)
    assert not for_all(order) and not late_payouts.waiting_for(order.seller_id, clock.now())
    assert look() == 0 and lateness.to_look_at(clock.now()).due == 0


def test_a_refund_that_is_late_is_the_buyers_to_see(app: Flask) -> None:
    order = an_order(State.REFUNDED)
    can_be_paid(order.buyer_id)
    clock.move(2 * DAY)
    lapse()
    look()
    (late,) = late_payouts.of_order(order.id, order.buyer_id, clock.now())
    assert late.payee is Party.BUYER
    assert not late_payouts.of_order(order.id, order.seller_id, clock.now())
    assert told("payout_late_to_you") == [order.buyer_id]


def test_a_deposit_that_does_not_come_back_is_late_too(app: Flask) -> None:
    group, treasurer, member = a_club()
    can_be_paid(member.id)
    a_deposit(group, member, DepositState.RETURN_ASKED)
    give_back()
    clock.move(5 * DAY)
    look()
    (late,) = late_payouts.of_deposits(group.id, member.id, clock.now())
    assert late.order is None and late.deposit_payout_id is not None
    assert stages(late_payouts.shown_to_group(group.id, treasurer.id, clock.now())) == [Stage.VERY_LATE]
    assert set(told("payout_late")) == {group.founded_by, treasurer.id}
    assert told("payout_late_to_you") == [member.id]
    pay_deposit_out(payouts_to(group, member)[0])
    assert not late_payouts.of_deposits(group.id, member.id, clock.now())


def test_who_has_not_said_where_he_is_paid_is_told_and_nobody_else(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    clock.move(9 * DAY)
    lapse()
    look()
    (late,) = late_payouts.waiting_for(order.seller_id, clock.now())
    assert late.stage is Stage.FOR_PAYEE
    assert told("payout_needs_you") == [order.seller_id] and not told("payout_late")
    assert not for_all(order)
    clock.move(2 * DAY)
    look()
    assert told("payout_needs_you") == [order.seller_id], "he is told once"
    payout_details.change_payout_details(by=order.seller_id, details="AT61 1904 3002 3457 3201")
    clock.move(5 * DAY - MINUTE)  # three until they are used, then two to pay
    look()
    assert not told("payout_late") and not late_payouts.waiting_for(order.seller_id, clock.now())
    clock.move(DAY)
    look()
    assert told("payout_late") and not for_all(order)


def by_card(order: Order, *, active: bool) -> Movement:
    """Its payout goes through a processor, where the seller's account is restricted or not."""
    with unit_of_work():
        row = db.session.get_one(Order, order.id)
        row.terms = replace(row.terms, gateway=Through.STRIPE)
        movement = movements.of_order(order.id)[-1]
        movement.gateway, movement.state = Through.STRIPE, MovementState.INTENDED
        since = clock.now() if active else None
        db.session.add(
            SellerAccount(
                person_id=order.seller_id, key=f"seller:{order.seller_id}", is_live=False, is_active=active,
                active_since=since, begun_at=clock.now(),
            )
        )  # fmt: skip
    return movement


@pytest.mark.parametrize("active", [True, False])
def test_by_card_it_is_late_unless_the_sellers_account_is_restricted(app: Flask, active: bool) -> None:
    order = an_order(State.PAYING_OUT)
    by_card(order, active=active)
    clock.move(5 * DAY)
    look()
    assert stages(for_all(order)) == ([Stage.VERY_LATE] if active else [])
    assert bool(told("payout_needs_you")) is not active
    assert bool(told("payout_late")) is active


def test_a_refund_by_card_waits_for_no_account(app: Flask) -> None:
    order = an_order(State.REFUNDED)
    by_card(order, active=False)
    clock.move(5 * DAY)
    look()
    assert told("payout_late_to_you") == [order.buyer_id] and for_all(order)


def test_what_a_bank_asks_back_stands_still_and_is_not_late(app: Flask) -> None:
    order = a_due_payout()
    by_card(order, active=True)
    with unit_of_work():
        movements.of_order(order.id)[-1].state = MovementState.ASKED  # the processor has it, and may not pay it
    is_asked_back(order)
    clock.move(9 * DAY)
    look()
    assert not told("payout_late") and not for_all(order)


def test_a_try_that_failed_makes_it_no_less_late(app: Flask) -> None:
    order = a_due_payout()
    clock.move(4 * DAY)
    lapse()
    look()
    payouts.payout_failed(
        order_id=order.id, by=treasurer_of(order).id, payee=Party.SELLER, reason="The bank sent it back."
    )
    assert stages(late_payouts.waiting_for(order.seller_id, clock.now())) == [Stage.LATE]
    count = len(told("payout_late"))
    look()
    assert len(told("payout_late")) == count, "the new try is the same payout"
    clock.move(DAY)
    look()
    assert stages(for_all(order)) == [Stage.VERY_LATE] and len(told("payout_late")) == 2 * count


def test_what_waits_for_its_payee_hides_no_late_payout_behind_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "MOST", 1)
    group = a_group()
    an_order(State.PAYING_OUT, group=group)  # its payee has not said where he is paid, and never does
    clock.move(timedelta(hours=1))
    order = a_due_payout(group)
    clock.move(6 * DAY)
    assert stages(for_all(order)) == [Stage.VERY_LATE]
    by = treasurer_of(order).id
    assert stages(late_payouts.shown_to_officers(group.id, by, clock.now())) == [Stage.VERY_LATE]


def test_what_did_not_arrive_is_owed_from_then_on(app: Flask) -> None:
    order = a_due_payout()
    clock.move(6 * DAY)
    lapse()
    pay_out(order)
    payouts.payout_missing(order_id=order.id, by=order.seller_id)
    assert not for_all(fresh(order))
    clock.move(5 * DAY)
    assert stages(for_all(order)) == [Stage.VERY_LATE]


def test_what_officers_agree_to_pay_otherwise_stays_late(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    can_be_paid(order.seller_id)
    by_card(order, active=True)
    clock.move(81 * DAY)
    with unit_of_work():
        row = db.session.get_one(Order, order.id)
        row.held_at, row.is_second_officer_due = clock.now() - 81 * DAY, True
    group = db.session.get_one(Group, order.group_id)
    first, second = treasurer_of(order).id, a_member(group, Role.TREASURER).id
    payouts.propose_otherwise(order_id=order.id, by=first, payee=Party.SELLER)
    payouts.agree_otherwise(order_id=order.id, by=second, payee=Party.SELLER)
    assert stages(for_all(order)) == [Stage.VERY_LATE]


def test_an_officer_does_not_hear_of_his_own_as_an_officer(app: Flask) -> None:
    group = a_group()
    seller = a_member(group, Role.TREASURER)
    order = an_order(State.PAYING_OUT, group=group, seller=seller)
    can_be_paid(seller.id)
    clock.move(2 * DAY)
    look()
    assert seller.id not in told("payout_late") and told("payout_late_to_you") == [seller.id]
    assert not late_payouts.shown_to_officers(order.group_id, seller.id, clock.now())


def test_only_members_see_the_line_and_only_officers_the_queue(app: Flask) -> None:
    order = a_due_payout()
    outsider = an_order().buyer_id
    with pytest.raises(NotFound):
        late_payouts.shown_to_group(order.group_id, outsider, clock.now())
    with pytest.raises(NotAllowed):
        late_payouts.shown_to_officers(order.group_id, order.buyer_id, clock.now())


def test_in_the_treasury_what_is_late_stands_first(app: Flask) -> None:
    group = a_group()
    late = a_due_payout(group)
    treasurer = treasurer_of(late)
    clock.move(2 * DAY)
    lapse()  # its deadline is set anew, later than the other's
    other = a_due_payout(group)
    with unit_of_work():
        db.session.get_one(Order, late.id).deadline = clock.now() + 9 * DAY
    queue = treasury.queue_for(group.id, treasurer.id)
    assert [order.id for order in queue.payouts] == [late.id, other.id]
    assert set(queue.late) == {(late.id, Party.SELLER)}


def test_a_worker_killed_before_it_was_written_down_has_told_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = a_due_payout()
    clock.move(2 * DAY)

    def dies(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(lateness, "announce", lambda fact: (announce(fact), dies()))
        lateness.tell_of_late_payouts()
    assert not told("payout_late")
    look()
    assert told("payout_late_to_you") == [order.seller_id]


announce = lateness.announce


def test_two_workers_tell_it_once(app: Flask) -> None:
    order = a_due_payout()
    clock.move(2 * DAY)
    assert not at_once(app, *[lateness.tell_of_late_payouts] * 3)
    assert told("payout_late_to_you") == [order.seller_id]


@contextmanager
def asked_of_the_database() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def test_the_groups_line_is_found_by_its_index(app: Flask) -> None:
    order = a_due_payout()
    clock.move(5 * DAY)
    if db.engine.dialect.name == "sqlite":
        wanted = lateness._owed().where(Movement.group_id == order.group_id, Movement.owed_since <= clock.now())
        sql = str(wanted.compile(db.engine, compile_kwargs={"render_postcompile": True}))
        plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1, "2027"))
        assert "ix_movements_owed" in " ".join(str(row) for row in plan)
    with asked_of_the_database() as statements:
        for_all(order)
    assert sum("FROM movements" in each for each in statements) == 1


def test_nothing_to_be_collected_is_ever_late(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    clock.move(9 * DAY)
    assert look() == 0 and not for_all(order)


def test_a_payout_of_long_ago_is_told_of_as_what_it_is_now(app: Flask) -> None:
    """A site that learns of late payouts only now tells each once, not each stage of it."""
    order = a_due_payout()
    clock.move(30 * DAY)
    look()
    assert told("payout_late_to_you") == [order.seller_id]


def test_owed_since_is_handed_over_or_now(app: Flask) -> None:
    person: Person = a_member(a_group())
    since = clock.now() - DAY
    movement = payments.intend(
        group_id=1, kind=payments.Kind.PAYOUT, amount=Money(100, "EUR"), person_id=person.id, purpose="x", key="k",
        owed_since=since,
    )  # fmt: skip
    assert (movement.owed_since, movement.late_look_at) == (since, since + 2 * DAY)
