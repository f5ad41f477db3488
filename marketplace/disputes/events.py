"""What disputes announce. Every fact says enough to be told without reading back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.disputes.dispute_rules import Party, Reason, Remedy, State
from marketplace.disputes.ending_rules import Ending
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class About:
    """Which dispute a fact is about."""

    dispute_id: int
    order_id: int
    group_id: int
    title: str
    """Of the lot."""
    buyer_id: int
    seller_id: int
    held: Money
    number: int
    """Of the last line in the dispute's history: with the kind of fact, a key for telling it once."""


@dataclass(frozen=True, slots=True)
class DisputeOpened(About):
    """The buyer says that something is wrong."""

    reason: Reason
    asked: Remedy
    deadline: datetime
    """Until then they talk or, where there is no talking first, the seller answers."""
    answer_by: datetime
    """If the seller has kept silent until then, the buyer gets what he asks for."""


@dataclass(frozen=True, slots=True)
class AnswerDue(About):
    """The seller has to answer, or the buyer gets what he asks for."""

    asked: Remedy
    until: datetime
    hours: int | None
    """48 or 12 in a reminder; none when his time to answer begins."""


@dataclass(frozen=True, slots=True)
class OfferMade(About):
    """One side offers the other a way out."""

    by_id: int
    to_id: int
    remedy: Remedy
    amount: Money
    """What the buyer would get."""
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeContested(About):
    """The seller says that nothing is wrong."""

    by_id: int
    to_id: int
    until: datetime | None
    """Until then they may still agree; then somebody rules."""


@dataclass(frozen=True, slots=True)
class DisputeAnswered(About):
    """One side said more, or showed more."""

    by_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class RulingDue(About):
    """Somebody has to rule."""

    ruler_ids: tuple[int, ...]
    """Everybody who may; one of them does."""
    until: datetime
    hours: int | None
    """48 or 12 in a reminder; none when they are first asked."""
    state: State
    """Under review, appealed, or a return that is reviewed."""


@dataclass(frozen=True, slots=True)
class RulerNeeded(About):
    """Nobody in the group is free to rule: the two sides have to agree on a member."""

    until: datetime
    """Until when they can."""


@dataclass(frozen=True, slots=True)
class RulerProposed(About):
    """One side proposes a member to rule."""

    by_id: int
    to_id: int
    proposed_id: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeRuled(About):
    """There is a ruling."""

    ruler_id: int
    remedy: Remedy
    reasons: str
    appeal_until: datetime | None
    """None where it is final."""
    moves_at: datetime | None
    """When the money moves if nobody appeals; none where it has moved."""


@dataclass(frozen=True, slots=True)
class DisputeAppealed(About):
    """One side is not content with the ruling."""

    by_id: int
    to_id: int
    until: datetime
    """If nobody else has ruled until then, the first ruling stands."""


@dataclass(frozen=True, slots=True)
class DisputeSettled(About):
    """It is over: the order goes on as `remedy` says. A return that is contested opens it once more."""

    ending: Ending
    remedy: Remedy
    lost_by: Party | None
    loser_id: int | None
    """Against whom it counts; nobody where they agreed."""
    settled_at: datetime
