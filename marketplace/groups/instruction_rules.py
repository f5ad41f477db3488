"""Who has to say yes before members pay elsewhere, and how long that waits.

Whoever takes over one officer's account can send everybody's money elsewhere: hence a second officer, one who was not
made for the purpose, and the wait in which all officers hear of it. Those who were officers until lately count and
hear of it, too: else he who wants to be alone would first take their roles.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.kernel.errors import TooEarly

HOURS_BEFORE_IN_FORCE = 72
"""law.md, 3."""
HOURS_BEFORE_APPROVING = 72
"""How long somebody was an officer when the change was proposed that he approves."""
DAYS_REMEMBERED = 30
"""How long somebody who is an officer no more still counts as one that there was."""


def in_force_at(now: datetime) -> datetime:
    """When a change comes into force that is approved now, or proposed now by somebody who is alone."""
    return now + timedelta(hours=HOURS_BEFORE_IN_FORCE)


def remembered_from(now: datetime) -> datetime:
    """Whoever was an officer later than this counts."""
    return now - timedelta(days=DAYS_REMEMBERED)


def may_approve(officer_since: datetime | None, *, proposed_at: datetime) -> bool:
    """Whether an officer of so long may approve what was proposed then."""
    return officer_since is not None and _approves_from(officer_since) <= proposed_at


def judge_approval(officer_since: datetime, *, proposed_at: datetime) -> None:
    """Return if he may approve it; else raise TooEarly with the moment from which on he may."""
    if not may_approve(officer_since, proposed_at=proposed_at):
        raise TooEarly(
            "You became an officer too short a time before this was proposed. Another officer approves it; you may "
            "approve what is proposed from %(from_then)s on.",
            from_then=_approves_from(officer_since),
        )


def _approves_from(officer_since: datetime) -> datetime:
    return officer_since + timedelta(hours=HOURS_BEFORE_APPROVING)
