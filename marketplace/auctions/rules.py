"""The law of a lot: what it is, and what may be done with it by whom and when. What a bid does stands in bid_rules.py.

A lot carries all that a bid needs (the leader, his maximum, the best of the others), so that the law never reads the
history: a bid costs the same on the millionth as on the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.groups.term_rules import Ladder
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import Money

# Who watches a lot and has not bid yet has so long to make up his mind.
WATCHERS_TOLD_BEFORE_END = timedelta(hours=1)
# So near the end others have no time to answer what goes. An extended lot is always within its last hour.
LAST_HALF_DAY = timedelta(hours=12)
LAST_HOUR = timedelta(hours=1)


class State(StrEnum):
    SCHEDULED = "scheduled"
    RUNNING = "running"
    SOLD = "sold"
    PASSED = "passed"
    WITHDRAWN = "withdrawn"


class Format(StrEnum):
    """How it is bid on. Of sealed bids nobody sees anything until the end, neither sums nor how many."""

    OPEN = "open"
    SEALED_FIRST = "sealed_first"
    """The highest bidder pays what he bid."""
    SEALED_SECOND = "sealed_second"
    """The highest bidder pays what the second-highest bid."""


class Party(StrEnum):
    BIDDER = "a member"
    RETURNED = "a member whose bids on the lot went when he left the group"
    RETRACTED = "a member who retracted a bid on the lot"
    REFUSED = "a member whose bids on the lot the seller cancelled"
    SELLER = "the seller"
    MODERATOR = "a moderator"
    CLOCK = "the clock"


class Action(StrEnum):
    START = "start"
    BID = "bid"
    BUY_NOW = "buy now"
    RETRACT = "retract"
    CANCEL_BIDS = "cancel a member's bids"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    HIDE = "hide"
    SELL = "sell"
    END_UNSOLD = "end unsold"
    RELIST = "relist"
    SELL_ON_OFFER = "sell on an offer"
    PUT_INTO_SALE = "put into a sale"
    TAKE_OUT_OF_SALE = "take out of its sale"


class When(StrEnum):
    ANY_TIME = "at any time"
    BEFORE_THE_START = "before the start"
    FROM_THE_START = "from the start"
    BEFORE_THE_FIRST_BID = "before the first bid, if bids are not sealed"
    WITH_BIDS_IN_TIME = "while bids stand or may, being sealed, before the last twelve hours"
    RETRACTABLE = "while bids stand or may, being sealed, before the last hour"
    WITH_OPEN_BIDS_IN_TIME = "while bids stand that are not sealed, before the last twelve hours"
    WITH_OPEN_BIDS = "while bids stand that are not sealed, before the end"
    WHILE_IT_STANDS = "before the end, while the price for buying at once stands"
    BEFORE_THE_END = "before the end"
    AT_THE_END_SOLD = "from the end, if the leader reached the reserve"
    AT_THE_END_UNSOLD = "from the end, if nobody did"
    UNLESS_HIDDEN = "unless a moderator has hidden it"
    AFTER_THE_DEAL_FELL = "after the deal fell through and nobody else is offered it, unless a moderator has hidden it"


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
    #      given        action         by           when                    then
    Clause(S.SCHEDULED, A.START,       P.CLOCK,     W.FROM_THE_START,       S.RUNNING),
    Clause(S.SCHEDULED, A.WITHDRAW,    P.SELLER,    W.ANY_TIME,             S.WITHDRAWN),
    Clause(S.SCHEDULED, A.HIDE,        P.MODERATOR, W.ANY_TIME,             S.WITHDRAWN),
    Clause(S.SCHEDULED, A.PUT_INTO_SALE, P.SELLER,  W.BEFORE_THE_START,     S.SCHEDULED),
    Clause(S.SCHEDULED, A.TAKE_OUT_OF_SALE, P.MODERATOR, W.BEFORE_THE_START, S.WITHDRAWN),
    Clause(S.RUNNING,   A.BID,         P.BIDDER,    W.BEFORE_THE_END,       S.RUNNING),
    Clause(S.RUNNING,   A.BUY_NOW,     P.BIDDER,    W.WHILE_IT_STANDS,      S.SOLD),
    Clause(S.RUNNING,   A.RETRACT,     P.BIDDER,    W.RETRACTABLE,          S.RUNNING),
    Clause(S.RUNNING,   A.RETRACT,     P.MODERATOR, W.WITH_OPEN_BIDS,       S.RUNNING),
    Clause(S.RUNNING,   A.CANCEL_BIDS, P.SELLER,    W.WITH_OPEN_BIDS_IN_TIME, S.RUNNING),
    Clause(S.RUNNING,   A.CANCEL,      P.SELLER,    W.WITH_BIDS_IN_TIME,    S.WITHDRAWN),
    Clause(S.RUNNING,   A.WITHDRAW,    P.SELLER,    W.BEFORE_THE_FIRST_BID, S.WITHDRAWN),
    Clause(S.RUNNING,   A.HIDE,        P.MODERATOR, W.BEFORE_THE_END,       S.WITHDRAWN),
    Clause(S.RUNNING,   A.SELL,        P.CLOCK,     W.AT_THE_END_SOLD,      S.SOLD),
    Clause(S.RUNNING,   A.END_UNSOLD,  P.CLOCK,     W.AT_THE_END_UNSOLD,    S.PASSED),
    Clause(S.PASSED,    A.RELIST,      P.SELLER,    W.UNLESS_HIDDEN,        S.PASSED),
    Clause(S.PASSED,    A.SELL_ON_OFFER, P.SELLER,  W.UNLESS_HIDDEN,        S.SOLD),
    Clause(S.PASSED,    A.HIDE,        P.MODERATOR, W.ANY_TIME,             S.PASSED),
    Clause(S.SOLD,      A.RELIST,      P.SELLER,    W.AFTER_THE_DEAL_FELL,  S.SOLD),
    Clause(S.SOLD,      A.HIDE,        P.MODERATOR, W.ANY_TIME,             S.SOLD),
    Clause(S.WITHDRAWN, A.HIDE,        P.MODERATOR, W.ANY_TIME,             S.WITHDRAWN),
)
# fmt: on

_TOLD = {
    (A.BID, P.SELLER): "You cannot bid on your own lot.",
    (A.BUY_NOW, P.SELLER): "You cannot buy your own lot.",
    # Else who leaves and joins again takes a bid back in the last minute.
    (A.BID, P.RETURNED): "Your bids on this lot were taken back when you left the group. You cannot bid on it again.",
    # Else one looks how far the others go, and comes back knowing it.
    (A.BID, P.RETRACTED): "You have retracted a bid on this lot. You cannot bid on it again.",
    (A.BID, P.REFUSED):
        "The seller cancelled your bids on this lot. You cannot bid on it again. If that is not right, report the lot.",
    (A.RETRACT, P.RETRACTED): "You have retracted a bid on this lot already. It can be done once.",
    (A.RETRACT, P.REFUSED): "The seller has cancelled your bids on this lot. There is nothing left to retract.",
    (A.RETRACT, P.RETURNED): "No bid of yours counts on this lot. There is nothing to retract.",
}  # fmt: skip
_CLAUSES = {(clause.given, clause.action, clause.by): clause for clause in LAW}
_POSSIBLE = {(clause.given, clause.action) for clause in LAW}


@dataclass(frozen=True, slots=True)
class SoftClose:
    """A bid in the last `window` sets the time left to it, at most until `cap` past the scheduled end."""

    window: timedelta
    cap: timedelta


@dataclass(frozen=True, slots=True)
class Lot:
    """What the law needs to know of a lot."""

    state: State
    seller_id: int
    opening: Money
    reserve: Money | None
    starts_at: datetime
    scheduled_end_at: datetime
    ends_at: datetime
    soft_close: SoftClose
    ladder: Ladder = Ladder.FINE
    format: Format = Format.OPEN
    leader_id: int | None = None
    leader_maximum: Money | None = None
    second_maximum: Money | None = None
    """The best bid of anybody but the leader: what the leader has to beat."""
    bid_count: int = 0
    """Bids that others see: a leader who quietly raises himself is not among them."""
    buy_now: Money | None = None
    """For this it may be bought at once, until the first bid; where there is a reserve, until that is met."""
    is_buy_now_gone: bool = False
    """Once gone it stays gone, whatever bids are taken back."""
    is_bought: bool = False
    """It was sold for a price that two agreed on; the leader's maximum is that price."""
    has_fallen_through: bool = False
    """The deal that came of it was undone: not paid, cancelled, taken back."""
    is_offered_on: bool = False
    """Its buyer did not pay, and it is offered to the next in line."""
    is_hidden: bool = False
    """A moderator has taken it out of sight."""

    @property
    def is_blind(self) -> bool:
        """Sealed, and not ended: what stands here is nobody's to see, and nothing that he may do tells of it."""
        return self.format is not Format.OPEN and self.state in {State.SCHEDULED, State.RUNNING}


