"""Transfers in the books, of groups and orders that need not exist."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from marketplace.kernel.money import Money
from marketplace.ledger import rules, service
from marketplace.ledger.models import Transfer
from marketplace.ledger.rules import Move

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

_count = itertools.count(1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def paid_in(minor: int = 100_00, *, group_id: int = 1, order_id: int = 7) -> list[Move]:
    """A buyer's payment, which is then held for the order."""
    return [Move(rules.gateway(group_id), rules.escrow(order_id), eur(minor))]


def released(
    minor: int = 95_00, fee: int = 5_00, *, group_id: int = 1, order_id: int = 7, seller: int = 2
) -> list[Move]:
    """What was held becomes the seller's, less the group's fee."""
    held = rules.escrow(order_id)
    seller_gets = Move(held, rules.payable(group_id, seller), eur(minor))
    return [seller_gets, *rules.moved(held, rules.fees(group_id), eur(fee))]


def a_transfer(
    moves: list[Move] | None = None,
    *,
    group_id: int = 1,
    order_id: int = 7,
    reference: str | None = None,
    memo: str = "Payment received",
    at: datetime = NOON,
) -> Transfer:
    """A posted transfer: a payment for the order, unless told otherwise."""
    posted = service.post(
        group_id=group_id,
        moves=moves or paid_in(group_id=group_id, order_id=order_id),
        reference=reference or f"test:{next(_count)}",
        memo=memo,
        at=at,
        order_id=order_id,
    )
    assert posted is not None
    return posted
