"""Members: what role each has, and how they go."""

from __future__ import annotations

from datetime import datetime

from marketplace.groups import entry_rules, instructions, service
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.events import LastOwnerLeft, MemberLeft, MemberRemoved, RoleGiven
from marketplace.groups.finding import count_of_owners, locked_group, locked_member
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import OFFICERS, Permission, Role
from marketplace.kernel import audit, clock
from marketplace.kernel.database import use_case
from marketplace.kernel.events import announce
from marketplace.reputation.queries import has_open_deals


@use_case
def give_role(*, by: int, group_id: int, person_id: int, role: Role) -> None:
    """Give a member a role, or take one by giving him another. Owners do, also with one another and with themselves."""
    locked_group(group_id)  # owners are counted under this lock: two cannot step down at once
    service.require(by, group_id, Permission.GIVE_ROLES)
    member = locked_member(group_id, person_id)
    former = Role(member.role)
    if former is role:
        return
    entry_rules.judge_role(former, role, owners=count_of_owners(group_id))
    now = clock.now()
    put_in_role(member, role, now=now)
    if member.officer_since == now:
        instructions.hold_for_second(group_id, by=by, now=now)
    audit.note("give role", f"person:{person_id}", by=by, group_id=group_id, why=f"{former} → {role}")
    announce(RoleGiven(group_id, person_id, role, former, by))


@use_case
def leave_group(*, by: int, group_id: int) -> None:
    """Leave. Orders go to their end with the person's access to them kept; running bids are others' to void."""
    group = locked_group(group_id)
    member = locked_member(group_id, by)
    role = Role(member.role)
    entry_rules.judge_leaving(
        role,
        owners=count_of_owners(group_id),
        is_closed=group.is_closed,
        has_open_deals=has_open_deals(group_id),
    )
    _end(group, member, Belonging.LEFT, by=by, reason="", now=clock.now())
    audit.note("leave group", f"person:{by}", by=by, group_id=group_id)
    announce(MemberLeft(group_id, by, role))
    if count_of_owners(group_id) == 0:
        announce(LastOwnerLeft(group_id))


@use_case
def remove_member(*, by: int, group_id: int, person_id: int, reason: str) -> None:
    """Remove a member, with a reason that he reads."""
    group = locked_group(group_id)
    service.require(by, group_id, Permission.REMOVE_MEMBER)
    member = locked_member(group_id, person_id)
    entry_rules.judge_removal(Role(member.role), is_self=by == person_id)
    _end(group, member, Belonging.REMOVED, by=by, reason=reason, now=clock.now())
    audit.note("remove member", f"person:{person_id}", by=by, group_id=group_id, why=reason)
    announce(MemberRemoved(group_id, person_id, reason, by))


def _end(group: Group, member: Membership, state: Belonging, *, by: int, reason: str, now: datetime) -> None:
    put_in_role(member, Role.MEMBER, now=now)
    member.state = state
    member.ended_at, member.ended_by, member.end_reason = now, by, reason
    group.member_count -= 1


def put_in_role(member: Membership, role: Role, *, now: datetime) -> None:
    """The role, and since when he is an officer, or until when he was one."""
    was_officer, member.role = member.role in OFFICERS, role
    if role in OFFICERS:
        member.officer_since = member.officer_since or now
    elif was_officer:
        member.officer_since, member.officer_until = None, now
