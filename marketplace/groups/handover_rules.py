"""The law of handing the treasury over: one states what he hands over, another confirms that he has it.

Read LAW from top to bottom; `judge` applies it. Until it is done the parting treasurer keeps his role. One who is gone
or silent does not hold it up: after some days an owner who is not the successor states the balance in his place.
Nothing else waits for a handover, and an owner can end it at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.groups.rules import Role
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly
from marketplace.kernel.money import Money


class State(StrEnum):
    ASKED = "asked"
    """The treasurer asks to step down, and no successor is named."""
    NAMED = "named"
    STATED = "stated"
    """What is handed over is said, and the successor has not confirmed that he has it."""
    DONE = "done"
    CALLED_OFF = "called_off"


class Party(StrEnum):
    PARTING = "parting"
    SUCCESSOR = "successor"
    OWNER = "owner"
    """Any owner who is not the successor."""


class Action(StrEnum):
    ASK = "ask"
    NAME = "name"
    STATE = "state"
    CONFIRM = "confirm"
    CALL_OFF = "call_off"


class When(StrEnum):
    ANY_TIME = "any time"
    SILENT = "the parting treasurer has been silent for some days"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    when: When
    then: State


S, A, P, W = State, Action, Party, When

# fmt: off
LAW = (
    #      given     action      by           when        then
    Clause(S.ASKED,  A.NAME,     P.OWNER,     W.ANY_TIME, S.NAMED),
    Clause(S.ASKED,  A.CALL_OFF, P.PARTING,   W.ANY_TIME, S.CALLED_OFF),
    Clause(S.ASKED,  A.CALL_OFF, P.OWNER,     W.ANY_TIME, S.CALLED_OFF),
    Clause(S.NAMED,  A.STATE,    P.PARTING,   W.ANY_TIME, S.STATED),
    Clause(S.NAMED,  A.STATE,    P.OWNER,     W.SILENT,   S.STATED),
    Clause(S.NAMED,  A.CALL_OFF, P.SUCCESSOR, W.ANY_TIME, S.CALLED_OFF),
    Clause(S.NAMED,  A.CALL_OFF, P.OWNER,     W.ANY_TIME, S.CALLED_OFF),
    # Who finds that it was not right says it again.
    Clause(S.STATED, A.STATE,    P.PARTING,   W.ANY_TIME, S.STATED),
    Clause(S.STATED, A.STATE,    P.OWNER,     W.SILENT,   S.STATED),
    Clause(S.STATED, A.CONFIRM,  P.SUCCESSOR, W.ANY_TIME, S.DONE),
    Clause(S.STATED, A.CALL_OFF, P.SUCCESSOR, W.ANY_TIME, S.CALLED_OFF),
    Clause(S.STATED, A.CALL_OFF, P.OWNER,     W.ANY_TIME, S.CALLED_OFF),
)
# fmt: on

OPEN = (S.ASKED, S.NAMED, S.STATED)
DAYS_OF_SILENCE = 7


@dataclass(frozen=True, slots=True)
class Handover:
    """What the law needs to know of one."""

    state: State
    parting_id: int
    successor_id: int | None
    named_at: datetime | None


def parties_of(handover: Handover, person_id: int, role: Role | None) -> frozenset[Party]:
    """What this person is to it: the successor is nothing else, so that it always takes two."""
    if person_id == handover.successor_id:
        return frozenset({Party.SUCCESSOR})
    parting = {Party.PARTING} if person_id == handover.parting_id else set()
    return frozenset(parting | ({Party.OWNER} if role is Role.OWNER else set()))


def judge(handover: Handover, action: Action, parties: Collection[Party], now: datetime) -> Clause:
    """The line by which one of `parties` may do it. Raises NotAllowed, RuleBroken, or TooEarly with the moment."""
    possible = [clause for clause in LAW if (clause.given, clause.action) == (handover.state, action)]
    if not possible:
        raise RuleBroken("The handover has moved on, and this is no longer possible. Look at where it stands now.")
    his = [clause for clause in possible if clause.by in parties]
    if not his:
        raise NotAllowed("This part of the handover is another’s to do. The page says whose.")
    for clause in his:
        if clause.when is When.ANY_TIME or is_silent(handover, now):
            return clause
    raise TooEarly(
        "The parting treasurer has until %(until)s to say what he hands over. After that you can say it in his place.",
        until=silent_from(handover),
    )


def may(handover: Handover, action: Action, parties: Collection[Party], now: datetime) -> bool:
    """Whether one of `parties` has the button."""
    try:
        judge(handover, action, parties, now)
    except RuleBroken:
        return False
    return True


def silent_from(handover: Handover) -> datetime | None:
    """From when on an owner may act in the parting treasurer's place."""
    return handover.named_at + timedelta(days=DAYS_OF_SILENCE) if handover.named_at else None


def is_silent(handover: Handover, now: datetime) -> bool:
    """Whether that moment has come."""
    since = silent_from(handover)
    return since is not None and now >= since


def role_of_parting(role: Role) -> Role:
    """What the parting one is afterwards: an owner stays one."""
    return Role.MEMBER if role is Role.TREASURER else role


def role_of_successor(role: Role) -> Role:
    """What the successor is afterwards: an owner looks after money anyhow."""
    return role if role is Role.OWNER else Role.TREASURER


def in_words(stated: Money, books: Money) -> str:
    """What is handed over against what the books say, for the record, in English: it is kept as it is."""
    if stated == books:
        return f"{stated}, as the books say."
    gap = stated - books if stated > books else books - stated
    side = "more" if stated > books else "less"
    return f"{stated}: {gap} {side} than the books say, which is {books}."


def check_words(stated: Money, books: Money, note: str) -> None:
    """Return if nothing is left to explain. Raises RuleBroken."""
    if stated != books and not note.strip():
        raise RuleBroken(
            "The books say %(books)s. Enter what the account really holds, and say in a sentence why it differs.",
            field="note", books=books,
        )  # fmt: skip
