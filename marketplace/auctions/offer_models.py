"""Offers that members make for lots that have passed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.auctions import offer_rules
from marketplace.auctions.offer_rules import State
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_STATES = ", ".join(f"'{state}'" for state in State)
_OPEN = text("state = 'open'")
_ACCEPTED = text("state = 'accepted'")


class Offer(Base):
    """One offer of one member on one lot. Its amount never changes."""

    __tablename__ = "lot_offers"
    __table_args__ = (
        UniqueConstraint("lot_id", "person_id", "client_key"),
        Index(
            "uq_lot_offers_lot_id_person_id_open", "lot_id", "person_id", unique=True, sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("uq_lot_offers_lot_id_accepted", "lot_id", unique=True, sqlite_where=_ACCEPTED,
              postgresql_where=_ACCEPTED),
        Index("ix_lot_offers_state_ends_at", "state", "ends_at"),
        Index("ix_lot_offers_person_id_id", "person_id", "id"),
        CheckConstraint(f"state IN ({_STATES})", "state"),
        CheckConstraint("amount_minor > 0", "amount"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=State.OPEN)
    cause: Mapped[str] = mapped_column(default="")
    """One of offer_rules.Cause where it was superseded; else empty."""
    settled_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def state_at(self, now: datetime) -> State:
        """How it stands, whether the worker has come to write it down or not."""
        return offer_rules.as_of(State(self.state), ends_at=self.ends_at, now=now)
