"""What is read of proposals, and of how much an officer may still confirm alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from marketplace.groups import queries
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Allowance, Deed, State, counted_after
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel.database import Big, db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds
from marketplace.payments.models import Movement

MOST = 100
"""Proposals that a page shows; the others come up as these are decided."""


def proposal(proposal_id: int) -> Proposal:
    """Raises NotFound."""
    found = db.session.get(Proposal, proposal_id)
    if found is None:
        raise no_such_proposal()
    return found


def open_about(deed: Deed, subject_id: int) -> Proposal | None:
    """The one that waits about this very deed."""
    return next(iter(open_among([(deed, subject_id)])), None)


def open_among(deeds: Collection[tuple[Deed, int]]) -> list[Proposal]:
    """Those that wait about any of these deeds, each with the number of what it is done to."""
    about = tuple_(Proposal.deed, Proposal.subject_id).in_(list(deeds))
    return list(db.session.scalars(select(Proposal).where(Proposal.state == State.OPEN, about).order_by(Proposal.id)))


def is_open_about(deeds: Collection[Deed], subject_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Whether one of these deeds to a row of another query waits for a second officer."""
    wanted = select(Proposal.id).where(Proposal.state == State.OPEN, Proposal.deed.in_(deeds))
    return wanted.where(Proposal.subject_id == subject_id).exists()


def open_for(group_id: int, person_id: int) -> list[Proposal]:
    """Those in a group that this officer has entered or may decide, oldest first."""
    wanted = _open_for(person_id).where(Membership.group_id == group_id)
    rows = db.session.execute(wanted.order_by(Proposal.id).limit(MOST))
    return [row.Proposal for row in rows]


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id`: see web/waiting.py."""
    return finds(_waiting())


def waiting_for(person_id: int) -> list[tuple[Proposal, Group]]:
    """Those in all his groups that this person may decide, the most urgent first."""
    rows = db.session.execute(_waiting(), {"person_id": person_id})
    return [(row.Proposal, row.Group) for row in rows]


def allowance_of(group_id: int, person_id: int, *, limit_minor: int, now: datetime) -> Allowance:
    """How much this officer may confirm alone and has confirmed, whatever became of it, in the seven days until now."""
    confirmed = select(func.coalesce(func.sum(func.coalesce(Movement.moved_minor, Movement.amount_minor)), 0)).where(
        Movement.confirmed_by == person_id, Movement.group_id == group_id, Movement.confirmed_at > counted_after(now)
    )
    currency = queries.group(group_id).currency
    return Allowance(Money(limit_minor, currency), Money(int(db.session.scalar(confirmed) or 0), currency))


def no_such_proposal() -> NotFound:
    return NotFound("There is no such confirmation.")


@cache
def _waiting() -> Select[Proposal, Group]:
    """Asked for with the head of every page: SQLAlchemy spends more on making it than the database on answering it."""
    me: BindParameter[int] = bindparam("person_id", type_=Big)
    return _open_for(me).where(Proposal.proposed_by != me).order_by(Proposal.until, Proposal.id).limit(MOST)


def _open_for(person_id: int | BindParameter[int]) -> Select[Proposal, Group]:
    """The open ones of groups in which he is an officer, without those about his own money."""
    is_late = and_(Membership.role.in_(OFFICERS), Proposal.is_second_officer_due)
    return (
        select(Proposal, Group)
        .join(Group, Group.id == Proposal.group_id)
        .join(Membership, Membership.group_id == Proposal.group_id)
        .where(Membership.person_id == person_id, Membership.state == Belonging.MEMBER)
        .where(Proposal.state == State.OPEN, Proposal.person_id != person_id)
        .where(or_(Proposal.other_id.is_(None), Proposal.other_id != person_id))
        .where(or_(Membership.role.in_(CONFIRMERS), is_late, Proposal.proposed_by == person_id))
    )
