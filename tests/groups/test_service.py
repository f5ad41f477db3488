"""What other packages ask of groups."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from flask import Flask

from marketplace.groups import founding, instructions, joining, members, moderation, queries, service
from marketplace.groups.events import ReportClosed, ReportMade, StrikeGiven
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission, Role
from marketplace.groups.waiting import ApplicationsWait, InstructionsWait, ReportsWait, RulesWait, waiting_for
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.factories.statements import statements

NOBODY: frozenset[int] = frozenset()


def owner_of(group: Group) -> int:
    return queries.officers(group.id)[0].person_id


def test_a_member_may_and_a_stranger_hears_that_there_is_nothing(app: Flask) -> None:
    group = a_group()
    member = a_member(group)
    membership = service.require(member.id, group.id, Permission.SEE_LOTS)
    assert membership is not None
    assert membership.person_id == member.id
    for stranger in (None, a_person().id, owner_of(a_group())):
        with pytest.raises(NotFound):
            service.require(stranger, group.id, Permission.SEE_LOTS)
    with pytest.raises(NotFound):
        service.require(member.id, group.id + 99, Permission.SEE_LOTS)


def test_a_public_catalogue_is_seen_by_all_and_bid_on_by_members(app: Flask) -> None:
    group = a_group(is_catalogue_public=True)
    assert service.require(None, group.id, Permission.SEE_LOTS) is None
    with pytest.raises(NotAllowed):
        service.require(a_person().id, group.id, Permission.PLACE_BID)
    with pytest.raises(NotFound):
        service.require(None, group.id, Permission.SEE_MEMBERS)


def test_who_was_removed_sees_nothing_more_and_may_still_report(app: Flask) -> None:
    group = a_group()
    member = a_member(group)
    members.remove_member(by=owner_of(group), group_id=group.id, person_id=member.id, reason="Sold fakes.")
    for permission in set(Permission) - {Permission.REPORT}:
        with pytest.raises(NotFound):
            service.require(member.id, group.id, permission)
    assert service.require(member.id, group.id, Permission.REPORT) is None


def test_a_page_asks_once_what_somebody_is_in_a_group_and_the_next_page_anew(app: Flask) -> None:
    group = a_group()
    member, friend = a_member(group), a_member(group)
    db.session.rollback()
    with statements() as sent:
        for somebody in (member, friend, member, friend):
            assert service.require(somebody.id, group.id, Permission.PLACE_BID)
            assert queries.membership(group.id, somebody.id)
    assert sum("FROM memberships" in each for each in sent) == 2
    members.remove_member(by=owner_of(group), group_id=group.id, person_id=member.id, reason="Sold fakes.")
    with pytest.raises(NotFound):
        service.require(member.id, group.id, Permission.PLACE_BID)
    assert queries.membership(group.id, member.id) is None
    with unit_of_work():
        assert queries.membership(group.id, friend.id)
        members.remove_member(by=owner_of(group), group_id=group.id, person_id=friend.id, reason="Helped him.")
        assert queries.membership(group.id, friend.id) is None


def test_new_rules_stop_bids_until_they_are_agreed_to(app: Flask) -> None:
    group = a_group()
    member = a_member(group)
    founding.change_rules(by=owner_of(group), group_id=group.id, text="New.", based_on=1)
    with pytest.raises(RuleBroken, match="agree"):
        service.require(member.id, group.id, Permission.PLACE_BID)
    joining.agree_to_rules(by=member.id, group_id=group.id, version=2)
    assert service.require(member.id, group.id, Permission.PLACE_BID)


def test_money_is_confirmed_by_owners_and_treasurers_who_are_no_party(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    treasurer, moderator, member = (a_member(group, role).id for role in (Role.TREASURER, Role.MODERATOR, Role.MEMBER))

    def who(parties: frozenset[int] = NOBODY, *, second_officer: bool = False) -> set[int]:
        everyone = {owner, treasurer, moderator, member, a_person().id}
        return {
            person
            for person in everyone
            if service.may_confirm(group.id, person, parties=parties, second_officer=second_officer)
        }

    assert who() == {owner, treasurer}
    assert who(frozenset({owner, member})) == {treasurer}
    assert who(second_officer=True) == {owner, treasurer, moderator}
    assert who(frozenset({owner, treasurer}), second_officer=True) == {moderator}
    members.leave_group(by=treasurer, group_id=group.id)
    assert who() == {owner}


def test_an_officers_own_lots_need_another_who_can_confirm(app: Flask) -> None:
    group = a_group()
    owner, moderator = owner_of(group), a_member(group, Role.MODERATOR).id
    assert not service.has_other_confirmer(group.id, owner)
    assert service.has_other_confirmer(group.id, moderator)
    treasurer = a_member(group, Role.TREASURER).id
    assert service.has_other_confirmer(group.id, owner)
    assert not service.has_other_confirmer(group.id, owner, treasurer)


def test_a_strike_counts_for_180_days_and_an_order_gives_one(app: Flask, heard: list[object]) -> None:
    group = a_group()
    member = a_member(group).id
    heard.clear()
    for _ in range(2):
        service.give_strike(group_id=group.id, person_id=member, reason="Not paid.", order_id=7)
    strikes = queries.strikes_of(member, group.id, now=clock.now())
    assert [(strike.reason, strike.order_id) for strike in strikes] == [("Not paid.", 7)]
    assert [type(fact) for fact in heard] == [StrikeGiven]
    clock.move(by=timedelta(days=180))
    assert queries.strikes_of(member, group.id, now=clock.now()) == []


def test_who_left_still_gets_his_strike(app: Flask) -> None:
    group = a_group()
    member = a_member(group).id
    members.leave_group(by=member, group_id=group.id)
    service.give_strike(group_id=group.id, person_id=member, reason="Not paid.", order_id=7)
    assert len(queries.strikes_of(member, group.id, now=clock.now())) == 1


def test_a_report_reaches_the_officers_and_comes_back_with_a_note(app: Flask, heard: list[object]) -> None:
    group = a_group()
    member, moderator = a_member(group).id, a_member(group, Role.MODERATOR).id
    heard.clear()
    made = moderation.report(
        by=member, group_id=group.id, subject="lot:12", about_id=owner_of(group), reason="New, sold as old."
    )
    assert (
        moderation.report(by=member, group_id=group.id, subject="lot:12", about_id=owner_of(group), reason="Again.").id
        == made.id
    )
    moderation.close_report(by=moderator, report_id=made.id, note="Hidden.")
    assert heard == [
        ReportMade(group.id, made.id, "lot:12", owner_of(group), member),
        ReportClosed(group.id, made.id, member, "Hidden.", moderator),
    ]
    assert queries.open_reports(group.id) == []
    assert [report.id for report in queries.closed_reports(group.id)] == [made.id]
    with pytest.raises(Stale):
        moderation.close_report(by=moderator, report_id=made.id, note="Again.")
    assert (
        moderation.report(
            by=member, group_id=group.id, subject="lot:12", about_id=owner_of(group), reason="Once more."
        ).id
        != made.id
    )


def test_a_double_click_reports_once(app: Flask) -> None:
    group = a_group()
    member = a_member(group).id
    report = [
        lambda: moderation.report(by=member, group_id=group.id, subject="person:7", about_id=member, reason="Rude.")
    ] * 2
    assert at_once(app, *report) == []
    assert len(queries.open_reports(group.id)) == 1


@pytest.mark.parametrize("subject", ["", "lot", "lot:0", "lot:x", "lot:-1", "order:3", "lot:1\n", "lot:" + "9" * 30])
def test_only_lots_messages_and_members_are_reported(app: Flask, subject: str) -> None:
    group = a_group()
    with pytest.raises(NotFound):
        moderation.report(by=owner_of(group), group_id=group.id, subject=subject, about_id=owner_of(group), reason="?")


def test_treasurers_members_and_strangers_close_no_report(app: Flask) -> None:
    group = a_group()
    made = moderation.report(
        by=owner_of(group), group_id=group.id, subject="lot:1", about_id=a_member(group).id, reason="?"
    )
    for person in (a_member(group, Role.TREASURER).id, a_member(group).id, a_person().id):
        with pytest.raises(NotFound):
            moderation.close_report(by=person, report_id=made.id, note="Mine.")


def test_whom_a_report_is_about_neither_sees_nor_counts_nor_closes_it(app: Flask) -> None:
    group = a_group()
    member, accused = a_member(group).id, a_member(group, Role.MODERATOR).id
    made = moderation.report(by=member, group_id=group.id, subject="lot:12", about_id=accused, reason="Fake.")
    assert queries.open_reports(group.id, reader_id=accused) == []
    assert queries.count_of_reports(group.id, reader_id=accused) == 0
    assert waiting_for(accused) == []
    with pytest.raises(NotFound):
        queries.report_for(made.id, accused)
    with pytest.raises(NotFound):
        moderation.close_report(by=accused, report_id=made.id, note="All is well.")
    moderation.close_report(by=owner_of(group), report_id=made.id, note="Hidden.")
    assert queries.closed_reports(group.id, reader_id=accused) == []


def test_each_officer_finds_what_waits_for_him(app: Flask) -> None:
    group = a_group()
    owner = owner_of(group)
    treasurer, moderator, member = (a_member(group, role).id for role in (Role.TREASURER, Role.MODERATOR, Role.MEMBER))
    for _ in range(2):
        joining.ask_to_join(by=a_person().id, group_id=group.id, answers=[], agreed_version=1)
    moderation.report(by=member, group_id=group.id, subject="lot:1", about_id=treasurer, reason="?")
    clock.move(by=timedelta(hours=72))  # the owner has to have been one for so long
    instructions.propose_instructions(by=treasurer, group_id=group.id, words="Elsewhere.")

    def kinds(person: int) -> list[type]:
        return [type(wait) for wait in waiting_for(person)]

    assert kinds(moderator) == kinds(owner) == [ApplicationsWait, ReportsWait, InstructionsWait]
    assert kinds(treasurer) == kinds(member) == []
    wait = waiting_for(moderator)[0]
    assert isinstance(wait, ApplicationsWait)
    assert wait.count == 2
    founding.change_rules(by=owner, group_id=group.id, text="New.", based_on=1)
    assert kinds(member) == [RulesWait]
    founding.close_group(by=owner, group_id=group.id)
    assert kinds(member) == []
    assert kinds(a_person().id) == []


def test_nobody_is_removed_while_he_bids(app: Flask) -> None:
    """Once `require` has said yes, a removal waits for the use case that asked: it voids a bid that is there."""
    group = a_group()
    group_id, owner, member = group.id, owner_of(group), a_member(group).id
    asked, order = threading.Event(), list[str]()

    def bid() -> None:
        with unit_of_work():
            service.require(member, group_id, Permission.PLACE_BID)
            asked.set()
            time.sleep(0.2)
            order.append("bid placed")

    def remove() -> None:
        asked.wait()
        members.remove_member(by=owner, group_id=group_id, person_id=member, reason="No.")
        order.append("member removed")

    assert at_once(app, bid, remove) == []
    assert order == ["bid placed", "member removed"]
