"""The law of a sale: lots of many sellers that start together and end one after the other. Pure.

A sale only says when its lots start and are to end, and that is fixed once it has begun: bids rely on it. From then on
each lot has the law of any other. A bid in the last minutes moves the end of its own lot, never that of those after it;
one that is withdrawn leaves a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.auctions.listing_rules import FARTHEST_START_DAYS, LONGEST_DAYS, SHORTEST
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale, TooLate

USUAL_GAP_SECONDS = 20
SHORTEST_GAP_SECONDS, LONGEST_GAP_SECONDS = 5, 600
# At the usual gap an evening of 100 minutes; the moderator who lays them out holds them all in his hands.
MOST_LOTS = 300
# So long before its first lot ends people come to look on.
CLOSING_FROM = timedelta(minutes=5)


class State(StrEnum):
    GATHERING = "open for lots"
    BIDDING = "bidding"
    CLOSING = "closing now"
    OVER = "over"
    CALLED_OFF = "called off"


class Party(StrEnum):
    HOLDER = "who may hold a sale"
    SELLER = "a member who sells"


class Action(StrEnum):
    PUT_IN = "put a lot in"
    TAKE_OUT = "take a lot out"
    MOVE = "move a lot to another place"
    CHANGE = "change what it is and when"
    CALL_OFF = "call it off"


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    then: State


S, A, P = State, Action, Party

# fmt: off
LAW = (
    #      given        action      by        then
    Clause(S.GATHERING, A.PUT_IN,   P.SELLER, S.GATHERING),
    Clause(S.GATHERING, A.TAKE_OUT, P.HOLDER, S.GATHERING),
    Clause(S.GATHERING, A.MOVE,     P.HOLDER, S.GATHERING),
    Clause(S.GATHERING, A.CHANGE,   P.HOLDER, S.GATHERING),
    Clause(S.GATHERING, A.CALL_OFF, P.HOLDER, S.CALLED_OFF),
)
# fmt: on

_TOLD = {
    Party.SELLER: "This is for the group’s owners and moderators. Ask one of them.",
    Party.HOLDER: "A lot is put into a sale by its seller. Ask the seller.",
}


@dataclass(frozen=True, slots=True)
class Sale:
    """What the law needs to know of a sale."""

    starts_at: datetime
    """Its lots are open for bids from then on."""
    first_end_at: datetime
    gap: timedelta
    """Between the ends of two lots that follow each other."""
    is_called_off: bool = False


def state_of(sale: Sale, *, open_lots: int, now: datetime) -> State:
    """How far it has come. The clock alone moves it on; `open_lots` are those of which no end is written down."""
    if sale.is_called_off:
        return State.CALLED_OFF
    if now < sale.starts_at:
        return State.GATHERING
    if not open_lots:
        return State.OVER
    return State.CLOSING if now >= sale.first_end_at - CLOSING_FROM else State.BIDDING


def judge(sale: Sale, action: Action, *, by: Party, now: datetime) -> State:
    """The state in which `action` leaves a sale. Raises the rule that it breaks."""
    state = state_of(sale, open_lots=1, now=now)  # what is still open matters to nothing that may be done
    if state is State.CALLED_OFF:
        raise Stale("This sale was called off. Nothing can be done with it any more.")
    clause = next((c for c in LAW if (c.action, c.by) == (action, by)), None)
    if clause is None:
        raise NotAllowed(_TOLD[by])
    if state is not clause.given:
        raise TooLate("This sale began on %(at)s. From then on its lots and their ends stay as they are.",
                      at=sale.starts_at)  # fmt: skip
    return clause.then


def check_dates(sale: Sale, *, now: datetime) -> None:
    """Raise RuleBroken, at the field that is wrong, unless members have time to put lots in and to bid."""
    if sale.starts_at <= now:
        raise RuleBroken("This start is past. Choose a later one: until then sellers put lots in.", field="starts_at")
    if sale.starts_at > now + timedelta(days=FARTHEST_START_DAYS):
        raise RuleBroken("A sale starts within %(days)s days. Choose an earlier start.", field="starts_at",
                         days=FARTHEST_START_DAYS)  # fmt: skip
    if sale.first_end_at < sale.starts_at + SHORTEST:
        raise RuleBroken("A lot runs for an hour or longer. Choose a later end.", field="first_end_at")
    if sale.first_end_at > sale.starts_at + timedelta(days=LONGEST_DAYS):
        raise RuleBroken("A lot runs for %(days)s days at most. Choose an earlier end.", field="first_end_at",
                         days=LONGEST_DAYS)  # fmt: skip
    if not timedelta(seconds=SHORTEST_GAP_SECONDS) <= sale.gap <= timedelta(seconds=LONGEST_GAP_SECONDS):
        raise RuleBroken("Between two ends lie %(least)s to %(most)s seconds.", field="gap_seconds",
                         least=SHORTEST_GAP_SECONDS, most=LONGEST_GAP_SECONDS)  # fmt: skip


def end_of(sale: Sale, position: int) -> datetime:
    """When the lot at this place is to end. Places count from 1."""
    return sale.first_end_at + (position - 1) * sale.gap


def check_room(lots: int) -> None:
    """Raise RuleBroken if one more lot does not go in."""
    if lots >= MOST_LOTS:
        raise RuleBroken("This sale is full: it has %(most)s lots. Choose another, or an end of your own.",
                         field="sale", most=MOST_LOTS)  # fmt: skip


def moved(order: Sequence[int], lot: int, place: int) -> list[int]:
    """The lots in their new order, after `lot` has gone to `place`, counted from 1. Past either end is that end."""
    others = [each for each in order if each != lot]
    at = min(max(place, 1), len(order)) - 1
    return [*others[:at], lot, *others[at:]]
