"""Payment instructions change slowly, before the eyes of all officers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.groups import instructions, members, queries
from marketplace.groups.events import InstructionsApproved, InstructionsDropped, InstructionsProposed
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.waiting import InstructionsWait, waiting_for
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly
from tests.at_once import at_once
from tests.factories.groups import a_group, a_member

OLD, NEW = "IBAN of old", "IBAN of new"
THREE_DAYS = timedelta(hours=72)


def owner_of(group: Group) -> int:
    return queries.officers(group.id)[0].person_id


def in_force(group: Group) -> str | None:
    return queries.instructions_of(group.id, clock.now())


def test_a_second_officer_approves_and_three_days_later_they_count(app: Flask, heard: list[object]) -> None:
    group = a_group(instructions=OLD)
    treasurer, moderator = a_member(group, Role.TREASURER).id, a_member(group, Role.MODERATOR).id
    heard.clear()
    made = instructions.propose_instructions(by=treasurer, group_id=group.id, words=NEW)
    assert heard == [InstructionsProposed(group.id, made.id, treasurer, in_force_at=None)]
    clock.move(by=THREE_DAYS)
    assert in_force(group) == OLD
    instructions.approve_instructions(by=moderator, instructions_id=made.id)
    approved = heard[-1]
    assert isinstance(approved, InstructionsApproved)
    clock.move(by=THREE_DAYS - timedelta(minutes=1))
    assert in_force(group) == OLD
    clock.move(by=timedelta(minutes=1))
    assert in_force(group) == NEW
    assert queries.coming_instructions(group.id, clock.now()) is None


def test_where_there_is_no_second_officer_the_three_days_alone_count(app: Flask) -> None:
    group = a_group(instructions=OLD)
    a_member(group)
    instructions.propose_instructions(by=owner_of(group), group_id=group.id, words=NEW)
    assert in_force(group) == OLD
    clock.move(by=THREE_DAYS)
    assert in_force(group) == NEW


def test_who_takes_the_others_roles_is_not_alone_for_thirty_days(app: Flask) -> None:
    group = a_group(instructions=OLD)
    owner = owner_of(group)
    treasurer, moderator = a_member(group, Role.TREASURER).id, a_member(group, Role.MODERATOR).id
    members.give_role(by=owner, group_id=group.id, person_id=treasurer, role=Role.MEMBER)
    members.leave_group(by=moderator, group_id=group.id)
    clock.move(by=timedelta(days=30) - timedelta(minutes=1))
    made = instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    assert made.in_force_at is None
    clock.move(by=timedelta(days=60))
    assert in_force(group) == OLD
    instructions.drop_instructions(by=owner, instructions_id=made.id)
    instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    clock.move(by=THREE_DAYS)
    assert in_force(group) == NEW


def test_what_one_proposed_alone_waits_once_there_is_another_officer(app: Flask, heard: list[object]) -> None:
    group = a_group(instructions=OLD)
    owner, member = owner_of(group), a_member(group).id
    made = instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    clock.move(by=timedelta(hours=71))
    heard.clear()
    members.give_role(by=owner, group_id=group.id, person_id=member, role=Role.MODERATOR)
    assert heard[0] == InstructionsProposed(group.id, made.id, owner, in_force_at=None)
    clock.move(by=timedelta(days=9))
    assert in_force(group) == OLD
    with pytest.raises(TooEarly):
        instructions.approve_instructions(by=member, instructions_id=made.id)


def test_another_officer_changes_nothing_about_what_is_approved_or_in_force(app: Flask) -> None:
    group = a_group(instructions=OLD)
    owner, moderator = owner_of(group), a_member(group, Role.MODERATOR).id
    made = instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    instructions.approve_instructions(by=moderator, instructions_id=made.id)
    members.give_role(by=owner, group_id=group.id, person_id=a_member(group).id, role=Role.TREASURER)
    clock.move(by=THREE_DAYS)
    assert in_force(group) == NEW
    members.give_role(by=owner, group_id=group.id, person_id=a_member(group).id, role=Role.TREASURER)
    assert in_force(group) == NEW


def test_an_officer_made_for_the_purpose_approves_nothing(app: Flask) -> None:
    group = a_group()
    owner, late, early = owner_of(group), a_member(group).id, a_member(group).id
    members.give_role(by=owner, group_id=group.id, person_id=early, role=Role.MODERATOR)
    clock.move(by=timedelta(minutes=1))
    members.give_role(by=owner, group_id=group.id, person_id=late, role=Role.MODERATOR)
    clock.move(by=THREE_DAYS - timedelta(minutes=1))
    made = instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    assert [officer.person_id for officer in queries.approvers_of(made)] == [early]
    assert [type(wait) for wait in waiting_for(early)] == [InstructionsWait]
    assert waiting_for(late) == []
    clock.move(by=THREE_DAYS)
    with pytest.raises(TooEarly) as refusal:
        instructions.approve_instructions(by=late, instructions_id=made.id)
    member = queries.membership(group.id, late)
    assert member is not None
    assert member.officer_since is not None
    assert refusal.value.details["from_then"] == member.officer_since + THREE_DAYS
    instructions.approve_instructions(by=early, instructions_id=made.id)


def test_nobody_approves_his_own_change(app: Flask) -> None:
    group = a_group()
    treasurer = a_member(group, Role.TREASURER).id
    made = instructions.propose_instructions(by=treasurer, group_id=group.id, words=NEW)
    with pytest.raises(NotAllowed):
        instructions.approve_instructions(by=treasurer, instructions_id=made.id)


def test_members_and_other_groups_officers_approve_nothing(app: Flask) -> None:
    group = a_group()
    a_member(group, Role.TREASURER)
    made = instructions.propose_instructions(by=owner_of(group), group_id=group.id, words=NEW)
    for person in (a_member(group).id, owner_of(a_group())):
        with pytest.raises(NotFound):
            instructions.approve_instructions(by=person, instructions_id=made.id)
        with pytest.raises(NotFound):
            instructions.drop_instructions(by=person, instructions_id=made.id)


def test_moderators_propose_nothing(app: Flask) -> None:
    group = a_group()
    with pytest.raises(NotAllowed):
        instructions.propose_instructions(by=a_member(group, Role.MODERATOR).id, group_id=group.id, words=NEW)


def test_any_officer_stops_a_change_before_it_counts(app: Flask, heard: list[object]) -> None:
    group = a_group(instructions=OLD)
    treasurer, moderator = a_member(group, Role.TREASURER).id, a_member(group, Role.MODERATOR).id
    clock.move(by=THREE_DAYS)
    made = instructions.propose_instructions(by=treasurer, group_id=group.id, words=NEW)
    instructions.approve_instructions(by=owner_of(group), instructions_id=made.id)
    heard.clear()
    for _ in range(2):
        instructions.drop_instructions(by=moderator, instructions_id=made.id)
    assert heard == [InstructionsDropped(group.id, made.id, moderator)]
    clock.move(by=THREE_DAYS)
    assert in_force(group) == OLD
    with pytest.raises(Stale):
        instructions.approve_instructions(by=moderator, instructions_id=made.id)


def test_what_is_in_force_is_not_stopped(app: Flask) -> None:
    group = a_group()
    made = instructions.propose_instructions(by=owner_of(group), group_id=group.id, words=NEW)
    clock.move(by=THREE_DAYS)
    with pytest.raises(Stale):
        instructions.drop_instructions(by=owner_of(group), instructions_id=made.id)


def test_one_change_at_a_time_and_none_that_changes_nothing(app: Flask) -> None:
    group = a_group(instructions=OLD)
    owner = owner_of(group)
    with pytest.raises(RuleBroken, match="Nothing would change"):
        instructions.propose_instructions(by=owner, group_id=group.id, words=OLD)
    instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    with pytest.raises(RuleBroken, match="under way"):
        instructions.propose_instructions(by=owner, group_id=group.id, words="IBAN of a thief")


def test_approving_and_stopping_at_once_stops(app: Flask) -> None:
    group = a_group(instructions=OLD)
    moderator = a_member(group, Role.MODERATOR).id
    owner = owner_of(group)
    made = instructions.propose_instructions(by=owner, group_id=group.id, words=NEW)
    at_once(
        app,
        lambda: instructions.approve_instructions(by=moderator, instructions_id=made.id),
        lambda: instructions.drop_instructions(by=owner, instructions_id=made.id),
    )
    clock.move(by=THREE_DAYS)
    assert in_force(group) == OLD
