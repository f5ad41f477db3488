"""When whoever has to act on a dispute is reminded: where silence decides it."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.disputes.dispute_rules import Dispute, State
from marketplace.escrow.reminding_rules import LEADS

RULING = (State.UNDER_REVIEW, State.APPEALED, State.RETURN_REVIEWED)
"""States in which somebody who is party to neither side has to rule."""
REMINDED = {State.AWAITING_ANSWER, *RULING}


def next_reminder(dispute: Dispute, *, after: datetime) -> datetime | None:
    """When to remind of the deadline next, later than `after`; none if that was all, or nothing is lost by silence."""
    if dispute.deadline is None or dispute.state not in REMINDED:
        return None
    moments = [dispute.deadline - lead for lead in LEADS if dispute.deadline - lead > dispute.since]
    return next((moment for moment in moments if moment > after), None)


def hours_left(dispute: Dispute, *, now: datetime) -> int | None:
    """Which reminder is due now, as the hours it was to come before the deadline; none once that has passed."""
    if dispute.deadline is None or now >= dispute.deadline:
        return None
    reached = [lead for lead in LEADS if now >= dispute.deadline - lead]
    return int(min(reached) / timedelta(hours=1)) if reached else None
