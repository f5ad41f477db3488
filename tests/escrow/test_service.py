"""An order goes from the hammer to the last payout, and at every step the books say where the money is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.escrow import delivery, lapsing, paying, payouts, proving, queries, returns, service, shipping
from marketplace.escrow.events import OrderChanged, OrderClosed, OrderOpened
from marketplace.escrow.judging_rules import expected_hold
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.reminding_rules import next_reminder
from marketplace.escrow.rules import ENDED
from marketplace.groups import queries as groups
from marketplace.groups.members import leave_group
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import Money
from marketplace.ledger import audit, queries as ledger
from marketplace.ledger.rules import escrow, fees, gateway, payable
from marketplace.payments import queries as movements
from marketplace.payments.rules import Kind, State as MovementState
from marketplace.reputation.models import Deal
from marketplace.reputation.queries import standing_of
from marketplace.reputation.rules import Ending
from tests.factories.accounts import a_person
from tests.factories.escrow import (
    an_address,
    an_order,
    confirm,
    fresh,
    lapse,
    name_return_address,
    pay_out,
    receive,
    release,
    rule,
    say_sent,
    ship,
    treasurer_of,
)
from tests.factories.groups import a_group, a_member


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def books(order: Order) -> dict[str, int]:
    """What lies where for an order: with the group, held, owed to the buyer and to the seller, the group's own."""
    group = order.group_id
    accounts = {
        "bank": gateway(group),
        "held": escrow(order.id),
        "buyer": payable(group, order.buyer_id),
        "seller": payable(group, order.seller_id),
        "fees": fees(group),
    }
    db.session.rollback()
    found = ledger.balances(list(accounts.values()), order.currency)
    return {name: found[account].minor for name, account in accounts.items() if found[account]}


def sums(order: Order) -> tuple[int, int]:
    """What is owed to the buyer, and what he was paid."""
    return fresh(order).owed_buyer_minor, order.paid_buyer_minor


def deals_of(order: Order) -> list[Deal]:
    db.session.rollback()
    return list(db.session.scalars(select(Deal).where(Deal.order_id == order.id).order_by(Deal.id)))


def is_sound() -> bool:
    db.session.rollback()
    return not [*audit.findings(), *proving.held_findings()]


def test_the_whole_way_and_where_the_money_is_at_every_step(app: Flask, heard: list[object]) -> None:
    order = an_order()
    assert (order.state, books(order)) == (State.AWAITING_PAYMENT, {})
    say_sent(order)
    assert (fresh(order).state, books(order)) == (State.PAYMENT_CLAIMED, {})
    confirm(order)
    assert (fresh(order).state, books(order)) == (State.HELD, {"bank": 142_00, "held": 142_00})
    ship(order)
    receive(order)
    assert (fresh(order).state, books(order)) == (State.INSPECTING, {"bank": 142_00, "held": 142_00})
    release(order)
    assert fresh(order).state == State.RELEASED
    assert books(order) == {"bank": 142_00, "seller": 135_40, "fees": 6_60}
    lapse()
    assert fresh(order).state == State.PAYING_OUT
    pay_out(order)
    assert (fresh(order).state, books(order)) == (State.CLOSED, {"bank": 6_60, "fees": 6_60})
    assert fresh(order).closed_at is not None
    assert [type(fact) for fact in heard if not isinstance(fact, OrderChanged)] == [OrderOpened, OrderClosed]
    assert is_sound()


@pytest.mark.parametrize("state", State)
def test_the_orders_own_account_holds_what_its_state_says(app: Flask, state: State) -> None:
    order = an_order(state)
    facts = order.facts()
    assert ledger.balance(escrow(order.id), "EUR") == facts.held == expected_hold(facts)
    assert is_sound()


@pytest.mark.parametrize("days", [1, 2, 3, 14])
def test_a_new_order_is_reminded_of_like_any_other(app: Flask, days: int) -> None:
    order = an_order(terms=Terms(days_to_pay=days))
    assert order.remind_at is not None
    assert order.remind_at == next_reminder(order.facts(), after=order.since)


