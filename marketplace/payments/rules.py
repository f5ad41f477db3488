"""The law of a movement: what can become of one call for money in or out.

Read LAW from top to bottom; `judge` applies it. What leaves is exact; what comes in is what came. One try is one
movement: what has failed is intended anew, under another key, for a gateway keeps its refusals under their keys.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money


class Kind(StrEnum):
    """Which verb of the gateway a movement is."""

    COLLECT = "collect"
    """Money from a member, for the group to hold."""
    REFUND = "refund"
    """Money back to whom it was collected from."""
    PAYOUT = "payout"
    """Money to a member whose own it is."""
    REVERSAL = "reversal"
    """Money back from whom it was paid out to."""


FEES_PAID = "fees:"
"""With this begins the reference of what the site has paid a group of its fees, from the site's own bank."""


class Through(StrEnum):
    """Which gateway a group's money goes through: a setting of the group, fixed for a lot when it starts."""

    TREASURER = "treasurer"
    STRIPE = "stripe_connect"


class State(StrEnum):
    """How far a movement has come."""

    INTENDED = "intended"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What happens to a movement."""

    ASK = "ask"
    CONFIRM = "confirm"
    FAIL = "fail"
    BOUNCE = "bounce"
    """Money that had left came back: the payee's bank refused it, or it never arrived."""
    WITHDRAW = "withdraw"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    act: Act
    kinds: frozenset[Kind]
    then: State


S, A = State, Act
ANY = frozenset(Kind)
COMES_IN = frozenset({Kind.COLLECT, Kind.REVERSAL})
LEAVES = frozenset({Kind.REFUND, Kind.PAYOUT})
ASKED_FOR = frozenset({Kind.COLLECT})
NOT_ASKED = ASKED_FOR | LEAVES
OPEN = frozenset({State.INTENDED, State.ASKED})
"""Nothing has come of it yet."""

# fmt: off
LAW = (
    #      given        act           of what    then
    Clause(S.INTENDED,  A.ASK,        ANY,       S.ASKED),
    Clause(S.INTENDED,  A.CONFIRM,    ANY,       S.CONFIRMED),  # the news of it can overtake our own note that we asked
    Clause(S.INTENDED,  A.FAIL,       ANY,       S.FAILED),
    Clause(S.INTENDED,  A.WITHDRAW,   NOT_ASKED, S.WITHDRAWN),  # what leaves, only while the gateway cannot know of it
    Clause(S.ASKED,     A.CONFIRM,    ANY,       S.CONFIRMED),
    Clause(S.ASKED,     A.FAIL,       ANY,       S.FAILED),
    Clause(S.ASKED,     A.WITHDRAW,   ASKED_FOR, S.WITHDRAWN),
    Clause(S.CONFIRMED, A.BOUNCE,     LEAVES,    S.FAILED),
    Clause(S.FAILED,    A.CONFIRM,    COMES_IN,  S.CONFIRMED),  # money that came late has come all the same
    Clause(S.FAILED,    A.WITHDRAW,   ASKED_FOR, S.WITHDRAWN),
    Clause(S.WITHDRAWN, A.CONFIRM,    ASKED_FOR, S.CONFIRMED),
)
# fmt: on

_SENTENCES = {
    State.INTENDED: "The gateway has not been asked for this payment yet. Look again in a minute.",
    State.ASKED: "This payment is on its way. Wait until it is confirmed or has failed.",
    State.CONFIRMED: "This payment was confirmed already. Look at the order to see what came of it.",
    State.FAILED: "This payment has failed. Look at the order for the one that was asked for after it.",
    State.WITHDRAWN: "This payment is no longer asked for.",
}


def judge(state: State, act: Act, kind: Kind) -> State:
    """What the movement becomes. Raises RuleBroken where the law has no such line."""
    for clause in LAW:
        if (clause.given, clause.act) == (state, act) and kind in clause.kinds:
            return clause.then
    raise RuleBroken(_SENTENCES[state])


_SHORTEST_PAUSE, _LONGEST_PAUSE, _MOST_DOUBLINGS = timedelta(minutes=5), timedelta(hours=6), 10


def pause_before(attempt: int) -> timedelta:
    """How long a movement that the gateway cannot make now waits after its `attempt`th, unless it is woken before."""
    doublings: int = 2 ** min(attempt - 1, _MOST_DOUBLINGS)
    return min(_SHORTEST_PAUSE * doublings, _LONGEST_PAUSE)


def check_amount(kind: Kind, asked: Money, moved: Money) -> None:
    """Raise the rule that is broken where `moved` cannot be what came of `asked`."""
    if moved.currency != asked.currency or moved.minor <= 0:
        raise RuleBroken("Enter the amount that moved, in %(currency)s.", field="amount", currency=asked.currency)
    if kind in LEAVES and moved != asked:
        raise RuleBroken("Exactly %(amount)s has to be paid. Pay the rest, then confirm.", field="amount", amount=asked)
