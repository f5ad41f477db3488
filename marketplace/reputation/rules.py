"""What a standing is made of, how likely the next deal is to go badly, and how much there is to go by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.kernel.errors import RuleBroken, TooLate

# For how long a deal between two members makes one no judge of the other.
YEAR = timedelta(days=365)


class Side(StrEnum):
    """A person's part in a deal."""

    BUYER = "buyer"
    SELLER = "seller"


class Grade(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Ending(StrEnum):
    """How an order ended, as far as others can learn from it."""

    COMPLETED = "completed"
    """The seller was paid, all or a part of it."""
    UNDONE = "undone"
    """The money was held and went back to the buyer."""
    FELL_THROUGH = "fell_through"
    """Nothing was ever held: not paid, or called off. There is nothing to say about each other's goods."""


class Opinion(StrEnum):
    """What three grades come to."""

    POSITIVE = "positive"
    MIXED = "mixed"
    NEGATIVE = "negative"


class Risk(StrEnum):
    LOW = "low"
    SOME = "some"
    HIGH = "high"
    UNKNOWN = "unknown"


# ---- Feedback ----


def opinion(grades: Iterable[Grade]) -> Opinion:
    """One poor grade makes it negative; more than one that is only fair makes it mixed."""
    given = list(grades)
    if Grade.POOR in given:
        return Opinion.NEGATIVE
    return Opinion.MIXED if given.count(Grade.FAIR) > 1 else Opinion.POSITIVE


def check_feedback(*, until: datetime | None, has_spoken: bool, now: datetime) -> None:
    """Raise why this person cannot say now how a deal went. `until` is None where nobody is asked."""
    if until is None:
        raise RuleBroken("Feedback opens when the order is closed.")
    if has_spoken:
        raise RuleBroken("You have said how this deal went. It stays as you said it.")
    if now >= until:
        raise TooLate("The time to say how this deal went ended %(until)s.", until=until)


# ---- Standing ----


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """In whole percent, rounded down; None of nothing."""
        return self.part * 100 // self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Record:
    """What is counted of one person in one group. A deal counts as bad, once, if he lost a dispute in it or got a poor
    grade for it."""

    sales: int = 0
    purchases: int = 0
    undone: int = 0
    """Deals of either side whose money went back."""
    bad: int = 0
    disputes_lost: int = 0
    positive_as_seller: int = 0
    feedback_as_seller: int = 0
    positive_as_buyer: int = 0
    feedback_as_buyer: int = 0
    since: datetime | None = None
    """When his first deal was closed."""

    @property
    def deals(self) -> int:
        """All that others can learn from."""
        return self.sales + self.purchases + self.undone


@dataclass(frozen=True, slots=True)
class Standing:
    """A record, and what to make of it."""

    record: Record
    risk: Risk
    evidence: int
    """0 to 5."""

    @property
    def as_seller(self) -> Share:
        return Share(self.record.positive_as_seller, self.record.feedback_as_seller)

    @property
    def as_buyer(self) -> Share:
        return Share(self.record.positive_as_buyer, self.record.feedback_as_buyer)


# The mean of a Beta distribution whose prior is the group's own share of bad deals, worth two deals. In 35,592 ratings
# of bitcoin-otc (Kumar et al., ICDM 2016) no other simple method foretells a bad rating as well: wAUC .860 against .824
# for the percentage of positive ones. tests/reputation/test_risk_on_real_ratings.py repeats that.
PRIOR_STRENGTH = 2
# Until a group has its own experience: bitcoin-otc's ten percent of negative ratings, worth ten deals.
FIRST_SHARE, FIRST_STRENGTH = 0.10, 10

# Under one bad deal in twenty the risk is low, from one in five on it is high. A newcomer whose first three deals went
# well is then low, one whose only deal went badly high; one bad deal in ten is some, in thirty low again.
LOW_BELOW, HIGH_FROM = 0.05, 0.20

# Closed deals from which on evidence is 1, 2, 3, 4, 5.
EVIDENCE_STEPS = (1, 3, 10, 30, 100)


def group_share(*, bad: int, deals: int) -> float:
    """The share of deals in a group that went badly for one side, from all its members' records."""
    return (bad + FIRST_SHARE * FIRST_STRENGTH) / (deals + FIRST_STRENGTH)


def chance_of_bad(*, bad: int, deals: int, share: float) -> float:
    """How likely the next deal goes badly, after `bad` of `deals`, in a group where `share` do."""
    return (bad + share * PRIOR_STRENGTH) / (deals + PRIOR_STRENGTH)


def standing(record: Record, *, share: float) -> Standing:
    """What to make of a record, in a group where `share` of the deals go badly."""
    return Standing(record, risk(record, share=share), bisect_right(EVIDENCE_STEPS, record.deals))


def risk(record: Record, *, share: float) -> Risk:
    """In a word. Of somebody who closed no deal nothing is known, whatever the group is like."""
    if not record.deals:
        return Risk.UNKNOWN
    chance = chance_of_bad(bad=record.bad, deals=record.deals, share=share)
    if chance >= HIGH_FROM:
        return Risk.HIGH
    return Risk.SOME if chance >= LOW_BELOW else Risk.LOW
