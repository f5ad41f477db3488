"""The law of what a group has earned where a payment processor carries its money: it lies on the site's account there,
and is paid to the group when it asks; or put into its guarantee fund."""

from __future__ import annotations

from enum import StrEnum

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, fees, gateway, guarantee_fund, moved
from marketplace.payments.rules import Through


class State(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    PAID = "paid"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


def available(*, earned: Money, at_processor: Money, of_others: Money, asked: Money) -> Money:
    """What can be asked for: what was earned, as far as it lies at the processor and is nobody else's, less what was
    asked for already."""
    nothing = Money(0, earned.currency)
    return max(nothing, min(earned, at_processor - of_others) - asked)


def check(amount: Money, most: Money, *, field: str = "amount") -> None:
    """Raise RuleBroken where so much cannot be taken."""
    if not Money(0, most.currency) < amount <= most:
        raise RuleBroken("Enter more than nothing and at most %(most)s.", field=field, most=most)


def paid_moves(group_id: int, amount: Money) -> tuple[Move, ...]:
    """The site paid it to the group."""
    return moved(fees(group_id), gateway(group_id, Through.STRIPE), amount)


def fund_moves(group_id: int, amount: Money) -> tuple[Move, ...]:
    """It stays where it is, and makes members good from now on."""
    return moved(fees(group_id), guarantee_fund(group_id), amount)
