"""Somebody who can write everything changes the books and seals them anew: what happened to each order gives him away.

The chain by itself looks well to the audit of seals. Each test says which row or order is named.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.escrow import payouts, proving
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger import audit, service as ledger
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import BEFORE_THE_FIRST, Move, escrow, payable
from tests.factories.escrow import an_order, pay_out
from tests.ledger.test_audit import change


def transfers(order: Order) -> list[Transfer]:
    db.session.rollback()
    query = select(Transfer).where(Transfer.group_id == order.group_id).order_by(Transfer.number)
    return list(db.session.scalars(query))


def seal_anew(order: Order) -> None:
    """Every seal of the group's chain, and its end."""
    previous, number = BEFORE_THE_FIRST, 0
    sealed = []
    for number, transfer in enumerate(transfers(order), start=1):
        transfer.number = number  # not written: only reckoned with
        seal = transfer.page().seal(previous)
        sealed.append((transfer.id, number, previous, seal))
        previous = seal
    db.session.rollback()
    for row, place, before, seal in sealed:
        change("UPDATE ledger_transfers SET number = :number, previous_hash = :before, hash = :seal WHERE id = :id",
               number=place, before=before, seal=seal, id=row)  # fmt: skip
    change("UPDATE ledger_heads SET number = :number, hash = :hash WHERE group_id = :group",
           number=number, hash=previous, group=order.group_id)  # fmt: skip


def sentences() -> str:
    return " ".join(finding.sentence for finding in proving.held_findings())


def change_an_amount(order: Order) -> None:
    """Less was paid, they say, and less went out."""
    for entry in db.session.scalars(select(Entry)).all():
        change("UPDATE ledger_entries SET amount_minor = amount_minor - 100"
               " WHERE transfer_id = :id AND number = :number",
               id=entry.transfer_id, number=entry.number)  # fmt: skip


def take_an_entry_out(order: Order) -> None:
    change("DELETE FROM ledger_entries WHERE transfer_id = :id AND number = 2", id=transfers(order)[0].id)


def swap_a_pair(order: Order) -> None:
    """The payment went out, they say, instead of in."""
    first = transfers(order)[0].id
    change("UPDATE ledger_entries SET side = CASE side WHEN 'debit' THEN 'credit' ELSE 'debit' END"
           " WHERE transfer_id = :id", id=first)  # fmt: skip


def delete_a_transfer(order: Order) -> None:
    last = transfers(order)[-1].id
    change("DELETE FROM ledger_entries WHERE transfer_id = :id", id=last)
    change("DELETE FROM ledger_transfers WHERE id = :id", id=last)


def release_twice(order: Order) -> None:
    """By the books' own door, under a reference that no deed has."""
    amount = Money(135_40, order.currency)
    moves = [Move(escrow(order.id), payable(order.group_id, order.seller_id), amount)]
    ledger.post(group_id=order.group_id, moves=moves, reference="by hand", memo="Released", at=clock.now(),
                order_id=order.id)  # fmt: skip


FORGERIES = [change_an_amount, take_an_entry_out, swap_a_pair, delete_a_transfer, release_twice]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
@pytest.mark.parametrize("state", [State.PAYING_OUT, State.CLOSED])
def test_whoever_changes_the_books_and_seals_them_anew_is_found(
    app: Flask, state: State, forge: Callable[[Order], None]
) -> None:
    an_order(State.HELD)
    order = an_order(state)
    assert not [*audit.findings(), *proving.held_findings()]
    forge(order)
    seal_anew(order)
    found = sentences() + " ".join(finding.sentence for finding in audit.findings())
    assert f"Order {order.id}" in found or f"payable:{order.group_id}" in found or f"escrow:{order.id}" in found


def test_of_a_payment_and_a_payout_that_are_a_euro_less_alike_only_the_gateways_know(app: Flask) -> None:
    order = an_order(State.CLOSED)
    change_an_amount(order)
    change("UPDATE orders SET paid_seller_minor = paid_seller_minor - 100, hammer_minor = hammer_minor - 100")
    seal_anew(order)
    assert [finding.what for finding in audit.findings()] == []
    assert "by the books EUR 141.00 came in and EUR 134.40 went out" in sentences()
    assert "by what the gateways did EUR 142.00 came in and EUR 135.40 went out" in sentences()


def test_a_payout_that_is_in_the_books_and_not_among_the_movements_is_found(app: Flask) -> None:
    order = an_order(State.CLOSED)
    change("DELETE FROM movements WHERE kind = 'payout'")
    assert f"Order {order.id}: by the books" in sentences()
    assert "EUR 0.00 went out." in sentences()


def test_a_payout_that_did_not_arrive_is_as_if_it_had_not_gone(app: Flask) -> None:
    order = an_order(State.CLOSED)
    payouts.payout_missing(order_id=order.id, by=order.seller_id)
    assert sentences() == ""
    pay_out(order, Party.SELLER)
    assert sentences() == ""
