"""Which change of an order is told to whom, as which kind of notice, and why it came about."""

from __future__ import annotations

from typing import NamedTuple

from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.rules import AWAITED, ENDED
from marketplace.notifications.detail_rules import Word


class Told(NamedTuple):
    """One line of the table."""

    kind: str
    to: frozenset[Party]
    """BUYER and SELLER are the parties; TREASURER is every officer who may act on the order's money now."""
    why: str = ""
    """A sentence for whoever did not do it himself."""


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


A, S, P = Action, State, Party

_BUYER, _SELLER, _OFFICERS = frozenset({P.BUYER}), frozenset({P.SELLER}), frozenset({P.TREASURER})
_BOTH = _BUYER | _SELLER
_RULED = _("That is how the dispute ended.")

# What was done and the state it led to; for the clock and for cancelling, who or what came before makes the difference.
TOLD: dict[tuple[Action, State], Told] = {
    (A.SAY_SENT, S.PAYMENT_CLAIMED): Told("payment_said_sent", _OFFICERS),
    (A.CONFIRM_PAYMENT, S.HELD): Told("payment_confirmed", _BOTH),
    (A.CONFIRM_PAYMENT, S.TOPPING_UP): Told("payment_short", _BUYER),
    (A.CONFIRM_PAYMENT, S.REFUNDED): Told("refunded", _BUYER, _("Your payment came in after the order had ended.")),
    (A.CONFIRM_PAYMENT, S.PAYING_OUT): Told("refunded", _BUYER, _("It came in on top of what this order needed.")),
    (A.NOT_FOUND, S.AWAITING_PAYMENT): Told("payment_not_found", _BUYER),
    (A.PROPOSE_CANCEL, S.AWAITING_PAYMENT): Told("cancel_proposed", _BOTH),
    (A.AGREE_CANCEL, S.CANCELLED): Told("order_cancelled", _BOTH, _("Both of you wanted it.")),
    (A.SHIP, S.SHIPPED): Told("shipped", _BUYER),
    (A.SAY_ARRIVED, S.INSPECTING): Told("arrived", _SELLER),
    (A.USE_CODE, S.INSPECTING): Told("arrived", _BUYER),
    (A.EXTEND, S.INSPECTING): Told("inspection_extended", _SELLER),
    (A.CONFIRM_RECEIPT, S.RELEASED): Told("released", _SELLER),
    (A.RELEASE, S.RELEASED): Told("released", _BOTH, _RULED),
    (A.REFUND, S.REFUNDED): Told("refunded", _BOTH, _RULED),
    (A.DIVIDE, S.SPLIT): Told("split", _BOTH),
    (A.RETURN_FIRST, S.RETURN_DUE): Told("return_due", _BOTH),
    (A.NAME_RETURN_ADDRESS, S.RETURN_DUE): Told("return_due", _BUYER),
    (A.SHIP_RETURN, S.RETURN_SHIPPED): Told("return_shipped", _SELLER),
    (A.SAY_RETURN_ARRIVED, S.RETURN_RECEIVED): Told("return_received", _BUYER),
    (A.ACCEPT_RETURN, S.REFUNDED): Told("refunded", _BUYER, _("The seller has accepted what you sent back.")),
    (A.CONTEST_RETURN, S.RETURN_CONTESTED): Told("return_contested", _BUYER),
    (A.CONFIRM_PAYOUT, S.PAYING_OUT): Told("payout_sent", frozenset()),
    (A.CONFIRM_PAYOUT, S.CLOSED): Told("payout_sent", frozenset()),
    (A.PAYOUT_FAILED, S.PAYING_OUT): Told("payout_failed", _OFFICERS),
    (A.PAYOUT_MISSING, S.PAYING_OUT): Told("payout_missing", _OFFICERS),
    (A.NOT_FOUND, S.UNPAID): Told("order_unpaid", _BOTH),
    (A.PROPOSE_OTHERWISE, S.PAYING_OUT): Told("otherwise_proposed", _OFFICERS),
    (A.AGREE_OTHERWISE, S.PAYING_OUT): Told("payout_to_make", _OFFICERS),
}
# What a payment processor says, whatever state the order is in. Whom a payout is for hears of it anyway.
BY_GATEWAY: dict[Action, Told] = {
    A.NOT_FOUND: Told("payment_refused", _BUYER),
    A.CONFIRM_PAYOUT: Told("payout_sent", frozenset()),
    A.PAYOUT_WAITS: Told("payout_waits", frozenset()),
    A.PAYOUT_BOUNCED: Told("payout_failed", _OFFICERS),
    A.INQUIRE: Told("bank_inquires", _BOTH | _OFFICERS),
    A.OPEN_CHARGEBACK: Told("chargeback_opened", _BOTH | _OFFICERS),
    A.WIN_CHARGEBACK: Told("chargeback_won", _BOTH | _OFFICERS),
    A.LOSE_CHARGEBACK: Told("chargeback_lost", _BOTH | _OFFICERS),
    A.REVERSE_PAYOUT: Told("payout_reversed", frozenset()),
}
ON_TOP = Told("refunded", _BUYER, _("It came in on top of what this order needed."))
CANCELLED: dict[Party, Told] = {
    P.BUYER: Told("refunded", _BOTH, _("It was not shipped in time, and the buyer has cancelled.")),
    P.SELLER: Told("refunded", _BOTH, _("The seller has cancelled.")),
}
LAPSED: dict[tuple[State, State], Told] = {
    (S.AWAITING_PAYMENT, S.UNPAID): Told("order_unpaid", _BOTH),
    (S.PAYMENT_CLAIMED, S.PAYMENT_CLAIMED): Told("payment_said_sent", _OFFICERS),
    (S.PAYMENT_CLAIMED, S.CANCELLED): Told("order_cancelled", _BOTH, _("No officer confirmed the payment in time.")),
    (S.TOPPING_UP, S.CANCELLED): Told("order_cancelled", _BOTH, _("The rest of the payment did not come in time.")),
    (S.TOPPING_UP, S.REFUNDED): Told("refunded", _BOTH, _("The rest of the payment did not come in time.")),
    (S.HELD, S.REFUNDED): Told("refunded", _BOTH, _("It was not shipped in time.")),
    (S.SHIPPED, S.INSPECTING): Told("arrived", _BOTH),
    (S.INSPECTING, S.RELEASED): Told("released", _BOTH, _("The inspection was over, and the buyer had said nothing.")),
    (S.RETURN_DUE, S.RELEASED): Told("released", _BOTH, _("It was not sent back in time.")),
    (S.RETURN_DUE, S.REFUNDED): Told("refunded", _BOTH, _("The seller did not say where it goes back to.")),
    (S.RETURN_SHIPPED, S.RETURN_RECEIVED): Told("return_received", _BOTH),
    (S.RETURN_RECEIVED, S.REFUNDED): Told("refunded", _BOTH, _("The seller said nothing about what came back.")),
    (S.RETURN_CONTESTED, S.REFUNDED): Told("refunded", _BOTH, _("Nobody ruled in time on what came back.")),
    (S.RELEASED, S.PAYING_OUT): Told("payout_to_make", _OFFICERS),
    (S.REFUNDED, S.PAYING_OUT): Told("payout_to_make", _OFFICERS),
    (S.SPLIT, S.PAYING_OUT): Told("payout_to_make", _OFFICERS),
    (S.PAYING_OUT, S.PAYING_OUT): Told("payout_to_make", _OFFICERS),
}

