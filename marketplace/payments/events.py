"""What payments announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.kernel.money import Money
from marketplace.payments.late_rules import Payout, Reader, Stage, Whose
from marketplace.payments.rules import Kind


@dataclass(frozen=True, slots=True)
class _OfMovement:
    movement_id: int
    group_id: int
    kind: Kind
    amount: Money
    """What moved, or was to move."""
    person_id: int
    """Who paid, or was to be paid."""
    purpose: str
    order_id: int | None
    key: str
    """Another one for each try: a reference for what is posted because of it."""
    gateway: str
    by: int | None
    """The officer who brought the news; none where the gateway did."""


@dataclass(frozen=True, slots=True)
class MovementConfirmed(_OfMovement):
    """The money has moved."""


@dataclass(frozen=True, slots=True)
class MovementFailed(_OfMovement):
    """The money has not moved, and will not under this key."""

    reason: str


@dataclass(frozen=True, slots=True)
class MovementBounced(_OfMovement):
    """The money had left and has come back."""

    reason: str


@dataclass(frozen=True, slots=True)
class MovementWaits(_OfMovement):
    """The gateway cannot do it now, such as a payout to an account that the processor has restricted. It is asked again
    by itself when that may have changed."""

    reason: str


@dataclass(frozen=True, slots=True)
class PayoutLate:
    """Something was not paid to whom it belongs for so long that somebody is to hear of it. Once for each stage."""

    payout: Payout
    stage: Stage
    whose: Whose
    """Who has to do something."""
    told: frozenset[Reader]


@dataclass(frozen=True, slots=True)
class FeeTaken:
    """A payment processor has kept a fee of its own. Heard once for each fee."""

    group_id: int
    order_id: int
    fee: Money
    reference: str
    """Of what was taken at the processor: the same for the same fee."""


@dataclass(frozen=True, slots=True)
class _OfChargeback:
    group_id: int
    order_id: int
    reference: str
    """What the processor calls it: dp_…"""
    amount: Money
    """What the buyer's bank asks back."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ChargebackOpened(_OfChargeback):
    """The buyer's bank asks for the money back, or inquires."""

    is_inquiry: bool
    """Nothing was taken yet."""
    fee: Money
    """What the processor takes for handling it, kept even if it is won; nothing for an inquiry."""
    reason: str
    """The bank's, in a word: fraudulent, product_not_received, product_unacceptable …"""
    evidence_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChargebackWon(_OfChargeback):
    """The bank gave the money back, or its inquiry ended without taking any."""


@dataclass(frozen=True, slots=True)
class ChargebackLost(_OfChargeback):
    """The bank keeps the money."""


@dataclass(frozen=True, slots=True)
class PaymentSubmitted:
    """The buyer has done his part, and his bank takes days to pay: nothing has come yet."""

    movement_id: int
    group_id: int
    order_id: int
    person_id: int
    amount: Money
    key: str


@dataclass(frozen=True, slots=True)
class SellerPayoutFailed:
    """What a processor paid on to a seller's bank came back: it lies on his account there until he mends it."""

    person_id: int
    reference: str
    """Of the payout at the processor: one for each."""


@dataclass(frozen=True, slots=True)
class _OfContest:
    group_id: int
    order_id: int
    claim: str
    """What the processor calls the bank's claim."""
    by: int
    """The officer who answered it."""
    is_given_up: bool
    """He left the money to the bank; else he sent evidence."""
    contest_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ContestSent(_OfContest):
    """The processor has the answer to a bank, and it cannot be changed any more."""


@dataclass(frozen=True, slots=True)
class ContestRefused(_OfContest):
    """The processor would not take it. Another may be sent while there is time."""

    reason: str
