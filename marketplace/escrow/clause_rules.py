"""The words of a line of the law of escrow: on which condition it holds, where money goes, what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups.term_rules import Terms


class When(StrEnum):
    """On which condition a clause holds. `condition_rules.CONDITIONS` says what each means and what a refusal says."""

    ANY_TIME = "any time"
    IN_TIME = "before the deadline"
    OVERDUE = "after the deadline"
    SHIPPING_LATE = "once the seller's days to ship are over"
    IN_FULL = "when nothing is missing then"
    IN_PART = "when something is missing still"
    NOT_MORE = "when it is not more than the order's total"
    NO_REFUND_OPEN = "when it is not more than that, and no payout to the buyer is open"
    SPLITS = "when each side gets something"
    TO_AN_ADDRESS = "before the deadline, when it is known where it goes"
    NO_ADDRESS_YET = "in the first days, while it is not known where it goes"
    OVERDUE_TO_AN_ADDRESS = "after the deadline, when it was known where it goes"
    OVERDUE_TO_NOBODY = "after the deadline, when it was not known where it goes"
    FIRST_TIME = "the first time"
    NOT_EXTENDED = "before the deadline, once"
    OTHER_PROPOSED = "when the other side proposed it"
    NOT_PROPOSED = "when he has not proposed it already"
    PICK_UP = "when it is picked up"
    FIRST_LAPSE = "after the deadline, the first time"
    SECOND_LAPSE = "after the deadline, the second time"
    LAST_PAYOUT = "when it is the last payout"
    OTHER_PAYOUT_OPEN = "when another payout is open"
    NOT_YET_SENT = "before the deadline, when it can be posted, is in no parcel and was never said to be sent"
    IN_UNSENT_PARCEL = "when it is in a parcel that was never said to be sent"
    IN_PARCEL = "when it is in a parcel"
    OVERDUE_HOLDING = "after the deadline, when something of it came"
    OVERDUE_EMPTY = "after the deadline, when nothing of it came"
    WAS_PAID = "within the days for feedback from the last payout to him by an officer, when no other is open"
    BY_HAND_IN_TIME = "before the deadline, when officers look after its money"
    SECOND_TIME = "the second time"
    TOO_MUCH = "when it is more than what is missing"
    ANY_AMOUNT = "whatever came"
    OWED_SO_MUCH = "when so much is owed to the payee"
    NOT_OWED_SO_MUCH = "when less than that is owed to the payee"
    LAST_OF_GATEWAY = "when it is the last that is owed"
    MORE_OF_GATEWAY = "when more is owed than that"
    PAID_SO_MUCH = "when so much was paid to the payee"
    DEBT_TAKES_IT = "when so much was paid, and all of it pays what he owes; nothing else is owed to anybody"
    OWED_AFTER_IT = "when so much was paid, and something is owed to somebody after it"
    OVERDUE_OWING = "after the deadline, when something is owed"
    OVERDUE_OWING_NOTHING = "after the deadline, when nothing is owed"
    GATEWAY_CANNOT = "when the gateway has not paid it for too long"
    OTHERWISE_PROPOSED = "when another officer has proposed it"
    TAKES_WHAT_GOES_BACK = "when the bank takes no more than goes back to the buyer, and the order's own is held"
    TAKES_ALL = "when the bank takes all that is held or owed"
    LEAVES_SOME = "when the bank leaves something of it"


class Flow(StrEnum):
    """Where money goes. `money_rules.FLOWS` says which accounts. E is the order's own, P a person's payable."""

    NOTHING = "nothing"
    HOLD = "gateway to E"
    GIVE_LATE_MONEY_BACK = "gateway to P(buyer)"
    RELEASE = "E to P(seller) and fees"
    REFUND = "E to P(buyer)"
    SPLIT = "E to P(buyer), P(seller) and fees"
    PAY_OUT = "P to gateway"
    PAY_BEYOND = "P, and what the payee owes for the rest, to gateway"
    TAKE_PAYOUT_BACK = "gateway to P, and from there to what the buyer owes of it"
    HOLD_AND_GIVE_BACK = "gateway to E, and what is too much to P(buyer)"
    NOTE_FEE = "gateway to the processor's fee"
    LOSE = "E, then P, the group's fee and what the seller owes, to gateway"
    LOSE_ON_TOP = "P(buyer) to gateway"


class Mark(StrEnum):
    """What an order remembers of its past, because a later clause asks for it."""

    NONE = ""
    PROPOSED = "proposed_by"
    NOT_FOUND = "was_not_found"
    EXTENDED = "was_extended"
    CODE_USED = "code_used"
    SECOND_OFFICER = "is_second_officer_due"
    RETURN_ADDRESS = "has_return_address"
    JOINED = "is_in_parcel"
    LEFT = "is in no parcel any more"
    PROPOSED_OTHERWISE = "otherwise_payee"
    OTHERWISE = "an officer pays this side otherwise"
    FROZEN = "where it was, since when and until when"
    RESUMED = "where it was, with the time it had left"
    """The next state is the one from before, or `then` where that was over and something is owed again."""


Stay = Callable[[Terms], timedelta]


class Clause(NamedTuple):
    """One line of the law."""

    given: State
    action: Action
    by: Party
    when: When
    flow: Flow
    then: State
    mark: Mark = Mark.NONE
    lasts: Stay | None = None
    """How long the next state lasts, where not its own time. Where the state stays the same it is added to the
    deadline, and without it the deadline stands."""
    strike: Party | None = None
    """Who gets a strike."""
    at_fault: Party | None = None
    """Who bears what a processor kept of money that goes back."""
