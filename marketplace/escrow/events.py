"""What escrow announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.escrow.order_rules import Action, Order, Party, State
from marketplace.kernel.money import Money
from marketplace.reputation.rules import Ending


@dataclass(frozen=True, slots=True)
class OrderOpened:
    """A lot is sold: its buyer has to pay."""

    order: Order
    """As the law sees it: parties, sums, deadline, terms."""
    lot_id: int
    lot_number: int
    title: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """Something was done to an order, by somebody or by the clock."""

    order: Order
    """As it stands after the deed: state, deadline, what is held, missing and owed to whom."""
    lot_id: int
    lot_number: int
    title: str
    number: int
    """Of the deed in the order's history."""
    action: Action
    by: Party
    person_id: int | None
    """Who did it; none for the clock and for what nobody in particular ruled."""
    was: State
    """The state before."""
    amount: Money | None
    """What came in, was paid out, failed or is missing, or the buyer's part of a split."""
    payee: Party | None
    """Whose payout it was."""
    note: str
    """The parcel's number, the bank's reference, the reason given."""
    at: datetime
    in_parcel: bool = False
    """The same was done to every order of its parcel: ParcelChanged tells it once for all of them."""


@dataclass(frozen=True, slots=True)
class ParcelChanged:
    """Something was done to the orders of a parcel together, or what they cost together is another sum now."""

    parcel_id: int
    group_id: int
    buyer_id: int
    seller_id: int
    action: Action
    """SAY_SENT, CONFIRM_PAYMENT, NOT_FOUND or SHARE_ANEW."""
    orders: tuple[Order, ...]
    """Those that it was done to, as they stand after it; with something missing, those that wait for it."""
    titles: tuple[str, ...]
    number: int
    """Of the deed in the first one's history: a key for telling it once."""
    person_id: int | None
    """Who did it; none where the clock ended an order of the parcel."""
    amount: Money | None
    """What came in."""


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """An order has ended: nothing is held or owed. Told again if a payout had not arrived and was paid once more, and
    if money that came late was paid back."""

    order_id: int
    group_id: int
    lot_id: int
    title: str
    buyer_id: int
    seller_id: int
    hammer: Money
    total: Money
    ending: Ending
    days_for_feedback: int
    closed_at: datetime
    is_unpaid: bool
    """The buyer did not pay in time."""


@dataclass(frozen=True, slots=True)
class ConfirmerMissing:
    """The clock has acted on an order whose money waits, and nobody is left who may confirm it."""

    order: Order
    title: str
    number: int
    """Of the lapse in the order's history: a key for telling it once."""
    owner_ids: tuple[int, ...]
    """Who can make another member treasurer."""


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """Somebody wrote about an order."""

    message_id: int
    order_id: int
    group_id: int
    title: str
    author_id: int
    reader_ids: tuple[int, ...]
    """Whom to tell: the other side, and the officers who look after the order's money where they are asked."""


@dataclass(frozen=True, slots=True)
class DeadlineNear:
    """Whoever has to act has `hours` left, about: 48 or 12."""

    order: Order
    title: str
    number: int
    """Of the last deed in the order's history: with the moment and the hours, a key for telling it once."""
    hours: int
    until: datetime
    whose: Party
    person_ids: tuple[int, ...]
    """One of the parties, or every officer who may do it."""
    deed: str
    """What is to be done, in English and marked for the translators: "send the rest of the payment"."""
    then: str
    """What the clock does otherwise, as a sentence."""


@dataclass(frozen=True, slots=True)
class DebtArose:
    """What became of an order makes one of its sides owe the group."""

    group_id: int
    person_id: int
    """The debtor."""
    order_id: int
    number: int
    """Of the deed in the order's history."""
    title: str
    amount: Money
    left: Money
    """What he owes in all."""


@dataclass(frozen=True, slots=True)
class _OfDebt:
    group_id: int
    person_id: int
    """The debtor."""
    deed_id: int
    amount: Money
    left: Money
    """What he owes then."""


@dataclass(frozen=True, slots=True)
class DebtPaid(_OfDebt):
    """An officer found a payment of what a member owes the group."""


@dataclass(frozen=True, slots=True)
class DebtWrittenOff(_OfDebt):
    """Two officers wrote off what a member owed the group."""


@dataclass(frozen=True, slots=True)
class WriteOffProposed(_OfDebt):
    """An owner proposes to write a debt off; another officer has to agree."""

    by_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class FeesAsked:
    """A group asks the site for a part of what it has earned."""

    group_id: int
    request_id: int
    amount: Money
    by_id: int


@dataclass(frozen=True, slots=True)
class FeesAnswered:
    """Those who run the site paid it, or declined."""

    group_id: int
    request_id: int
    amount: Money
    by_id: int
    is_paid: bool
    note: str
    """The reference of the payment, or the reason."""