def test_a_lot_told_twice_is_one_order(app: Flask) -> None:
    order = an_order()
    again = service.open_order(
        lot_id=order.lot_id, group_id=order.group_id, item_id=order.item_id, number=order.lot_number,
        title=order.title, seller_id=order.seller_id, buyer_id=order.buyer_id, hammer=eur(1), shipping=eur(0),
        terms=Terms(), sold_at=clock.now(),
    )  # fmt: skip
    assert again.id == order.id
    assert db.session.scalar(select(func.count()).select_from(Order)) == 1


def test_the_order_keeps_the_terms_of_its_lot(app: Flask) -> None:
    order = an_order(terms=Terms(days_to_pay=5, fee_basis_points=100))
    assert order.deadline == order.since + timedelta(days=5)
    assert order.facts().fee == eur(1_32)


def test_every_deed_leaves_a_line_in_the_history_and_in_the_audit(app: Flask) -> None:
    order = an_order(State.SHIPPED)
    lines = queries.lines_of(order.id)
    assert [line.action for line in lines] == ["say_sent", "confirm_payment", "ship"]
    assert [line.number for line in lines] == [1, 2, 3]
    assert [line.person_id for line in lines] == [order.buyer_id, treasurer_of(order).id, order.seller_id]
    assert lines[-1].note == "Post CX 4471 9920 3 AT"
    said = db.session.scalars(
        select(AuditLine.what).where(AuditLine.subject == f"order:{order.id}").order_by(AuditLine.id)
    ).all()
    assert said == ["open order", "say sent", "confirm payment", "ship"]


# ---- Who may ----


