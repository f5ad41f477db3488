"""What groups announce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marketplace.groups.handover_rules import Action
from marketplace.groups.proposal_rules import State
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class GroupFounded:
    group_id: int
    by: int


@dataclass(frozen=True, slots=True)
class TermsChanged:
    """The group has these terms for lots that start from now on, its first ones included."""

    group_id: int
    terms: Terms
    by: int


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Members are asked to agree again before they bid or list."""

    group_id: int
    version: int
    by: int


@dataclass(frozen=True, slots=True)
class GroupClosed:
    """Nothing new begins in the group; what runs goes to its end."""

    group_id: int
    by: int


@dataclass(frozen=True, slots=True)
class InstructionsProposed:
    """Somebody wants members to pay elsewhere. `in_force_at` is None while a second officer is asked."""

    group_id: int
    instructions_id: int
    by: int
    in_force_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstructionsApproved:
    """A second officer approved where members pay from `in_force_at` on."""

    group_id: int
    instructions_id: int
    by: int
    in_force_at: datetime


@dataclass(frozen=True, slots=True)
class InstructionsDropped:
    """New payment instructions were stopped before they came into force."""

    group_id: int
    instructions_id: int
    by: int


@dataclass(frozen=True, slots=True)
class ApplicationMade:
    """Somebody asks to join, and waits."""

    group_id: int
    application_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class ApplicationDecided:
    group_id: int
    application_id: int
    person_id: int
    is_accepted: bool
    reason: str
    by: int


@dataclass(frozen=True, slots=True)
class MemberJoined:
    group_id: int
    person_id: int


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """`role` is the one that he had."""

    group_id: int
    person_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class LastOwnerLeft:
    """The group is closed and nobody is left to confirm money. Who knows of deals to come refuses it."""

    group_id: int


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    group_id: int
    person_id: int
    reason: str
    by: int


@dataclass(frozen=True, slots=True)
class RoleGiven:
    group_id: int
    person_id: int
    role: Role
    former: Role
    by: int


@dataclass(frozen=True, slots=True)
class HandoverChanged:
    """Something was done to a handover of the treasury."""

    group_id: int
    handover_id: int
    action: Action
    by: int
    parting_id: int
    successor_id: int | None
    stated: Money | None
    books: Money | None
    """What the books said when that was stated."""
    statement: int
    """Its number: said again it is another."""
    is_in_place: bool
    """An owner said it in the parting treasurer's place."""
    reason: str
    """Why it was called off."""


@dataclass(frozen=True, slots=True)
class StrikeGiven:
    group_id: int
    person_id: int
    reason: str
    order_id: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReportMade:
    """`subject` is kind and number: "lot:12"; `about_id` the person behind it, who is not to hear of it."""

    group_id: int
    report_id: int
    subject: str
    about_id: int
    by: int


@dataclass(frozen=True, slots=True)
class ReportClosed:
    """`reporter_id` may want to know what came of it."""

    group_id: int
    report_id: int
    reporter_id: int
    note: str
    by: int


@dataclass(frozen=True, slots=True)
class ProposalMade:
    """What an officer says of money would pass his limit: another one has to approve it. Told again when any officer
    may, because the others are late."""

    proposal_id: int
    group_id: int
    title: str
    amount: Money
    limit: Money
    comes_in: bool
    by: int
    until: datetime | None
    approver_ids: tuple[int, ...]
    """Who may approve it now; nobody, where the group has no second officer for it."""
    owner_ids: tuple[int, ...]
    """Who can name one then."""


@dataclass(frozen=True, slots=True)
class ProposalDecided:
    """It was approved, refused or withdrawn; or overtaken, because what it was about had moved on."""

    proposal_id: int
    group_id: int
    title: str
    amount: Money
    comes_in: bool
    proposed_by: int
    state: State
    by: int | None
    reason: str
