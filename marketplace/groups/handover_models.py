"""Handovers of a group's treasury. Rows stay: they are the record of who passed what to whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.groups.handover_rules import Handover as Facts, State
from marketplace.groups.models import Group, one_of
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_IS_OPEN = text("state IN ('asked', 'named', 'stated')")


class Handover(Base):
    """One handover, from the wish or the name to the end. At most one is open in a group."""

    __tablename__ = "handovers"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("parting_id <> successor_id", "two_people"),
        CheckConstraint("state IN ('asked', 'called_off') OR successor_id IS NOT NULL", "successor"),
        CheckConstraint("state NOT IN ('stated', 'done') OR stated_minor IS NOT NULL", "stated"),
        CheckConstraint("stated_by IS NULL OR successor_id IS NULL OR stated_by <> successor_id", "two_say_so"),
        CheckConstraint("(state IN ('done', 'called_off')) = (ended_at IS NOT NULL)", "ended"),
        Index("uq_handovers_open", "group_id", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        Index("ix_handovers_group_id_state_id", "group_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey(Group.id))
    state: Mapped[str] = mapped_column(default=State.ASKED)
    parting_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    """The parting treasurer, or the owner who named a successor at once."""
    asked_at: Mapped[datetime]
    named_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    named_at: Mapped[datetime | None]

    currency: Mapped[str]
    stated_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The parting treasurer; another one where he was gone or silent."""
    stated_at: Mapped[datetime | None]
    stated_minor: Mapped[int | None]
    books_minor: Mapped[int | None]
    """What the books said that moment was to be at the bank."""
    reference: Mapped[str] = mapped_column(default="")
    """Where it is to be seen: the statement's date and number."""
    difference: Mapped[str] = mapped_column(default="")
    """Stated against the books, in words."""
    note: Mapped[str] = mapped_column(default="")
    """Why it differs, as who stated it says."""
    count_of_statements: Mapped[int] = mapped_column(default=0)
    """Which of them is confirmed: one that was changed meanwhile is not."""
    confirmed_minor: Mapped[int | None]
    """What the successor has: what was stated, and what the books say has come and gone since."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    end_reason: Mapped[str] = mapped_column(default="")

    @property
    def is_in_place(self) -> bool:
        """Whether somebody else said it in the parting treasurer's place."""
        return self.stated_by is not None and self.stated_by != self.parting_id

    @property
    def stated(self) -> Money | None:
        return None if self.stated_minor is None else Money(self.stated_minor, self.currency)

    @property
    def books(self) -> Money | None:
        return None if self.books_minor is None else Money(self.books_minor, self.currency)

    @property
    def confirmed(self) -> Money | None:
        return None if self.confirmed_minor is None else Money(self.confirmed_minor, self.currency)

    def facts(self) -> Facts:
        """This row as the law sees it."""
        return Facts(State(self.state), self.parting_id, self.successor_id, self.named_at)
