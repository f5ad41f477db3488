"""Coming in: ask, withdraw, be accepted or refused, agree to new rules."""

from __future__ import annotations

from datetime import datetime

from marketplace.groups import entry_rules, queries, service
from marketplace.groups.entry_rules import Answer, Belonging, Door, JoinPolicy
from marketplace.groups.events import ApplicationDecided, ApplicationMade, MemberJoined
from marketplace.groups.finding import locked, locked_group, locked_member, locked_membership
from marketplace.groups.models import Application, Group, Membership
from marketplace.groups.rules import Permission, Role
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken, Stale
from marketplace.kernel.events import announce


@use_case
def ask_to_join(*, by: int, group_id: int, answers: list[str], agreed_version: int) -> Application:
    """Ask to join, having agreed to the rules. An open group takes the person at once; asking twice is asking once."""
    group = locked_group(group_id)
    membership = locked_membership(group_id, by)
    last = queries.last_application(group_id, by)
    if last is not None and last.state == Answer.WAITING:
        return last
    now = clock.now()
    door = door_of(group, membership, last)
    entry_rules.judge_asking(door, now=now)
    entry_rules.check_answers(group.questions, answers)
    _check_agreed(group, agreed_version)
    asked = [{"question": question, "answer": answers[at]} for at, question in enumerate(group.questions)]
    application = Application(
        group_id=group_id, person_id=by, answers=asked, agreed_version=agreed_version, asked_at=now
    )
    db.session.add(application)
    db.session.flush()
    audit.note("ask to join", f"application:{application.id}", by=by, group_id=group_id)
    if entry_rules.joins_at_once(door):
        _let_in(group, membership, application, by=None, now=now)
    else:
        announce(ApplicationMade(group_id, application.id, by))
    return application


@use_case
def withdraw_application(*, by: int, application_id: int) -> None:
    """Ask no more. Others do not see that there was an application."""
    application = locked(Application, application_id, "There is no such application.")
    if application.person_id != by:
        raise NotFound("There is no such application.")
    _check_waiting(application)
    application.state, application.decided_at, application.decided_by = Answer.WITHDRAWN, clock.now(), by
    audit.note("withdraw application", f"application:{application.id}", by=by, group_id=application.group_id)


@use_case
def decide_application(*, by: int, application_id: int, is_accepted: bool, reason: str) -> Application:
    """Take somebody in, or refuse him with a reason that he reads. Whoever decides second is told so."""
    group_id = queries.application(application_id).group_id
    group = locked_group(group_id)  # the cap is counted under this lock
    service.require(by, group_id, Permission.DECIDE_APPLICATIONS)
    application = locked(Application, application_id, "There is no such application.")
    _check_waiting(application)
    now = clock.now()
    if is_accepted:
        membership = locked_membership(group_id, application.person_id)
        _let_in(group, membership, application, by=by, now=now)
    else:
        _refuse(application, by=by, reason=reason, now=now)
    return application


@use_case
def agree_to_rules(*, by: int, group_id: int, version: int) -> None:
    """Agree to the rules in force, having read that version of them."""
    group = locked_group(group_id)
    member = locked_member(group_id, by)
    _check_agreed(group, version)
    if member.agreed_version == version:
        return
    member.agreed_version, member.agreed_at = version, clock.now()
    audit.note("agree to rules", f"rules:{version}", by=by, group_id=group_id)


def refuse_all(group: Group, *, by: int, reason: str, now: datetime) -> None:
    """Refuse every application that waits: the group closes."""
    for application in queries.applications(group.id, limit=None):
        _refuse(application, by=by, reason=reason, now=now)


def door_of(group: Group, membership: Membership | None, last: Application | None) -> Door:
    """What the person of these rows finds at the group's door."""
    removed_at = membership.ended_at if membership is not None and membership.state == Belonging.REMOVED else None
    refused_at = last.decided_at if last is not None and last.state == Answer.REFUSED else None
    return Door(
        policy=JoinPolicy(group.join_policy),
        is_closed=group.is_closed,
        is_full=group.is_full,
        belonging=Belonging(membership.state) if membership is not None else None,
        turned_away_at=max(filter(None, (removed_at, refused_at)), default=None),
    )


def _let_in(
    group: Group, membership: Membership | None, application: Application, *, by: int | None, now: datetime
) -> None:
    """Make the applicant a member. Call with the group locked: its cap is counted here."""
    if group.is_full:
        raise RuleBroken("The group is full: %(most)s members. This waits until one leaves.", most=group.most_members)
    if membership is None:
        membership = Membership(group_id=group.id, person_id=application.person_id)
        db.session.add(membership)
    membership.role, membership.state = Role.MEMBER, Belonging.MEMBER
    membership.agreed_version, membership.agreed_at = application.agreed_version, application.asked_at
    membership.joined_at, membership.ended_at, membership.ended_by, membership.end_reason = now, None, None, ""
    group.member_count += 1
    application.state, application.decided_at, application.decided_by = Answer.ACCEPTED, now, by
    audit.note("accept application", f"application:{application.id}", by=by, group_id=group.id)
    if by is not None:
        announce(_decision(application, by=by))
    announce(MemberJoined(group.id, application.person_id))


def _refuse(application: Application, *, by: int, reason: str, now: datetime) -> None:
    if not reason:
        raise RuleBroken("Say why, for the applicant to read.", field="reason")
    application.state, application.decided_at, application.decided_by = Answer.REFUSED, now, by
    application.reason = reason
    audit.note("refuse application", f"application:{application.id}", by=by, group_id=application.group_id, why=reason)
    announce(_decision(application, by=by))


def _decision(application: Application, *, by: int) -> ApplicationDecided:
    is_accepted = application.state == Answer.ACCEPTED
    return ApplicationDecided(
        application.group_id, application.id, application.person_id, is_accepted, application.reason, by
    )


def _check_waiting(application: Application) -> None:
    if application.state == Answer.WITHDRAWN:
        raise Stale("The applicant has withdrawn. There is nothing left to decide.")
    if application.state != Answer.WAITING:
        raise Stale("This application has been decided already. Load the page again to see how.")


def _check_agreed(group: Group, version: int) -> None:
    if version != group.rules_version:
        raise Stale("The rules were changed while you read them. Read them again, then agree.", field="agreed_version")
