"""The steps of bidding, as data. Pure, like rules.py."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import lru_cache

from marketplace.kernel.money import Money, exponent

# From each price up, the step to the next bid, in hundredths of the main unit. It is the table that eBay used in
# 2001–2005; the 628 auctions of Jank and Shmueli's "Modeling Online Auctions" (Wiley 2010) bear it out.
INCREMENTS = (
    (0, 5), (1_00, 25), (5_00, 50), (25_00, 1_00), (100_00, 2_50), (250_00, 5_00),
    (500_00, 10_00), (1_000_00, 25_00), (2_500_00, 50_00), (5_000_00, 100_00),
)  # fmt: skip


@lru_cache(maxsize=256)
def increments(currency: str) -> tuple[tuple[int, int], ...]:
    """From each price up, the step: INCREMENTS in minor units of the currency, a step never below one of them."""

    def scaled(hundredths: int) -> int:
        return int(Decimal(hundredths).scaleb(exponent(currency) - 2))

    return tuple((scaled(start), max(1, scaled(step))) for start, step in INCREMENTS)


def increment(amount: Money) -> Money:
    """The step from this price to the next bid."""
    table = increments(amount.currency)
    return Money(table[bisect_right(table, amount.minor, key=lambda line: line[0]) - 1][1], amount.currency)


def plus_increment(amount: Money) -> Money:
    return amount + increment(amount)
