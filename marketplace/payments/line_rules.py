"""What a processor's books and ours are made of, where one is held against the other; the law is in reconcile_rules.

Sums are signed as the platform's balance sees them: what came in is positive, what left negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from marketplace.kernel.money import Money


class What(StrEnum):
    """What can be wrong."""

    STRANGER = "stranger"
    """They have what nobody here asked for."""
    MISSING = "missing"
    """We have what they do not."""
    AMOUNT = "amount"
    CURRENCY = "currency"
    FEE = "fee"
    """They kept another fee than we booked."""
    ORDER = "order"
    """They have it under another order."""
    TWICE = "twice"
    """They did it twice."""
    WITHDRAWN = "withdrawn"
    """They did what we had given up: it may be paid twice."""
    UNHEARD = "unheard"
    """They did it long ago, and we still wait for it."""
    LIST = "list"
    """Their balance is not the sum of what they list."""
    BALANCE = "balance"
    """Our books have another balance, and nothing above says why."""
    COVER = "cover"
    """More was taken out of their balance than is the platform's own: what is missing is somebody's."""
    BANK = "bank"
    """Between a group's own bank and its books; said in a sentence of its own."""


OF_BALANCE = (What.LIST, What.BALANCE, What.COVER)


class Named(StrEnum):
    """What explains a difference."""

    ON_ITS_WAY = "on its way"
    """We know of it, and they have not booked it yet."""
    NOT_HEARD = "not heard"
    """They have booked it, and we have not heard of it yet."""
    FEE_UNKNOWN = "fee unknown"
    """Their fee of a payment was not told yet."""
    REFUND_PENDING = "refund pending"
    """They have taken it out, and the buyer's bank has not got it yet: our books wait for that."""
    OPEN_CHARGEBACK = "open chargeback"
    """A bank has taken it, and has not decided: our books keep it until then."""
    TO_THE_BANK = "to the bank"
    """Paid out to the platform's own bank, or from there."""
    TO_GROUPS = "to groups"
    """Paid to groups by the site, from its own bank: it is out of our books, and lies there still."""
    THEIR_OWN = "their own"
    """The processor's charges to the platform, taxes, and what it holds in reserve."""


PLATFORMS = (Named.TO_THE_BANK, Named.TO_GROUPS, Named.THEIR_OWN)
"""What is the platform's own: no order's, and in nobody's books here. Together it must not be less than nothing."""

OWN = {
    "payout": Named.TO_THE_BANK,
    "payout_reversal": Named.TO_THE_BANK,
    "topup": Named.TO_THE_BANK,
    "topup_reversal": Named.TO_THE_BANK,
    "fee": Named.THEIR_OWN,
    "network_cost": Named.THEIR_OWN,
    "tax": Named.THEIR_OWN,
    "contribution": Named.THEIR_OWN,
    "risk_reserved_funds": Named.THEIR_OWN,
    "connect_reserved_funds": Named.THEIR_OWN,
}
"""Kinds of lines that are of no order, by Stripe's reporting_category: https://docs.stripe.com/reports/reporting-categories
(2026). A word that stands neither here nor at a source of ours is a finding."""


@dataclass(frozen=True, slots=True)
class Line:
    """One balance transaction of the processor, in minor units. What it brought or took is `amount` less `fee`."""

    line_id: str
    category: str
    amount: int
    fee: int
    currency: str
    source: str
    """What it is about: a charge, a refund, a transfer, a chargeback."""
    at: datetime
    mark: str | None = None
    """Of the movement that the source was made for, as the source carries it."""
    order_id: int | None = None
    """As the source says."""
    part_of: str | None = None
    """The payment, or transfer, that the source gives or takes back."""


class Stands(StrEnum):
    """How far something of ours has come."""

    DONE = "done"
    AWAITED = "awaited"
    """It was not heard of, or may come after all."""
    GIVEN_UP = "given up"
    """It was withdrawn, or has failed: it must not be there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something of ours, in minor units."""

    stands: Stands
    reference: str | None
    """What the processor calls it, once that is known."""
    mark: str | None
    currency: str
    there: tuple[int, ...]
    """What its lines there may come to, their fees apart. None of them where it should have none."""
    booked: int
    """What our books have of it."""
    fee: int | None
    """What we booked as their fee. None where it was not told yet."""
    at: datetime
    """When it last changed."""
    order_id: int | None
    group_id: int | None
    explains: Named = Named.ON_ITS_WAY
    """Why the books may have another sum than lines that are as they should be."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that nothing explains."""

    what: What
    about: str
    """What the processor calls it; of a balance, the currency."""
    theirs: Money | None
    """What it is there; of a fee, what they kept."""
    ours: Money | None
    order_id: int | None = None
    group_id: int | None = None

    @property
    def key(self) -> str:
        """The same for the same finding of another night."""
        return f"{self.what}:{self.about}"

    def is_as_before(self, theirs: Money | None, ours: Money | None) -> bool:
        """Whether it is what was found before, with these sums. A balance moves every day: there it is the difference
        that counts."""
        if self.what in OF_BALANCE:
            return _difference(self.theirs, self.ours) == _difference(theirs, ours)
        return (self.theirs, self.ours) == (theirs, ours)

    @property
    def effects(self) -> list[Money]:
        """What it adds to their balance beyond our books."""
        if self.what in OF_BALANCE:
            return []
        theirs, ours = self.theirs, self.ours
        if self.what is What.FEE:
            theirs, ours = ours, theirs
        return [*([theirs] if theirs else []), *([ours * -1] if ours else [])]


class Explained(NamedTuple):
    """A difference with its reason."""

    named: Named
    amount: Money
    """What it adds to their balance beyond our books."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of holding lines against entries."""

    findings: list[Finding]
    explained: list[Explained]


def _difference(theirs: Money | None, ours: Money | None) -> Money | None:
    return None if theirs is None or ours is None else theirs - ours
