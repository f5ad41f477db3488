"""Groups and their members."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from marketplace.accounts.models import Person
from marketplace.groups import founding
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import OFFICERS, Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person

HIGH = 1_000_000_00
"""A limit that no officer of these tests passes: what takes two of them sets its own."""
LONG_SINCE = timedelta(days=100)
_keys = itertools.count(1)
# What founding a group asks; anything else is a column of Group and set afterwards.
_ASKED = frozenset(
    "client_key name collects currency time_zone rules_text instructions join_policy questions terms is_listed "
    "is_catalogue_public".split()
)


def a_group(owner: Person | None = None, **changes: Any) -> Group:
    """A group of antique collectors, founded by `owner`. `changes` are arguments of found_group or columns of Group."""
    asked: dict[str, Any] = {
        "client_key": f"key-of-group-{next(_keys)}",
        "name": "Lindengasse Antiques",
        "collects": "Clocks, porcelain and silver",
        "currency": "EUR",
        "time_zone": "Europe/Vienna",
        "rules_text": "Describe what you sell as it is.",
        "terms": Terms(officer_limit_minor=HIGH),
        "instructions": "IBAN AT61 1904 3002 3457 3201, Lindengasse Antiques",
    }
    asked |= {name: value for name, value in changes.items() if name in _ASKED}
    owner = owner or a_person(name="Olga Owner")
    with unit_of_work():
        group = founding.found_group(by=owner.id, **asked)
        for name in changes.keys() - _ASKED:
            setattr(group, name, changes[name])
    return group


def a_member(
    group: Group, role: Role = Role.MEMBER, name: str | None = None, *, person: Person | None = None
) -> Person:
    """A person who has long belonged to `group` in that role; made, unless one is given."""
    person = person or a_person(name=name or f"{role.title()} {next(_keys)}")
    with unit_of_work():
        now = clock.now()
        locked = db.session.get_one(Group, group.id)
        locked.member_count += 1
        membership = Membership(
            group_id=group.id, person_id=person.id, role=role, agreed_version=locked.rules_version,
            agreed_at=now, joined_at=now, officer_since=now - LONG_SINCE if role in OFFICERS else None,
        )  # fmt: skip
        db.session.add(membership)
    return person
