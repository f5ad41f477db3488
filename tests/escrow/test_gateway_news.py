"""Orders whose money a payment processor carries, through the services, on both databases: no processor is needed, for
what it says comes as announcements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.disputes.models import Dispute
from marketplace.escrow import chargebacks, fees as earnings, gateway_news, lapsing, payouts, shipping, treasury
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.proving import held_findings
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.ledger import queries as books, reserves
from marketplace.ledger.rules import escrow, fees, gateway, losses, processor_fee, receivable
from marketplace.payments import queries as movements, service as payments
from marketplace.payments.events import (
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    FeeTaken,
    MovementWaits,
    PaymentSubmitted,
)
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State as MovementState, Through
from tests.factories.disputes import a_dispute
from tests.factories.escrow import an_order, comes, fresh, is_asked_back, lapse, receive, release, ship, treasurer_of
from tests.factories.groups import a_member

TERMS = Terms(gateway=Through.STRIPE)


def a_card_order(**how: object) -> Order:
    return an_order(terms=TERMS, **how)  # type: ignore[arg-type]


def open_movements(order: Order) -> list[Movement]:
    return [each for each in movements.of_order(fresh(order).id) if each.state == MovementState.INTENDED]


def goes(order: Order) -> None:
    """The processor says that all that was asked of it has moved."""
    for movement in open_movements(order):
        payments.confirm(movement_id=movement.id, by=None, bank_reference=f"tr_{movement.id}")


def takes_fee(order: Order, minor: int = 450) -> None:
    with unit_of_work():
        gateway_news.fee_taken(FeeTaken(order.group_id, order.id, order.money(minor), f"txn_{order.id}"))


def is_won(order: Order) -> None:
    with unit_of_work():
        of = (order.group_id, order.id, f"dp_{order.id}", order.facts().total, clock.now())
        chargebacks.won(ChargebackWon(*of))


def is_lost(order: Order) -> None:
    with unit_of_work():
        of = (order.group_id, order.id, f"dp_{order.id}", order.facts().total, clock.now())
        chargebacks.lost(ChargebackLost(*of))


def balance(order: Order, account: str) -> int:
    return books.balance(account, order.currency).minor


def to_release(order: Order) -> None:
    for step in (comes, takes_fee, ship, receive, release):
        step(fresh(order))  # type: ignore[operator]


def a_paid_out_order() -> Order:
    """The buyer has it, and the seller his money."""
    order = a_card_order()
    to_release(order)
    lapse()
    goes(order)
    return order


def check(order: Order) -> None:
    """The books, the orders and their history agree."""
    db.session.rollback()
    assert list(held_findings()) == []
    if fresh(order).state == State.CLOSED:
        assert balance(order, escrow(order.id)) == balance(order, processor_fee(order.id)) == 0


def test_money_that_comes_by_itself_is_held_without_an_officer(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    assert fresh(order).state == State.HELD
    assert balance(order, gateway(order.group_id, "stripe_connect")) == 142_00
    check(order)


def test_a_card_order_goes_to_its_end_and_the_fees_are_the_sellers(app: Flask) -> None:
    order = a_card_order()
    to_release(order)
    [payout] = open_movements(order)
    assert (payout.kind, payout.gateway, payout.amount) == (
        Kind.PAYOUT,
        "stripe_connect",
        order.money(14200 - 660 - 450),
    )
    lapse()
    goes(order)
    assert fresh(order).state == State.CLOSED
    assert balance(order, gateway(order.group_id, "stripe_connect")) == 660
    check(order)


def test_a_second_payment_goes_back_while_the_order_goes_on(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    comes(order)
    assert fresh(order).state == State.HELD and fresh(order).held_minor == 142_00
    goes(order)
    assert (fresh(order).owed_buyer_minor, fresh(order).paid_buyer_minor) == (0, 142_00)
    check(order)


def test_late_money_goes_back_by_itself(app: Flask) -> None:
    order = a_card_order(state=State.UNPAID)
    comes(order)
    goes(order)
    lapse()
    assert fresh(order).state == State.CLOSED
    assert balance(order, gateway(order.group_id, "stripe_connect")) == 0
    check(order)


def test_a_bank_that_takes_days_stops_the_time_to_pay(app: Flask) -> None:
    order = a_card_order()
    of = (order.id, order.buyer_id, order.money(142_00), "key")
    with unit_of_work():
        gateway_news.payment_submitted(PaymentSubmitted(1, order.group_id, *of))
    assert fresh(order).state == State.PAYMENT_CLAIMED
    comes(order)
    assert fresh(order).state == State.HELD


def test_no_officer_is_asked_while_the_processor_does_its_work(app: Flask) -> None:
    order = a_card_order()
    treasurer = a_member_of(order, Role.TREASURER)
    to_release(order)
    lapse()
    queue = treasury.queue_for(order.group_id, treasurer)
    assert not queue.payments and not queue.payouts and not queue.expected
    with pytest.raises(RuleBroken):
        payouts.confirm_payout(order_id=order.id, by=treasurer, payee=Party.SELLER, bank_reference="x")


def a_member_of(order: Order, role: Role) -> int:
    return a_member(db.session.get_one(Group, order.group_id), role, name=role.title()).id


def test_a_payout_that_failed_is_asked_for_again_under_another_key(app: Flask) -> None:
    order = a_card_order()
    to_release(order)
    [first] = open_movements(order)
    payments.fail(movement_id=first.id, by=None, reason="no")
    [again] = open_movements(order)
    assert again.idempotency_key != first.idempotency_key and again.amount == first.amount
    assert again.due_at and again.due_at > clock.now() + timedelta(minutes=4)
    check(order)


def test_a_refund_that_came_back_is_paid_by_an_officer(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    rules_refund(order)
    lapse()
    [refund] = open_movements(order)
    goes(order)
    payments.bounce(movement_id=refund.id, by=None, reason="closed card")
    assert fresh(order).state == State.PAYING_OUT and fresh(order).is_for_officers
    treasurer = a_member_of(order, Role.TREASURER)
    payouts.confirm_payout(order_id=order.id, by=treasurer, payee=Party.BUYER, bank_reference="line 1")
    assert fresh(order).state == State.CLOSED
    assert balance(order, gateway(order.group_id, "stripe_connect")) == 142_00
    check(order)


def rules_refund(order: Order) -> None:
    shipping.cancel(order_id=order.id, by=order.seller_id)


def test_two_officers_pay_otherwise_what_the_processor_could_not_pay_by_day_eighty(app: Flask) -> None:
    order = a_card_order()
    one, two = a_member_of(order, Role.TREASURER), a_member_of(order, Role.OWNER)
    to_release(order)
    lapse()
    [payout] = open_movements(order)
    with unit_of_work():
        facts = (payout.id, order.group_id, Kind.PAYOUT, payout.amount, order.seller_id, payout.purpose, order.id)
        gateway_news.movement_waits(MovementWaits(*facts, payout.idempotency_key, payout.gateway, None, "restricted"))
    with clock.at(clock.now() + timedelta(days=81)):
        lapse()
        payouts.propose_otherwise(order_id=order.id, by=one, payee=Party.SELLER)
        with pytest.raises(NotAllowed):
            payouts.agree_otherwise(order_id=order.id, by=one, payee=Party.SELLER)
        payouts.agree_otherwise(order_id=order.id, by=two, payee=Party.SELLER)
        assert fresh(order).is_for_officers
        payouts.confirm_payout(order_id=order.id, by=one, payee=Party.SELLER, bank_reference="line 2")
    assert db.session.get_one(Movement, payout.id).state == MovementState.WITHDRAWN
    assert fresh(order).state == State.CLOSED
    check(order)


def test_a_chargeback_before_the_release_stops_everything_and_gives_the_time_back(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    until = fresh(order).deadline
    assert until
    is_asked_back(order)
    is_asked_back(order)
    assert (fresh(order).state, fresh(order).deadline) == (State.CHARGEBACK, None)
    with clock.at(clock.now() + timedelta(days=30)):
        assert not lapsing.lapse_due_orders()
        is_won(order)
        back = fresh(order).deadline
        assert fresh(order).state == State.HELD and back and timedelta(days=29) < back - until < timedelta(days=31)
    check(order)


def test_a_lost_chargeback_ends_the_order_and_the_seller_owes_the_fees(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    takes_fee(order)
    is_asked_back(order)
    is_lost(order)
    is_lost(order)
    assert fresh(order).state == State.CLOSED
    assert balance(order, receivable(order.group_id, order.seller_id)) == 450 + 1500
    check(order)


def test_after_the_payout_it_is_taken_back_and_paid_again_when_the_bank_decides_for_the_seller(app: Flask) -> None:
    order = a_paid_out_order()
    is_asked_back(order, fee=0)
    [reversal] = open_movements(order)
    assert reversal.kind == Kind.REVERSAL
    goes(order)
    assert fresh(order).owed_seller_minor == 13090 and not open_movements(order)
    is_won(order)
    [again] = open_movements(order)
    assert (fresh(order).state, again.kind, again.amount.minor) == (State.PAYING_OUT, Kind.PAYOUT, 13090)
    goes(order)
    assert fresh(order).state == State.CLOSED
    check(order)


def test_a_reversal_that_fails_leaves_a_debt_that_the_next_order_pays(app: Flask) -> None:
    order = a_paid_out_order()
    is_asked_back(order, fee=0)
    [reversal] = open_movements(order)
    payments.fail(movement_id=reversal.id, by=None, reason="nothing there")
    is_lost(order)
    assert balance(order, receivable(order.group_id, order.seller_id)) == 142_00 - 660
    check(order)
    group, seller = db.session.get_one(Group, order.group_id), db.session.get_one(Person, order.seller_id)
    later = a_card_order(group=group, seller=seller, hammer=200_00)
    to_release(later)
    assert fresh(later).set_off_minor == 142_00 - 660
    assert balance(order, receivable(order.group_id, order.seller_id)) == 0
    check(later)


def test_what_is_to_be_paid_out_stays_here_while_the_bank_asks(app: Flask) -> None:
    order = a_card_order()
    to_release(order)
    is_asked_back(order, fee=0)
    assert not open_movements(order)
    is_won(order)
    assert len(open_movements(order)) == 1
    check(order)


def test_a_dispute_stands_still_with_its_order_and_goes_on(app: Flask) -> None:
    order = a_card_order()
    for step in (comes, ship, receive):
        step(fresh(order))  # type: ignore[operator]
    opened = a_dispute(order=fresh(order))
    until = db.session.get_one(Dispute, opened.id).deadline
    is_asked_back(order)
    db.session.rollback()
    assert db.session.get_one(Dispute, opened.id).deadline is None
    with clock.at(clock.now() + timedelta(days=10)):
        is_won(order)
    db.session.rollback()
    after = db.session.get_one(Dispute, opened.id).deadline
    assert until and after and after - until > timedelta(days=9)


def test_an_inquiry_stops_nothing(app: Flask) -> None:
    order = a_card_order()
    comes(order)
    is_asked_back(order, inquiry=True)
    assert fresh(order).state == State.HELD
    is_won(order)
    assert fresh(order).state == State.HELD
    check(order)


def claims(order: Order, name: str, minor: int) -> None:
    """A bank asks one of several payments back."""
    order = fresh(order)
    with unit_of_work():
        chargebacks.opened(
            ChargebackOpened(
                order.group_id, order.id, name, order.money(minor), clock.now(), is_inquiry=False, fee=order.money(0),
                reason="fraudulent", evidence_due_at=None,
            )
        )  # fmt: skip


def decides(order: Order, name: str, minor: int, *, won: bool) -> None:
    order = fresh(order)
    of = (order.group_id, order.id, name, order.money(minor), clock.now())
    with unit_of_work():
        if won:
            chargebacks.won(ChargebackWon(*of))
        else:
            chargebacks.lost(ChargebackLost(*of))


@pytest.mark.parametrize("first", [42_00, 100_00])
@pytest.mark.parametrize("won", [True, False])
def test_what_one_claim_leaves_waits_for_the_other(app: Flask, first: int, won: bool) -> None:
    order = a_card_order()
    comes(order, 100_00)
    comes(order, 42_00)
    other = 142_00 - first
    claims(order, "dp_first", first)
    claims(order, "dp_other", other)
    decides(order, "dp_first", first, won=False)
    assert fresh(order).state == State.CHARGEBACK
    assert open_movements(order) == []
    check(order)
    decides(order, "dp_other", other, won=won)
    goes(order)
    paid = other - other * 660 // 142_00 if won else 0
    assert (fresh(order).state, fresh(order).paid_seller_minor) == (State.CLOSED, paid)
    check(order)


@pytest.mark.parametrize("is_disputed", [False, True])
def test_a_bank_that_gives_back_what_was_paid_twice_takes_nothing_from_the_seller(
    app: Flask, is_disputed: bool
) -> None:
    order = a_card_order()
    comes(order)
    comes(order)
    if is_disputed:
        ship(order)
        receive(order)
        a_dispute(order=order)
    was = State(fresh(order).state)
    claims(order, "dp_twice", 142_00)
    decides(order, "dp_twice", 142_00, won=False)
    assert open_movements(order) == []
    assert (State(fresh(order).state), fresh(order).held_minor, fresh(order).owed_buyer_minor) == (was, 142_00, 0)
    if is_disputed:
        dispute = db.session.scalars(select(Dispute)).one()
        assert dispute.settled_at is None and dispute.deadline is not None
    check(order)


@pytest.mark.parametrize("won", [True, False])
def test_what_is_being_taken_back_for_one_claim_is_not_asked_back_again_for_the_other(app: Flask, won: bool) -> None:
    order = a_card_order()
    comes(order, 100_00)
    comes(order, 42_00)
    for step in (ship, receive, release):
        step(fresh(order))
    lapse()
    goes(order)
    claims(order, "dp_first", 100_00)
    claims(order, "dp_other", 42_00)
    before = {movement.id for movement in open_movements(order)}
    decides(order, "dp_first", 100_00, won=False)
    assert {movement.id for movement in open_movements(order)} == before != set()
    goes(order)
    decides(order, "dp_other", 42_00, won=won)
    goes(order)
    assert (fresh(order).state, fresh(order).paid_seller_minor) == (State.CLOSED, 42_00 if won else 0)
    assert balance(order, receivable(order.group_id, order.seller_id)) == 0
    check(order)


def test_a_part_that_is_asked_back_stops_the_order_and_the_rest_of_it_goes_back(app: Flask) -> None:
    order = a_card_order()
    comes(order, 100_00)
    claims(order, "dp_part", 100_00)
    assert fresh(order).state == State.CHARGEBACK
    comes(fresh(order), 42_00)
    check(order)
    decides(order, "dp_part", 100_00, won=False)
    goes(order)
    assert (fresh(order).state, fresh(order).paid_buyer_minor) == (State.CLOSED, 42_00)
    check(order)


def test_a_part_of_which_the_bank_decided_for_the_seller_waits_for_the_rest(app: Flask) -> None:
    order = a_card_order()
    comes(order, 100_00)
    claims(order, "dp_part", 100_00)
    decides(order, "dp_part", 100_00, won=True)
    assert fresh(order).state == State.TOPPING_UP
    comes(fresh(order), 42_00)
    assert (fresh(order).state, fresh(order).held_minor) == (State.HELD, 142_00)
    check(order)


def test_of_two_parts_the_one_that_nobody_asks_back_is_the_buyers(app: Flask) -> None:
    order = a_card_order()
    comes(order, 60_00)
    comes(order, 40_00)
    claims(order, "dp_part", 60_00)
    decides(order, "dp_part", 60_00, won=False)
    assert (fresh(order).owed_buyer_minor, fresh(order).owed_seller_minor) == (40_00, 0)
    check(order)


@pytest.mark.parametrize("is_paid", [True, False])
def test_fees_that_the_group_has_already_are_its_loss_and_never_less_than_nothing(app: Flask, is_paid: bool) -> None:
    order = a_paid_out_order()
    officer = treasurer_of(order)
    if is_paid:
        earnings.ask(group_id=order.group_id, by=officer.id, amount=order.money(6_60))
        (request,) = earnings.open_requests()
        earnings.confirm_paid(request_id=request.id, by=officer.id, reference="Wire 7")
    is_asked_back(order, fee=0)
    goes(order)
    is_lost(order)
    assert balance(order, fees(order.group_id)) == 0
    assert balance(order, losses(order.group_id)) == (6_60 if is_paid else 0)
    assert reserves.take_root(group_id=order.group_id) is not None
    check(order)


@pytest.mark.parametrize("comes_back", [True, False])
def test_what_is_taken_back_from_a_seller_who_has_left_is_not_paid_to_him_again(app: Flask, comes_back: bool) -> None:
    order = a_paid_out_order()
    members.leave_group(by=order.seller_id, group_id=order.group_id)
    is_asked_back(order)
    [reversal] = open_movements(order)
    is_lost(order)
    if comes_back:
        goes(order)
    else:
        payments.fail(movement_id=reversal.id, by=None, reason="He has nothing there.")
    assert (fresh(order).state, fresh(order).owed_seller_minor) == (State.CLOSED, 0)
    assert open_movements(order) == []
    owes = 142_00 + 15_00 - 6_60 - (130_90 if comes_back else 0)
    assert balance(order, receivable(order.group_id, order.seller_id)) == owes
    check(order)
