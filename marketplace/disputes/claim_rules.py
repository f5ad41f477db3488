"""Who answers a bank that asks money back, when he is reminded, and what is sent unless he says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.disputes.ruler_rules import Candidate, Conflict, rulers

LEADS = (timedelta(days=2), timedelta(hours=12))
"""Before the bank stops hearing us: once in time to gather things, once in time to send them."""
MOST_PICTURES = 8
"""So many may the seller add for the bank to see."""
LISTING_TICKED = 6
"""So many photographs of the listing are sent unless somebody unticks them: a bank takes nineteen pages at most."""

_NEVER = frozenset({Conflict.PARTY, Conflict.BID_ON_THE_LOT})


@dataclass(frozen=True, slots=True)
class Contesters:
    """Who may answer a bank about an order."""

    may_contest: frozenset[int]
    may_give_up: frozenset[int]


def contesters(candidates: Sequence[Candidate]) -> Contesters:
    """Whoever could rule on the order. Where no officer is free of conflict, any of them who neither bought, sold nor
    bid on it may send evidence, for a bank that hears nothing decides for the buyer; but nobody may give it up."""
    free = rulers(candidates)
    if free:
        return Contesters(free, free)
    near = frozenset(each.person_id for each in candidates if not each.conflicts & _NEVER)
    return Contesters(near, frozenset())


def next_reminder(due_at: datetime | None, *, after: datetime) -> datetime | None:
    """When to remind of it next, later than `after`; none if that was all."""
    moments = [due_at - lead for lead in LEADS] if due_at else []
    return next((moment for moment in moments if moment > after), None)


def hours_left(due_at: datetime | None, *, now: datetime) -> int | None:
    """Which reminder is due now, as the hours it was to come before the end; none once that has passed."""
    if due_at is None or now >= due_at:
        return None
    reached = [lead for lead in LEADS if now >= due_at - lead]
    return int(min(reached) / timedelta(hours=1)) if reached else None
