"""The law of what is paid out of a deposit: to its member when it goes back, to a seller whom he did not pay.

It is the payee's own from the start: no clock takes it back. As with orders, the treasurer has some days; then any
officer may, and is asked again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger.rules import Move, gateway, payable


class Kind(StrEnum):
    """What is paid out."""

    RETURN = "return"
    """The deposit itself, to its member."""
    SHARE = "share"
    """A part of what was forfeited, to the seller."""


class State(StrEnum):
    DUE = "due"
    PAID = "paid"


class Party(StrEnum):
    PAYEE = "payee"
    TREASURER = "treasurer"
    CLOCK = "clock"


class Action(StrEnum):
    CONFIRM_PAYOUT = "confirm_payout"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_MISSING = "payout_missing"
    PAYOUT_LATE = "payout_late"


class When(StrEnum):
    ANY_TIME = "any time"
    OVERDUE = "after the deadline"
    WAS_PAID = "within the days for feedback from the payout"


class Flow(StrEnum):
    NOTHING = "nothing"
    OUT = "P to gateway"
    BACK = "gateway to P"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    when: When
    flow: Flow
    then: State


S, A, P, W, F = State, Action, Party, When, Flow

# fmt: off
LAW = (
    #      given   action            by           when        money      then
    Clause(S.DUE,  A.CONFIRM_PAYOUT, P.TREASURER, W.ANY_TIME, F.OUT,     S.PAID),
    Clause(S.DUE,  A.PAYOUT_FAILED,  P.TREASURER, W.ANY_TIME, F.NOTHING, S.DUE),
    Clause(S.DUE,  A.PAYOUT_LATE,    P.CLOCK,     W.OVERDUE,  F.NOTHING, S.DUE),
    Clause(S.PAID, A.PAYOUT_MISSING, P.PAYEE,     W.WAS_PAID, F.BACK,    S.DUE),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Payout:
    """What the law needs to know of a payout."""

    id: int
    group_id: int
    payee_id: int
    kind: Kind
    state: State
    amount: Money
    deadline: datetime | None
    paid_at: datetime | None
    is_second_officer_due: bool


class Verdict(NamedTuple):
    payout: Payout
    moves: list[Move]


def judge(payout: Payout, action: Action, by: Party, *, terms: Terms, now: datetime) -> Verdict:
    """Say what `action` does to `payout`, or raise the rule that it breaks."""
    possible = [clause for clause in LAW if clause.given is payout.state and clause.action is action]
    if not possible:
        raise RuleBroken("This payout has moved on, and that is no longer possible. Look at where it stands now.")
    clause = possible[0]
    if clause.by is not by:
        raise NotAllowed("This is not yours to do. The payee and the treasurer each have a part.")
    if not _HOLDS[clause.when](payout, terms, now):
        raise RuleBroken("The time for this is over, or has not come. Write to the treasurer.")
    days = timedelta(days=terms.days_to_pay_out)
    after = replace(payout, state=clause.then)
    if clause.then is State.PAID:
        return Verdict(replace(after, deadline=None, paid_at=now, is_second_officer_due=False), _moves(payout, clause))
    if clause.when is When.OVERDUE:
        return Verdict(replace(after, deadline=(payout.deadline or now) + days, is_second_officer_due=True), [])
    if payout.state is State.PAID:
        return Verdict(replace(after, deadline=now + days, paid_at=None), _moves(payout, clause))
    return Verdict(after, [])


def may_say_missing(payout: Payout, *, terms: Terms, now: datetime) -> bool:
    """Whether the payee has the button."""
    return payout.state is State.PAID and _HOLDS[When.WAS_PAID](payout, terms, now)


def _moves(payout: Payout, clause: Clause) -> list[Move]:
    own, out = payable(payout.group_id, payout.payee_id), gateway(payout.group_id)
    return [Move(own, out, payout.amount) if clause.flow is Flow.OUT else Move(out, own, payout.amount)]


def _was_paid(payout: Payout, terms: Terms, now: datetime) -> bool:
    return payout.paid_at is not None and now < payout.paid_at + timedelta(days=terms.days_for_feedback)


def _is_over(payout: Payout, terms: Terms, now: datetime) -> bool:
    return payout.deadline is not None and now >= payout.deadline


_HOLDS: dict[When, Callable[[Payout, Terms, datetime], bool]] = {
    When.ANY_TIME: lambda payout, terms, now: True,
    When.OVERDUE: _is_over,
    When.WAS_PAID: _was_paid,
}
