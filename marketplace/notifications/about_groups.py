"""Told about groups: who comes, who goes, who may do what, where members pay. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.groups import events, queries as groups
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import OFFICERS, Role
from marketplace.kernel import clock
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.service import notify, notify_all

_MODERATING = (Role.OWNER, Role.MODERATOR)


def application_made(fact: events.ApplicationMade) -> None:
    group = groups.group(fact.group_id)
    notify_all(
        _officers(group, _MODERATING),
        kind="application_new",
        ref=f"application:{fact.application_id}",
        path=links.applications(group.slug),
        data={"group": group.name, "name": _name(fact.person_id)},
        group_id=group.id,
    )


def application_decided(fact: events.ApplicationDecided) -> None:
    group = groups.group(fact.group_id)
    notify(
        person_id=fact.person_id,
        kind="application_approved" if fact.is_accepted else "application_refused",
        ref=f"application:{fact.application_id}",
        path=links.group(group.slug),
        data={"group": group.name, "reason": fact.reason},
        group_id=group.id,
    )


def member_removed(fact: events.MemberRemoved) -> None:
    group = groups.group(fact.group_id)
    notify(
        person_id=fact.person_id, kind="member_removed", ref=f"group:{group.id}", path=links.HOME,
        data={"group": group.name, "reason": fact.reason}, group_id=group.id, key=_now("group", group.id),
    )  # fmt: skip


def member_left(fact: events.MemberLeft) -> None:
    """The officers hear that they are one fewer."""
    if fact.role in OFFICERS:
        group = groups.group(fact.group_id)
        notify_all(
            _officers(group), kind="officer_left", ref=f"group:{group.id}", path=links.group(group.slug),
            data={"group": group.name, "name": _name(fact.person_id), "role": Word(fact.role)}, group_id=group.id,
            key=_now("group", group.id),
        )  # fmt: skip


def role_given(fact: events.RoleGiven) -> None:
    """The person hears it, and so do all who are or lately were officers, also he who gave the role: it may have been
    a thief in his name."""
    group = groups.group(fact.group_id)
    notify(
        person_id=fact.person_id, kind="role_given", ref=f"group:{group.id}", path=links.group(group.slug),
        data={"group": group.name, "role": Word(fact.role), "handles_money": fact.role in (Role.OWNER, Role.TREASURER)},
        group_id=group.id, key=_now("group", group.id),
    )  # fmt: skip
    notify_all(
        (officer.person_id for officer in _watching(group) if officer.person_id != fact.person_id),
        kind="role_changed", ref=f"person:{fact.person_id}", path=links.group(group.slug),
        data={"group": group.name, "by": _name(fact.by), "name": _name(fact.person_id), "role": Word(fact.role),
              "former": Word(fact.former)},
        group_id=group.id, key=_now("person", fact.person_id),
    )  # fmt: skip


def strike_given(fact: events.StrikeGiven) -> None:
    group = groups.group(fact.group_id)
    path = links.order(fact.order_id) if fact.order_id else links.member(group.slug, fact.person_id)
    notify(
        person_id=fact.person_id, kind="strike_given", ref=f"group:{group.id}", path=path,
        data={"group": group.name, "reason": fact.reason, "until": fact.expires_at}, group_id=group.id,
        key=_now("group", group.id),
    )  # fmt: skip


def closed(fact: events.GroupClosed) -> None:
    """Every member hears it but who closed the group."""
    group = groups.group(fact.group_id)
    members = [member.person_id for member in groups.members(group.id, limit=group.most_members)]
    notify_all(
        (person_id for person_id in members if person_id != fact.by),
        kind="group_closed",
        ref=f"group:{group.id}",
        path=links.group(group.slug),
        data={"group": group.name},
        group_id=group.id,
    )


def instructions_proposed(fact: events.InstructionsProposed) -> None:
    """All who are or lately were officers hear it, so that nobody can quietly turn the members' money elsewhere."""
    kind = "instructions_proposed" if fact.in_force_at is None else "instructions_changed"
    _tell_watching(kind, fact, from_then=fact.in_force_at)


def instructions_approved(fact: events.InstructionsApproved) -> None:
    _tell_watching("instructions_changed", fact, from_then=fact.in_force_at)


def instructions_dropped(fact: events.InstructionsDropped) -> None:
    _tell_watching("instructions_dropped", fact)


def report_made(fact: events.ReportMade) -> None:
    """Those who keep order hear it, unless they are whom it is about."""
    group = groups.group(fact.group_id)
    notify_all(
        (person_id for person_id in _officers(group, _MODERATING) if person_id != fact.about_id),
        kind="report_new",
        ref=f"report:{fact.report_id}",
        path=links.reports(group.slug),
        data={"group": group.name, "name": _name(fact.by)},
        group_id=group.id,
    )


def report_closed(fact: events.ReportClosed) -> None:
    group = groups.group(fact.group_id)
    notify(
        person_id=fact.reporter_id, kind="report_closed", ref=f"report:{fact.report_id}", path=links.group(group.slug),
        data={"group": group.name, "note": fact.note}, group_id=group.id,
    )  # fmt: skip


_OfInstructions = events.InstructionsProposed | events.InstructionsApproved | events.InstructionsDropped


def _tell_watching(kind: str, fact: _OfInstructions, **details: object) -> None:
    """Who is an officer no more cannot open the page on which a change is stopped: he is led to the group's own."""
    group = groups.group(fact.group_id)
    for watching in _watching(group):
        is_officer = watching.role in OFFICERS
        notify(
            person_id=watching.person_id,
            kind=kind,
            ref=f"instructions:{fact.instructions_id}",
            path=links.instructions(group.slug) if is_officer else links.group(group.slug),
            data={"group": group.name, "name": _name(fact.by), "is_officer": is_officer, **details},
            group_id=group.id,
        )


def _officers(group: Group, roles: tuple[Role, ...] = OFFICERS) -> list[int]:
    return [member.person_id for member in groups.officers(group.id, roles)]


def _watching(group: Group) -> list[Membership]:
    """Whoever is or lately was an officer."""
    return groups.officers_lately(group.id, clock.now())


def _name(person_id: int) -> str:
    return names_of([person_id]).get(person_id, "")


def _now(kind: str, number: int) -> str:
    """A key for what can happen to the same thing again."""
    return f"{kind}:{number}:{clock.now().isoformat()}"
