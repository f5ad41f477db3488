"""The law of disputes: who may say what, until when, and what silence means.

Read LAW from top to bottom; `judging_rules.py` applies it. A dispute ends by an outcome for the order, which the law of
escrow carries out. Who may rule is in `ruler_rules.py`. Nothing here touches a database or a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.disputes.dispute_rules import Action, Party, State
from marketplace.groups.term_rules import Terms


class When(StrEnum):
    ANY_TIME = "any time"
    IN_TIME = "before the deadline"
    OVERDUE = "after the deadline"
    UNANSWERED = "after the deadline, when the seller has offered nothing"
    ANSWERED = "after the deadline, when the seller has offered something"
    WHILE_ANSWERING = "before the time to answer would be over, too"
    OFFERED_BY_OTHER = "before the deadline, when the other side has offered something"
    EARLY_ENOUGH = "in the first days after the ruling"


class Ends(StrEnum):
    """By whose word a clause settles the money."""

    NOT_YET = ""
    AS_ASKED = "what the buyer asked for"
    AS_OFFERED = "what was offered"
    AS_RULED = "what was ruled now"
    AS_RULED_BEFORE = "what was ruled before"
    FOR_THE_SELLER = "released"
    BY_SILENCE_OF_RULERS = "refunded; released where the pick-up code was used"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    when: When
    ends: Ends
    then: State


S, A, P, W, E = State, Action, Party, When, Ends

# fmt: off
LAW = (
    #      given              action            by        when                 money                    then
    Clause(S.TALKING,         A.OFFER,          P.SELLER, W.IN_TIME,           E.NOT_YET,               S.TALKING),
    Clause(S.TALKING,         A.TAKE_OFFER,     P.BUYER,  W.OFFERED_BY_OTHER,  E.AS_OFFERED,            S.SETTLED),
    Clause(S.TALKING,         A.ACCEPT,         P.SELLER, W.ANY_TIME,          E.AS_ASKED,              S.SETTLED),
    Clause(S.TALKING,         A.CONTEST,        P.SELLER, W.WHILE_ANSWERING,   E.NOT_YET,               S.NEGOTIATING),
    Clause(S.TALKING,         A.WITHDRAW,       P.BUYER,  W.ANY_TIME,          E.FOR_THE_SELLER,        S.SETTLED),
    Clause(S.TALKING,         A.LAPSE,          P.CLOCK,  W.UNANSWERED,        E.NOT_YET,               S.AWAITING_ANSWER),
    Clause(S.TALKING,         A.LAPSE,          P.CLOCK,  W.ANSWERED,          E.NOT_YET,               S.NEGOTIATING),

    Clause(S.AWAITING_ANSWER, A.OFFER,          P.SELLER, W.IN_TIME,           E.NOT_YET,               S.NEGOTIATING),
    Clause(S.AWAITING_ANSWER, A.ACCEPT,         P.SELLER, W.ANY_TIME,          E.AS_ASKED,              S.SETTLED),
    Clause(S.AWAITING_ANSWER, A.CONTEST,        P.SELLER, W.IN_TIME,           E.NOT_YET,               S.NEGOTIATING),
    Clause(S.AWAITING_ANSWER, A.WITHDRAW,       P.BUYER,  W.ANY_TIME,          E.FOR_THE_SELLER,        S.SETTLED),
    Clause(S.AWAITING_ANSWER, A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.AS_ASKED,              S.SETTLED),

    Clause(S.NEGOTIATING,     A.OFFER,          P.SELLER, W.IN_TIME,           E.NOT_YET,               S.NEGOTIATING),
    Clause(S.NEGOTIATING,     A.OFFER,          P.BUYER,  W.IN_TIME,           E.NOT_YET,               S.NEGOTIATING),
    Clause(S.NEGOTIATING,     A.TAKE_OFFER,     P.BUYER,  W.OFFERED_BY_OTHER,  E.AS_OFFERED,            S.SETTLED),
    Clause(S.NEGOTIATING,     A.TAKE_OFFER,     P.SELLER, W.OFFERED_BY_OTHER,  E.AS_OFFERED,            S.SETTLED),
    Clause(S.NEGOTIATING,     A.ACCEPT,         P.SELLER, W.ANY_TIME,          E.AS_ASKED,              S.SETTLED),
    Clause(S.NEGOTIATING,     A.WITHDRAW,       P.BUYER,  W.ANY_TIME,          E.FOR_THE_SELLER,        S.SETTLED),
    Clause(S.NEGOTIATING,     A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.NOT_YET,               S.UNDER_REVIEW),

    Clause(S.UNDER_REVIEW,    A.RULE,           P.RULER,  W.IN_TIME,           E.NOT_YET,               S.RULED),
    Clause(S.UNDER_REVIEW,    A.TAKE_OFFER,     P.BUYER,  W.OFFERED_BY_OTHER,  E.AS_OFFERED,            S.SETTLED),
    Clause(S.UNDER_REVIEW,    A.TAKE_OFFER,     P.SELLER, W.OFFERED_BY_OTHER,  E.AS_OFFERED,            S.SETTLED),
    Clause(S.UNDER_REVIEW,    A.ACCEPT,         P.SELLER, W.ANY_TIME,          E.AS_ASKED,              S.SETTLED),
    Clause(S.UNDER_REVIEW,    A.WITHDRAW,       P.BUYER,  W.ANY_TIME,          E.FOR_THE_SELLER,        S.SETTLED),
    Clause(S.UNDER_REVIEW,    A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.BY_SILENCE_OF_RULERS,  S.SETTLED),

    Clause(S.RULED,           A.APPEAL,         P.BUYER,  W.EARLY_ENOUGH,      E.NOT_YET,               S.APPEALED),
    Clause(S.RULED,           A.APPEAL,         P.SELLER, W.EARLY_ENOUGH,      E.NOT_YET,               S.APPEALED),
    Clause(S.RULED,           A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.AS_RULED_BEFORE,       S.SETTLED),
    Clause(S.APPEALED,        A.RULE,           P.RULER,  W.IN_TIME,           E.AS_RULED,              S.SETTLED),
    Clause(S.APPEALED,        A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.AS_RULED_BEFORE,       S.SETTLED),

    Clause(S.SETTLED,         A.CONTEST_RETURN, P.ESCROW, W.ANY_TIME,          E.NOT_YET,               S.RETURN_REVIEWED),
    Clause(S.RETURN_REVIEWED, A.RULE,           P.RULER,  W.IN_TIME,           E.AS_RULED,              S.SETTLED),
    Clause(S.RETURN_REVIEWED, A.LAPSE,          P.CLOCK,  W.OVERDUE,           E.NOT_YET,               S.SETTLED),
)
# fmt: on


Stay = Callable[[Terms], timedelta]

# How long each state lasts before the clock acts. An appeal is decided in what is left of the time to appeal, so that
# a dispute is never longer than the terms say; the review of a return keeps time with the order, which then refunds.
STAYS: dict[State, Stay] = {
    State.TALKING: lambda terms: timedelta(days=terms.days_to_talk),
    State.AWAITING_ANSWER: lambda terms: timedelta(days=terms.days_to_answer),
    State.NEGOTIATING: lambda terms: timedelta(days=terms.days_to_negotiate),
    State.UNDER_REVIEW: lambda terms: timedelta(days=terms.days_to_rule),
    State.RULED: lambda terms: timedelta(days=terms.days_to_appeal),
    State.RETURN_REVIEWED: lambda terms: timedelta(days=terms.days_to_review_return),
}


def days_to_lodge(terms: Terms) -> timedelta:
    """How long after the ruling either side may appeal: three fifths of the time, the rest is for who decides it."""
    return timedelta(days=terms.days_to_appeal) * 3 / 5
