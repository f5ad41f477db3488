"""How two who are in dispute agree on a member to rule, where no officer is free."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from marketplace.disputes.dispute_rules import Dispute, State
from marketplace.disputes.reminding_rules import RULING
from marketplace.disputes.ruler_rules import HOURS_TO_AGREE_ON_A_RULER
from marketplace.kernel.errors import RuleBroken, TooLate

CHOOSING = {State.NEGOTIATING, *RULING}
"""They may look for somebody while they still negotiate; they have to when a ruling is due."""


def agree_until(dispute: Dispute) -> datetime | None:
    """Until when they can agree: 48 hours from when nobody is left who may rule, and never past the deadline."""
    if dispute.state not in RULING or dispute.deadline is None or dispute.unruled_since is None:
        return dispute.deadline
    return min(dispute.unruled_since + timedelta(hours=HOURS_TO_AGREE_ON_A_RULER), dispute.deadline)


def check_open(dispute: Dispute, *, rulers: Collection[int], now: datetime) -> None:
    """Raise what keeps the two from agreeing on a member now."""
    if dispute.state not in CHOOSING:
        raise RuleBroken("Nobody has to rule at present. Look at where the dispute stands now.")
    if rulers:
        raise RuleBroken("Somebody in the group is free to rule: you need not look for anybody.")
    until = agree_until(dispute)
    if until is not None and now >= until:
        raise TooLate("The time to agree on somebody ended %(until)s.", until=until)


def check_proposed(proposed_id: int, *, never: Collection[int]) -> None:
    """Raise RuleBroken if this member cannot be chosen: `never` are the two sides, and who ruled or passed it on."""
    if proposed_id in never:
        raise RuleBroken("This member cannot rule on it. Choose somebody else.", field="person_id")