# ---- what may be done with a lot ----


def judge(lot: Lot, action: Action, *, by: Party, now: datetime) -> State:
    """The state in which `action` leaves the lot. Raises the rule that it breaks."""
    if (lot.state, action) not in _POSSIBLE:
        raise _not_in_this_state(lot, action)
    clause = _CLAUSES.get((lot.state, action, by))
    if clause is None:
        raise NotAllowed(_TOLD.get((action, by), "This is not for you to do."))
    if not _is_in_time(clause, lot, now):
        raise _out_of_time(clause, lot, now)
    return clause.then


def open_to(lot: Lot, *, by: Party, now: datetime) -> frozenset[Action]:
    """What `by` may do with the lot now: the buttons of its page."""
    return frozenset(c.action for c in LAW if c.given is lot.state and c.by is by and _is_in_time(c, lot, now))


def party_of(seller_id: int, person_id: int | None, *, as_bidder: Party = Party.BIDDER) -> Party:
    """What a person is to a lot, officers apart. `as_bidder`: what became of his bids on it, if he did bid."""
    return Party.SELLER if person_id == seller_id else as_bidder


def ending(lot: Lot) -> Action:
    """What the clock does when the time is over: sell, or pass."""
    return Action.SELL if is_sold_at_the_end(lot) else Action.END_UNSOLD


