"""What the seller of an order gets in the end, once that is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.escrow.models import OrderLine
from marketplace.escrow.money_rules import fee_on
from marketplace.escrow.order_rules import Order, State
from marketplace.escrow.rules import AWAITED, HOLDING
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Proceeds:
    """Of the order's total: what the seller does not get, the group's fee on the rest, and what is his."""

    withheld: Money
    fee: Money
    amount: Money


def proceeds_of(order: Order, lines: Sequence[OrderLine]) -> Proceeds | None:
    """What is settled for the seller, owed or paid already; none while the money is still awaited or held."""
    if order.state in AWAITED | HOLDING:
        return None
    amount = order.owed_seller + order.paid_seller
    if not amount:
        return Proceeds(order.total, order.nothing(), amount)
    back = next((line.amount_minor or 0 for line in lines if line.to_state == State.SPLIT), 0)
    withheld = Money(back, order.total.currency)
    return Proceeds(withheld, fee_on(order, order.total - withheld), amount)
