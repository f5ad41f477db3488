"""Deals as reputation sees them, what was said about them, and the counters of it all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kernel.database import Base
from marketplace.reputation import rules

_SIDES = "('buyer', 'seller')"
_GRADES = "('good', 'fair', 'poor')"
_OWED = text("feedback_until IS NOT NULL AND spoke_at IS NULL")
_HIDDEN = text("shown_at IS NULL")


class Deal(Base):
    """One side of one order: with whom, how it ended, and until when this person is asked how it went."""

    __tablename__ = "deals"
    __table_args__ = (
        UniqueConstraint("order_id", "person_id"),
        CheckConstraint(f"side IN {_SIDES}", "side"),
        CheckConstraint("ending IN ('completed', 'undone', 'fell_through')", "ending"),
        CheckConstraint("person_id <> other_id", "two_people"),
        Index("ix_deals_owed", "person_id", "feedback_until", sqlite_where=_OWED, postgresql_where=_OWED),
        Index("ix_deals_person_id_other_id", "person_id", "other_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]
    """The order's number: orders live on a floor above."""
    group_id: Mapped[int] = mapped_column(index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    side: Mapped[str]
    title: Mapped[str]
    amount_minor: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    ending: Mapped[str | None]
    feedback_until: Mapped[datetime | None]
    spoke_at: Mapped[datetime | None]
    lost_dispute: Mapped[bool] = mapped_column(default=False)
    is_bad: Mapped[bool] = mapped_column(default=False)
    """Something was found against this person in it; counted once."""


class Feedback(Base):
    """What one side said of the other. Written once; seen by nobody else until it is shown."""

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("order_id", "giver_id"),
        CheckConstraint(f"receiver_side IN {_SIDES}", "receiver_side"),
        *(CheckConstraint(f"{column} IN {_GRADES}", column) for column in ("description", "shipping", "communication")),
        Index("ix_feedback_receiver_id_group_id_shown_at", "receiver_id", "group_id", "shown_at", "id"),
        Index("ix_feedback_hidden", "show_at", sqlite_where=_HIDDEN, postgresql_where=_HIDDEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]
    group_id: Mapped[int]
    title: Mapped[str]
    giver_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    receiver_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    receiver_side: Mapped[str]
    description: Mapped[str]
    """Of a seller: was it as described. Of a buyer: did he keep to what was agreed."""
    shipping: Mapped[str]
    """Of a seller: packed and sent well. Of a buyer: paid in time."""
    communication: Mapped[str]
    words: Mapped[str]
    given_at: Mapped[datetime]
    show_at: Mapped[datetime]
    """When it is shown at the latest."""
    shown_at: Mapped[datetime | None]

    @property
    def opinion(self) -> rules.Opinion:
        return rules.opinion(rules.Grade(grade) for grade in (self.description, self.shipping, self.communication))


class StandingRow(Base):
    """The counters of one person in one group, so that his standing is read from one row."""

    __tablename__ = "standings"
    __table_args__ = (
        CheckConstraint("open_sales_minor >= 0", "open_sales_not_negative"),
        Index("ix_standings_group_id", "group_id"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(primary_key=True)
    sales: Mapped[int] = mapped_column(default=0)
    purchases: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    disputes_lost: Mapped[int] = mapped_column(default=0)
    positive_as_seller: Mapped[int] = mapped_column(default=0)
    feedback_as_seller: Mapped[int] = mapped_column(default=0)
    positive_as_buyer: Mapped[int] = mapped_column(default=0)
    feedback_as_buyer: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None]
    open_sales_minor: Mapped[int] = mapped_column(default=0)
    """His exposure: what buyers have in orders of his that have not ended, in the group's currency."""

    def facts(self) -> rules.Record:
        """This row as the rules see it."""
        return rules.Record(
            sales=self.sales,
            purchases=self.purchases,
            undone=self.undone,
            bad=self.bad,
            disputes_lost=self.disputes_lost,
            positive_as_seller=self.positive_as_seller,
            feedback_as_seller=self.feedback_as_seller,
            positive_as_buyer=self.positive_as_buyer,
            feedback_as_buyer=self.feedback_as_buyer,
            since=self.since,
        )
