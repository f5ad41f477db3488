"""What deposits announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.deposits.payout_rules import Action as PayoutAction, Payout
from marketplace.deposits.rules import Action, Deposit, State
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class DepositChanged:
    """Something was done to a deposit, by somebody or by the clock."""

    deposit: Deposit
    """As it stands after the deed."""
    number: int
    """Of the deed in the deposit's history."""
    action: Action
    was: State
    person_id: int | None
    """Who did it; none for the clock."""
    amount: Money | None
    """What came in or goes back."""


@dataclass(frozen=True, slots=True)
class DepositForfeited:
    """An order ended unpaid, and its buyer's deposit stood behind it."""

    deposit: Deposit
    """As it stands after that."""
    order_id: int
    title: str
    seller_id: int
    to_seller: Money
    to_fund: Money


@dataclass(frozen=True, slots=True)
class DepositAsked:
    """A member has left orders unpaid again: every lot of the group asks him for a deposit."""

    group_id: int
    person_id: int
    order_id: int
    amount: Money
    until: datetime


@dataclass(frozen=True, slots=True)
class DepositPayoutChanged:
    """Something is to be paid out of a deposit, or was, or was not."""

    payout: Payout
    deposit_id: int
    number: int
    """Of the deed in the deposit's history."""
    action: PayoutAction | None
    """What was done to the payout; none where it has just become due."""
    person_id: int | None
    note: str
    """The bank's reference, or the reason why it failed."""


@dataclass(frozen=True, slots=True)
class DepositDeadlineNear:
    """Officers have `hours` left, about: 48 or 12."""

    deposit_id: int
    group_id: int
    person_id: int
    """Whose deposit is to be looked for, or who is to be paid."""
    payout_id: int | None
    """Of what is to be paid out; none where a deposit is to be looked for."""
    hours: int
    until: datetime
    deed: str
    """What is to be done, in English and marked for the translators."""
    then: str
    officer_ids: tuple[int, ...]
