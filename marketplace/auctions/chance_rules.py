"""The law of the second chance: who may have a lot whose buyer did not pay, at what price, and for how long. Pure.

Its price is the law of bidding reckoned again without those who are out, never simply what the underbidder would have
paid at most: else somebody bids him up, does not pay, and the victim pays his limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.auctions.bid_rules import retaken
from marketplace.auctions.rules import Lot, is_sold_at_the_end
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import Money

# features.md 1.3: the underbidder has a day, then the third; after that the seller lists the item again.
TIME_TO_DECIDE = timedelta(hours=24)
MOST_CHANCES = 2


class State(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Party(StrEnum):
    OFFERED = "the member it is offered to"
    OTHER = "anybody else"
    CLOCK = "the clock"


class Action(StrEnum):
    TAKE = "take"
    DECLINE = "decline"
    LAPSE = "lapse"


class When(StrEnum):
    BEFORE_ITS_END = "before its end"
    FROM_ITS_END = "from its end"


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
    #      given   action     by         when              then
    Clause(S.OPEN, A.TAKE,    P.OFFERED, W.BEFORE_ITS_END, S.TAKEN),
    Clause(S.OPEN, A.DECLINE, P.OFFERED, W.BEFORE_ITS_END, S.DECLINED),
    Clause(S.OPEN, A.LAPSE,   P.CLOCK,   W.FROM_ITS_END,   S.LAPSED),
)
# fmt: on


def judge(state: State, action: Action, *, by: Party, ends_at: datetime, now: datetime) -> State:
    """The state in which `action` leaves a chance. Raises the rule that it breaks."""
    if state is not State.OPEN:
        raise Stale("This offer is over. Look at the lot again.")
    clause = next((c for c in LAW if (c.given, c.action, c.by) == (state, action, by)), None)
    if clause is None:
        raise NotAllowed("This was offered to somebody else.")
    if clause.when is When.FROM_ITS_END and now < ends_at:
        raise TooEarly("The clock has not come to this yet.")
    if clause.when is When.BEFORE_ITS_END and now >= ends_at:
        raise TooLate("This offer ended on %(at)s.", at=ends_at)
    return clause.then


def in_line(lot: Lot, bids: Iterable[tuple[int, Money]]) -> Iterator[Lot]:
    """The lot as it would have been sold without its buyer, then without the next one as well, and so on.

    `bids` are those that count, bidder and maximum, in the order they came. It ends where the reserve is not reached.
    """
    bids, lot = list(bids), replace(lot, is_bought=False)
    while True:
        bids = [(bidder, maximum) for bidder, maximum in bids if bidder != lot.leader_id]
        lot = retaken(lot, bids)
        if not is_sold_at_the_end(lot):
            return
        yield lot


def check_price(seen: Money, price: Money) -> None:
    """Raise RuleBroken if somebody would take it for another price than his page said."""
    if seen != price:
        raise RuleBroken("The price is another one. Look at the offer again.")
