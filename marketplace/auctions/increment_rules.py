"""The steps of bidding, as data. Pure, like rules.py."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from functools import lru_cache

from marketplace.groups.term_rules import Ladder
from marketplace.kernel.money import Money, exponent

PERCENT_OF_PRICE = 5
"""The step of the `percent` ladder, rounded down to the minor unit and never nothing (as auction.fish does it)."""

# From each price up, the step to the next bid, in hundredths of the main unit.
STEPS = {
    # What eBay used in 2001–2005; the 628 auctions of Jank and Shmueli's "Modeling Online Auctions" (Wiley 2010) bear
    # it out.
    Ladder.FINE: (
        (0, 5), (1_00, 25), (5_00, 50), (25_00, 1_00), (100_00, 2_50), (250_00, 5_00),
        (500_00, 10_00), (1_000_00, 25_00), (2_500_00, 50_00), (5_000_00, 100_00),
    ),
    # Catawiki's, in euros, derived from the table of its help pages (2026).
    Ladder.HOUSE: (
        (0, 1_00), (10_00, 5_00), (100_00, 10_00), (200_00, 20_00), (500_00, 50_00), (1_000_00, 100_00),
        (2_000_00, 200_00), (5_000_00, 500_00), (10_000_00, 1_000_00), (20_000_00, 2_000_00), (50_000_00, 5_000_00),
        (100_000_00, 10_000_00), (200_000_00, 20_000_00), (500_000_00, 50_000_00),
    ),
}  # fmt: skip


@lru_cache(maxsize=256)
def increments(currency: str, ladder: Ladder) -> tuple[tuple[int, int], ...]:
    """From each price up, the step: STEPS in minor units of the currency, a step never below one of them.

    Empty for the ladder that has no table, `percent`.
    """

    def scaled(hundredths: int) -> int:
        return int(Decimal(hundredths).scaleb(exponent(currency) - 2))

    return tuple((scaled(start), max(1, scaled(step))) for start, step in STEPS.get(ladder, ()))


def increment(amount: Money, ladder: Ladder) -> Money:
    """The step from this price to the next bid."""
    table = increments(amount.currency, ladder)
    if not table:
        return Money(max(1, amount.minor * PERCENT_OF_PRICE // 100), amount.currency)
    return Money(table[bisect_right(table, amount.minor, key=lambda line: line[0]) - 1][1], amount.currency)


def plus_increment(amount: Money, ladder: Ladder) -> Money:
    return amount + increment(amount, ladder)
