"""What other packages ask of groups: who may do what, who may touch which money; and a strike."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import bindparam, select, tuple_

from marketplace.groups import finding, queries, rules
from marketplace.groups.events import StrikeGiven
from marketplace.groups.models import Group, Membership, Strike, facts
from marketplace.groups.rules import CONFIRMERS, OFFICERS, Permission, Role, Who
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, is_working, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce

DAYS_OF_A_STRIKE = 180
"""How long a strike counts: "2 in 180 days" are what a deposit is asked for (features.md, 1.3)."""


# Asked for by nearly every deed: see queries.py.
_LOCKED_ROW = (
    select(Group, Membership)
    .join(Membership, Membership.group_id == Group.id)
    .where(Membership.group_id == bindparam("group_id"), Membership.person_id == bindparam("person_id"))
    .with_for_update(read=True, of=Membership)
    .execution_options(populate_existing=True)
)
_LOCKED_ROWS = (
    select(Group, Membership)
    .join(Membership, Membership.group_id == Group.id)
    .where(tuple_(Membership.group_id, Membership.person_id).in_(bindparam("pairs", expanding=True)))
    .order_by(Membership.id)
    .with_for_update(read=True, of=Membership)
    .execution_options(populate_existing=True)
)


def require(person_id: int | None, group_id: int, permission: Permission) -> Membership | None:
    """Return the person's membership if he may, None if he may without one.

    Raises NotFound where the thing is not his to see, NotAllowed where it is not his to do, RuleBroken where it cannot
    be done now (the group is closed, or he has not agreed to its rules). Inside a unit of work his membership is locked
    against change until the end, so that nobody bids while he is being removed.
    """
    group, membership = _group_and_row(person_id, group_id)
    rules.judge(permission, facts(group, membership))
    return membership if membership is not None and membership.is_current else None


def require_member(person_id: int, group_id: int, permission: Permission) -> Membership:
    """The same for a permission that only members can have."""
    membership = require(person_id, group_id, permission)
    if membership is None:
        raise NotFound("There is no such group.")
    return membership


def _group_and_row(person_id: int | None, group_id: int) -> tuple[Group, Membership | None]:
    if person_id is None or not is_working():
        return queries.group(group_id), queries.membership_row(group_id, person_id)
    row = db.session.execute(_LOCKED_ROW, {"group_id": group_id, "person_id": person_id}).one_or_none()
    return (queries.group(group_id), None) if row is None else (row.Group, row.Membership)


def locked_people(pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], tuple[Group, Who]]:
    """Each of these (group and person) as the table of permissions sees him, locked as by `require`, with the group."""
    rows = db.session.execute(_LOCKED_ROWS, {"pairs": pairs}).all()
    found = {(group.id, member.person_id): (group, facts(group, member)) for group, member in rows}
    return {pair: found.get(pair) or _stranger_in(queries.group(pair[0])) for pair in pairs}


def _stranger_in(group: Group) -> tuple[Group, Who]:
    return group, facts(group, None)


def may_confirm(group_id: int, person_id: int, *, parties: frozenset[int], second_officer: bool) -> bool:
    """Whether this person may confirm that an order's money came or went: never one of its parties.

    Owners and treasurers may; where the treasurer's time is over (`second_officer`) any officer may.
    """
    membership = queries.membership(group_id, person_id)
    if membership is None or person_id in parties:
        return False
    return Role(membership.role) in (OFFICERS if second_officer else CONFIRMERS)


def has_other_confirmer(group_id: int, *party_ids: int) -> bool:
    """Whether somebody who is none of these may confirm their money: without him, an officer's lots are refused."""
    return any(officer.person_id not in party_ids for officer in queries.officers(group_id, CONFIRMERS))


@use_case
def fix_currency(group_id: int) -> None:
    """The group has a lot: from now on its currency stays."""
    if not queries.group(group_id).currency_fixed:
        finding.locked_group(group_id).currency_fixed = True


@use_case
def give_strike(*, group_id: int, person_id: int, reason: str, order_id: int | None) -> None:
    """Mark that a person broke a deal. One order gives one strike at most, however often it is told."""
    finding.locked_membership(group_id, person_id)
    if order_id is not None and queries.has_strike(group_id, person_id, order_id):
        return
    now = clock.now()
    strike = Strike(
        group_id=group_id, person_id=person_id, reason=reason, order_id=order_id,
        given_at=now, expires_at=now + timedelta(days=DAYS_OF_A_STRIKE),
    )  # fmt: skip
    db.session.add(strike)
    audit.note("give strike", f"person:{person_id}", by=None, group_id=group_id, why=reason)
    announce(StrikeGiven(group_id, person_id, reason, order_id, strike.expires_at))
