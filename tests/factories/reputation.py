"""Deals as reputation hears of them, without the orders behind them."""

from __future__ import annotations

import itertools

from marketplace.accounts.models import Person
from marketplace.groups.models import Group
from marketplace.kernel.money import Money
from marketplace.reputation import deals, service
from marketplace.reputation.models import Feedback
from marketplace.reputation.rules import Ending, Grade

_orders = itertools.count(900_001)  # far from the numbers of real orders
DAYS = 14


def an_open_deal(group: Group, buyer: Person, seller: Person, *, total: int = 142_00, title: str = "Teapot") -> int:
    """An order that has begun; its number."""
    order_id = next(_orders)
    deals.open_deal(
        order_id=order_id, group_id=group.id, buyer_id=buyer.id, seller_id=seller.id, title=title,
        total=Money(total, group.currency),
    )  # fmt: skip
    return order_id


def a_closed_deal(
    group: Group, buyer: Person, seller: Person, *, ending: Ending = Ending.COMPLETED, **how: object
) -> int:
    """An order that ended; its number."""
    order_id = an_open_deal(group, buyer=buyer, seller=seller, **how)  # type: ignore[arg-type]
    deals.close_deal(order_id=order_id, ending=ending, days_for_feedback=DAYS)
    return order_id


def feedback(order_id: int, *, by: Person, grade: Grade = Grade.GOOD, words: str = "") -> Feedback:
    """`by` says how the deal went, with the same grade three times."""
    return service.give_feedback(
        by=by.id, order_id=order_id, description=grade, shipping=grade, communication=grade, words=words
    )
