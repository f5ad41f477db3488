"""Two officers and what takes both of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.groups import confirming
from marketplace.groups.models import Group
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import State
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import db
from marketplace.notifications.models import Notice
from marketplace.web.two_officers import case_of
from tests.factories.groups import a_group, a_member

SLIP = "proofs/of-this-test"
"""Stands for a picture: what keeps one is tested with the pages."""


def a_strict_group(limit: int = 500_00, **changes: Any) -> tuple[Group, Person, Person]:
    """A group in which one officer confirms up to `limit` alone; its treasurer, and its owner."""
    group = a_group(terms=Terms(officer_limit_minor=limit, **changes))
    return group, a_member(group, Role.TREASURER, name="Agnes Thaler"), db.session.get_one(Person, group.founded_by)


def approve(proposal: Proposal, by: Person) -> State:
    return confirming.approve(proposal_id=proposal.id, by=by.id, case_of=case_of)


def refuse(proposal: Proposal, by: Person, reason: str = "Another amount.") -> None:
    confirming.refuse(proposal_id=proposal.id, by=by.id, reason=reason, case_of=case_of)


def withdraw(proposal: Proposal, by: Person) -> None:
    confirming.withdraw(proposal_id=proposal.id, by=by.id, case_of=case_of)


def the_proposal() -> Proposal:
    """The newest one, as it stands now."""
    db.session.rollback()
    return db.session.scalars(select(Proposal).order_by(Proposal.id.desc()).limit(1)).one()


def told_of_proposals(person: Person) -> list[str]:
    """The kinds of notices that a person has of them, oldest first."""
    db.session.rollback()
    kinds = select(Notice.kind).where(Notice.person_id == person.id, Notice.ref.startswith("proposal:"))
    return list(db.session.scalars(kinds.order_by(Notice.id)))
