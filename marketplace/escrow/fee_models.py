"""What groups asked of the fees that they have earned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow.fee_rules import State
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_ASKED = text("state = 'asked'")


class FeeRequest(Base):
    """A group asks the site for a part of its fees: one request at a time."""

    __tablename__ = "fee_requests"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(str(word)) for word in State)})", "state"),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
        Index("uq_fee_requests_asked", "group_id", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.ASKED)
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    answered_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    """The reference of the site's payment, or why it was declined."""

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
