"""What officers attested of the bank's balance, which is only added to; and when it is asked for next."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.bankbook.attesting_rules import Check
from marketplace.groups.models import Group
from marketplace.kernel.database import Base
from marketplace.kernel.guards import Guard
from marketplace.kernel.money import Money

_CHECKS = ", ".join(f"'{check}'" for check in Check)


class Attestation(Base):
    """What the bank had at a month's end, by the word of an officer, and what the books had. Never changed."""

    __tablename__ = "attestations"
    __table_args__ = (
        UniqueConstraint("group_id", "month"),
        CheckConstraint(f"independence IN ({_CHECKS})", "independence"),
        CheckConstraint("difference_minor = bank_minor - books_minor", "difference"),
        CheckConstraint("difference_minor = 0 OR note <> ''", "difference_is_explained"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey(Group.id))
    month: Mapped[date]
    """Its first day."""
    currency: Mapped[str]
    books_minor: Mapped[int]
    bank_minor: Mapped[int]
    difference_minor: Mapped[int]
    """What the bank had more."""
    note: Mapped[str]
    independence: Mapped[str]
    proof_key: Mapped[str | None]
    """Where kernel.storage keeps a picture of the bank's page."""
    attested_by: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    attested_at: Mapped[datetime]
    number: Mapped[int]
    """Of the last transfer in the books at the month's end."""
    seal: Mapped[str]
    """Of that transfer: it stands for all books before it."""

    @property
    def bank(self) -> Money:
        return Money(self.bank_minor, self.currency)

    @property
    def books(self) -> Money:
        return Money(self.books_minor, self.currency)

    @property
    def difference(self) -> Money:
        return Money(self.difference_minor, self.currency)


class AttestationCalendar(Base):
    """Of each group with money at its treasurer's bank: which month is asked for next, and when."""

    __tablename__ = "attestation_calendars"

    group_id: Mapped[int] = mapped_column(ForeignKey(Group.id), primary_key=True, autoincrement=False)
    first_month: Mapped[date]
    """With money in it."""
    month: Mapped[date]
    is_second: Mapped[bool] = mapped_column(default=False)
    """Whether it was asked for once."""
    due_at: Mapped[datetime] = mapped_column(index=True)


STATEMENTS = Guard("an attestation is never changed", function="attestations_refuse").append_only(
    "attestations", is_stored="id = NEW.id OR (group_id = NEW.group_id AND month = NEW.month)"
)

for _ddl in STATEMENTS:
    event.listen(Base.metadata.tables["attestations"], "after_create", _ddl)
