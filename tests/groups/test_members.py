"""Roles are given, members leave and are removed, and a group keeps an owner."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from marketplace.groups import founding, members, queries
from marketplace.groups.events import LastOwnerLeft, MemberLeft, MemberRemoved, RoleGiven
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.reputation.deals import close_deal
from marketplace.reputation.rules import Ending
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import an_open_deal


def owner_of(group: Group) -> int:
    return queries.officers(group.id)[0].person_id


def role_of(group: Group, person_id: int) -> str | None:
    membership = queries.membership(group.id, person_id)
    return membership.role if membership else None


def test_an_owner_gives_a_role_and_it_is_announced_once(app: Flask, heard: list[object]) -> None:
    group = a_group()
    owner, member = owner_of(group), a_member(group)
    heard.clear()
    for _ in range(2):
        members.give_role(by=owner, group_id=group.id, person_id=member.id, role=Role.TREASURER)
    assert role_of(group, member.id) == Role.TREASURER
    assert heard == [RoleGiven(group.id, member.id, Role.TREASURER, Role.MEMBER, owner)]


def test_nobody_gives_himself_a_role(app: Flask) -> None:
    group = a_group()
    for role in (Role.TREASURER, Role.MODERATOR, Role.MEMBER):
        person = a_member(group, role).id
        with pytest.raises(NotAllowed):
            members.give_role(by=person, group_id=group.id, person_id=person, role=Role.OWNER)


def test_a_role_is_given_to_members_only(app: Flask) -> None:
    group = a_group()
    stranger, gone = a_person(), a_member(group)
    members.leave_group(by=gone.id, group_id=group.id)
    for person in (stranger, gone):
        with pytest.raises(NotFound):
            members.give_role(by=owner_of(group), group_id=group.id, person_id=person.id, role=Role.OWNER)


def test_a_group_keeps_an_owner_even_if_two_step_down_at_once(app: Flask) -> None:
    group = a_group()
    ids = [owner_of(group), a_member(group, Role.OWNER).id]
    failures = at_once(
        app,
        *[lambda by=by: members.give_role(by=by, group_id=group.id, person_id=by, role=Role.MEMBER) for by in ids],
    )
    assert [str(failure)[:23] for failure in failures] == ["A group needs an owner."]
    assert len(queries.officers(group.id, (Role.OWNER,))) == 1


def test_leaving_is_never_blocked_but_the_last_owner_hands_over_or_closes_first(
    app: Flask, heard: list[object]
) -> None:
    group = a_group()
    owner, member = owner_of(group), a_member(group)
    with pytest.raises(RuleBroken, match="only owner"):
        members.leave_group(by=owner, group_id=group.id)
    members.give_role(by=owner, group_id=group.id, person_id=member.id, role=Role.OWNER)
    heard.clear()
    members.leave_group(by=owner, group_id=group.id)
    assert heard == [MemberLeft(group.id, owner, Role.OWNER)]
    assert queries.group(group.id).member_count == 1
    founding.close_group(by=member.id, group_id=group.id)
    members.leave_group(by=member.id, group_id=group.id)
    assert queries.members(group.id) == []
    assert heard[-1] == LastOwnerLeft(group.id)


def test_the_last_owner_of_a_closed_group_stays_while_an_order_is_open(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    treasurer = a_member(group, Role.TREASURER).id
    order_id = an_open_deal(group, buyer=a_member(group), seller=a_member(group))
    founding.close_group(by=owner, group_id=group.id)
    with pytest.raises(RuleBroken, match="leave when the last order has ended"):
        members.leave_group(by=owner, group_id=group.id)
    members.leave_group(by=treasurer, group_id=group.id)
    close_deal(order_id=order_id, ending=Ending.COMPLETED, days_for_feedback=14)
    members.leave_group(by=owner, group_id=group.id)
    assert queries.officers(group.id) == []


def test_the_last_owner_of_a_closed_group_stays_while_a_lot_runs(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    lot = a_lot(an_item(group=group, seller=a_member(group)), opening=10_00)
    bidder = a_member(group)
    a_bid(lot, bidder, 20_00)
    founding.close_group(by=owner, group_id=group.id)
    with pytest.raises(RuleBroken, match="lots of this group are still running"):
        members.leave_group(by=owner, group_id=group.id)
    assert role_of(group, owner) == Role.OWNER
    members.give_role(by=owner, group_id=group.id, person_id=bidder.id, role=Role.OWNER)
    members.leave_group(by=owner, group_id=group.id)


def test_leaving_twice_is_leaving_once(app: Flask) -> None:
    group = a_group()
    member = a_member(group).id
    failures = at_once(app, *[lambda: members.leave_group(by=member, group_id=group.id)] * 2)
    assert [type(failure) for failure in failures] == [NotFound]
    assert queries.group(group.id).member_count == 1


def test_a_moderator_removes_a_member_with_a_reason(app: Flask, heard: list[object]) -> None:
    group = a_group()
    moderator, member = a_member(group, Role.MODERATOR), a_member(group)
    heard.clear()
    members.remove_member(by=moderator.id, group_id=group.id, person_id=member.id, reason="Sold fakes.")
    row = queries.membership_row(group.id, member.id)
    assert row is not None
    assert (row.is_current, row.end_reason, row.ended_by) == (False, "Sold fakes.", moderator.id)
    assert queries.group(group.id).member_count == 2
    assert heard == [MemberRemoved(group.id, member.id, "Sold fakes.", moderator.id)]


def test_no_officer_is_removed_before_his_role_is_taken_and_nobody_removes_himself(app: Flask) -> None:
    group = a_group()
    owner, second = owner_of(group), a_member(group, Role.OWNER).id
    moderator, treasurer = a_member(group, Role.MODERATOR).id, a_member(group, Role.TREASURER).id
    for by, target in ((second, owner), (moderator, owner), (moderator, moderator), (moderator, treasurer),
                       (owner, treasurer)):  # fmt: skip
        with pytest.raises(RuleBroken):
            members.remove_member(by=by, group_id=group.id, person_id=target, reason="No.")
    members.give_role(by=owner, group_id=group.id, person_id=treasurer, role=Role.MEMBER)
    members.remove_member(by=owner, group_id=group.id, person_id=treasurer, reason="Asleep.")


def test_it_is_kept_since_when_and_until_when_somebody_was_an_officer(app: Flask) -> None:
    group = a_group()
    owner, member = owner_of(group), a_member(group).id

    def span() -> tuple[datetime | None, datetime | None]:
        row = queries.membership_row(group.id, member)
        assert row is not None
        return row.officer_since, row.officer_until

    assert span() == (None, None)
    began = clock.now()
    with clock.at(began):
        members.give_role(by=owner, group_id=group.id, person_id=member, role=Role.MODERATOR)
    with clock.at(began + timedelta(days=1)):
        members.give_role(by=owner, group_id=group.id, person_id=member, role=Role.TREASURER)
    assert span() == (began, None)
    with clock.at(began + timedelta(days=2)):
        members.leave_group(by=member, group_id=group.id)
    assert span() == (None, began + timedelta(days=2))


def test_members_and_strangers_remove_nobody(app: Flask) -> None:
    group = a_group()
    member, other = a_member(group).id, a_member(group).id
    with pytest.raises(NotAllowed):
        members.remove_member(by=member, group_id=group.id, person_id=other, reason="No.")
    with pytest.raises(NotFound):
        members.remove_member(by=a_person().id, group_id=group.id, person_id=other, reason="No.")


def test_members_are_listed_in_the_order_they_came_and_officers_by_their_role(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    ids = [a_member(group, role).id for role in (Role.MEMBER, Role.MODERATOR, Role.TREASURER, Role.MEMBER)]
    listed = queries.members(group.id)
    assert [member.person_id for member in listed] == [owner, *ids]
    assert [m.person_id for m in queries.members(group.id, after=listed[1].id, limit=2)] == ids[1:3]
    assert [officer.person_id for officer in queries.officers(group.id)] == [owner, ids[2], ids[1]]
    assert [found.id for found in queries.groups_of(ids[0])] == [group.id]
