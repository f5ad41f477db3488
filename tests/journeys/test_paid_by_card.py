"""An order that is paid by card, from the hammer to the seller's account at Stripe, and the ways it can go wrong. The
books of the group and the stand-in's own agree at every end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.models import Person
from marketplace.escrow import card_paying, delivery, lapsing, payouts, processor_proving, proving
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.statements import statement_of
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.ledger import audit, queries as ledger
from marketplace.ledger.rules import Chart, gateway, payable, receivable
from marketplace.payments import checkouts
from marketplace.payments.asking import ask_gateways
from marketplace.payments.rules import Through
from marketplace.playmoney import accounts, charges, checkout, disputes
from marketplace.playmoney.server import StandIn
from tests.factories.escrow import (
    an_address,
    an_order,
    dispute,
    fresh,
    lapse,
    receive,
    release,
    rule,
    ship,
    treasurer_of,
)
from tests.factories.groups import a_member
from tests.factories.stripe import BACK, become_seller, hear, later_is_now, now_of, reconciled, stripe_at

BY_CARD = Terms(fee_basis_points=500, gateway=Through.STRIPE)


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here
        check_reconciles()


def an_order_by_card(stripe: StandIn) -> Order:
    """Hammer 132.00, shipping 10.00, the group's fee 5 %; the seller can be paid."""
    order = an_order(terms=BY_CARD)
    become_seller(stripe, order.seller_id)
    return order


def begin(order: Order) -> int:
    """The buyer presses the button and is led to Stripe's page; the session's number."""
    checkout_id = card_paying.begin_card_payment(
        order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id)
    )
    checkouts.open_session(checkout_id, title=card_paying.title_of(order.id, order.buyer_id), **BACK)
    return checkout_id


def pay(order: Order, stripe: StandIn, *, card: str = checkout.FINE) -> None:
    session = now_of(begin(order))
    with stripe.till.lock:
        checkout.pay(stripe.till, str(session.session_id), card=card)
    hear(stripe)


def work(stripe: StandIn) -> None:
    """The worker comes by, and Stripe tells what it did."""
    for _time in range(4):
        lapse()
        ask_gateways()
        hear(stripe)


def check_reconciles() -> None:
    """What Stripe's own books say is what ours do, wherever the story ended."""
    found = reconciled()
    assert [(each.key, str(each.theirs), str(each.ours)) for each in found] == []
    assert [finding.sentence for finding in processor_proving.processor_findings()] == []


def state(order: Order) -> State:
    return State(fresh(order).state)


def check_books(order: Order, stripe: StandIn, *, others: int = 0) -> None:
    """Sound, and to the cent what the stand-in has, less what `others` paid. What a bank asks back is the order's until
    it decides."""
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []
    available, pending = stripe.till.balance()
    there = available.get("eur", 0) + pending.get("eur", 0)
    contested = sum(each["amount"] for each in stripe.till.all("dispute", status="needs_response"))
    assert ledger.balance(gateway(order.group_id, Through.STRIPE), "EUR").minor == there + contested - others


def left(order: Order) -> dict[str, int]:
    """What the order has left on each line of the chart."""
    found = ledger.balances_of_order(order.id)
    return {account: amount.minor for account, amount in found.items() if amount}


