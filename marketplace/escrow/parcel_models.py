"""Parcels: orders of one buyer and one seller that are paid and posted together. Each stays an order of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow.reference_rules import parcel_reference_of
from marketplace.kernel.database import Base

_IS_OPEN = text("fixed_at IS NULL")


class Parcel(Base):
    """What keeps the orders together, and what their one payment carries. Which they are, the orders say; what is
    held, owed and late is theirs."""

    __tablename__ = "parcels"
    __table_args__ = (
        Index(
            "uq_parcels_open", "group_id", "buyer_id", "seller_id",
            unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN,
        ),
        CheckConstraint("buyer_id <> seller_id", "two_parties"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
    fixed_at: Mapped[datetime | None]
    """Since when nothing joins it any more: its payment was said to be sent, some of it came, or nothing in it waits
    to be paid. Two people have one open parcel in a group, or none."""

    @property
    def reference(self) -> str:
        """What the buyer's one payment carries: P-12-C4W."""
        return parcel_reference_of(self.id)
