"""What buyers' banks were answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.kernel.database import Base
from marketplace.kernel.encryption import Secret
from marketplace.payments.contest_rules import State, Verb
from marketplace.payments.stripe_models import Chargeback

_STANDS = text("state <> 'refused'")
_IS_DUE = text("due_at IS NOT NULL")


class ContestRow(Base):
    """One answer to a bank's claim: what is to be said, and what became of saying it."""

    __tablename__ = "contests"
    __table_args__ = (
        CheckConstraint(f"verb IN ({', '.join(repr(str(word)) for word in Verb)})", "verb"),
        CheckConstraint(f"state IN ({', '.join(repr(str(word)) for word in State)})", "state"),
        Index("uq_contests_chargeback_id_stage", "chargeback_id", "stage", unique=True,
              sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_contests_due_at", "due_at", sqlite_where=_IS_DUE, postgresql_where=_IS_DUE),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    chargeback_id: Mapped[int] = mapped_column(ForeignKey(Chargeback.id), index=True)
    group_id: Mapped[int]
    order_id: Mapped[int] = mapped_column(index=True)
    stage: Mapped[str]
    """Whether the bank asked, or had taken the money: an inquiry that becomes a claim is answered once more."""
    verb: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    """Under which the processor hears it, with chance in it: another installation has orders of the same numbers."""
    evidence: Mapped[str | None] = mapped_column(Secret)
    """The texts, as JSON: messages and an address are among them."""
    parcel_key: Mapped[str | None]
    pictures_key: Mapped[str | None]
    """Where `kernel.storage` keeps the two files."""
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    intended_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=State.INTENDED)
    done_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None]
    """While intended: when a worker may send it."""
    fence: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
