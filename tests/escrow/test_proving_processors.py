"""Somebody who can write everything says that a processor or a bank took the money, or that somebody else owes it: what
they told, the movements and the order's own sums give him away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from marketplace.escrow import proving
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.escrow.processor_proving import processor_findings
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.ledger import service as ledger
from marketplace.ledger.rules import Move, gateway, guarantee_fund, losses, payable, processor_fee, receivable
from marketplace.payments.rules import Through
from marketplace.playmoney import disputes
from marketplace.playmoney.server import StandIn
from tests.factories.escrow import an_order, lapse, receive, release, ship
from tests.factories.stripe import hear, stripe_at
from tests.journeys.test_paid_by_card import an_order_by_card, pay, state, work
from tests.ledger.test_audit import change


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def a_closed_order(stripe: StandIn) -> Order:
    order = an_order_by_card(stripe)
    pay(order, stripe)
    ship(order)
    receive(order)
    release(order)
    work(stripe)
    assert state(order) == State.CLOSED
    return order


def found() -> list[str]:
    return [f"{each.what}: {each.sentence}" for each in processor_findings()]


def post(order: Order, debit: str, credit: str, memo: str, minor: int = 5_00) -> None:
    """By the books' own door, under the number of a deed that was never done."""
    moves = [Move(debit, credit, Money(minor, "EUR"))]
    written = {"reference": f"order:{order.id}:99", "memo": f"{memo}, order {order.id}", "order_id": order.id}
    ledger.post(group_id=order.group_id, moves=moves, at=clock.now(), **written)  # type: ignore[arg-type]


def at_stripe(order: Order) -> str:
    return gateway(order.group_id, Through.STRIPE)


def a_fee_that_nobody_took(order: Order) -> None:
    post(order, processor_fee(order.id), at_stripe(order), "Fee of the payment processor")


def a_fee_that_is_a_loss_at_once(order: Order) -> None:
    post(order, losses(order.group_id), at_stripe(order), "Fee of the payment processor")


def a_chargeback_that_never_was(order: Order) -> None:
    post(order, losses(order.group_id), at_stripe(order), "Chargeback lost")


def a_debt_of_somebody_else(order: Order) -> None:
    post(order, receivable(order.group_id, 4711), payable(order.group_id, order.seller_id), "Settled")


def a_loss_out_of_nothing(order: Order) -> None:
    post(order, losses(order.group_id), guarantee_fund(order.group_id), "Settled")
    change("UPDATE ledger_entries SET account = :account WHERE account LIKE 'guarantee_fund:%'",
           account=payable(order.group_id, order.buyer_id))  # fmt: skip


FORGERIES: dict[Callable[[Order], None], str] = {
    a_fee_that_nobody_took: "by the books it is EUR 7.38",
    a_fee_that_is_a_loss_at_once: "by the books it is EUR 7.38",
    a_chargeback_that_never_was: "in chargebacks that were lost, and by the books it is EUR 5.00",
    a_debt_of_somebody_else: "owe something, who is not its buyer or seller",
    a_loss_out_of_nothing: "is borne by debts, the fund or the group, and by the books it is EUR 5.00",
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_what_is_said_to_be_taken_or_owed_is_held_against_what_was(
    app: Flask, stripe: StandIn, forge: Callable[[Order], None]
) -> None:
    order = a_closed_order(stripe)
    assert found() == []
    forge(order)
    assert FORGERIES[forge] in " ".join(found())


@pytest.mark.parametrize("column", ["processor_fee_minor", "borne_minor", "earned_minor", "set_off_minor"])
def test_a_sum_of_the_order_s_own_row_is_held_against_the_books(app: Flask, stripe: StandIn, column: str) -> None:
    order = a_closed_order(stripe)
    change(f"UPDATE orders SET {column} = {column} + 100")
    assert any(f"taken: Order {order.id}: " in each for each in found())


def test_a_debt_that_no_order_made_is_found(app: Flask, stripe: StandIn) -> None:
    order = a_closed_order(stripe)
    account = receivable(order.group_id, order.seller_id)
    moves = [Move(account, losses(order.group_id), Money(5_00, "EUR"))]
    ledger.post(group_id=order.group_id, moves=moves, reference="by hand", memo="Owed", at=clock.now(), order_id=None)
    assert found() == [f"owed: {account} is 500 minor units in the books, and 0 by orders, payments, write-offs."]


def test_a_fee_that_was_told_and_is_not_in_the_books_is_found(app: Flask, stripe: StandIn) -> None:
    a_closed_order(stripe)
    change("UPDATE checkouts SET fee_minor = fee_minor + 100")
    assert "EUR 3.38 was taken by what was told, in fees, and by the books it is EUR 2.38." in " ".join(found())


def test_a_lost_chargeback_is_in_the_books_and_its_debt_the_seller_s(app: Flask, stripe: StandIn) -> None:
    order = a_closed_order(stripe)
    opened = disputes.open_(stripe.till, stripe.till.all("charge")[0]["id"])
    hear(stripe)
    disputes.decide(stripe.till, opened["id"], "lost")
    work(stripe)
    assert (state(order), found()) == (State.CLOSED, [])
    change("UPDATE chargebacks SET state = 'won'")
    assert "EUR 0.00 was taken by what was told, in chargebacks that were lost" in " ".join(found())


def sentences() -> str:
    return " ".join(finding.sentence for finding in proving.held_findings())


def test_a_payout_that_went_to_somebody_else_or_through_something_else_is_found(app: Flask) -> None:
    """In all the same came in and went out."""
    order = an_order(State.CLOSED)
    account = payable(order.group_id, order.seller_id)
    change("UPDATE movements SET gateway = 'stripe_connect' WHERE kind = 'payout'")
    assert f", through gateway:{order.group_id}:stripe_connect, to person {order.seller_id}." in sentences()
    change("UPDATE movements SET gateway = 'treasurer'")
    assert sentences() == ""
    change("UPDATE ledger_entries SET account = :other WHERE account = :account AND side = 'debit'",
           other=payable(order.group_id, order.buyer_id), account=account)  # fmt: skip
    assert f", through gateway:{order.group_id}, to person {order.buyer_id}." in sentences()


def test_orders_of_a_treasurer_have_nothing_of_this(app: Flask) -> None:
    for one in (State.CLOSED, State.REFUNDED, State.SPLIT, State.PAYING_OUT, State.DISPUTED):
        an_order(one)
    lapse()
    assert found() == []
