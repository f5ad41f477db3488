"""What the seller of an order gets in the end, once that is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.escrow.gateway_rules import HOLDING
from marketplace.escrow.models import OrderLine
from marketplace.escrow.money_rules import fee_on
from marketplace.escrow.order_rules import Action, Order, State
from marketplace.escrow.rules import AWAITED
from marketplace.kernel.money import Money

_OF_PAYOUTS = {
    Action.PAYOUT_WAITS,
    Action.PAYOUT_FAILED,
    Action.CONFIRM_PAYOUT,
    Action.PAYOUT_BOUNCED,
    Action.AGREE_OTHERWISE,
}


@dataclass(frozen=True, slots=True)
class Proceeds:
    """Of the order's total: what the seller does not get, the group's fee on the rest, and what is his."""

    withheld: Money
    fee: Money
    amount: Money
    borne: Money
    """What a payment processor kept."""
    set_off: Money
    """What paid what he owed the group."""


def proceeds_of(order: Order, lines: Sequence[OrderLine]) -> Proceeds | None:
    """What is settled for the seller, owed or paid already; none while the money is still awaited or held."""
    nothing = order.nothing()
    if (order.was or order.state) in AWAITED | HOLDING:
        return None
    amount = order.owed_seller + order.paid_seller
    if not amount:
        off = order.set_off or nothing
        if not off:
            return Proceeds(order.total, nothing, amount, nothing, nothing)
    back = next((line.amount_minor or 0 for line in lines if line.to_state == State.SPLIT), 0)
    withheld = Money(back, order.total.currency)
    fee = fee_on(order, order.total - withheld)
    return Proceeds(withheld, fee, amount, order.borne or nothing, order.set_off or nothing)


def waits_for(lines: Sequence[OrderLine]) -> str:
    """Why the payment processor could not pay, where that is the last that was heard of it."""
    heard = [line for line in lines if line.action in _OF_PAYOUTS]
    is_waiting = bool(heard) and heard[-1].action in (Action.PAYOUT_WAITS, Action.PAYOUT_FAILED)
    return heard[-1].note if is_waiting else ""
