"""What the buyers' banks ask back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow.models import Order
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_REMINDS = text("remind_at IS NOT NULL")


class Course(StrEnum):
    """How far the bank has come."""

    INQUIRY = "inquiry"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class BankClaim(Base):
    """One claim of a bank on an order's payment, as the processor tells it."""

    __tablename__ = "bank_claims"
    __table_args__ = (
        CheckConstraint(f"course IN ({', '.join(repr(str(word)) for word in Course)})", "course"),
        CheckConstraint("amount_minor > 0 AND fee_minor >= 0", "amounts"),
        Index("ix_bank_claims_remind_at", "remind_at", sqlite_where=_REMINDS, postgresql_where=_REMINDS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """What the processor calls it."""
    course: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    """The bank's, in a word."""
    amount_minor: Mapped[int]
    fee_minor: Mapped[int]
    currency: Mapped[str]
    opened_at: Mapped[datetime]
    evidence_due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    """When to remind those who may answer the bank; none once it was answered, or has decided."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)