def is_sold_at_the_end(lot: Lot) -> bool:
    """Whether the hammer would fall: somebody leads, and his maximum reaches the reserve."""
    return lot.leader_maximum is not None and (lot.reserve is None or lot.reserve <= lot.leader_maximum)


def _is_in_time(clause: Clause, lot: Lot, now: datetime) -> bool:
    has_ended, has_bids = now >= lot.ends_at, lot.leader_id is not None
    return {
        When.ANY_TIME: True,
        When.BEFORE_THE_START: now < lot.starts_at,
        When.FROM_THE_START: now >= lot.starts_at,
        When.BEFORE_THE_FIRST_BID: not has_ended and not has_bids and not lot.is_blind,
        When.WITH_BIDS_IN_TIME: (has_bids or lot.is_blind) and now < lot.ends_at - LAST_HALF_DAY,
        When.RETRACTABLE: (has_bids or lot.is_blind) and now < lot.ends_at - LAST_HOUR,
        When.WITH_OPEN_BIDS_IN_TIME: has_bids and not lot.is_blind and now < lot.ends_at - LAST_HALF_DAY,
        When.WITH_OPEN_BIDS: has_bids and not has_ended and not lot.is_blind,
        When.WHILE_IT_STANDS: not has_ended and lot.buy_now is not None and not lot.is_buy_now_gone,
        When.BEFORE_THE_END: not has_ended,
        When.AT_THE_END_SOLD: has_ended and is_sold_at_the_end(lot),
        When.AT_THE_END_UNSOLD: has_ended and not is_sold_at_the_end(lot),
        When.UNLESS_HIDDEN: not lot.is_hidden,
        When.AFTER_THE_DEAL_FELL: lot.has_fallen_through and not lot.is_offered_on and not lot.is_hidden,
    }[clause.when]


def _not_in_this_state(lot: Lot, action: Action) -> RuleBroken:
    if lot.state is State.SCHEDULED:
        return TooEarly("Bidding opens on %(at)s. Come back then.", at=lot.starts_at)
    if lot.state is State.WITHDRAWN:
        return Stale("This lot has been withdrawn. Nothing can be done with it any more.")
    if action in {Action.PUT_INTO_SALE, Action.TAKE_OUT_OF_SALE}:
        return TooLate(_TOO_LATE[When.BEFORE_THE_START])
    if action is Action.RELIST:
        return TooEarly("This lot still runs. It can be listed again when it has ended without a buyer.")
    return TooLate("Bidding on this lot ended on %(at)s.", at=lot.ends_at)


def _out_of_time(clause: Clause, lot: Lot, now: datetime) -> RuleBroken:
    when, has_bids = clause.when, lot.leader_id is not None
    if when in {When.FROM_THE_START, When.AT_THE_END_SOLD, When.AT_THE_END_UNSOLD}:
        return TooEarly("The clock has not come to this yet.")
    if when in {When.UNLESS_HIDDEN, When.AFTER_THE_DEAL_FELL}:
        return _not_to_be_listed(lot)
    if now >= lot.ends_at:
        return TooLate("Bidding on this lot ended on %(at)s.", at=lot.ends_at)
    if when in {When.WITH_OPEN_BIDS, When.WITH_OPEN_BIDS_IN_TIME} and lot.is_blind:
        return RuleBroken("Bids on this lot are sealed. Nobody but the bidder can take one back.")
    if when in _WHILE_BIDS_STAND and not has_bids:
        return RuleBroken("There are no bids on this lot.")
    if when is When.BEFORE_THE_FIRST_BID and lot.is_blind:
        return TooLate("This lot runs to its end: there may be sealed bids on it.")
    return TooLate(_TOO_LATE[when])


def _not_to_be_listed(lot: Lot) -> RuleBroken:
    if lot.is_hidden:
        return RuleBroken("A moderator has hidden this lot. Ask the officers.")
    if lot.is_offered_on:
        return TooEarly("The next in line is offered this lot. If he does not take it, you can list it again.")
    return TooEarly("This lot is sold. It can be listed again only if the deal falls through.")


_WHILE_BIDS_STAND = frozenset(
    {When.RETRACTABLE, When.WITH_OPEN_BIDS, When.WITH_OPEN_BIDS_IN_TIME, When.WITH_BIDS_IN_TIME}
)
_TOO_LATE = {
    When.BEFORE_THE_START: "Bidding on this lot has begun. It runs to its end as it is.",
    When.BEFORE_THE_FIRST_BID: "Somebody has bid on this lot. It runs to its end.",
    When.RETRACTABLE: "In the last hour nobody retracts a bid himself. If it was a slip, ask a moderator now.",
    When.WITH_BIDS_IN_TIME: "In the last twelve hours a seller cancels nothing any more. Ask a moderator.",
    When.WITH_OPEN_BIDS_IN_TIME: "In the last twelve hours a seller cancels nothing any more. Ask a moderator.",
    When.WHILE_IT_STANDS: "This lot cannot be bought at once any more. Place a bid.",
}
