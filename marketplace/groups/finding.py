"""Rows found and locked for a use case, in one order: the group first, then a membership, then what hangs on it."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import func, select

from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Role
from marketplace.kernel.database import Base, db
from marketplace.kernel.errors import NotFound

Row = TypeVar("Row", bound=Base)


def locked_group(group_id: int) -> Group:
    """The group, its row locked until the unit of work ends. Raises NotFound."""
    return locked(Group, group_id, "There is no such group.")


def locked(table: type[Row], row_id: int, missing: str) -> Row:
    """The row of that number, locked and read anew. Raises NotFound."""
    found = db.session.get(table, row_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound(missing)
    return found


def locked_membership(group_id: int, person_id: int) -> Membership | None:
    """The row of this person in this group, whether he is still a member or not, locked."""
    wanted = select(Membership).where(Membership.group_id == group_id, Membership.person_id == person_id)
    return db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def locked_member(group_id: int, person_id: int) -> Membership:
    """The membership of somebody who is a member now. Raises NotFound."""
    found = locked_membership(group_id, person_id)
    if found is None or not found.is_current:
        raise NotFound("There is no such member.")
    return found


def count_of_owners(group_id: int) -> int:
    """How many owners the group has."""
    owns = (Membership.group_id == group_id, Membership.role == Role.OWNER, Membership.state == Belonging.MEMBER)
    return db.session.scalar(select(func.count()).select_from(Membership).where(*owns)) or 0
