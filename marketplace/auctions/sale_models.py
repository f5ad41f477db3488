"""Sales. Which lots are in one, and where, stands at the lots."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.auctions import sale_rules
from marketplace.auctions.sale_rules import LONGEST_GAP_SECONDS, SHORTEST_GAP_SECONDS
from marketplace.kernel.database import Base


class Sale(Base):
    """Lots of many sellers that a moderator has gathered."""

    __tablename__ = "sales"
    __table_args__ = (
        UniqueConstraint("group_id", "number"),
        UniqueConstraint("opened_by_id", "client_key"),
        Index("ix_sales_group_id_starts_at", "group_id", "starts_at", "id"),
        CheckConstraint("starts_at < first_end_at", "times"),
        CheckConstraint(f"gap_seconds BETWEEN {SHORTEST_GAP_SECONDS} AND {LONGEST_GAP_SECONDS}", "gap"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    number: Mapped[int]
    """Counted within the group, apart from its lots."""
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    title: Mapped[str]
    words: Mapped[str]
    starts_at: Mapped[datetime]
    first_end_at: Mapped[datetime]
    gap_seconds: Mapped[int]
    opened_at: Mapped[datetime]
    called_off_at: Mapped[datetime | None]
    called_off_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=0)
    """Goes up with every change to it or to the order of its lots."""

    def facts(self) -> sale_rules.Sale:
        """This row as the law sees it."""
        return sale_rules.Sale(
            starts_at=self.starts_at,
            first_end_at=self.first_end_at,
            gap=timedelta(seconds=self.gap_seconds),
            is_called_off=self.called_off_at is not None,
        )
