"""What was done about members' debts. How much is owed the books alone say."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.escrow.debt_rules import Deed, State
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

_PROPOSED = text("state = 'proposed'")


class DebtDeed(Base):
    """A payment of a debt that an officer found, or a proposal to write one off."""

    __tablename__ = "debt_deeds"
    __table_args__ = (
        CheckConstraint(f"deed IN ({', '.join(repr(str(word)) for word in Deed)})", "deed"),
        CheckConstraint(f"state IN ({', '.join(repr(str(word)) for word in State)})", "state"),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
        UniqueConstraint("group_id", "person_id", "client_key"),
        Index("uq_debt_deeds_proposed", "group_id", "person_id", unique=True,
              sqlite_where=_PROPOSED, postgresql_where=_PROPOSED),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    """The debtor."""
    deed: Mapped[str]
    state: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    note: Mapped[str]
    """The bank's reference, or the reason."""
    by_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
    second_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Who agreed to write it off, or dropped the proposal; or approved a payment that passed an officer's limit."""
    done_at: Mapped[datetime | None]
    client_key: Mapped[str]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
