"""The law of taking bids back: for which reasons, which of a member's bids go, and who may do it for him. Pure.

A bid binds. It is taken back for a slip of the finger, or because the seller has since described the thing otherwise;
never because somebody has thought better of it. When a member may do it, rules.py says; this says what goes with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from marketplace.auctions.rules import LAST_HALF_DAY
from marketplace.kernel.errors import NotAllowed, RuleBroken

# In the last half day only bids so young are retracted: older ones others have built on.
YOUNG = timedelta(hours=1)
# For so long a retraction is shown on the member's page.
SHOWN_FOR = timedelta(days=183)


class Reason(StrEnum):
    """Why a member retracts."""

    TYPO = "typo"
    DESCRIPTION = "description"


class Refusal(StrEnum):
    """Why a seller cancels a member's bids."""

    ASKED = "asked"
    """The bidder asked for it."""
    UNPAID = "unpaid"
    """He has not paid this seller before."""
    UNREACHABLE = "unreachable"
    """He does not answer the seller's questions."""


class LotGone(StrEnum):
    """Why a seller cancels a lot with bids."""

    BROKEN = "broken"
    LOST = "lost"
    MISTAKE = "mistake"
    """What the lot says is wrong, and a remark does not put it right."""


class Cause(StrEnum):
    """Who took a bid back."""

    LEFT = "left"
    """Its bidder left the group, or was removed."""
    RETRACTED = "retracted"
    MODERATOR = "moderator"
    """A moderator retracted it for him."""
    CANCELLED = "cancelled"
    """The seller cancelled it."""
    UNPAID = "unpaid"
    """Its bidder won, did not pay, and somebody else took the second chance."""
    PASSED_ON = "passed on"
    """Its bidder was next, and did not take it."""


def goes_from(*, ends_at: datetime, now: datetime) -> datetime | None:
    """From which moment on a member's bids go when he retracts now; None: all of them."""
    return None if now < ends_at - LAST_HALF_DAY else now - YOUNG


def check_goes(bids: int) -> None:
    """Raise RuleBroken if no bid would go."""
    if not bids:
        raise RuleBroken("In the last twelve hours only bids of the last hour are retracted, and there are none.")


def check_reason(reason: Reason, *, bid_at: datetime, remarked_at: datetime | None) -> None:
    """Raise RuleBroken if it does not hold: a description that changed is one the seller remarked on after the bid.

    `bid_at` is the last of the member's bids, `remarked_at` the last remark on the item.
    """
    if reason is Reason.DESCRIPTION and (remarked_at is None or remarked_at <= bid_at):
        raise RuleBroken(
            "The seller has added nothing since your last bid. If the description is wrong, report the lot.",
            field="reason",
        )


def check_has_no_conflict(*, is_party: bool, bid_or_watched: bool, has_traded: bool) -> None:
    """Raise NotAllowed if a moderator is too close to a lot to take a bid back on it."""
    if is_party or bid_or_watched:
        raise NotAllowed("You sell, bid on or watch this lot. Another officer must do this.")
    if has_traded:
        raise NotAllowed("You have traded with the seller or this bidder within a year. Another officer must do this.")
