"""The law of two officers: what one may confirm alone, and what becomes of what he may not.

One officer may confirm so much of other members' money in any seven days, in and out together, however it is split.
What would pass that is a proposal: another officer, who is no party, looks at the slip and approves or refuses it.
What was approved counts to the sum of whoever proposed it, like all that he confirms: approval frees nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.groups.instruction_rules import may_approve
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale
from marketplace.kernel.money import Money

WINDOW = timedelta(days=7)
PROOF_WIDTH = 1600
"""Of the picture of a slip, in pixels: it stays readable."""


class Deed(StrEnum):
    """What an officer confirms through the group's bank."""

    PAYMENT = "payment"
    PARCEL_PAYMENT = "parcel_payment"
    BUYER_PAYOUT = "buyer_payout"
    SELLER_PAYOUT = "seller_payout"
    DEPOSIT = "deposit"
    DEPOSIT_PAYOUT = "deposit_payout"
    DEBT = "debt"


COMES_IN = frozenset({Deed.PAYMENT, Deed.PARCEL_PAYMENT, Deed.DEPOSIT, Deed.DEBT})
"""The others go out."""


class State(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    """What it was about moved on before anybody approved it: nothing was confirmed."""


class Action(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    OVERTAKE = "overtake"


class Party(StrEnum):
    PROPOSER = "proposer"
    SECOND = "second"
    """Another officer who may confirm the same money now, and is no party to it."""
    EVENTS = "events"
    """What was done to the order or the deposit meanwhile."""


class Outcome(StrEnum):
    """What came of an officer's word."""

    DONE = "done"
    PROPOSED = "proposed"
    """It waits for a second officer."""
    STILL_WAITS = "still_waits"
    """The same form proposed it before, and nobody has decided yet."""
    KNOWN = "known"
    """The same form did it before."""


NEWS = frozenset({Outcome.DONE, Outcome.PROPOSED})
"""Something has come of this very form: its picture stays."""
WAITING = frozenset({Outcome.PROPOSED, Outcome.STILL_WAITS})
"""Nothing is confirmed yet."""


class Clause(NamedTuple):
    action: Action
    by: Party
    then: State


# Of a proposal that is open. One that is not stays as it is.
LAW = (
    #      action           by              then
    Clause(Action.APPROVE,  Party.SECOND,   State.APPROVED),
    Clause(Action.REFUSE,   Party.SECOND,   State.REFUSED),
    Clause(Action.WITHDRAW, Party.PROPOSER, State.WITHDRAWN),
    Clause(Action.OVERTAKE, Party.EVENTS,   State.OVERTAKEN),
)  # fmt: skip
_TOLD = {
    Action.APPROVE: "You entered this yourself. Another officer has to approve it.",
    Action.REFUSE: "You entered this yourself. Withdraw it, if it is wrong.",
    Action.WITHDRAW: "Only who entered it withdraws it. Refuse it, with the reason.",
}


@dataclass(frozen=True, slots=True)
class Slip:
    """What an officer says: that `amount` moved, as the bank's statement has it."""

    by: int
    amount: Money
    bank_reference: str
    proof_key: str | None = None
    """Where the picture of the slip is kept."""
    client_key: str | None = None
    """Made by the page: a form sent twice is said once."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of the group's money an officer may confirm alone, and what of it is used up now."""

    limit: Money
    """Nothing: two officers confirm everything."""
    used: Money
    """In the seven days until now."""

    @property
    def left(self) -> Money:
        return max(self.limit - self.used, self.limit - self.limit)

    def is_passed_by(self, amount: Money) -> bool:
        """Whether so much more needs a second officer."""
        return self.used + amount > self.limit


def counted_after(now: datetime) -> datetime:
    """What was confirmed later than this counts; what was confirmed at this very moment does not any more."""
    return now - WINDOW


def limit_at(now: datetime, limit: int, *, former: int | None, since: datetime | None) -> int:
    """What one officer confirms alone now of what no lot's terms govern, in minor units: less counts at once, more only
    `WINDOW` after it was raised. Else an owner raised it, moved the money alone, and lowered it again.

    `former`: what counted when it was raised last, at `since`.
    """
    if former is None or since is None or now >= since + WINDOW:
        return limit
    return min(limit, former)


def check_proof(allowance: Allowance, slip: Slip) -> None:
    """Raise RuleBroken where a second officer would have to take the first one's word for it."""
    if slip.proof_key is None:
        raise RuleBroken(
            "%(amount)s would pass your limit of %(limit)s in seven days: another officer must approve it, and has to "
            "see the slip. Add its picture.",
            field="proof",
            amount=slip.amount,
            limit=allowance.limit,
        )


def said_again(state: State) -> Outcome:
    """What comes of a form that is sent again after what it proposed came to `state`. Raises Stale where that came to
    nothing: nobody may read there that it is confirmed."""
    if state is State.OPEN:
        return Outcome.STILL_WAITS
    if state is State.APPROVED:
        return Outcome.KNOWN
    raise Stale(
        "This form was sent once already, and nothing was confirmed then. Look at where it stands now; what you send "
        "next counts anew."
    )


def may_let_out(officer_since: datetime | None, *, entered_at: datetime, founded_at: datetime) -> bool:
    """Whether an officer of so long may approve money that goes out, which does not come back: one who was not made for
    the purpose. With one who is an officer from the group's beginning nobody had to be made."""
    if officer_since is None:
        return False
    return officer_since <= founded_at or may_approve(officer_since, proposed_at=entered_at)


def judge(state: State, action: Action, by: Party) -> State:
    """What a proposal becomes. Raises NotAllowed if that is not for him, RuleBroken if it is open no more."""
    if state is not State.OPEN:
        raise RuleBroken("This has been decided already. Look at where it stands now.")
    for clause in LAW:
        if (clause.action, clause.by) == (action, by):
            return clause.then
    raise NotAllowed(_TOLD[action])
