"""What a group waits for a person to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select

from marketplace.groups import handover_queries, queries
from marketplace.groups.entry_rules import Answer, Belonging
from marketplace.groups.handover_queries import HandoverWaits
from marketplace.groups.handover_rules import Action
from marketplace.groups.instruction_rules import may_approve
from marketplace.groups.models import Application, Group, Instructions, Membership, Report, facts
from marketplace.groups.rules import OFFICERS, Permission, Role, Who, may
from marketplace.kernel import clock
from marketplace.kernel.database import Big, db
from marketplace.kernel.statements import finds


@dataclass(frozen=True, slots=True)
class ApplicationsWait:
    """People ask to join. Nothing happens by itself: they wait."""

    group_id: int
    slug: str
    group_name: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ReportsWait:
    """Members reported something."""

    group_id: int
    slug: str
    group_name: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class InstructionsWait:
    """New payment instructions want this person's approval; until then the old ones stand."""

    group_id: int
    slug: str
    group_name: str
    proposed_by: int
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class RulesWait:
    """The rules have changed; this person neither bids nor lists before he agrees."""

    group_id: int
    slug: str
    group_name: str
    version: int


# Asked for with the head of every page: see proposal_queries.py.
_MEMBERSHIPS = (
    select(Group, Membership)
    .join(Membership, Membership.group_id == Group.id)
    .where(Membership.person_id == bindparam("person_id"), Membership.state == Belonging.MEMBER)
    .order_by(Group.name)
)
Wait = ApplicationsWait | ReportsWait | InstructionsWait | RulesWait | HandoverWaits


def officer_in(person_id: int | BindParameter[int]) -> Select[int]:
    """The groups in which this person is an officer: what waits for officers waits for him there."""
    return select(Membership.group_id).where(
        Membership.person_id == person_id, Membership.state == Belonging.MEMBER, Membership.role.in_(OFFICERS)
    )


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id`: see web/waiting.py. He is no more than a member, has agreed to the
    rules, and has no part in a handover."""
    me: BindParameter[int] = bindparam("person_id", type_=Big)
    has_to_look = or_(Membership.role != Role.MEMBER, Membership.agreed_version != Group.rules_version)
    return or_(finds(_MEMBERSHIPS.where(has_to_look)), finds(handover_queries.open_with(me)))


def waiting_for(person_id: int) -> list[Wait]:
    """What waits for a person in his groups. Six queries at most, however many groups there are."""
    found = list(db.session.execute(_MEMBERSHIPS, {"person_id": person_id}))
    rows = [(row.Group, facts(row.Group, row.Membership)) for row in found]
    since = {row.Group.id: row.Membership.officer_since for row in found}
    able = {
        permission: {group.id: group for group, who in rows if may(permission, who)}
        for permission in (Permission.DECIDE_APPLICATIONS, Permission.SEE_REPORTS, Permission.APPROVE_INSTRUCTIONS)
    }
    return [
        *_applications(able[Permission.DECIDE_APPLICATIONS]),
        *_reports(able[Permission.SEE_REPORTS], person_id),
        *_instructions(able[Permission.APPROVE_INSTRUCTIONS], person_id, since),
        *_handovers(person_id, {group.id: (group, who) for group, who in rows}),
        *(_rules(group) for group, who in rows if not who.has_agreed and not who.is_closed),
    ]


def _rules(group: Group) -> RulesWait:
    return RulesWait(group.id, group.slug, group.name, group.rules_version)


def _handovers(person_id: int, his: dict[int, tuple[Group, Who]]) -> list[HandoverWaits]:
    """Also of a group that he has left: whoever looked after its money may still have it."""
    roles = {group_id: who.role for group_id, (_group, who) in his.items() if who.role is not None}
    found = handover_queries.waiting_for(person_id, roles, clock.now())
    left = queries.groups({each.group_id for each, _action in found} - his.keys()) if found else {}
    named = {group_id: group for group_id, (group, _who) in his.items()} | left
    return [
        HandoverWaits(
            named[each.group_id].slug, named[each.group_id].name, action,
            is_in_place=action is Action.STATE and each.parting_id != person_id,
        )
        for each, action in found
    ]  # fmt: skip


def _applications(groups: dict[int, Group]) -> list[ApplicationsWait]:
    if not groups:
        return []
    wanted = select(Application.group_id, func.count(), func.min(Application.asked_at))
    wanted = wanted.where(Application.group_id.in_(groups), Application.state == Answer.WAITING)
    rows = db.session.execute(wanted.group_by(Application.group_id))
    return [ApplicationsWait(id_, groups[id_].slug, groups[id_].name, count, since) for id_, count, since in rows]


def _reports(groups: dict[int, Group], person_id: int) -> list[ReportsWait]:
    """Not those that are about himself."""
    if not groups:
        return []
    wanted = select(Report.group_id, func.count(), func.min(Report.reported_at))
    wanted = wanted.where(Report.group_id.in_(groups), Report.closed_at.is_(None))
    wanted = wanted.where(Report.about_id != person_id)
    rows = db.session.execute(wanted.group_by(Report.group_id))
    return [ReportsWait(id_, groups[id_].slug, groups[id_].name, count, since) for id_, count, since in rows]


def _instructions(
    groups: dict[int, Group], person_id: int, since: dict[int, datetime | None]
) -> list[InstructionsWait]:
    """Only those that he may approve: he has been an officer `since` long enough."""
    if not groups:
        return []
    wanted = select(Instructions).where(
        Instructions.group_id.in_(groups),
        Instructions.in_force_at.is_(None),
        Instructions.dropped_at.is_(None),
        Instructions.proposed_by != person_id,
    )
    rows = [(groups[found.group_id], found) for found in db.session.scalars(wanted)]
    return [
        InstructionsWait(group.id, group.slug, group.name, found.proposed_by, found.proposed_at)
        for group, found in rows
        if may_approve(since[group.id], proposed_at=found.proposed_at)
    ]
