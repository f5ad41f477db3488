"""What a group earns by cards is paid to it, what a member owes it is paid: its books, Stripe's and the audit agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from marketplace.escrow import debt_paying, debts, fees
from marketplace.escrow.debt_models import DebtDeed
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books
from marketplace.ledger.rules import fees as fees_of, receivable
from marketplace.notifications.detail_rules import unpacked
from marketplace.notifications.models import Notice
from marketplace.payments import reconciling
from marketplace.payments.line_rules import Named
from marketplace.playmoney import accounts, disputes
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.escrow import receive, release, ship, treasurer_of
from tests.factories.stripe import hear, stripe_at
from tests.journeys.test_paid_by_card import an_order_by_card, check_reconciles, pay, pay_other_orders, state, work


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def a_paid_out_order(stripe: StandIn) -> Order:
    order = an_order_by_card(stripe)
    pay_other_orders(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    assert state(order) == State.CLOSED
    return order


def check_books(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert said.exit_code == 0, said.output
    check_reconciles()


def test_what_a_group_has_earned_is_paid_to_it(app: Flask, stripe: StandIn) -> None:
    order, operator = a_paid_out_order(stripe), a_person(is_operator=True)
    group_id, treasurer = order.group_id, treasurer_of(order).id
    earned = fees.earnings_of(group_id).available
    assert earned == Money(6_60, "EUR")
    fees.ask(group_id=group_id, by=treasurer, amount=earned)
    (request,) = fees.open_requests()
    fees.confirm_paid(request_id=request.id, by=operator.id, reference="Wire 7")
    assert not books.balance(fees_of(group_id), "EUR")
    check_books(app)
    # The site's own bank had it from Stripe, before or after: that explains itself.
    with stripe.till.lock:
        stripe.till.book("payout", -6_60, "eur", "po_1")
    check_books(app)
    run = reconciling.last_run()
    assert run is not None
    said = {each.named: each.amount.minor for each in run.explanations()}
    assert (said[Named.TO_GROUPS], said[Named.TO_THE_BANK]) == (6_60, 100_00 - 6_60)


def test_what_a_seller_owes_after_a_lost_chargeback_is_paid_by_him(app: Flask, stripe: StandIn) -> None:
    order = a_paid_out_order(stripe)
    group_id, seller_id, treasurer = order.group_id, order.seller_id, treasurer_of(order).id
    (account,) = stripe.till.kept["account"]
    accounts.pay_out(stripe.till, account, "eur")
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    hear(stripe)
    work(stripe)
    disputes.decide(stripe.till, opened["id"], "lost")
    work(stripe)
    owed = debts.debt_of(group_id, seller_id).amount
    assert owed > Money(100_00, "EUR")
    wanted = select(Notice.data).where(Notice.person_id == seller_id, Notice.kind == "debt_arose").order_by(Notice.id)
    told = [unpacked(data) for data in db.session.scalars(wanted)]
    assert told[-1]["left"] == owed
    assert sum(each["amount"].minor for each in told) == owed.minor, "each part of it once"
    check_books(app)
    debt_paying.confirm(
        group_id=group_id, person_id=seller_id, by=treasurer, amount=owed, bank_reference="Line 8",
        client_key="key-of-it",
    )  # fmt: skip
    assert not books.balance(receivable(group_id, seller_id), "EUR")
    check_books(app)
    with unit_of_work():
        db.session.execute(update(DebtDeed).values(amount_minor=owed.minor - 1))
    said = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert said.exit_code == 1
    assert f"receivable:{group_id}:{seller_id} is 0 minor units in the books, and 1 by orders" in said.output
