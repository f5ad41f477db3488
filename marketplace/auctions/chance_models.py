"""Second chances: a lot whose buyer did not pay, offered to the next in line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.auctions.chance_rules import State
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_STATES = ", ".join(f"'{state}'" for state in State)
_OPEN = text("state = 'open'")


class Chance(Base):
    """One offer to one member: nobody is offered the same lot twice."""

    __tablename__ = "second_chances"
    __table_args__ = (
        UniqueConstraint("lot_id", "person_id"),
        Index("uq_second_chances_lot_id_open", "lot_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_second_chances_state_ends_at", "state", "ends_at"),
        Index("ix_second_chances_person_id_state", "person_id", "state"),
        CheckConstraint(f"state IN ({_STATES})", "state"),
        CheckConstraint("price_minor > 0", "price"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    currency: Mapped[str]
    price_minor: Mapped[int]
    offered_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    settled_at: Mapped[datetime | None]

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class NoChances(Base):
    """Somebody who wants no second chances. The row goes when he changes his mind."""

    __tablename__ = "no_second_chances"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    since: Mapped[datetime]
