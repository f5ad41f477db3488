"""A copy of the processor's own books, what came of holding them against ours, and what nothing explains yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money
from marketplace.payments.line_rules import Explained, Line, Named


class ProcessorRead(Base):
    """How far the processor's books were read, and when they are read again. One row."""

    __tablename__ = "processor_reads"

    id: Mapped[int] = mapped_column(primary_key=True)
    read_until: Mapped[datetime | None]
    """None where they were never read to their end."""
    due_at: Mapped[datetime] = mapped_column(index=True)


class ProcessorLine(Base):
    """One balance transaction of the processor, as it was read."""

    __tablename__ = "processor_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[str] = mapped_column(unique=True)
    category: Mapped[str]
    """Its reporting_category."""
    amount_minor: Mapped[int]
    fee_minor: Mapped[int]
    currency: Mapped[str]
    source: Mapped[str] = mapped_column(index=True)
    """What it is about; itself where it is about nothing."""
    mark: Mapped[str | None]
    order_id: Mapped[int | None]
    part_of: Mapped[str | None]
    at: Mapped[datetime]
    read_in: Mapped[int] = mapped_column(index=True)
    """The reconciliation that read it last."""

    def line(self) -> Line:
        return Line(
            line_id=self.line_id, category=self.category, amount=self.amount_minor, fee=self.fee_minor,
            currency=self.currency, source=self.source, at=self.at, mark=self.mark, order_id=self.order_id,
            part_of=self.part_of,
        )  # fmt: skip


class Reconciliation(Base):
    """One time that others' books were held against ours."""

    __tablename__ = "reconciliations"
    __table_args__ = (Index("ix_reconciliations_begun_at", "begun_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    through: Mapped[datetime | None]
    """Until when the processor's books were read."""
    is_full: Mapped[bool] = mapped_column(default=False)
    """All of them were, and not only what is new."""
    trouble: Mapped[str] = mapped_column(default="")
    """Who could not be asked, and why. Nothing was concluded then."""
    line_count: Mapped[int] = mapped_column(default=0)
    entry_count: Mapped[int] = mapped_column(default=0)
    """Of ours: movements and chargebacks."""
    finding_count: Mapped[int] = mapped_column(default=0)
    explained: Mapped[list[list[str | int]]] = mapped_column(JSON, default=list)
    """For each reason and currency: the reason, the currency, minor units, how many."""

    def explanations(self) -> list[Explained]:
        return [
            Explained(Named(str(named)), Money(int(minor), str(currency)), int(count))
            for named, currency, minor, count in self.explained
        ]


class Discrepancy(Base):
    """Something that nothing explains. It goes when it is found no more."""

    __tablename__ = "discrepancies"
    __table_args__ = (
        CheckConstraint("(explained_at IS NULL) = (explained_by IS NULL)", "explained"),
        CheckConstraint("(theirs_minor IS NULL) = (theirs_currency IS NULL)", "theirs"),
        CheckConstraint("(ours_minor IS NULL) = (ours_currency IS NULL)", "ours"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """The same for the same of another night."""
    source: Mapped[str] = mapped_column(index=True)
    """Whose books it is from."""
    what: Mapped[str]
    """A word of `What`."""
    about: Mapped[str]
    order_id: Mapped[int | None]
    group_id: Mapped[int | None]
    theirs_minor: Mapped[int | None]
    theirs_currency: Mapped[str | None]
    ours_minor: Mapped[int | None]
    ours_currency: Mapped[str | None]
    since: Mapped[datetime]
    seen_at: Mapped[datetime]
    explained_at: Mapped[datetime | None] = mapped_column(index=True)
    explained_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id), index=True)
    """The operator who wrote down what it is."""
    note: Mapped[str] = mapped_column(default="")

    @property
    def theirs(self) -> Money | None:
        return _money(self.theirs_minor, self.theirs_currency)

    @property
    def ours(self) -> Money | None:
        return _money(self.ours_minor, self.ours_currency)


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)