def test_the_whole_way(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    assert state(order) == State.HELD
    check_books(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    assert state(order) == State.CLOSED
    fee = 142_00 * 150 // 10_000 + 25
    assert left(order) == {gateway(order.group_id, Through.STRIPE): 6_60, f"{Chart.FEES}:{order.group_id}": 6_60}
    (purse,) = stripe.till.purses.values()
    assert purse == {"eur": 142_00 - 6_60 - fee}
    check_books(order, stripe)
    month = (order.opened_at - timedelta(days=1), order.opened_at + timedelta(days=1))
    sale, payout = statement_of(order.group_id, order.seller_id, "EUR", month).lines
    assert (sale.gross.minor, sale.fee.minor, sale.processor_fee.minor) == (142_00, 6_60, fee)
    assert payout.paid_out.minor == sale.row.came.minor == 142_00 - 6_60 - fee


def test_what_a_seller_owes_is_kept_from_his_next_sale(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    (account,) = stripe.till.kept["account"]
    accounts.pay_out(stripe.till, account, "eur")
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    hear(stripe)
    work(stripe)
    disputes.decide(stripe.till, opened["id"], "lost")
    work(stripe)
    owed = ledger.balance(receivable(order.group_id, order.seller_id), "EUR")
    assert owed.minor > 0
    group = db.session.get_one(Group, order.group_id)
    seller, buyer = (db.session.get_one(Person, each) for each in (order.seller_id, order.buyer_id))
    other = an_order(group=group, seller=seller, buyer=buyer, terms=BY_CARD)
    pay(other, stripe)
    ship(other)
    receive(other)
    release(other)
    month = (order.opened_at - timedelta(days=1), order.opened_at + timedelta(days=1))
    statement = statement_of(order.group_id, order.seller_id, "EUR", month)
    sale = statement.lines[-1]
    assert sale.set_off == min(owed, sale.row.came)
    assert statement.closing == ledger.balance(payable(order.group_id, order.seller_id), "EUR")
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []


def test_who_comes_back_without_having_paid_has_not_paid(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    begin(order)
    hear(stripe)
    assert state(order) == State.AWAITING_PAYMENT


def test_a_bank_debit_holds_the_order_until_it_came(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe, card=checkout.BANK_DEBIT)
    assert state(order) == State.PAYMENT_CLAIMED
    (session,) = stripe.till.all("checkout.session")
    checkout.settle(stripe.till, session["id"])
    hear(stripe)
    assert state(order) == State.HELD
    check_books(order, stripe)


def test_a_refund_gives_the_buyer_all_of_it_back(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    pay_other_orders(stripe)  # the platform's own money, out of which the processor's fee is paid
    ship(order)
    receive(order)
    dispute(order)
    rule(order, Action.REFUND)
    work(stripe)
    assert state(order) == State.CLOSED
    (refund,) = stripe.till.all("refund")
    assert (refund["amount"], refund["status"]) == (142_00, "succeeded")
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []


def test_a_split_pays_both(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    dispute(order)
    rule(order, Action.DIVIDE, 42_00)
    work(stripe)
    assert state(order) == State.CLOSED
    (refund,), (transfer,) = stripe.till.all("refund"), stripe.till.all("transfer")
    assert refund["amount"] == 42_00
    assert transfer["amount"] < 100_00
    check_books(order, stripe)


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_chargeback_freezes_what_is_held(app: Flask, stripe: StandIn, verdict: str) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    (charge,) = stripe.till.all("charge")
    opened = disputes.open_(stripe.till, charge["id"])
    hear(stripe)
    assert state(order) == State.CHARGEBACK
    check_books(order, stripe)
    disputes.decide(stripe.till, opened["id"], verdict)
    hear(stripe)
    if verdict == "lost":
        work(stripe)
        assert state(order) == State.CLOSED
    else:
        assert state(order) == State.SHIPPED
        receive(order)
        release(order)
        work(stripe)
        assert state(order) == State.CLOSED
    check_books(order, stripe)


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_chargeback_after_the_release_takes_the_seller_s_part_back(app: Flask, stripe: StandIn, verdict: str) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    assert state(order) == State.CLOSED
    (charge,) = stripe.till.all("charge")
    opened = disputes.open_(stripe.till, charge["id"])
    hear(stripe)
    work(stripe)
    assert sum(stripe.till.purses[next(iter(stripe.till.purses))].values()) == 0, "it waits for the bank"
    disputes.decide(stripe.till, opened["id"], verdict)
    work(stripe)
    assert state(order) == State.CLOSED
    check_books(order, stripe)


def test_a_refund_that_fails_days_later_is_owed_again_and_paid_by_an_officer(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    dispute(order)
    rule(order, Action.REFUND)
    work(stripe)
    charges.fail_refund(stripe.till, stripe.till.all("refund")[0]["id"])
    hear(stripe)
    assert state(order) == State.PAYING_OUT
    assert fresh(order).owed_buyer_minor == 142_00
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []


def test_two_sessions_are_never_both_kept(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    first = now_of(begin(order)).session_id
    second = now_of(begin(order)).session_id
    for session in stripe.till.all("checkout.session", status="open"):
        checkout.pay(stripe.till, session["id"])
    hear(stripe)
    work(stripe)
    assert state(order) == State.HELD
    paid = [each for each in stripe.till.all("checkout.session") if each["payment_status"] == "paid"]
    assert len(paid) - len(stripe.till.all("refund")) == 1, (first, second)


def pay_other_orders(stripe: StandIn) -> None:
    """The platform has some money of its own there."""
    stripe.till.book("topup", 100_00, "eur", "tu_1")


def test_the_clock_refunds_what_is_not_shipped(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay(order, stripe)
    with clock.at(clock.now() + timedelta(days=8)):
        assert lapsing.lapse_due_orders()
        work(stripe)
    assert state(order) == State.CLOSED
    assert stripe.till.all("refund")[0]["amount"] == 142_00


def test_what_a_restricted_account_cannot_be_paid_waits_and_goes_when_it_can(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    (account,) = stripe.till.kept["account"]
    ship(order)
    receive(order)
    release(order)
    accounts.become(stripe.till, account, wanted=["external_account"])
    hear(stripe)
    work(stripe)
    assert state(order) == State.PAYING_OUT
    assert not stripe.till.all("transfer")
    accounts.become(stripe.till, account)
    hear(stripe)
    work(stripe)
    assert state(order) == State.CLOSED
    check_books(order, stripe)


def test_by_day_eighty_two_officers_pay_what_the_account_cannot_be_paid(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    (account,) = stripe.till.kept["account"]
    ship(order)
    receive(order)
    release(order)
    accounts.become(stripe.till, account, wanted=["external_account"])
    hear(stripe)
    work(stripe)
    group = db.session.get_one(Group, order.group_id)
    one, other = treasurer_of(order).id, a_member(group, Role.TREASURER).id
    with clock.at(clock.now() + timedelta(days=81)):
        work(stripe)
        payouts.propose_otherwise(order_id=order.id, by=one, payee=Party.SELLER)
        payouts.agree_otherwise(order_id=order.id, by=other, payee=Party.SELLER)
        accounts.become(stripe.till, account)
        work(stripe)
        payouts.confirm_payout(order_id=order.id, by=other, payee=Party.SELLER, bank_reference="SEPA 81")
    assert state(order) == State.CLOSED
    assert not stripe.till.all("transfer"), "it is paid once"
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings())] == []


def test_who_paid_is_not_called_unpaid_because_the_news_is_late(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    session = now_of(begin(order))
    checkout.pay(stripe.till, str(session.session_id))
    assert session.session_id is not None and order.deadline is not None
    with clock.at(order.deadline + timedelta(hours=25)):  # Stripe told nothing, and did not answer
        lapse()
        assert state(order) == State.AWAITING_PAYMENT
        hear(stripe)
        assert state(order) == State.HELD
    check_books(order, stripe)


def test_who_paid_while_no_worker_came_by_for_days_is_not_called_unpaid(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    session = now_of(begin(order))
    checkout.pay(stripe.till, str(session.session_id))
    assert order.deadline is not None
    with clock.at(order.deadline + timedelta(days=5)):
        lapse()
        assert state(order) == State.AWAITING_PAYMENT, "he did his part, and nobody has looked yet"
        checkouts.look_at_due_checkouts()
        lapse()
        assert state(order) == State.HELD
    check_books(order, stripe)


def test_a_session_that_was_left_is_unpaid_as_soon_as_that_is_known(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    session = now_of(begin(order))
    assert order.deadline is not None
    with clock.at(order.deadline + timedelta(minutes=1)):
        lapse()
        assert state(order) == State.AWAITING_PAYMENT
        checkout.expire(stripe.till, str(session.session_id))
        hear(stripe)
        lapse()
        assert state(order) == State.UNPAID


def test_no_order_waits_for_a_processor_for_ever(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    session = now_of(begin(order))
    checkout.pay(stripe.till, str(session.session_id))
    assert order.deadline is not None
    with clock.at(order.deadline + timedelta(days=3, minutes=1)):
        stripe.weather.is_down = True
        checkouts.look_at_due_checkouts()
        lapse()
        assert state(order) == State.UNPAID
        stripe.weather.is_down = False
        hear(stripe)
        work(stripe)
        assert state(order) == State.CLOSED
    assert stripe.till.all("refund")[0]["amount"] == 142_00, "what comes then is given back"


def pay_too_little(order: Order, stripe: StandIn) -> None:
    """He is to pay 132.00 as long as he picks it up, and has it posted by the time that his payment comes in."""
    with unit_of_work():
        db.session.get_one(Order, order.id).can_be_picked_up = True
    first = card_paying.begin_card_payment(order_id=order.id, by=order.buyer_id, address_id=None)
    checkouts.open_session(first, title="Clock", **BACK)
    session = now_of(first)
    delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id))
    with stripe.till.lock:
        checkout.pay(stripe.till, str(session.session_id))
    hear(stripe)


@pytest.mark.parametrize("ending", ["release", "refund", "split"])
def test_of_what_came_short_the_rest_is_paid_by_card_and_leaves_as_it_came(
    app: Flask, stripe: StandIn, ending: str
) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay_too_little(order, stripe)
    assert state(order) == State.TOPPING_UP
    assert not checkouts.has_paid(order.id), "what came before is not the rest"
    pay(order, stripe)
    assert state(order) == State.HELD
    assert [each["amount_total"] for each in stripe.till.all("checkout.session")[:2]] == [10_00, 132_00]
    check_books(order, stripe, others=100_00)
    ship(order)
    receive(order)
    if ending == "release":
        release(order)
    else:
        dispute(order)
        rule(order, *([Action.REFUND] if ending == "refund" else [Action.DIVIDE, 60_00]))
    for _day in range(3):
        with clock.at(clock.now() + timedelta(days=_day)):
            later_is_now()
            work(stripe)
    assert state(order) == State.CLOSED
    mine = [each for each in stripe.till.all("refund") if each["metadata"].get("order_id") == str(order.id)]
    assert sum(each["amount"] for each in mine) == {"release": 0, "refund": 142_00, "split": 60_00}[ending]
    check_books(order, stripe, others=100_00)


def test_what_the_seller_had_in_two_transfers_is_taken_back_in_two(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay_too_little(order, stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    assert state(order) == State.CLOSED
    sent = {each["id"]: each["amount"] for each in stripe.till.all("transfer")}
    assert len(sent) == 2
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[-1]["id"])
    hear(stripe)
    work(stripe)
    assert {each["transfer"]: each["amount"] for each in stripe.till.all("transfer_reversal")} == sent
    check_books(order, stripe, others=100_00)
    disputes.decide(stripe.till, opened["id"], "won")
    hear(stripe)
    work(stripe)
    assert state(order) == State.CLOSED
    assert sum(each["amount"] for each in stripe.till.all("transfer")) == 2 * sum(sent.values())
    check_books(order, stripe, others=100_00)


def test_what_came_short_goes_back_if_the_rest_does_not_come(app: Flask, stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay_too_little(order, stripe)
    with clock.at(clock.now() + timedelta(days=4)):
        work(stripe)
        work(stripe)
    assert state(order) == State.CLOSED
    assert [each["amount"] for each in stripe.till.all("refund")] == [132_00]
    check_books(order, stripe, others=100_00)
