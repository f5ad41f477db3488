"""Movements: every call for money in or out, from the intent to what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money
from marketplace.payments.late_rules import Stage
from marketplace.payments.rules import Kind, State


def _one_of(column: str, values: type[Kind] | type[State] | type[Stage]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


ATTEMPT = "~"
"""Stands between a movement's own key and the number of the attempt."""
_IS_INTENDED = text("state = 'intended'")
_IS_ASKED = text("state = 'asked'")
_IS_OWED = text("state IN ('intended', 'asked') AND owed_since IS NOT NULL")
_IS_LOOKED_AT = text("late_look_at IS NOT NULL")


class Movement(Base):
    """One call to a gateway."""

    __tablename__ = "movements"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), "kind"),
        CheckConstraint(_one_of("state", State), "state"),
        CheckConstraint("amount_minor > 0", "amount_is_positive"),
        CheckConstraint("moved_minor > 0", "moved_is_positive"),
        Index("ix_movements_group_id_state", "group_id", "state"),
        Index("ix_movements_confirmed", "confirmed_by", "group_id", "confirmed_at"),
        Index("ix_movements_group_id_confirmed_at", "group_id", "confirmed_at"),
        Index("ix_movements_due", "due_at", sqlite_where=_IS_INTENDED, postgresql_where=_IS_INTENDED),
        Index("ix_movements_asked_at", "asked_at", sqlite_where=_IS_ASKED, postgresql_where=_IS_ASKED),
        Index("ix_movements_owed", "group_id", "owed_since", sqlite_where=_IS_OWED, postgresql_where=_IS_OWED),
        Index("ix_movements_late_look_at", "late_look_at", sqlite_where=_IS_LOOKED_AT, postgresql_where=_IS_LOOKED_AT),
        CheckConstraint(f"late_stage IS NULL OR {_one_of('late_stage', Stage)}", "late_stage"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    order_id: Mapped[int | None] = mapped_column(index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    """Who pays, or is paid."""
    gateway: Mapped[str]
    """Whose work it is: "treasurer"."""
    kind: Mapped[str]
    amount_minor: Mapped[int]
    """What was asked for."""
    moved_minor: Mapped[int | None]
    """What moved, once confirmed."""
    currency: Mapped[str]
    purpose: Mapped[str]
    """For whoever asked for it, to know it by: "order:7:payout:seller"."""
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    """Whoever asked for it knows it by this."""
    mark: Mapped[str | None] = mapped_column(index=True, unique=True)
    """Of what goes through a processor: chance, which its key there ends in. Another installation with the same
    account, or this one begun anew, has orders of the same numbers."""
    attempt: Mapped[int] = mapped_column(default=1)
    """Goes up when the gateway could not do it now: it keeps its refusals under their keys, so it hears a new one."""
    source: Mapped[str | None]
    """Of what leaves through a processor: what it calls the payment, or transfer, that this draws on."""
    account: Mapped[str | None]
    """What the processor calls the payee's account. Both are chosen when a worker takes it on, and stay for the
    attempt: the same key is always the same instruction."""
    waits_for: Mapped[str | None]
    """While intended: why the gateway could not do it when it was asked last."""

    state: Mapped[str] = mapped_column(default=State.INTENDED)
    intended_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    """The officer; none where the gateway itself said so."""
    bounced_at: Mapped[datetime | None]
    """When it was heard that what had left came back."""
    gateway_reference: Mapped[str | None]
    """What the gateway calls it."""
    bank_reference: Mapped[str | None] = mapped_column(index=True)
    """What stands on the bank's statement."""
    proof_key: Mapped[str | None]
    """Where kernel.storage keeps a picture of the slip."""
    failure: Mapped[str | None]
    """Why it failed, in a sentence for people."""

    due_at: Mapped[datetime | None]
    """While intended: when a worker may ask the gateway. A worker who takes it on moves this past the time he needs, so
    that it is his until then and another's if he dies."""
    fence: Mapped[int] = mapped_column(default=0)
    """Goes up whenever a worker takes it on and whenever its state changes: who comes back with an old one is too late,
    and writes nothing."""
    tries: Mapped[int] = mapped_column(default=0)
    """How often a worker took it on. More than none, and the gateway may have heard of it."""

    owed_since: Mapped[datetime | None]
    """Of what leaves: since when it is the payee's own. What is tried again because it failed keeps it."""
    late_look_at: Mapped[datetime | None]
    """While it is owed: when to look whether somebody is to be told that it is late."""
    late_stage: Mapped[str | None]
    """Which line of the law of late payouts was told last."""

    @property
    def gateway_key(self) -> str:
        """What the gateway hears as its key for this attempt."""
        own = self.idempotency_key if self.mark is None else f"{self.idempotency_key}:{self.mark}"
        return own if self.attempt == 1 else f"{own}{ATTEMPT}{self.attempt}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def moved(self) -> Money | None:
        return None if self.moved_minor is None else Money(self.moved_minor, self.currency)
