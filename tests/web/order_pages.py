"""Readers of an order's pages."""

from __future__ import annotations

from marketplace.accounts.models import Person
from marketplace.escrow.models import Order
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.groups import a_member


def person(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def buyer_of(order: Order) -> Person:
    return person(order.buyer_id)


def seller_of(order: Order) -> Person:
    return person(order.seller_id)


def group_of(order: Order) -> Group:
    return db.session.get_one(Group, order.group_id)


def an_officer(group: Group, role: Role = Role.TREASURER) -> Person:
    """An officer who can move money: he has a second factor."""
    return a_member(group, role, person=a_person(name=f"{role.title()} with a phone", second_factor=True))
