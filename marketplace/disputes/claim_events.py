"""What is announced of a bank's claim by those who answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class _OfClaim:
    claim_id: int
    order_id: int
    group_id: int
    title: str
    """Of the lot."""
    buyer_id: int
    seller_id: int
    amount: Money
    """What the bank asks back."""


@dataclass(frozen=True, slots=True)
class EvidenceWanted(_OfClaim):
    """The bank hears what speaks for the seller."""

    officer_ids: tuple[int, ...]
    """Everybody who may send it; one of them does."""
    until: datetime
    hours: int | None
    """48 or 12 in a reminder; none when they are first asked, and the seller with them."""


@dataclass(frozen=True, slots=True)
class BankAnswered(_OfClaim):
    """The bank has the evidence, or the money was left to it."""

    by_id: int
    is_given_up: bool
    officer_ids: tuple[int, ...]
    contest_id: int


@dataclass(frozen=True, slots=True)
class AnswerRefused(_OfClaim):
    """What was to be sent was not taken."""

    by_id: int
    reason: str
    contest_id: int
