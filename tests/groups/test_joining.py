"""People ask to join; officers decide; the cap holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.groups import founding, joining, members, queries
from marketplace.groups.entry_rules import Answer, JoinPolicy
from marketplace.groups.events import ApplicationDecided, ApplicationMade, MemberJoined
from marketplace.groups.models import Application, Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member


def ask(by: int, group: Group, **changes: Any) -> Application:
    answers = ["an answer"] * len(group.questions)
    return joining.ask_to_join(by=by, group_id=group.id, **({"answers": answers, "agreed_version": 1} | changes))


def decide(by: int, application: Application | int, is_accepted: bool = True, reason: str = "") -> Application:
    number = application if isinstance(application, int) else application.id
    return joining.decide_application(by=by, application_id=number, is_accepted=is_accepted, reason=reason)


def test_an_applicant_waits_until_an_officer_takes_him_in(app: Flask, heard: list[object]) -> None:
    group = a_group(questions=("What do you collect?",))
    moderator, applicant = a_member(group, Role.MODERATOR), a_person()
    heard.clear()
    application = ask(applicant.id, group, answers=["Verge watches."])
    assert application.state == Answer.WAITING
    assert application.answers == [{"question": "What do you collect?", "answer": "Verge watches."}]
    assert queries.membership(group.id, applicant.id) is None
    decide(moderator.id, application)
    membership = queries.membership(group.id, applicant.id)
    assert membership is not None
    assert (membership.role, membership.agreed_version) == (Role.MEMBER, 1)
    assert queries.group(group.id).member_count == 3
    assert heard == [
        ApplicationMade(group.id, application.id, applicant.id),
        ApplicationDecided(group.id, application.id, applicant.id, is_accepted=True, reason="", by=moderator.id),
        MemberJoined(group.id, applicant.id),
    ]


def test_an_open_group_takes_him_at_once(app: Flask, heard: list[object]) -> None:
    group = a_group(join_policy=JoinPolicy.OPEN)
    person = a_person()
    heard.clear()
    assert ask(person.id, group).state == Answer.ACCEPTED
    assert queries.membership(group.id, person.id) is not None
    assert heard == [MemberJoined(group.id, person.id)]


def test_asking_twice_is_asking_once(app: Flask) -> None:
    group, person = a_group(), a_person()
    assert ask(person.id, group).id == ask(person.id, group).id


def test_a_double_click_asks_once(app: Flask) -> None:
    group, person = a_group(), a_person().id
    assert at_once(app, *[lambda: ask(person, group)] * 2) == []
    assert len(queries.applications(group.id)) == 1


def test_questions_want_answers_and_the_rules_of_today(app: Flask) -> None:
    group = a_group(questions=("Why?",))
    person, owner = a_person(), queries.officers(group.id)[0].person_id
    with pytest.raises(RuleBroken) as refusal:
        ask(person.id, group, answers=[""])
    assert refusal.value.field == "answer_1"
    founding.change_rules(by=owner, group_id=group.id, text="New.", based_on=1)
    with pytest.raises(Stale, match="Read them again"):
        ask(person.id, queries.group(group.id), agreed_version=1)
    assert ask(person.id, queries.group(group.id), agreed_version=2).agreed_version == 2


def test_a_closed_door_takes_no_applications(app: Flask) -> None:
    with pytest.raises(RuleBroken, match="no applications"):
        ask(a_person().id, a_group(join_policy=JoinPolicy.CLOSED))


def test_a_refusal_has_a_reason_and_holds_for_thirty_days(app: Flask) -> None:
    group = a_group()
    moderator, applicant = a_member(group, Role.MODERATOR), a_person()
    application = ask(applicant.id, group)
    with pytest.raises(RuleBroken) as refusal:
        decide(moderator.id, application, is_accepted=False)
    assert refusal.value.field == "reason"
    decide(moderator.id, application, is_accepted=False, reason="We do not know you.")
    assert queries.application(application.id).reason == "We do not know you."
    with pytest.raises(TooEarly):
        ask(applicant.id, group)
    clock.move(by=timedelta(days=30))
    assert ask(applicant.id, group).id != application.id


def test_an_applicant_may_withdraw_and_ask_again_at_once(app: Flask) -> None:
    group, applicant, other = a_group(), a_person(), a_person()
    application = ask(applicant.id, group)
    with pytest.raises(NotFound):
        joining.withdraw_application(by=other.id, application_id=application.id)
    joining.withdraw_application(by=applicant.id, application_id=application.id)
    owner = queries.officers(group.id)[0].person_id
    with pytest.raises(Stale, match="withdrawn"):
        decide(owner, application)
    with pytest.raises(Stale):
        joining.withdraw_application(by=applicant.id, application_id=application.id)
    assert ask(applicant.id, group).id != application.id


@pytest.mark.parametrize("role", [Role.TREASURER, Role.MEMBER])
def test_only_owners_and_moderators_decide(app: Flask, role: Role) -> None:
    group = a_group()
    application = ask(a_person().id, group)
    with pytest.raises(NotAllowed):
        decide(a_member(group, role).id, application)
    with pytest.raises(NotFound):
        decide(a_person().id, application)
    with pytest.raises(NotFound):
        decide(queries.officers(a_group().id)[0].person_id, application)


def test_of_two_moderators_at_once_the_second_is_told_so(app: Flask) -> None:
    group = a_group()
    first, second = a_member(group, Role.MODERATOR).id, a_member(group, Role.MODERATOR).id
    application = ask(a_person().id, group).id
    failures = at_once(app, lambda: decide(first, application), lambda: decide(second, application, False, "No."))
    assert [type(failure) for failure in failures] == [Stale]
    accepted = queries.application(application).state == Answer.ACCEPTED
    assert queries.group(group.id).member_count == (4 if accepted else 3)


def test_the_last_place_is_given_once(app: Flask) -> None:
    group = a_group(most_members=3)
    moderator = a_member(group, Role.MODERATOR).id
    applications = [ask(a_person().id, group).id for _ in range(3)]
    failures = at_once(app, *[lambda asked=asked: decide(moderator, asked) for asked in applications])
    assert [str(failure)[:17] for failure in failures] == ["The group is full"] * 2
    assert queries.group(group.id).member_count == 3
    assert len(queries.applications(group.id)) == 2


def test_a_full_open_group_keeps_applications_waiting_until_somebody_leaves(app: Flask) -> None:
    group = a_group(join_policy=JoinPolicy.OPEN, most_members=2)
    member, applicant = a_member(group), a_person()
    owner = queries.officers(group.id)[0].person_id
    application = ask(applicant.id, group)
    assert application.state == Answer.WAITING
    with pytest.raises(RuleBroken, match="full"):
        decide(owner, application)
    members.leave_group(by=member.id, group_id=group.id)
    decide(owner, application)
    assert queries.membership(group.id, applicant.id) is not None


def test_who_left_comes_back_as_a_plain_member(app: Flask) -> None:
    group = a_group(join_policy=JoinPolicy.OPEN)
    treasurer = a_member(group, Role.TREASURER)
    members.leave_group(by=treasurer.id, group_id=group.id)
    assert queries.membership(group.id, treasurer.id) is None
    ask(treasurer.id, group)
    membership = queries.membership(group.id, treasurer.id)
    assert membership is not None
    assert (membership.role, membership.ended_at) == (Role.MEMBER, None)


def test_who_was_removed_waits_and_then_needs_an_officer_even_in_an_open_group(app: Flask) -> None:
    group = a_group(join_policy=JoinPolicy.OPEN)
    owner, member = queries.officers(group.id)[0].person_id, a_member(group)
    members.remove_member(by=owner, group_id=group.id, person_id=member.id, reason="Sold fakes.")
    with pytest.raises(TooEarly):
        ask(member.id, group)
    clock.move(by=timedelta(days=30))
    assert ask(member.id, group).state == Answer.WAITING


def test_members_agree_to_new_rules_once_they_read_them(app: Flask) -> None:
    group = a_group()
    owner, member = queries.officers(group.id)[0].person_id, a_member(group)
    founding.change_rules(by=owner, group_id=group.id, text="New.", based_on=1)
    with pytest.raises(Stale):
        joining.agree_to_rules(by=member.id, group_id=group.id, version=1)
    joining.agree_to_rules(by=member.id, group_id=group.id, version=2)
    joining.agree_to_rules(by=member.id, group_id=group.id, version=2)
    membership = queries.membership(group.id, member.id)
    assert membership is not None
    assert membership.agreed_version == 2
    with pytest.raises(NotFound):
        joining.agree_to_rules(by=a_person().id, group_id=group.id, version=2)
