"""What a treasurer has in hand of a group's orders, as he passes it on: without the names of whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from marketplace.escrow.late_payouts import LatePayout, with_orders
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.kernel.database import db
from marketplace.kernel.money import Money, zero
from marketplace.payments import lateness

MOST = 200
"""Rows of each list; a group with more hands over the first of them, and the books say the sum."""


@dataclass(frozen=True, slots=True)
class InHand:
    """What waits for whoever looks after the money."""

    claimed: list[Order]
    """Payments that are said to be sent, and are to be looked for."""
    refused: list[Order]
    """Payments that were not found, and may come all the same."""
    payouts: list[LatePayout]
    """What is to be paid out by hand, of orders and of deposits, the longest owed first."""
    failures: dict[str, str]
    """Why a bank refused an earlier try, by the purpose of the payout."""

    def total(self, currency: str) -> Money:
        """All that is to be paid out."""
        return sum((each.payout.amount for each in self.payouts), zero(currency))


def in_hand(group_id: int, now: datetime) -> InHand:
    """Four queries. Who may ask is said where the handover is found."""
    awaited = select(Order).where(
        Order.group_id == group_id, Order.state.in_([State.PAYMENT_CLAIMED, State.AWAITING_PAYMENT])
    )
    awaited = awaited.where(Order.is_for_officers, (Order.state == State.PAYMENT_CLAIMED) | Order.was_not_found)
    orders = list(db.session.scalars(awaited.order_by(Order.deadline, Order.id).limit(MOST)))
    payouts = with_orders(lateness.owed_by_hand(group_id, now))
    return InHand(
        claimed=[order for order in orders if order.state == State.PAYMENT_CLAIMED],
        refused=[order for order in orders if order.state == State.AWAITING_PAYMENT],
        payouts=payouts,
        failures=lateness.failures_in(group_id, {each.payout.purpose for each in payouts}),
    )
