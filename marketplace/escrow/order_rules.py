"""The words of the law of escrow: an order's states, who acts in which capacity, what can be done, and the facts of an
order that decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money, zero
from marketplace.payments.rules import Through


class State(StrEnum):
    """Where an order is."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAYMENT_CLAIMED = "payment_claimed"
    TOPPING_UP = "topping_up"
    HELD = "held"
    SHIPPED = "shipped"
    INSPECTING = "inspecting"
    DISPUTED = "disputed"
    RETURN_DUE = "return_due"
    RETURN_SHIPPED = "return_shipped"
    RETURN_RECEIVED = "return_received"
    RETURN_CONTESTED = "return_contested"
    RELEASED = "released"
    REFUNDED = "refunded"
    SPLIT = "split"
    PAYING_OUT = "paying_out"
    CLOSED = "closed"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"
    CHARGEBACK = "chargeback_open"
    """The buyer's bank asks the money back. The order stands still until the bank has decided."""


class Party(StrEnum):
    """In which capacity somebody acts."""

    BUYER = "buyer"
    SELLER = "seller"
    TREASURER = "treasurer"
    """Whoever may confirm the group's money and is party to neither side; any officer, once the treasurer is late."""
    RULING = "ruling"
    """What the parties agreed in a dispute, or what was ruled."""
    CLOCK = "clock"
    GATEWAY = "gateway"
    """A payment processor, which says what moved."""


class Action(StrEnum):
    """What can be done to an order."""

    SAY_SENT = "say_sent"
    CONFIRM_PAYMENT = "confirm_payment"
    NOT_FOUND = "not_found"
    PROPOSE_CANCEL = "propose_cancel"
    AGREE_CANCEL = "agree_cancel"
    JOIN_PARCEL = "join_parcel"
    """It is paid and posted together with other orders of the same seller."""
    LEAVE_PARCEL = "leave_parcel"
    SHARE_ANEW = "share_anew"
    """Its part of the parcel's shipping is another than before, because another order came, went or ended."""
    FALL_SHORT = "fall_short"
    """What came in for its parcel was too little, and was used up by the other orders."""
    SHIP = "ship"
    CANCEL = "cancel"
    SAY_ARRIVED = "say_arrived"
    USE_CODE = "use_code"
    CONFIRM_RECEIPT = "confirm_receipt"
    EXTEND = "extend"
    NOT_RECEIVED = "not_received"
    DISPUTE = "dispute"
    RELEASE = "release"
    REFUND = "refund"
    DIVIDE = "divide"
    RETURN_FIRST = "return_first"
    NAME_RETURN_ADDRESS = "name_return_address"
    SHIP_RETURN = "ship_return"
    SAY_RETURN_ARRIVED = "say_return_arrived"
    ACCEPT_RETURN = "accept_return"
    CONTEST_RETURN = "contest_return"
    CONFIRM_PAYOUT = "confirm_payout"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_MISSING = "payout_missing"
    SUBMIT_PAYMENT = "submit_payment"
    """The buyer has done his part, and his bank takes days."""
    NOTE_FEE = "note_fee"
    """The processor has kept a fee of its own."""
    PAYOUT_WAITS = "payout_waits"
    PAYOUT_BOUNCED = "payout_bounced"
    PROPOSE_OTHERWISE = "propose_otherwise"
    """What the gateway cannot pay is to be paid by an officer: needs two of them."""
    AGREE_OTHERWISE = "agree_otherwise"
    INQUIRE = "inquire"
    """The buyer's bank asks about a payment, and takes nothing yet."""
    OPEN_CHARGEBACK = "open_chargeback"
    WIN_CHARGEBACK = "win_chargeback"
    LOSE_CHARGEBACK = "lose_chargeback"
    REVERSE_PAYOUT = "reverse_payout"
    """What was paid to the seller was taken back."""
    PROPOSE_PAYMENT = "propose_payment"
    """An officer has found what nobody said is sent, and needs a second one to confirm it."""
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class Order:
    """What the law needs to know of an order. Every amount is in the group's currency."""

    id: int
    group_id: int
    state: State
    buyer_id: int
    seller_id: int
    hammer: Money
    shipping: Money
    terms: Terms
    since: datetime
    """When the present state began."""
    deadline: datetime | None
    """When the clock acts; none while a dispute keeps its own deadlines, and at the end."""
    held: Money
    """What lies in the order's own account: E."""
    owed_buyer: Money
    owed_seller: Money
    paid_buyer: Money
    paid_seller: Money
    paid_buyer_at: datetime | None = None
    """When the last payout to him was confirmed; none, too, once he has said that it did not arrive."""
    paid_seller_at: datetime | None = None
    proposed_by: Party | None = None
    was_not_found: bool = False
    was_extended: bool = False
    is_pick_up: bool = False
    code_used: bool = False
    is_second_officer_due: bool = False
    is_address_missing: bool = False
    """It is to be posted, and the buyer has not said where."""
    has_return_address: bool = False
    """Whether it is known where it goes back to."""
    can_be_posted: bool = True
    """The listing offered it."""
    is_in_parcel: bool = False
    """It is paid and posted with others; `shipping` is its own part of that."""
    held_at: datetime | None = None
    """When the whole payment was in the group's hands."""
    processor_fee: Money | None = None
    """What a processor kept, while it is not settled who bears it."""
    borne: Money | None = None
    """What of that came out of the seller's proceeds."""
    earned: Money | None = None
    """The group's fee, once it is taken."""
    set_off: Money | None = None
    """What of the seller's proceeds paid what he owed the group."""
    seller_owes: Money | None = None
    """What he owes the group now, as the books say; looked up where it matters."""
    buyer_owes: Money | None = None
    """What the buyer owes the group because of this order, as the books say; looked up where it matters."""
    fund: Money | None = None
    """What lies in the group's guarantee fund; looked up where it matters."""
    fees_there: Money | None = None
    """What of all that the group has earned lies on its account of fees; looked up where it matters."""
    is_seller_member: bool = True
    """Or money is being taken back from him, though he has left."""
    at_fault: Party | None = None
    """Who bears what the processor kept of money that goes back; none: the group."""
    buyer_otherwise: bool = False
    seller_otherwise: bool = False
    """An officer pays this side, for the gateway could not."""
    otherwise_payee: Party | None = None
    was: State | None = None
    """While a chargeback is open: the state before, and since when and until when that was."""
    was_since: datetime | None = None
    was_until: datetime | None = None

    @property
    def total(self) -> Money:
        """T: the hammer price and shipping as stated on the lot; in a parcel, its part of the parcel's shipping."""
        return self.hammer + self.shipping

    @property
    def fee(self) -> Money:
        """The group's fee, on the hammer price only, rounded down."""
        return self.hammer.share(self.terms.fee_basis_points)

    @property
    def is_by_gateway(self) -> bool:
        """Whether its money comes and goes through a payment processor."""
        return self.terms.gateway is not Through.TREASURER

    @property
    def missing(self) -> Money:
        """What the buyer has still to pay."""
        return self.total - self.held

    def nothing(self) -> Money:
        return zero(self.hammer.currency)


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as somebody takes it. `amount`: what was received, the buyer's part of a split, or the payout that did
    not arrive. `payee`: whom a payout was for."""

    action: Action
    by: Party
    amount: Money | None = None
    payee: Party | None = None
