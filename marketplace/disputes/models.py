"""Disputes, everything that was said and done in them, and what was shown."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.disputes import dispute_rules
from marketplace.disputes.dispute_rules import Action, Outcome, Party, Reason, Remedy, State
from marketplace.disputes.ending_rules import Ending
from marketplace.escrow.models import Order
from marketplace.groups.models import TermsType
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money

SIDES = (Party.BUYER, Party.SELLER)


class Told(StrEnum):
    """What is written down besides the actions of the law."""

    OPEN = "open"
    SAY = "say"
    PASS_ON = "pass_on"  # noqa: S105 - a word, not a password
    PROPOSE_RULER = "propose_ruler"
    ACCEPT_RULER = "accept_ruler"


def _one_of(column: str, *words: StrEnum) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(word)) for word in words)})", column)


def _part_of_a_split(name: str) -> CheckConstraint:
    """A part is named where the money is split, and nowhere else."""
    return CheckConstraint(f"({name}_outcome = 'split') = ({name}_part_minor IS NOT NULL)", f"{name}_part")


class Dispute(Base):
    """What became of one order that went wrong. The second part of the columns is what the law decides on."""

    __tablename__ = "disputes"
    __table_args__ = (
        Index("ix_disputes_group_id_state_deadline", "group_id", "state", "deadline"),
        Index("ix_disputes_deadline", "deadline"),
        Index("ix_disputes_remind_at", "remind_at"),
        _one_of("state", *State),
        _one_of("reason", *Reason),
        _one_of("offered_by", *SIDES),
        _one_of("proposed_by", *SIDES),
        _one_of("ending", *Ending),
        *(_one_of(f"{name}_outcome", *Outcome) for name in ("asked", "offered", "ruling", "settled")),
        *(_part_of_a_split(name) for name in ("asked", "offered", "ruling", "settled")),
        CheckConstraint("held_minor > 0", "held_is_positive"),
        CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", "settled_has_a_moment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id), unique=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    opened_at: Mapped[datetime]
    client_key: Mapped[str]
    """Made by the page: a form sent twice opens one dispute."""

    state: Mapped[str]
    reason: Mapped[str]
    since: Mapped[datetime]
    deadline: Mapped[datetime | None]
    currency: Mapped[str]
    held_minor: Mapped[int]
    terms: Mapped[Terms] = mapped_column(TermsType)
    """The order's copy."""
    code_used: Mapped[bool]
    asked_outcome: Mapped[str]
    asked_part_minor: Mapped[int | None]
    offered_outcome: Mapped[str | None]
    offered_part_minor: Mapped[int | None]
    offered_by: Mapped[str | None]
    ruling_outcome: Mapped[str | None]
    ruling_part_minor: Mapped[int | None]

    offer_number: Mapped[int | None]
    """The line of the offer that stands: whoever takes it has seen this one."""
    first_ruler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """Whoever ruled first does not decide the appeal."""
    proposed_ruler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    proposed_by: Mapped[str | None]
    accepted_ruler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """A member whom both sides accepted; he counts only where no officer is free."""
    unruled_since: Mapped[datetime | None]
    """Since when nobody is left who may rule, where a ruling is due: from then on the two can agree on a member."""
    ending: Mapped[str | None]
    settled_outcome: Mapped[str | None]
    settled_part_minor: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    """While the buyer's bank asks the money back: since when the dispute stands still, and what its deadline was."""
    stopped_until: Mapped[datetime | None]
    line_count: Mapped[int] = mapped_column(default=0)
    remind_at: Mapped[datetime | None]
    """When to remind whoever has to act. Set anew with every deadline."""

    @property
    def held(self) -> Money:
        """What it is about: the whole total of the order."""
        return Money(self.held_minor, self.currency)

    @property
    def settled(self) -> Remedy | None:
        """How it ended, if it did."""
        return remedy_of(self.settled_outcome, self.settled_part_minor, self.currency)

    def facts(self) -> dispute_rules.Dispute:
        """This row as the law sees it."""
        return dispute_rules.Dispute(
            state=State(self.state),
            reason=Reason(self.reason),
            held=self.held,
            terms=self.terms,
            since=self.since,
            deadline=self.deadline,
            asked=_remedy(self.asked_outcome, self.asked_part_minor, self.currency),
            offered=remedy_of(self.offered_outcome, self.offered_part_minor, self.currency),
            offered_by=Party(self.offered_by) if self.offered_by else None,
            ruling=remedy_of(self.ruling_outcome, self.ruling_part_minor, self.currency),
            code_used=self.code_used,
            unruled_since=self.unruled_since,
        )

    def take(self, facts: dispute_rules.Dispute) -> None:
        """Write down what the law decided."""
        self.state, self.since, self.deadline = facts.state, facts.since, facts.deadline
        self.offered_outcome, self.offered_part_minor = columns_of(facts.offered)
        self.offered_by = facts.offered_by
        self.ruling_outcome, self.ruling_part_minor = columns_of(facts.ruling)


