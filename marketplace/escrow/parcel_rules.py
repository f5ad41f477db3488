"""The law of a parcel: what each order pays of its shipping, and how a payment that is too little is allotted.

The dearest shipping is paid in full, every other order pays what its seller asks for a further lot. So each order has a
total of its own, and everything else that the law of escrow says of one order holds for it unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from marketplace.kernel.money import Money, zero

FEWEST = 2
"""One order is not a parcel."""


class Posting(NamedTuple):
    """What the law needs to know of an order that goes into a parcel."""

    order_id: int
    full: Money
    """Shipping as stated on its lot."""
    further: Money | None
    """What it costs beside another one; none where that is as much as by itself."""

    @property
    def beside(self) -> Money:
        return self.full if self.further is None else self.further


def shares(postings: Collection[Posting]) -> dict[int, Money]:
    """What each order pays of the shipping, by its number. It does not depend on who joined first.

    Where several are equally dear, the one that would cost most beside another is the one that is paid in full: the
    sentence leaves it open, and whoever wrote the rates bears what they leave open.
    """
    if not postings:
        return {}
    dearest = max(postings, key=lambda posting: (posting.full.minor, posting.beside.minor, -posting.order_id))
    return {each.order_id: each.full if each is dearest else each.beside for each in postings}


def saving(postings: Collection[Posting]) -> Money:
    """What the buyer pays less than with a parcel for each. Wants one posting at least."""
    currency = next(iter(postings)).full.currency
    return total(currency, (each.full for each in postings)) - total(currency, shares(postings).values())


def allot(amount: Money, missing: Sequence[Money]) -> list[Money]:
    """Give each order what it lacks, one after the other, until the amount is used up. What is more than all lack
    together is for the caller to refuse."""
    parts, rest = [], amount
    for lack in missing:
        part = min(rest, lack)
        parts.append(part)
        rest = rest - part
    return parts


def total(currency: str, amounts: Iterable[Money]) -> Money:
    """The sum of amounts, nothing where there are none."""
    return sum(amounts, zero(currency))
