"""The words of the law of disputes: reasons, outcomes, states, parties, actions, and the facts that decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money


class Reason(StrEnum):
    """What is wrong, as the buyer says."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    NOT_AUTHENTIC = "not_authentic"
    DAMAGED = "damaged"
    PARTS_MISSING = "parts_missing"
    EMPTY_PARCEL = "empty_parcel"


# Talking first helps with a scratch, not with a fake: then the seller is asked for his answer at once.
NOT_TALKED_ABOUT = {Reason.NOT_AUTHENTIC, Reason.EMPTY_PARCEL}


class Outcome(StrEnum):
    """What becomes of the money."""

    RELEASE = "release"
    REFUND = "refund"
    SPLIT = "split"
    RETURN_FIRST = "return_first"


class State(StrEnum):
    TALKING = "talking"
    AWAITING_ANSWER = "awaiting_answer"
    NEGOTIATING = "negotiating"
    UNDER_REVIEW = "under_review"
    RULED = "ruled"
    APPEALED = "appealed"
    SETTLED = "settled"
    """Ended: by agreement, by ruling or by silence. The order goes on."""
    RETURN_REVIEWED = "return_reviewed"
    """The goods came back and the seller says they are not what he sent: one review."""


class Party(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    RULER = "ruler"
    """Whoever may rule on this dispute; on appeal, somebody other than who ruled first."""
    CLOCK = "clock"
    ESCROW = "escrow"
    """The order itself: the seller contested what came back."""


class Action(StrEnum):
    OFFER = "offer"
    TAKE_OFFER = "take_offer"
    ACCEPT = "accept"
    CONTEST = "contest"
    WITHDRAW = "withdraw"
    RULE = "rule"
    APPEAL = "appeal"
    LAPSE = "lapse"
    CONTEST_RETURN = "contest_return"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What somebody asks for, offers or rules. `part`: what the buyer gets of a split."""

    outcome: Outcome
    part: Money | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """What the law needs to know of a dispute."""

    state: State
    reason: Reason
    held: Money
    terms: Terms
    since: datetime
    deadline: datetime | None
    asked: Remedy
    """What the buyer wants; what he gets if the seller keeps silent."""
    offered: Remedy | None = None
    offered_by: Party | None = None
    ruling: Remedy | None = None
    code_used: bool = False
    """The pick-up code was used: the buyer had the goods in his hands."""
    unruled_since: datetime | None = None
    """Since when there is nobody who may rule, where a ruling is due."""

    @property
    def is_answered(self) -> bool:
        """The seller has offered something: that is an answer, and no silence of his decides it any more."""
        return self.offered_by is Party.SELLER


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as somebody takes it, with what he offers or rules."""

    action: Action
    by: Party
    remedy: Remedy | None = None
