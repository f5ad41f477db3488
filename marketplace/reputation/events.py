"""What reputation announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FeedbackOpened:
    """`person_id` is asked how his deal with `other_id` went."""

    order_id: int
    group_id: int
    title: str
    person_id: int
    other_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """Somebody spoke. What he said stays hidden."""

    order_id: int
    group_id: int
    giver_id: int


@dataclass(frozen=True, slots=True)
class FeedbackShown:
    """What `giver_id` said of `receiver_id` can be read from now on."""

    order_id: int
    group_id: int
    title: str
    giver_id: int
    receiver_id: int
