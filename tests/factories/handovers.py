"""Groups whose treasury passes from one to another."""

from __future__ import annotations

from typing import NamedTuple

from marketplace.accounts.models import Person
from marketplace.groups import handover_queries, handovers
from marketplace.groups.handover_models import Handover
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member


class Cast(NamedTuple):
    """Who takes part. All have a second factor."""

    group: Group
    owner: Person
    parting: Person
    successor: Person


def a_cast(successor_role: Role = Role.MEMBER) -> Cast:
    owner = a_person("Olga Owner", second_factor=True)
    group = a_group(owner)
    parting = a_member(group, Role.TREASURER, person=a_person("Theo Treasurer", second_factor=True))
    successor = a_member(group, successor_role, person=a_person("Anna Following", second_factor=True))
    return Cast(group, owner, parting, successor)


def named(cast: Cast) -> Handover:
    """The owner has named the successor."""
    return handovers.name_successor(
        by=cast.owner.id, group_id=cast.group.id, parting_id=cast.parting.id, successor_id=cast.successor.id
    )


def stated(cast: Cast, minor: int | None = None, note: str = "") -> Handover:
    """The parting treasurer has said what he hands over: what the books say, or `minor`."""
    handover = handover_queries.open_in(cast.group.id) or named(cast)
    say(handover, cast.parting, minor, note)
    return fresh(handover)


def say(handover: Handover, by: Person, minor: int | None = None, note: str = "") -> None:
    books = handover_queries.at_bank(handover.group_id, handover.currency)
    amount = books if minor is None else Money(minor, handover.currency)
    handovers.state_balance(by=by.id, handover_id=handover.id, amount=amount, reference="statement 11", note=note)


def confirm(handover: Handover, by: Person) -> None:
    had = handover_queries.to_be_had(fresh(handover))
    assert had is not None
    handovers.confirm_balance(
        by=by.id, handover_id=handover.id, amount=had, statement=fresh(handover).count_of_statements
    )


def fresh(handover: Handover) -> Handover:
    """As it stands in the database now."""
    db.session.rollback()
    return db.session.get_one(Handover, handover.id)
