"""Who may rule on a dispute: somebody who is party to neither side, nor close to it.

First a moderator without conflict; where there is none, an owner or treasurer without; where there is none either, any
member whom both parties accept. In a group of twelve this matters on the first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from marketplace.groups.rules import Role

HOURS_TO_AGREE_ON_A_RULER = 48


class Conflict(StrEnum):
    """Why somebody may not rule, as he is told."""

    PARTY = "party"
    BID_ON_THE_LOT = "bid_on_the_lot"
    WATCHED_THE_LOT = "watched_the_lot"
    TRADED_WITH_A_PARTY = "traded_with_a_party"
    RULED_BEFORE = "ruled_before"
    PASSED_IT_ON = "passed_it_on"
    """He said himself that he has a conflict."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who might rule, and what stands against it."""

    person_id: int
    role: Role
    conflicts: frozenset[Conflict]


def rulers(candidates: Sequence[Candidate], *, accepted_id: int | None = None) -> frozenset[int]:
    """Who may rule: the first of the law's three circles in which anybody is free of conflict.

    `accepted_id` is the member whom both parties accepted; he counts only where no officer is free, and may not be a
    party himself or have ruled before.
    """
    free = [candidate for candidate in candidates if not candidate.conflicts]
    for circle in ({Role.MODERATOR}, {Role.OWNER, Role.TREASURER}):
        found = frozenset(candidate.person_id for candidate in free if candidate.role in circle)
        if found:
            return found
    never = {Conflict.PARTY, Conflict.RULED_BEFORE}
    return frozenset(c.person_id for c in candidates if c.person_id == accepted_id and not c.conflicts & never)
