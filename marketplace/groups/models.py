"""Groups, their members, rules and payment instructions; applications, strikes and reports. Tables only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from marketplace.groups import entry_rules, rules
from marketplace.groups.proposal_rules import limit_at
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import Base
from marketplace.kernel.encryption import Secret


class TermsType(TypeDecorator[Terms]):
    """Terms in a JSON column."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Terms | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else value.as_dict()

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Terms | None:
        return None if value is None else Terms.from_dict(value)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", column)


class Group(Base):
    __tablename__ = "groups"
    __table_args__ = (
        one_of("join_policy", entry_rules.JoinPolicy),
        CheckConstraint("member_count >= 0", "member_count"),
        CheckConstraint("most_members > 0", "most_members"),
        UniqueConstraint("founded_by", "client_key"),
        Index("ix_groups_listed", "is_listed", "name", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    collects: Mapped[str]
    """What its members collect, in a line."""
    search_text: Mapped[str]
    """Both as a search compares them: SQLite itself knows no second case of letters beyond ASCII."""
    currency: Mapped[str]
    currency_fixed: Mapped[bool] = mapped_column(default=False)
    """From the first lot on the currency stays."""
    time_zone: Mapped[str]
    rules_version: Mapped[int] = mapped_column(default=1)
    """The number of the RulesVersion in force."""
    join_policy: Mapped[str]
    questions: Mapped[list[str]] = mapped_column(JSON)
    """What an applicant is asked."""
    terms: Mapped[Terms] = mapped_column(TermsType)
    former_limit_minor: Mapped[int | None]
    """What one officer confirmed alone before that was raised last."""
    limit_raised_at: Mapped[datetime | None]
    is_listed: Mapped[bool] = mapped_column(default=True)
    """Whether it stands in the public list of groups."""
    is_catalogue_public: Mapped[bool] = mapped_column(default=False)
    most_members: Mapped[int] = mapped_column(default=entry_rules.MOST_MEMBERS)
    member_count: Mapped[int] = mapped_column(default=0)
    founded_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    founded_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    client_key: Mapped[str]

    def officer_limit_at(self, now: datetime) -> int:
        """What one officer confirms alone of what no lot's terms govern, such as deposits, in minor units."""
        return limit_at(now, self.terms.officer_limit_minor, former=self.former_limit_minor, since=self.limit_raised_at)

    @property
    def is_closed(self) -> bool:
        """Whether it has ended: readable, and nothing new begins."""
        return self.closed_at is not None

    @property
    def is_full(self) -> bool:
        """Whether it has as many members as it may."""
        return self.member_count >= self.most_members


class RulesVersion(Base):
    """The rules as they were from one moment on. Versions are only ever added."""

    __tablename__ = "rules_versions"
    __table_args__ = (UniqueConstraint("group_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"), index=True)
    number: Mapped[int]
    text: Mapped[str]
    """Markdown."""
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    made_at: Mapped[datetime]


class Membership(Base):
    """One person in one group: one row for both, however often he comes and goes."""

    __tablename__ = "memberships"
    __table_args__ = (
        one_of("role", Role),
        one_of("state", entry_rules.Belonging),
        UniqueConstraint("group_id", "person_id"),
        CheckConstraint("(role = 'member') = (officer_since is null)", "officer_since"),
        Index("ix_memberships_group_id_state_id", "group_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str] = mapped_column(default=Role.MEMBER)
    state: Mapped[str] = mapped_column(default=entry_rules.Belonging.MEMBER)
    agreed_version: Mapped[int]
    """The rules he agreed to last."""
    agreed_at: Mapped[datetime]
    joined_at: Mapped[datetime]
    officer_since: Mapped[datetime | None]
    """None while he is no officer. From one officer's role to another it goes on."""
    officer_until: Mapped[datetime | None]
    """When he last ceased to be one."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    end_reason: Mapped[str] = mapped_column(default="")

    @property
    def is_current(self) -> bool:
        """Whether he is a member now."""
        return self.state == entry_rules.Belonging.MEMBER


def facts(group: Group, membership: Membership | None) -> rules.Who:
    """The person of `membership`, none for a stranger, as the table of permissions sees him."""
    his = (None, None, None) if membership is None else (membership.role, membership.state, membership.agreed_version)
    return facts_read((*his, group.rules_version, group.closed_at, group.is_catalogue_public))


FACTS: tuple[InstrumentedAttribute[Any], ...] = (
    Membership.role, Membership.state, Membership.agreed_version,
    Group.rules_version, Group.closed_at, Group.is_catalogue_public,
)  # fmt: skip
"""The same as columns of a statement that joins somebody's membership, if there is one: see facts_read."""


def facts_read(columns: Sequence[Any]) -> rules.Who:
    """What the columns of FACTS say."""
    role, state, agreed_version, rules_version, closed_at, is_catalogue_public = columns
    is_current = state == entry_rules.Belonging.MEMBER
    return rules.Who(
        role=Role(role) if is_current else None,
        was_member=state is not None and not is_current,
        has_agreed=state is None or agreed_version == rules_version,
        is_closed=closed_at is not None,
        is_catalogue_public=is_catalogue_public,
    )


class Application(Base):
    """Somebody asks to join. At most one waits per person and group."""

    __tablename__ = "applications"
    __table_args__ = (
        one_of("state", entry_rules.Answer),
        Index(
            "uq_applications_waiting",
            "group_id",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_applications_group_id_state_id", "group_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(default=entry_rules.Answer.WAITING)
    answers: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    """Each question as it was asked, with its answer."""
    agreed_version: Mapped[int]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    reason: Mapped[str] = mapped_column(default="")


class Instructions(Base):
    """How members pay the group. New ones wait for a second officer, then three days; till then the old ones stand."""

    __tablename__ = "payment_instructions"
    __table_args__ = (Index("ix_payment_instructions_group_id_in_force_at", "group_id", "in_force_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    words: Mapped[str] = mapped_column(Secret)
    proposed_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    proposed_at: Mapped[datetime]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    in_force_at: Mapped[datetime | None]
    """None while a second officer has not approved."""
    dropped_at: Mapped[datetime | None]
    dropped_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)


class Strike(Base):
    """A mark against a member for a deal he broke. It expires."""

    __tablename__ = "strikes"
    __table_args__ = (
        UniqueConstraint("group_id", "person_id", "order_id"),
        Index("ix_strikes_person_id_group_id_expires_at", "person_id", "group_id", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str]
    order_id: Mapped[int | None]
    """The order's number: orders live on a floor above."""
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Report(Base):
    """A member says that something is not right; the officers look into it."""

    __tablename__ = "reports"
    __table_args__ = (
        Index(
            "uq_reports_open",
            "group_id",
            "subject",
            "reported_by",
            unique=True,
            sqlite_where=text("closed_at is null"),
            postgresql_where=text("closed_at is null"),
        ),
        Index("ix_reports_group_id_closed_at_id", "group_id", "closed_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    subject: Mapped[str]
    """The thing, as kind and number: "lot:12", "message:5", "person:7", "words:3" (said under a lot)."""
    about_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    """The lot's seller, who wrote it, or the person: he does not see the report, officer or not."""
    message: Mapped[str] = mapped_column(default="")
    """What was written, as it was when it was reported: of messages officers have no page."""
    written_at: Mapped[datetime | None]
    reason: Mapped[str]
    reported_by: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
