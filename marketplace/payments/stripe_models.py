"""What is kept of a payment processor: sessions in which buyers pay, sellers' accounts, its news, chargebacks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money
from marketplace.payments.models import Movement
from marketplace.payments.stripe_rules import Bank, Paying

_IS_DUE = text("due_at IS NOT NULL")


class Checkout(Base):
    """One session at the processor in which a buyer may pay his order: the movement is what he pays."""

    __tablename__ = "checkouts"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(str(state)) for state in Paying)})", "state"),
        Index("ix_checkouts_due_at", "due_at", sqlite_where=_IS_DUE, postgresql_where=_IS_DUE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    movement_id: Mapped[int] = mapped_column(ForeignKey(Movement.id), unique=True)
    order_id: Mapped[int] = mapped_column(index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    is_live: Mapped[bool]
    """Real money; else the processor's test mode."""
    state: Mapped[str] = mapped_column(default=Paying.OPEN)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    session_id: Mapped[str | None] = mapped_column(unique=True)
    """None until the processor has answered."""
    intent_id: Mapped[str | None] = mapped_column(unique=True)
    charge_id: Mapped[str | None] = mapped_column(unique=True)
    fee_reference: Mapped[str | None]
    """Where the processor's fee stands in its books. Set once it was announced."""
    fee_minor: Mapped[int | None]
    """What was announced of it; nothing of one in another currency."""
    is_unwanted: Mapped[bool] = mapped_column(default=False)
    """Another session took its place, or its order is over: it is closed at the processor as soon as that answers."""
    due_at: Mapped[datetime | None]
    """When it is looked at again though no news of it came; none once nothing more can come of it."""
    looks: Mapped[int] = mapped_column(default=0)


class SellerAccount(Base):
    """A seller's account at the processor, as it was when it was last asked for."""

    __tablename__ = "seller_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Under which it was asked to be made: asked again, it is the same account."""
    account_id: Mapped[str | None] = mapped_column(unique=True)
    """None until the processor has answered."""
    is_live: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(default=False)
    """Money can be transferred to it."""
    active_since: Mapped[datetime | None]
    """Since when that is so, as far as was heard; none while it is not."""
    is_paid_out: Mapped[bool] = mapped_column(default=False)
    """What is on it goes on to the seller's bank."""
    has_told: Mapped[bool] = mapped_column(default=False)
    """He has been through the processor's form once; what he wrote may still be wanting."""
    wanted: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What the processor still wants to know, in its words."""
    country: Mapped[str] = mapped_column(default="")
    """Where the seller is at home, ISO 3166-1; empty: where the platform is."""
    begun_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None] = mapped_column(index=True)


class GatewayEvent(Base):
    """Something the processor told, once by its id. Of its content only what it is about: that is asked for anew."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        Index("ix_gateway_events_due_at", "due_at", sqlite_where=_IS_DUE, postgresql_where=_IS_DUE),
        Index("ix_gateway_events_parked_at", "parked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    object_id: Mapped[str]
    account_id: Mapped[str | None]
    """The connected account that it is about."""
    received_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """When a worker may take it on; none once it is done or parked."""
    fence: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")


class EventSweep(Base):
    """How far the list of what the processor told was read through, for what no webhook brought."""

    __tablename__ = "event_sweeps"

    id: Mapped[int] = mapped_column(primary_key=True)
    swept_until: Mapped[datetime]
    due_at: Mapped[datetime]


class Chargeback(Base):
    """A buyer's bank asks money back."""

    __tablename__ = "chargebacks"
    __table_args__ = (CheckConstraint(f"state IN ({', '.join(repr(str(state)) for state in Bank)})", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    """What the processor calls it."""
    checkout_id: Mapped[int] = mapped_column(ForeignKey(Checkout.id), index=True)
    state: Mapped[str]
    """How far it was announced."""
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str]
    fee_told: Mapped[bool] = mapped_column(default=False)
    fee_minor: Mapped[int | None]
    """What was announced that is taken for handling it."""
    opened_at: Mapped[datetime]
    evidence_due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