class DisputeLine(Base):
    """One thing that was said or done. Lines are only added: they are the course of the dispute."""

    __tablename__ = "dispute_lines"
    __table_args__ = (
        UniqueConstraint("dispute_id", "number"),
        UniqueConstraint("dispute_id", "action", "client_key"),
        _one_of("action", *Action, *Told),
        _one_of("by_party", *Party),
        _one_of("from_state", *State),
        _one_of("to_state", *State),
        _one_of("outcome", *Outcome),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey(Dispute.id))
    number: Mapped[int]
    """Its place in the history, from 1."""
    at: Mapped[datetime]
    action: Mapped[str]
    by_party: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """None where the clock acted."""
    named_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    """The member who is proposed or accepted to rule."""
    from_state: Mapped[str]
    to_state: Mapped[str]
    outcome: Mapped[str | None]
    part_minor: Mapped[int | None]
    """What was asked, offered, ruled or settled."""
    words: Mapped[str] = mapped_column(default="")
    """Markdown."""
    client_key: Mapped[str | None]


class Evidence(Base):
    """A photograph that one side shows. The seller's begin with those of the listing, as they were when it opened."""

    __tablename__ = "dispute_evidence"
    __table_args__ = (
        UniqueConstraint("dispute_id", "side", "number"),
        UniqueConstraint("dispute_id", "side", "sha256"),
        _one_of("side", *SIDES),
        CheckConstraint("number > 0", "number_is_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey(Dispute.id))
    side: Mapped[str]
    number: Mapped[int]
    """From 1 on each side: it is called B1 or S1."""
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    is_listing: Mapped[bool]
    """Whether it is a copy of one of the listing's photographs, which the seller may change once this is over."""
    key: Mapped[str]
    """Where `kernel.images` keeps the files."""
    sha256: Mapped[str]
    """Of the larger file as it is kept and handed out: whoever loads it can check that it is the same."""
    alt: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime]

    @property
    def name(self) -> str:
        """B1, S2: as statements and rulings refer to it."""
        return f"{self.side[0].upper()}{self.number}"


class PassedOn(Base):
    """Somebody who might have ruled said that he has a conflict."""

    __tablename__ = "disputes_passed_on"
    __table_args__ = (UniqueConstraint("dispute_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_id: Mapped[int] = mapped_column(ForeignKey(Dispute.id))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]


def columns_of(remedy: Remedy | None) -> tuple[str | None, int | None]:
    """A remedy as two columns keep it; a part is kept only where the money is split."""
    if remedy is None:
        return None, None
    is_split = remedy.outcome is Outcome.SPLIT and remedy.part is not None
    return remedy.outcome, remedy.part.minor if is_split and remedy.part else None


def remedy_of(outcome: str | None, part_minor: int | None, currency: str) -> Remedy | None:
    """The remedy that two columns keep."""
    return None if outcome is None else _remedy(outcome, part_minor, currency)


def _remedy(outcome: str, part_minor: int | None, currency: str) -> Remedy:
    return Remedy(Outcome(outcome), None if part_minor is None else Money(part_minor, currency))
