"""What the tests of groups' pages share: who is who in one group, and how a page reads."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from werkzeug.test import TestResponse

from marketplace.accounts.models import Person
from marketplace.groups import joining, members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.web.term_words import typed
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member


def words(answer: TestResponse) -> str:
    """What a reader reads: without tags, spaces folded."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))
    return " ".join(text.split())


@dataclass(frozen=True)
class Cast:
    """A group with one person of every kind, each with a second factor."""

    group: Group
    slug: str
    owner: Person
    treasurer: Person
    moderator: Person
    member: Person
    applicant: Person
    removed: Person
    outsider: Person
    other_owner: Person
    """The owner of another group."""

    def person(self, name: str) -> Person:
        found: Person = getattr(self, name)
        return found


def a_cast() -> Cast:
    owner, outsider, other_owner, applicant = (
        a_person(name, second_factor=True) for name in ("Olga", "Stefan", "Omar", "Paula")
    )
    group = a_group(owner)
    a_group(other_owner, name="Gauge 0 Sundays")
    treasurer, moderator, member, removed = (
        a_member(group, role, person=a_person(f"{role.title()} {number}", second_factor=True))
        for number, role in enumerate((Role.TREASURER, Role.MODERATOR, Role.MEMBER, Role.MEMBER))
    )
    joining.ask_to_join(by=applicant.id, group_id=group.id, answers=[], agreed_version=1)
    members.remove_member(by=owner.id, group_id=group.id, person_id=removed.id, reason="Sold fakes.")
    return Cast(group, group.slug, owner, treasurer, moderator, member, applicant, removed, outsider, other_owner)


def founding_form(**changes: str) -> dict[str, str]:
    """What a browser sends to found a group."""
    return typed(Terms()) | {
        "client_key": "key-of-the-form",
        "name": "Gauge 0 Sundays",
        "collects": "Trains",
        "currency": "JPY",
        "time_zone": "Asia/Tokyo",
        "join_policy": "approval",
        "question_1": "Why?",
        "question_2": "",
        "question_3": "Since when?",
        "rules_text": "No steam indoors.",
        "instructions": "Post office 123-4",
        **changes,
    }


WRONG_TEXTS = [
    "\0",
    "x" * 100_000,
    "\u202e\u2066",
    "   ",
    "-1",
    "9" * 400,
    "'; DROP TABLE groups; --",
    "{{ 7 * 7 }}",
]
"""Texts that have broken forms elsewhere."""
