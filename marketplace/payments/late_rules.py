"""The law of late payouts: who hears, and who sees, that money which is a member's own was not paid out to him.

Read LAW from top to bottom; the last line that holds counts. What waits only because the payee has not said where he is
paid, or because the processor wants something of him, is his to do, and nobody else is told that it is late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.kernel.money import Money
from marketplace.payments.rules import Kind, Through


class Whose(StrEnum):
    """Who has to do something before the payee has his money."""

    PAYEE = "payee"
    TREASURER = "treasurer"
    PROCESSOR = "processor"


class Stage(StrEnum):
    """How late a payout is."""

    FOR_PAYEE = "for_payee"
    """It waits for the payee himself."""
    LATE = "late"
    VERY_LATE = "very_late"


class Reader(StrEnum):
    """Who hears of it, or sees it."""

    PAYEE = "payee"
    OFFICERS = "officers"
    GROUP = "group"


class Clause(NamedTuple):
    """One line of the law."""

    whose: frozenset[Whose]
    after: timedelta
    """Since it could be paid; where the payee himself is waited for, since it is owed."""
    stage: Stage
    told: frozenset[Reader]
    seen_by: frozenset[Reader]


W, S, R = Whose, Stage, Reader

AFTER, FOR_ALL_AFTER = timedelta(days=2), timedelta(days=5)
"""law.md, 2: paying out has two days; what was not paid within five, the whole group sees."""
_PAYEES, _OTHERS = frozenset({W.PAYEE}), frozenset({W.TREASURER, W.PROCESSOR})
_PAYEE, _BOTH = frozenset({R.PAYEE}), frozenset({R.PAYEE, R.OFFICERS})

# fmt: off
LAW = (
    #      waits for  after          stage        is told  sees it
    Clause(_PAYEES,   AFTER,         S.FOR_PAYEE, _PAYEE,  _PAYEE),
    Clause(_OTHERS,   AFTER,         S.LATE,      _BOTH,   _BOTH),
    Clause(_OTHERS,   FOR_ALL_AFTER, S.VERY_LATE, _BOTH,   frozenset(Reader)),
)
# fmt: on

LOOKED_AT_EVERY = timedelta(days=1)
"""What waits for the payee, for he may do it at any time."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Something that is to be paid to a member and is not yet, as the law sees it."""

    movement_id: int
    group_id: int
    order_id: int | None
    person_id: int
    """To whom."""
    purpose: str
    kind: Kind
    gateway: Through
    amount: Money
    since: datetime
    """Since when it is owed. A try that failed does not begin it anew."""
    payable_from: datetime | None
    """Since when, or from when on, the payee can be paid, for he has done his part. None: he has not."""

    @property
    def whose(self) -> Whose:
        """Who has to do something."""
        if self.payable_from is None:
            return Whose.PAYEE
        return Whose.TREASURER if self.gateway is Through.TREASURER else Whose.PROCESSOR


def judge(payout: Payout, now: datetime) -> Clause | None:
    """The line of the law that counts now; none while there is still time."""
    held = [clause for clause in LAW if payout.whose in clause.whose and now >= _due(payout, clause)]
    return held[-1] if held else None


def next_look(payout: Payout, now: datetime) -> datetime | None:
    """When, later than now, another line may come to count; none if that was the last."""
    if payout.whose is Whose.PAYEE:
        return max(payout.since + AFTER, now + LOOKED_AT_EVERY)
    moments = [_due(payout, clause) for clause in LAW if clause.whose == _OTHERS]
    return min((moment for moment in moments if moment > now), default=None)


def sees(reader: Reader, clause: Clause | None) -> bool:
    """Whether this line is shown to him."""
    return clause is not None and reader in clause.seen_by


def _due(payout: Payout, clause: Clause) -> datetime:
    return max(payout.since, payout.payable_from or payout.since) + clause.after
