"""Once a month an officer looks at the bank and says what it has. Who may, whether that was a second pair of eyes, and
when it is asked for.

Who confirmed money in a month does not attest it, if another officer did not; who imported the bank's statement of its
end never does, unless he is the only officer: then the page says that nobody else looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly
from marketplace.kernel.money import Money
from marketplace.ledger.rules import month_of

MONTHS_BACK = 12
"""So many months that are over can still be attested, and are shown."""
DAY_OF_SECOND_CALL = 8


class Check(StrEnum):
    """How independent it was."""

    INDEPENDENT = "independent"
    """He moved no money in that month."""
    CONFIRMED = "confirmed"
    """He confirmed money himself, as every officer did but who imported the statement."""
    ALONE = "alone"
    """The group has no other officer: nobody else looked."""


@dataclass(frozen=True, slots=True)
class Officers:
    """Who was what in a month."""

    all: frozenset[int]
    confirmed: frozenset[int]
    """Money, in that month; as the second of two, too."""
    imported: int | None
    """The statement that the month's end is on."""

    @property
    def free(self) -> frozenset[int]:
        """Who moved nothing."""
        return self.all - self.confirmed - {self.imported}

    @property
    def may(self) -> frozenset[int]:
        """Whoever may attest the month."""
        if len(self.all) == 1:
            return self.all
        return self.free or self.all - {self.imported}


def check_of(by: int, officers: Officers) -> Check:
    """How independent it is, if he may. Raises NotAllowed with why not."""
    if by not in officers.all:
        raise NotAllowed("This is for the group’s owners, treasurers and moderators. Ask one of them.")
    if len(officers.all) == 1:
        return Check.ALONE
    if by == officers.imported:
        raise NotAllowed("You imported the bank’s statement of this month. Another officer looks at the balance.")
    if by in officers.free:
        return Check.INDEPENDENT
    if officers.free:
        raise NotAllowed("You confirmed money in this month. An officer who did not looks at the balance.")
    return Check.CONFIRMED


def check_month(month: date, *, first: date, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first moment of a month that may be attested, and the first after it. `first`: the first month with money.
    Raises TooEarly before it is over, RuleBroken where it is too long ago."""
    start, end = month_of(month, zone)
    if now < end:
        raise TooEarly("This month is not over yet. The balance is looked at when it is.")
    if month < first or month not in months_before(now, zone):
        raise RuleBroken("This month is not attested any more. Choose one of the last twelve.", field="month")
    return start, end


def check_difference(difference: Money, note: str) -> None:
    """Raise the rule that is broken where a difference is left without a word."""
    if difference and not note:
        more = (
            "The bank would have %(amount)s more than the books. Correct it, or say what the difference is."
            if difference.minor > 0
            else "The bank would have %(amount)s less than the books. Correct it, or say what the difference is."
        )
        raise RuleBroken(more, field="note", amount=Money(abs(difference.minor), difference.currency))


def months_before(now: datetime, zone: str, most: int = MONTHS_BACK) -> list[date]:
    """The first days of the months that are over, newest first."""
    day = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    found: list[date] = []
    while len(found) < most:
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(day)
    return found


# ---- When it is asked for ----


class Say(StrEnum):
    FIRST = "first"
    SECOND = "second"


class Call(NamedTuple):
    """What a worker does with a group's calendar: what it says, and what waits then."""

    say: Say | None
    month: date
    is_second: bool
    """Whether the second call for that month is what waits."""
    due_at: datetime


def call_of(month: date, *, is_second: bool, now: datetime, zone: str) -> Call:
    """Asked for on the first day after the month, and a week later; one call that comes too late is left out."""
    following = next_month(month)
    end, eighth, next_end = month_of(month, zone)[1], _eighth(following, zone), month_of(following, zone)[1]
    if now < (eighth if is_second else end):
        return Call(None, month, is_second, eighth if is_second else end)
    if now >= next_end:
        return Call(None, following, False, next_end)
    if is_second:
        return Call(Say.SECOND, following, False, next_end)
    if now >= eighth:
        return Call(Say.FIRST, following, False, next_end)
    return Call(Say.FIRST, month, True, eighth)


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _eighth(month: date, zone: str) -> datetime:
    return datetime.combine(month.replace(day=DAY_OF_SECOND_CALL), time(), ZoneInfo(zone))