# The first two open a dispute, and disputes tell of it; of a parcel it is told once, not of each of its orders. Who
# puts it together or takes it apart sees the sum, and nobody else has anything to do.
NOT_TOLD_HERE = {
    A.NOT_RECEIVED, A.DISPUTE, A.JOIN_PARCEL, A.LEAVE_PARCEL, A.SHARE_ANEW, A.FALL_SHORT,
    # The buyer did it himself; and a fee stands on the order's page.
    A.SUBMIT_PAYMENT, A.NOTE_FEE,
    # The second officer is asked, and both sides hear what he confirms.
    A.PROPOSE_PAYMENT,
}  # fmt: skip

# What was done to the orders of a parcel together; a payment may be all of it or too little.
PARCELS: dict[tuple[Action, bool], Told] = {
    (A.SAY_SENT, False): Told("parcel_said_sent", _OFFICERS),
    (A.CONFIRM_PAYMENT, True): Told("parcel_confirmed", _BOTH),
    (A.CONFIRM_PAYMENT, False): Told("parcel_short", _BUYER),
    (A.NOT_FOUND, False): Told("parcel_not_found", _BUYER),
    (A.SHARE_ANEW, False): Told("parcel_changed", _BUYER),
}


def told_of(action: Action, *, by: Party, was: State, then: State) -> Told | None:
    """What is told of a change; None where another feature tells it."""
    if action in NOT_TOLD_HERE:
        return None
    if action is Action.LAPSE:
        return None if then is State.CLOSED else LAPSED[was, then]  # nothing was left to pay, and all is told
    if by is Party.GATEWAY:
        return _by_gateway(action, was, then)
    return CANCELLED[by] if action is Action.CANCEL else TOLD[action, then]


def _by_gateway(action: Action, was: State, then: State) -> Told | None:
    """What a payment processor cannot do is tried again by itself, and no news."""
    if action is Action.PAYOUT_FAILED:
        return None
    if action is Action.CONFIRM_PAYMENT:
        is_late = was in (State.UNPAID, State.CANCELLED)
        return TOLD[action, State.REFUNDED if is_late else then] if was in AWAITED or is_late else ON_TOP
    return TOLD[action, then] if then in ENDED and action is Action.NOT_FOUND else BY_GATEWAY[action]


def why(told: Told) -> Word | None:
    """Its reason, to be translated for each reader."""
    return Word(told.why) if told.why else None
