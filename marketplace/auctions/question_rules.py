"""The law of questions under a lot: who asks and answers until when, and what a moderator hides. Pure.

What was said stays as it was said: it may become evidence. Nobody is named there, for a name beside a question would
tell who is interested, and an alias beside it who bids.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from marketplace.auctions.rules import State as LotState
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate

SHORTEST, LONGEST = 3, 1000
"""Characters of a question or an answer."""
MOST_OPEN = 5
"""So many of one member's questions on one lot may wait for their answer."""


class Part(StrEnum):
    """What is said, in this order."""

    QUESTION = "question"
    ANSWER = "answer"
    ADDITION = "addition"


class State(StrEnum):
    NONE = "not asked"
    OPEN = "open"
    ANSWERED = "answered"
    COMPLETE = "complete"
    HIDDEN = "hidden"
    """A moderator has hidden the question before it was answered."""


class Party(StrEnum):
    SELLER = "the seller"
    MEMBER = "a member"


class Reason(StrEnum):
    """Why a moderator hides something."""

    CONTACT = "contact"
    """It is a way to deal past the group."""
    PRIVATE = "private"
    """It tells something private about somebody."""
    RUDE = "rude"
    OFF_TOPIC = "off topic"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    say: Part
    by: Party
    then: State


S, P, W = State, Part, Party

# All of it until the lot ends; what comes after it nobody has bid upon.
# fmt: off
LAW = (
    #      given       say         by        then
    Clause(S.NONE,     P.QUESTION, W.MEMBER, S.OPEN),
    Clause(S.OPEN,     P.ANSWER,   W.SELLER, S.ANSWERED),
    Clause(S.ANSWERED, P.ADDITION, W.SELLER, S.COMPLETE),
)
# fmt: on

_NOT_HIS = {
    Part.QUESTION: "This is your own lot. To tell members more, add a remark to the item.",
    Part.ANSWER: "Only the seller of the lot answers.",
    Part.ADDITION: "Only the seller of the lot adds to an answer.",
}
_NOT_SO = {
    State.NONE: "There is no such question. Look at the lot again.",
    State.OPEN: "This question has no answer yet. Answer it first.",
    State.ANSWERED: "This question is answered. Read the answer; you can add to it once.",
    State.COMPLETE: "This answer stands as it is. To tell members more, add a remark to the item.",
    State.HIDDEN: "A moderator has hidden this question. There is nothing to answer.",
}


def state_of(said: Collection[Part], hidden: Collection[Part] = ()) -> State:
    """Where a question is, by what was said and what of it is hidden."""
    if Part.ADDITION in said:
        return State.COMPLETE
    if Part.ANSWER in said:
        return State.ANSWERED
    if Part.QUESTION in said:
        return State.HIDDEN if Part.QUESTION in hidden else State.OPEN
    return State.NONE


def is_open_to_questions(state: LotState, *, ends_at: datetime, now: datetime) -> bool:
    """Whether anything may still be said under a lot."""
    return state in {LotState.SCHEDULED, LotState.RUNNING} and now < ends_at


def judge(given: State, say: Part, *, by: Party, is_open: bool) -> State:
    """Where a question is after this was said. Raises the rule that it breaks."""
    if not any((clause.say, clause.by) == (say, by) for clause in LAW):
        raise NotAllowed(_NOT_HIS[say])
    if not is_open:
        raise TooLate("Nothing is asked or answered here after the end. The buyer writes on the order’s page.")
    clause = next((c for c in LAW if (c.given, c.say, c.by) == (given, say, by)), None)
    if clause is None:
        raise Stale(_NOT_SO[given])
    return clause.then


def check_room(open_questions: int) -> None:
    """Raise RuleBroken if a member waits for as many answers as he may."""
    if open_questions >= MOST_OPEN:
        raise RuleBroken("You have asked %(most)s questions here. Wait for the seller’s answer.", most=MOST_OPEN)


def check_may_hide(part: Part, *, said: Collection[Part], hidden: Collection[Part], is_close: bool) -> None:
    """Raise NotFound, NotAllowed or Stale. `is_close`: the moderator asked it, or sells the lot."""
    if part not in said:
        raise NotFound("There is no such answer.")
    if is_close:
        raise NotAllowed("You are part of this conversation. Another officer must do this.")
    if part in hidden:
        raise Stale("This is hidden already. Look at the lot again.")
