"""The law of offers: what a member may offer for a lot that has passed, until when, and what becomes of it. Pure.

Nobody is told what the seller would take: of the reserve an offer says nothing, and any sum may be offered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.auctions.rules import Action as LotAction, Lot, Party as LotParty, State as LotState, judge as judged
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import LARGEST_MINOR, Money

# eBay's best offer ends after 48 hours, too; it also counts a buyer's offers, but does not tell him how many are left.
STANDS_FOR = timedelta(hours=48)
MOST_OFFERS = 3
# So long after its end a lot takes offers; later its price and description are old, and the seller lists it again.
TAKEN_FOR = timedelta(days=30)


class State(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    SUPERSEDED = "superseded"
    """What it was made for is not there any more; a Cause says why."""


class Party(StrEnum):
    OFFERER = "the member who made it"
    SELLER = "the seller"
    OTHER = "anybody else"
    CLOCK = "the clock"


class Action(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    SUPERSEDE = "supersede"


class When(StrEnum):
    BEFORE_ITS_END = "before its end"
    FROM_ITS_END = "from its end"


class Cause(StrEnum):
    """Why an offer was superseded."""

    SOLD = "sold"
    """The seller accepted somebody else's."""
    LISTED = "listed"
    """The item is in an auction again."""
    CHANGED = "changed"
    """The seller describes it otherwise than when the offer was made."""
    GONE = "gone"
    """Nobody can buy it: it was put away or hidden, its seller has left, or the group has closed."""
    LEFT = "left"
    """The member who made it has left the group."""


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
    #      given   action       by         when              then
    Clause(S.OPEN, A.ACCEPT,    P.SELLER,  W.BEFORE_ITS_END, S.ACCEPTED),
    Clause(S.OPEN, A.DECLINE,   P.SELLER,  W.BEFORE_ITS_END, S.DECLINED),
    Clause(S.OPEN, A.WITHDRAW,  P.OFFERER, W.BEFORE_ITS_END, S.WITHDRAWN),
    Clause(S.OPEN, A.LAPSE,     P.CLOCK,   W.FROM_ITS_END,   S.LAPSED),
    Clause(S.OPEN, A.SUPERSEDE, P.CLOCK,   W.BEFORE_ITS_END, S.SUPERSEDED),
)
# fmt: on

_OVER = {
    S.ACCEPTED: "This offer is accepted. Look at the order that came of it.",
    S.DECLINED: "The seller has declined this offer. Look at the lot again.",
    S.WITHDRAWN: "This offer was withdrawn. Look at the lot again.",
    S.LAPSED: "This offer has lapsed. Look at the lot again.",
    S.SUPERSEDED: "This offer has ended with what it was made for. Look at the lot again.",
}


def judge(state: State, action: Action, *, by: Party, ends_at: datetime, now: datetime) -> State:
    """The state in which `action` leaves an offer. Raises the rule that it breaks."""
    if state is not State.OPEN:
        raise Stale(_OVER[state])
    clause = next((c for c in LAW if (c.given, c.action, c.by) == (state, action, by)), None)
    if clause is None:
        raise NotAllowed("The seller answers an offer, and only who made it withdraws it.")
    if clause.when is When.FROM_ITS_END and now < ends_at:
        raise TooEarly("The clock has not come to this yet.")
    if clause.when is When.BEFORE_ITS_END and now >= ends_at:
        raise TooLate("This offer ended on %(at)s.", at=ends_at)
    return clause.then


def as_of(state: State, *, ends_at: datetime, now: datetime) -> State:
    """How an offer stands at a moment, whether the worker has come to write it down or not."""
    return State.LAPSED if state is State.OPEN and now >= ends_at else state


# ---- making one ----


@dataclass(frozen=True, slots=True)
class Stand:
    """How somebody stands who would make an offer."""

    person_id: int
    is_refused: bool
    """The seller cancelled his bids on this lot."""
    is_item_free: bool
    """The item was not listed again or put away since, and its seller is still there."""
    made: Collection[State]
    """How his offers on this lot stand now."""

    @property
    def left(self) -> int:
        """How many more he may make."""
        return max(MOST_OFFERS - len(self.made), 0)


def taken_until(lot: Lot) -> datetime:
    """The moment from which on a lot takes no offers."""
    return lot.ends_at + TAKEN_FOR


def check_may_offer(lot: Lot, stand: Stand, *, now: datetime) -> None:
    """Raise the rule that keeps somebody from making an offer, whatever he would offer."""
    if stand.person_id == lot.seller_id:
        raise NotAllowed("You cannot make an offer on your own lot.")
    if stand.is_refused:
        raise NotAllowed(
            "The seller cancelled your bids on this lot. You cannot make an offer on it. If that is not right, report "
            "the lot."
        )
    if lot.state in {LotState.SCHEDULED, LotState.RUNNING}:
        raise TooEarly("This lot has not ended. Bid on it: offers are taken only on lots that have passed.")
    if lot.state is not LotState.PASSED or lot.is_hidden or not stand.is_item_free:
        raise TooLate("This lot takes no offers any more. Look for the item in the catalogue.")
    if now >= taken_until(lot):
        raise TooLate("Offers on this lot were taken until %(at)s.", at=taken_until(lot))
    if State.OPEN in stand.made:
        raise RuleBroken("Your last offer still stands. Withdraw it first, then make another.", field="amount")
    if not stand.left:
        raise TooLate("You have made %(most)s offers on this lot, and more are not taken.", most=MOST_OFFERS)


def may_offer(lot: Lot, stand: Stand, *, now: datetime) -> bool:
    """Whether the page has a form for an offer."""
    try:
        check_may_offer(lot, stand, now=now)
    except RuleBroken:
        return False
    return True


def check_amount(amount: Money) -> None:
    """Raise RuleBroken where nobody can pay this."""
    if amount.minor <= 0:
        raise RuleBroken("Enter an amount above zero.", field="amount")
    if amount.minor > LARGEST_MINOR:
        raise RuleBroken("This amount is larger than anything sold here. Check the figures.", field="amount")


# ---- accepting one ----


def sold(lot: Lot, *, buyer_id: int, amount: Money, now: datetime) -> Lot:
    """The lot after its seller has accepted an offer: it has a buyer and his price. Raises the rule that it breaks."""
    state = judged(lot, LotAction.SELL_ON_OFFER, by=LotParty.SELLER, now=now)
    return replace(lot, state=state, leader_id=buyer_id, leader_maximum=amount, is_bought=True)