def test_somebody_elses_order_is_not_there(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    group = db.session.get_one(Group, order.group_id)
    for person in (a_person(), a_member(group), a_member(group, Role.MODERATOR)):
        with pytest.raises(NotFound):
            shipping.confirm_receipt(order_id=order.id, by=person.id)
        with pytest.raises(NotFound):
            paying.confirm_payment(order_id=order.id, by=person.id, amount=eur(1), bank_reference="x")
    with pytest.raises(NotFound):
        shipping.confirm_receipt(order_id=order.id + 1000, by=order.buyer_id)
    assert fresh(order).state == State.INSPECTING


def test_what_is_for_the_other_side_is_refused(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    for by in (order.seller_id, treasurer_of(order).id):
        with pytest.raises(NotAllowed):
            shipping.confirm_receipt(order_id=order.id, by=by)
    with pytest.raises(NotAllowed):
        service.open_dispute(order_id=order.id, by=order.seller_id, action=Action.DISPUTE)


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_an_officer_never_confirms_money_in_his_own_orders(app: Flask, side: str) -> None:
    group = a_group()
    officer = a_member(group, Role.TREASURER)
    order = an_order(State.PAYMENT_CLAIMED, group=group, **{side: officer})
    with pytest.raises(NotAllowed, match="your own order"):
        paying.confirm_payment(order_id=order.id, by=officer.id, amount=eur(142_00), bank_reference="x")
    with pytest.raises(NotAllowed, match="your own order"):
        paying.not_found(order_id=order.id, by=officer.id)
    owner = groups.officers(group.id, (Role.OWNER,))[0].person_id
    paying.confirm_payment(order_id=order.id, by=owner, amount=eur(142_00), bank_reference="x")
    assert fresh(order).state == State.HELD


def test_an_officer_never_pays_himself(app: Flask) -> None:
    group = a_group()
    officer = a_member(group, Role.TREASURER)
    order = an_order(State.PAYING_OUT, group=group, seller=officer)
    with pytest.raises(NotAllowed, match="your own order"):
        payouts.confirm_payout(order_id=order.id, by=officer.id, payee=Party.SELLER, bank_reference="x")
    pay_out(order)
    assert fresh(order).state == State.CLOSED


def test_a_member_who_left_still_goes_on_with_his_order(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    leave_group(by=order.buyer_id, group_id=order.group_id)
    release(order)
    assert fresh(order).state == State.RELEASED


def test_a_treasurer_who_left_confirms_nothing(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    treasurer = treasurer_of(order)
    leave_group(by=treasurer.id, group_id=order.group_id)
    with pytest.raises(NotFound):
        paying.confirm_payment(order_id=order.id, by=treasurer.id, amount=eur(142_00), bank_reference="x")


# ---- Doing it twice ----


def test_a_deed_sent_twice_with_one_key_is_done_once(app: Flask, heard: list[object]) -> None:
    order = an_order(State.INSPECTING)
    for _ in range(2):
        shipping.extend(order_id=order.id, by=order.buyer_id, client_key="key-00001")
    assert [line.action for line in queries.lines_of(order.id)].count("extend") == 1
    assert sum(isinstance(fact, OrderChanged) and fact.action is Action.EXTEND for fact in heard) == 1


def test_a_payment_confirmed_twice_with_one_key_is_one_payment(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    for _ in range(2):
        confirm(order, 50_00, bank_reference="line 4", client_key="key-00001")
    assert (fresh(order).state, books(order)) == (State.TOPPING_UP, {"bank": 50_00, "held": 50_00})
    assert len(movements.of_order(order.id)) == 1


def test_the_same_line_of_the_statement_pays_an_order_once(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    confirm(order, 50_00, bank_reference="line 4", client_key="key-00001")
    with pytest.raises(RuleBroken, match="confirmed already") as refusal:
        confirm(order, 50_00, bank_reference="line 4", client_key="key-00002")
    assert refusal.value.field == "bank_reference"
    assert books(order) == {"bank": 50_00, "held": 50_00}


def test_a_form_that_was_sent_is_not_sent_again_with_something_else_in_it(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    confirm(order, 50_00, bank_reference="line 4", client_key="key-00001")
    with pytest.raises(Stale):
        confirm(order, 30_00, bank_reference="line 5", client_key="key-00001")


def test_without_a_key_the_second_of_two_deeds_is_told_that_the_order_moved_on(app: Flask) -> None:
    order = an_order(State.SHIPPED)
    release(order)
    with pytest.raises(RuleBroken, match="moved on"):
        release(order)
    assert books(order)["seller"] == 135_40


# ---- Paying ----


def test_the_buyers_address_is_copied_and_kept_as_it_was(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    assert order.address == "Marta Lind\nLindengasse 7\n1070 Wien\nAustria"


def test_what_is_kept_of_an_address_cannot_be_read_in_the_database(app: Flask) -> None:
    order = an_order(State.SHIPPED, pick_up=False)
    stored = db.session.connection().exec_driver_sql("SELECT address FROM orders").scalar_one()
    assert "Lindengasse" not in stored
    assert "Lindengasse" in (order.address or "")


def test_somebody_elses_address_is_refused(app: Flask) -> None:
    order = an_order()
    with pytest.raises(RuleBroken) as refusal:
        paying.say_sent(order_id=order.id, by=order.buyer_id, address_id=an_address(order.seller_id))
    assert refusal.value.field == "delivery"


def test_who_picks_up_pays_no_shipping(app: Flask) -> None:
    order = an_order(State.HELD, pick_up=True)
    assert books(order) == {"bank": 132_00, "held": 132_00}
    assert order.facts().shipping == eur(0)


def test_after_it_was_sent_the_sum_does_not_change_any_more(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    with pytest.raises(RuleBroken, match="what you sent"):
        delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=None)


def test_after_the_seller_could_read_it_the_address_stays(app: Flask) -> None:
    order = an_order(State.HELD)
    with pytest.raises(RuleBroken):
        delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id))
    with pytest.raises(NotAllowed):
        delivery.choose_delivery(order_id=order.id, by=order.seller_id, address_id=None)


def test_money_can_come_before_the_buyer_says_so_and_then_he_says_where_it_goes(app: Flask) -> None:
    order = an_order()
    confirm(order)
    with pytest.raises(RuleBroken, match="has not said where"):
        ship(order)
    delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id))
    ship(order)
    assert fresh(order).state == State.SHIPPED


def test_too_little_is_held_until_the_rest_comes(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    confirm(order, 100_00)
    assert (fresh(order).state, books(order)) == (State.TOPPING_UP, {"bank": 100_00, "held": 100_00})
    confirm(order)
    assert (fresh(order).state, books(order)) == (State.HELD, {"bank": 142_00, "held": 142_00})


def test_more_than_is_missing_is_refused_at_the_amount(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    with pytest.raises(RuleBroken) as refusal:
        confirm(order, 142_01)
    assert refusal.value.field == "amount"
    assert books(order) == {}


def test_a_payment_that_is_not_found_gives_the_buyer_two_days_once(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    paying.not_found(order_id=order.id, by=treasurer_of(order).id)
    order = fresh(order)
    assert order.state == State.AWAITING_PAYMENT
    assert order.deadline == order.since + timedelta(hours=48)
    say_sent(order)
    with pytest.raises(RuleBroken, match="once before"):
        paying.not_found(order_id=order.id, by=treasurer_of(order).id)


def test_orders_of_the_same_two_are_paid_and_posted_together_and_stay_their_own(app: Flask) -> None:
    first = an_order()
    group, seller, buyer = (db.session.get_one(*key) for key in parties(first))
    second = an_order(group=group, seller=seller, buyer=buyer, hammer=50_00)
    say_sent(first, together=[second.id], client_key="key-00001")
    assert fresh(second).state == fresh(first).state == State.PAYMENT_CLAIMED
    assert queries.lines_of(first.id)[0].note == second.reference
    confirm(first, bank_reference="line 1")
    confirm(second, bank_reference="line 1")
    ship(first, together=[second.id])
    assert fresh(second).tracking == "CX 4471 9920 3 AT"
    release(second)
    assert (fresh(first).state, fresh(second).state) == (State.SHIPPED, State.RELEASED)
    assert is_sound()


def test_nobody_elses_order_is_paid_together(app: Flask) -> None:
    mine, other = an_order(), an_order()
    with pytest.raises(NotFound):
        say_sent(mine, together=[other.id])
    assert fresh(mine).state == State.AWAITING_PAYMENT


def test_both_agree_to_call_it_off(app: Flask, heard: list[object]) -> None:
    order = an_order()
    with pytest.raises(RuleBroken, match="not proposed"):
        paying.agree_cancel(order_id=order.id, by=order.seller_id)
    paying.propose_cancel(order_id=order.id, by=order.seller_id)
    with pytest.raises(RuleBroken):
        paying.agree_cancel(order_id=order.id, by=order.seller_id)
    paying.agree_cancel(order_id=order.id, by=order.buyer_id)
    assert fresh(order).state == State.CANCELLED
    assert [fact.ending for fact in heard if isinstance(fact, OrderClosed)] == [Ending.FELL_THROUGH]
    assert strikes(order) == ([], [])


@pytest.mark.parametrize("state", [State.UNPAID, State.CANCELLED])
def test_money_that_comes_after_the_end_is_paid_back(app: Flask, state: State) -> None:
    order = an_order(state)
    confirm(order, 142_00)
    assert (fresh(order).state, books(order)) == (State.REFUNDED, {"bank": 142_00, "buyer": 142_00})
    lapse()
    pay_out(order)
    assert (fresh(order).state, books(order)) == (State.CLOSED, {})
    assert is_sound()


def test_each_late_payment_is_paid_back_by_itself(app: Flask, heard: list[object]) -> None:
    order = an_order(State.UNPAID)
    confirm(order, 100_00)
    with pytest.raises(RuleBroken, match="moved on"):
        confirm(order, 42_00)
    lapse()
    with pytest.raises(RuleBroken, match="First confirm the payout"):
        confirm(order, 42_00)
    pay_out(order)
    assert (fresh(order).state, sums(order), books(order)) == (State.CLOSED, (0, 100_00), {})
    confirm(order, 42_00)
    assert (fresh(order).state, sums(order), books(order)) == (
        State.PAYING_OUT, (42_00, 100_00), {"bank": 42_00, "buyer": 42_00},
    )  # fmt: skip
    assert is_sound()
    pay_out(order)
    assert (fresh(order).state, sums(order), books(order)) == (State.CLOSED, (0, 142_00), {})
    assert is_sound()
    payouts.payout_missing(order_id=order.id, by=order.buyer_id)
    assert (fresh(order).state, sums(order), books(order)) == (
        State.PAYING_OUT, (42_00, 100_00), {"bank": 42_00, "buyer": 42_00},
    )  # fmt: skip
    with pytest.raises(RuleBroken, match="while no other is open"):
        payouts.payout_missing(order_id=order.id, by=order.buyer_id)
    assert is_sound()
    pay_out(order)
    assert (fresh(order).state, sums(order), books(order)) == (State.CLOSED, (0, 142_00), {})
    refunds = [each for each in movements.of_order(order.id) if each.kind == Kind.REFUND]
    assert [(each.amount, each.state) for each in refunds] == [
        (eur(100_00), MovementState.CONFIRMED),
        (eur(42_00), MovementState.FAILED),
        (eur(42_00), MovementState.CONFIRMED),
    ]
    assert {fact.ending for fact in heard if isinstance(fact, OrderClosed)} == {Ending.FELL_THROUGH}
    assert is_sound()


def test_the_rest_that_comes_after_the_days_to_top_up_is_paid_back(app: Flask) -> None:
    order = an_order(State.TOPPING_UP)
    clock.move(timedelta(days=3))
    lapse()
    pay_out(order)
    confirm(order, 42_00)
    assert (fresh(order).state, sums(order)) == (State.PAYING_OUT, (42_00, 100_00))
    pay_out(order)
    assert (fresh(order).state, sums(order), books(order)) == (State.CLOSED, (0, 142_00), {})
    assert is_sound()


def test_a_second_transfer_is_paid_back_while_the_seller_is_paid(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    before = order.deadline
    confirm(order, 142_00)
    assert (fresh(order).state, fresh(order).deadline, sums(order)) == (State.PAYING_OUT, before, (142_00, 0))
    pay_out(order, Party.SELLER)
    assert fresh(order).state == State.PAYING_OUT
    pay_out(order, Party.BUYER)
    assert (fresh(order).state, books(order)) == (State.CLOSED, {"bank": 6_60, "fees": 6_60})
    assert is_sound()


@pytest.mark.parametrize("state", [State.HELD, State.SHIPPED, State.INSPECTING, State.DISPUTED, State.RETURN_DUE])
def test_a_second_transfer_is_not_booked_while_the_first_is_held(app: Flask, state: State) -> None:
    order = an_order(state)
    with pytest.raises(RuleBroken, match="moved on"):
        confirm(order, 142_00)
    assert books(order) == {"bank": 142_00, "held": 142_00}


def test_money_that_comes_on_top_counts_a_deal_once_and_asks_once_how_it_went(app: Flask) -> None:
    order = an_order(State.CLOSED)
    deals = [(deal.closed_at, deal.feedback_until) for deal in deals_of(order)]
    standings = [standing_of(each, order.group_id) for each in (order.buyer_id, order.seller_id)]
    clock.move(timedelta(days=2))
    confirm(order, 142_00)
    pay_out(order)
    assert fresh(order).state == State.CLOSED
    assert [(deal.closed_at, deal.feedback_until) for deal in deals_of(order)] == deals
    assert [standing_of(each, order.group_id) for each in (order.buyer_id, order.seller_id)] == standings


# ---- Shipping ----


def test_a_parcel_needs_a_carrier_and_a_number(app: Flask) -> None:
    order = an_order(State.HELD)
    for words, field in (
        ({"carrier": "", "tracking": "1"}, "carrier"),
        ({"carrier": "Post", "tracking": ""}, "tracking"),
    ):
        with pytest.raises(RuleBroken) as refusal:
            shipping.ship(order_id=order.id, by=order.seller_id, **words)
        assert refusal.value.field == field
    assert fresh(order).state == State.HELD


def test_a_pick_up_is_proved_with_the_buyers_code(app: Flask) -> None:
    order = an_order(State.SHIPPED, pick_up=True)
    assert order.pick_up_code and not order.tracking
    with pytest.raises(NotAllowed):
        shipping.use_code(order_id=order.id, by=order.buyer_id, code=order.pick_up_code)
    shipping.use_code(order_id=order.id, by=order.seller_id, code=order.pick_up_code.lower())
    assert (fresh(order).state, fresh(order).code_used) == (State.INSPECTING, True)


def test_a_seller_who_guesses_has_five_tries_an_hour(app: Flask) -> None:
    order = an_order(State.SHIPPED, pick_up=True)
    code = order.pick_up_code or ""
    for _ in range(5):
        with pytest.raises(RuleBroken, match="not the code"):
            shipping.use_code(order_id=order.id, by=order.seller_id, code="AAA-AAA")
    with pytest.raises(RuleBroken, match="too often"):
        shipping.use_code(order_id=order.id, by=order.seller_id, code=code)
    clock.move(timedelta(minutes=61))
    with pytest.raises(RuleBroken, match="not the code"):
        shipping.use_code(order_id=order.id, by=order.seller_id, code="AAA-AAA")
    shipping.use_code(order_id=order.id, by=order.seller_id, code=code)
    assert fresh(order).state == State.INSPECTING


def test_where_it_is_posted_there_is_no_code(app: Flask) -> None:
    order = an_order(State.SHIPPED)
    with pytest.raises(RuleBroken, match="no code"):
        shipping.use_code(order_id=order.id, by=order.seller_id, code="AAA-AAA")


def test_a_seller_who_cancels_gets_a_strike_and_the_buyer_his_money(app: Flask) -> None:
    order = an_order(State.HELD)
    shipping.cancel(order_id=order.id, by=order.seller_id)
    assert (fresh(order).state, books(order)) == (State.REFUNDED, {"bank": 142_00, "buyer": 142_00})
    assert strikes(order) == ([], ["Cancelled lot 1, Bow porcelain teapot, after it was paid."])


def test_the_buyer_may_cancel_once_the_days_to_ship_are_over(app: Flask) -> None:
    order = an_order(State.HELD)
    with pytest.raises(TooEarly):
        shipping.cancel(order_id=order.id, by=order.buyer_id)
    clock.move(timedelta(days=3))
    shipping.cancel(order_id=order.id, by=order.buyer_id)
    assert fresh(order).state == State.REFUNDED
    assert strikes(order) == ([], [])


def test_a_dispute_recorded_before_the_deadline_wins_against_the_clock(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    assert order.deadline is not None
    with clock.at(order.deadline - timedelta(seconds=1)):
        service.open_dispute(order_id=order.id, by=order.buyer_id, action=Action.DISPUTE)
    clock.move(timedelta(days=60))
    lapse()
    assert (fresh(order).state, fresh(order).deadline) == (State.DISPUTED, None)


def test_at_the_deadline_it_is_too_late_to_dispute_even_if_the_worker_sleeps(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    clock.move(timedelta(days=7))
    with pytest.raises(TooLate):
        service.open_dispute(order_id=order.id, by=order.buyer_id, action=Action.DISPUTE)


# ---- Rulings and returns ----


@pytest.mark.parametrize(
    ("action", "part", "state", "left"),
    [
        (Action.RELEASE, None, State.RELEASED, {"bank": 142_00, "seller": 135_40, "fees": 6_60}),
        (Action.REFUND, None, State.REFUNDED, {"bank": 142_00, "buyer": 142_00}),
        (Action.DIVIDE, 50_00, State.SPLIT, {"bank": 142_00, "buyer": 50_00, "seller": 87_73, "fees": 4_27}),
        (Action.RETURN_FIRST, None, State.RETURN_DUE, {"bank": 142_00, "held": 142_00}),
    ],
)
def test_a_ruling_moves_the_money(
    app: Flask, action: Action, part: int | None, state: State, left: dict[str, int]
) -> None:
    order = an_order(State.DISPUTED)
    rule(order, action, part)
    assert (fresh(order).state, books(order)) == (state, left)
    assert is_sound()


def test_both_sides_of_a_split_are_paid_before_the_order_closes(app: Flask, heard: list[object]) -> None:
    order = an_order(State.SPLIT)
    lapse()
    pay_out(order, Party.BUYER)
    assert fresh(order).state == State.PAYING_OUT
    pay_out(order, Party.SELLER)
    assert (fresh(order).state, books(order)) == (State.CLOSED, {"bank": 4_27, "fees": 4_27})
    assert [fact.ending for fact in heard if isinstance(fact, OrderClosed)] == [Ending.COMPLETED]


def test_the_buyer_learns_where_to_send_it_back(app: Flask) -> None:
    order = an_order(State.DISPUTED)
    an_address(order.seller_id)
    rule(order, Action.RETURN_FIRST)
    assert "Lindengasse 7" in (fresh(order).return_address or "")


def test_a_seller_without_an_address_says_where_it_goes_and_the_buyer_is_told(app: Flask, heard: list[object]) -> None:
    order = an_order(State.DISPUTED)
    rule(order, Action.RETURN_FIRST)
    with pytest.raises(RuleBroken):
        returns.ship_return(order_id=order.id, by=order.buyer_id, carrier="Post", tracking="RR 1 AT")
    name_return_address(order)
    assert "Lindengasse 7" in (fresh(order).return_address or "")
    last = [fact for fact in heard if isinstance(fact, OrderChanged)][-1]
    assert (last.action, last.order.has_return_address) == (Action.NAME_RETURN_ADDRESS, True)
    with pytest.raises(RuleBroken):
        name_return_address(order)
    returns.ship_return(order_id=order.id, by=order.buyer_id, carrier="Post", tracking="RR 1 AT")
    assert fresh(order).state == State.RETURN_SHIPPED


def test_where_nobody_said_where_it_goes_the_buyer_is_refunded(app: Flask) -> None:
    order = an_order(State.DISPUTED)
    rule(order, Action.RETURN_FIRST)
    deadline = fresh(order).deadline
    assert deadline
    with clock.at(deadline):
        lapsing._lapse_one(order.id)
    assert (fresh(order).state, books(order)) == (State.REFUNDED, {"bank": 142_00, "buyer": 142_00})


def test_a_return_that_is_accepted_is_refunded(app: Flask) -> None:
    order = an_order(State.RETURN_RECEIVED)
    returns.accept_return(order_id=order.id, by=order.seller_id)
    assert (fresh(order).state, books(order)) == (State.REFUNDED, {"bank": 142_00, "buyer": 142_00})


def test_a_return_that_is_contested_is_reviewed_once(app: Flask) -> None:
    order = an_order(State.RETURN_CONTESTED)
    assert queries.lines_of(order.id)[-1].note == "The lid is missing."
    with pytest.raises(RuleBroken):
        rule(order, Action.RETURN_FIRST)
    rule(order, Action.RELEASE)
    assert fresh(order).state == State.RELEASED


# ---- Paying out ----


def test_a_release_writes_the_intent_to_pay_out_in_the_same_breath(app: Flask) -> None:
    order = an_order(State.RELEASED)
    payout = movements.of_order(order.id)[-1]
    assert (payout.kind, payout.amount, payout.person_id) == (Kind.PAYOUT, eur(135_40), order.seller_id)
    assert payout.state == MovementState.INTENDED


def test_a_refund_is_intended_for_the_buyer(app: Flask) -> None:
    order = an_order(State.REFUNDED)
    refund = movements.of_order(order.id)[-1]
    assert (refund.kind, refund.amount, refund.person_id) == (Kind.REFUND, eur(142_00), order.buyer_id)


def test_what_was_confirmed_is_kept_with_its_reference(app: Flask) -> None:
    order = an_order(State.CLOSED)
    payment, payout = movements.of_order(order.id)
    assert (payment.kind, payment.moved, payment.confirmed_by) == (Kind.COLLECT, eur(142_00), treasurer_of(order).id)
    assert (payout.state, payout.bank_reference) == (MovementState.CONFIRMED, queries.lines_of(order.id)[-1].note)


def test_a_payout_that_failed_stays_owed_and_is_asked_for_again(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    payouts.payout_failed(order_id=order.id, by=treasurer_of(order).id, payee=Party.SELLER, reason="Wrong account.")
    failed, again = movements.of_order(order.id)[-2:]
    assert (failed.state, failed.failure) == (MovementState.FAILED, "Wrong account.")
    assert (again.state, again.failure, again.amount) == (MovementState.INTENDED, None, eur(135_40))
    assert failed.idempotency_key != again.idempotency_key
    assert books(order)["seller"] == 135_40
    pay_out(order)
    assert fresh(order).state == State.CLOSED


def test_a_payout_that_did_not_arrive_is_owed_and_paid_again(app: Flask, heard: list[object]) -> None:
    order = an_order(State.CLOSED)
    with pytest.raises(RuleBroken):
        payouts.payout_missing(order_id=order.id, by=order.buyer_id)
    payouts.payout_missing(order_id=order.id, by=order.seller_id)
    assert (fresh(order).state, books(order)["seller"]) == (State.PAYING_OUT, 135_40)
    assert fresh(order).closed_at is None
    pay_out(order)
    assert (fresh(order).state, books(order)) == (State.CLOSED, {"bank": 6_60, "fees": 6_60})
    assert is_sound()


def test_after_the_days_for_feedback_nobody_misses_a_payout(app: Flask) -> None:
    order = an_order(State.CLOSED)
    clock.move(timedelta(days=14))
    with pytest.raises(RuleBroken):
        payouts.payout_missing(order_id=order.id, by=order.seller_id)


def test_a_payout_is_confirmed_once(app: Flask) -> None:
    order = an_order(State.SPLIT)
    lapse()
    pay_out(order, Party.BUYER)
    with pytest.raises(RuleBroken, match="paid out already"):
        pay_out(order, Party.BUYER)
    with pytest.raises(RuleBroken, match="paid out already"):
        payouts.payout_failed(order_id=order.id, by=treasurer_of(order).id, payee=Party.BUYER, reason="No.")
    assert is_sound()


@pytest.mark.parametrize(
    ("state", "ending"),
    [(State.REFUNDED, Ending.UNDONE), (State.RELEASED, Ending.COMPLETED), (State.UNPAID, Ending.FELL_THROUGH)],
)
def test_how_an_order_ended_is_told_when_it_ends(app: Flask, heard: list[object], state: State, ending: Ending) -> None:
    order = an_order(state)
    lapse()
    if fresh(order).state not in ENDED:
        pay_out(order)
    assert [fact.ending for fact in heard if isinstance(fact, OrderClosed)] == [ending]


def parties(order: Order) -> list[tuple[type, int]]:

    return [(Group, order.group_id), (Person, order.seller_id), (Person, order.buyer_id)]


def strikes(order: Order) -> tuple[list[str], list[str]]:
    """The buyer's and the seller's."""
    db.session.rollback()
    people = (order.buyer_id, order.seller_id)
    found = [groups.strikes_of(person_id, order.group_id, now=clock.now()) for person_id in people]
    return tuple([strike.reason for strike in each] for each in found)  # type: ignore[return-value]


# ---- At the same moment ----


def test_two_deeds_at_the_same_moment_come_one_after_the_other(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    order_id, buyer_id = order.id, order.buyer_id
    ends: list[str] = []

    def click() -> None:
        with app.app_context():
            try:
                shipping.confirm_receipt(order_id=order_id, by=buyer_id)
                ends.append("released")
            except RuleBroken:
                ends.append("moved on")

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert sorted(ends) == ["moved on", "moved on", "moved on", "released"]
    assert books(order) == {"bank": 142_00, "seller": 135_40, "fees": 6_60}
    assert len(movements.of_order(order_id)) == 2
    assert is_sound()


def test_many_orders_of_one_group_are_paid_at_the_same_moment(app: Flask) -> None:
    group = a_group()
    orders = [an_order(State.PAYMENT_CLAIMED, group=group) for _ in range(6)]
    treasurer_id = treasurer_of(orders[0]).id

    def look(order_id: int) -> None:
        with app.app_context():
            paying.confirm_payment(order_id=order_id, by=treasurer_id, amount=eur(142_00), bank_reference="line")

    looks = [threading.Thread(target=look, args=(order.id,)) for order in orders]
    for each in looks:
        each.start()
    for each in looks:
        each.join()
    assert {fresh(order).state for order in orders} == {State.HELD}
    assert is_sound()
