"""What pages and other packages read of groups."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, bindparam, func, or_, select, tuple_

from marketplace.groups import instruction_rules
from marketplace.groups.entry_rules import Answer, Belonging
from marketplace.groups.models import Application, Group, Instructions, Membership, Report, RulesVersion, Strike, facts
from marketplace.groups.rules import CONFIRMERS, OFFICERS, Permission, Role, may
from marketplace.kernel.database import db, in_snapshot
from marketplace.kernel.errors import NotFound
from marketplace.kernel.text import folded

PAGE = 50

# Asked for by nearly every request: SQLAlchemy spends more on making a statement than the database on answering it.
_BY_SLUG = select(Group).where(Group.slug == bindparam("slug"))
_MEMBERSHIP = select(Membership).where(
    Membership.group_id == bindparam("group_id"), Membership.person_id == bindparam("person_id")
)
_OF_A_PERSON = (
    select(Group)
    .join(Membership, Membership.group_id == Group.id)
    .where(Membership.person_id == bindparam("person_id"), Membership.state == Belonging.MEMBER)
    .order_by(Group.name, Group.id)
)
_CONFIRMERS = select(Membership.group_id, Membership.person_id).where(
    Membership.group_id.in_(bindparam("group_ids", expanding=True)),
    Membership.state == Belonging.MEMBER,
    Membership.role.in_(CONFIRMERS),
)


# ---- Groups ----


def group(group_id: int) -> Group:
    """The group. Raises NotFound."""
    found = db.session.get(Group, group_id)
    if found is None:
        raise NotFound("There is no such group.")
    return found


def group_by_slug(slug: str) -> Group:
    """The group at /g/<slug>. Raises NotFound."""
    found = db.session.scalar(_BY_SLUG, {"slug": slug})
    if found is None:
        raise NotFound("There is no such group.")
    return found


def group_by_key(founder_id: int, client_key: str) -> Group | None:
    """The group that this person founded with this form."""
    return db.session.scalar(select(Group).where(Group.founded_by == founder_id, Group.client_key == client_key))


def groups(group_ids: set[int]) -> dict[int, Group]:
    """Groups by id, in one query; none where nothing is asked for."""
    if not group_ids:
        return {}
    return {found.id: found for found in db.session.scalars(select(Group).where(Group.id.in_(group_ids)))}


def groups_of(person_id: int) -> list[Group]:
    """The groups that a person is a member of, by name."""
    return list(db.session.scalars(_OF_A_PERSON, {"person_id": person_id}))


def listed_groups(words: str, *, after: int | None = None, limit: int = PAGE) -> list[Group]:
    """Open groups of the public list whose name or field holds `words`, by name; `limit` of them after that group."""
    wanted = select(Group).where(Group.is_listed, Group.closed_at.is_(None))
    for word in folded(words).split():
        wanted = wanted.where(Group.search_text.contains(word, autoescape=True))
    if after is not None:
        last = select(Group.name, Group.id).where(Group.id == after).subquery()
        wanted = wanted.where(tuple_(Group.name, Group.id) > select(last.c.name, last.c.id).scalar_subquery())
    return list(db.session.scalars(wanted.order_by(Group.name, Group.id).limit(limit)))


# ---- Members ----


def membership(group_id: int, person_id: int | None) -> Membership | None:
    """The person's membership, if he is a member now."""
    found = membership_row(group_id, person_id)
    return found if found is not None and found.is_current else None


def membership_row(group_id: int, person_id: int | None) -> Membership | None:
    """The person's row in this group, whether he is still a member or not."""
    if person_id is None:
        return None
    known, key = in_snapshot(), (Membership, group_id, person_id)
    if key not in known:
        known[key] = db.session.scalar(_MEMBERSHIP, {"group_id": group_id, "person_id": person_id})
    found: Membership | None = known[key]
    return found


def is_known_to(reader_id: int, person_id: int) -> bool:
    """Whether this person is or was in some group of which the reader is a member now."""
    mine = select(Membership.group_id).where(Membership.person_id == reader_id, Membership.state == Belonging.MEMBER)
    his = select(Membership.id).where(Membership.person_id == person_id, Membership.group_id.in_(mine))
    return db.session.scalar(his.limit(1)) is not None


def members(group_id: int, *, after: int = 0, limit: int = PAGE) -> list[Membership]:
    """Members in the order they first came, `limit` of them after the membership of that id."""
    page = _current(group_id).where(Membership.id > after)
    return list(db.session.scalars(page.order_by(Membership.id).limit(limit)))


def officers(group_id: int, roles: tuple[Role, ...] = OFFICERS) -> list[Membership]:
    """The group's officers, or those of them in `roles`, in the order of `roles`."""
    found = list(db.session.scalars(_current(group_id).where(Membership.role.in_(roles)).order_by(Membership.id)))
    return sorted(found, key=lambda officer: roles.index(Role(officer.role)))


def confirmers(group_ids: Collection[int]) -> dict[int, set[int]]:
    """Who may confirm money in each of these groups."""
    found: dict[int, set[int]] = {group_id: set() for group_id in group_ids}
    for group_id, person_id in db.session.execute(_CONFIRMERS, {"group_ids": group_ids}):
        found[group_id].add(person_id)
    return found


def officers_lately(group_id: int, now: datetime) -> list[Membership]:
    """The officers, and whoever was one until lately, member or not: they hear where members are to pay."""
    was_one = Membership.officer_until > instruction_rules.remembered_from(now)
    wanted = select(Membership).where(
        Membership.group_id == group_id, or_(Membership.officer_since.is_not(None), was_one)
    )
    return list(db.session.scalars(wanted.order_by(Membership.id)))


def approvers_of(change: Instructions) -> list[Membership]:
    """The officers who may approve this change of where members pay."""
    return [
        officer
        for officer in officers(change.group_id)
        if officer.person_id != change.proposed_by
        and instruction_rules.may_approve(officer.officer_since, proposed_at=change.proposed_at)
    ]


def bidder_numbers(group: Group) -> list[tuple[int, int]]:
    """Number and person of each member who may bid now, by number.

    Counted over all who ever came, for their rows stay: nobody's number changes, and none is given again.
    """
    everybody = db.session.scalars(select(Membership).where(Membership.group_id == group.id).order_by(Membership.id))
    return [
        (number, member.person_id)
        for number, member in enumerate(everybody, start=1)
        if may(Permission.PLACE_BID, facts(group, member))
    ]


def _current(group_id: int) -> Select[Membership]:
    return select(Membership).where(Membership.group_id == group_id, Membership.state == Belonging.MEMBER)


# ---- Rules and payment instructions ----


def rules_text(group_id: int, number: int) -> str:
    """The rules of that version, in Markdown. Raises NotFound."""
    wanted = select(RulesVersion.text).where(RulesVersion.group_id == group_id, RulesVersion.number == number)
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound("There is no such version of the rules.")
    return found


def rules_versions(group_id: int) -> list[RulesVersion]:
    """Every version of the rules, newest first."""
    wanted = select(RulesVersion).where(RulesVersion.group_id == group_id).order_by(RulesVersion.number.desc())
    return list(db.session.scalars(wanted))


def instructions_of(group_id: int, now: datetime) -> str | None:
    """How to pay the group at this moment."""
    wanted = select(Instructions.words).where(
        Instructions.group_id == group_id, Instructions.dropped_at.is_(None), Instructions.in_force_at <= now
    )
    return db.session.scalar(wanted.order_by(Instructions.in_force_at.desc(), Instructions.id.desc()).limit(1))


def instructions(instructions_id: int) -> Instructions:
    """Payment instructions, in force or not. Raises NotFound."""
    found = db.session.get(Instructions, instructions_id)
    if found is None:
        raise NotFound("There are no such instructions.")
    return found


def coming_instructions(group_id: int, now: datetime) -> Instructions | None:
    """Payment instructions that wait for a second officer or for their time."""
    wanted = select(Instructions).where(
        Instructions.group_id == group_id,
        Instructions.dropped_at.is_(None),
        or_(Instructions.in_force_at.is_(None), Instructions.in_force_at > now),
    )
    return db.session.scalar(wanted.order_by(Instructions.id.desc()).limit(1))


# ---- Applications ----


def application(application_id: int) -> Application:
    """An application. Raises NotFound."""
    found = db.session.get(Application, application_id)
    if found is None:
        raise NotFound("There is no such application.")
    return found


def last_application(group_id: int, person_id: int | None) -> Application | None:
    """The person's newest application to this group, whatever became of it."""
    if person_id is None:
        return None
    wanted = select(Application).where(Application.group_id == group_id, Application.person_id == person_id)
    return db.session.scalar(wanted.order_by(Application.id.desc()).limit(1))


def asked_to_join(person_id: int) -> list[Group]:
    """The groups that have not yet answered this person's application."""
    wanted = select(Group).join(Application, Application.group_id == Group.id)
    wanted = wanted.where(Application.person_id == person_id, Application.state == Answer.WAITING)
    return list(db.session.scalars(wanted.order_by(Application.id)))


def applications(group_id: int, *, after: int = 0, limit: int | None = PAGE) -> list[Application]:
    """Applications that wait, oldest first, `limit` of them after the one of that id."""
    wanted = select(Application).where(
        Application.group_id == group_id, Application.state == Answer.WAITING, Application.id > after
    )
    return list(db.session.scalars(wanted.order_by(Application.id).limit(limit)))


def count_of_applications(group_id: int) -> int:
    """How many applications wait."""
    wanted = select(func.count()).select_from(Application)
    return db.session.scalar(wanted.where(Application.group_id == group_id, Application.state == Answer.WAITING)) or 0


# ---- Strikes and reports ----


def strikes_of(person_id: int, group_id: int, *, now: datetime) -> list[Strike]:
    """The strikes that count against a person now, newest first."""
    wanted = select(Strike).where(Strike.person_id == person_id, Strike.group_id == group_id, Strike.expires_at > now)
    return list(db.session.scalars(wanted.order_by(Strike.id.desc())))


def has_strike(group_id: int, person_id: int, order_id: int) -> bool:
    """Whether the person ever had a strike for this order."""
    wanted = select(Strike.id).where(Strike.group_id == group_id, Strike.order_id == order_id)
    return db.session.scalar(wanted.where(Strike.person_id == person_id)) is not None


def report_for(report_id: int, reader_id: int) -> Report:
    """A report, for an officer whom it is not about. Raises NotFound."""
    found = db.session.get(Report, report_id)
    if found is None or found.about_id == reader_id:
        raise NotFound("There is no such report.")
    return found


def open_report(group_id: int, subject: str, reporter_id: int) -> Report | None:
    """What this person reported of this thing, while no officer has closed it."""
    wanted = select(Report).where(Report.group_id == group_id, Report.subject == subject, Report.closed_at.is_(None))
    return db.session.scalar(wanted.where(Report.reported_by == reporter_id))


def open_reports(
    group_id: int, *, reader_id: int | None = None, after: int = 0, limit: int = PAGE
) -> list[Report]:  # fmt: skip
    """Reports that nobody has closed, oldest first; for a reader, without those that are about him."""
    wanted = select(Report).where(Report.group_id == group_id, Report.closed_at.is_(None), Report.id > after)
    wanted = wanted.where(Report.about_id != reader_id)
    return list(db.session.scalars(wanted.order_by(Report.id).limit(limit)))


def closed_reports(group_id: int, *, reader_id: int | None = None, limit: int = PAGE) -> list[Report]:
    """The reports that were closed last, newest first; for a reader, without those that are about him."""
    wanted = select(Report).where(Report.group_id == group_id, Report.closed_at.is_not(None))
    wanted = wanted.where(Report.about_id != reader_id)
    return list(db.session.scalars(wanted.order_by(Report.closed_at.desc(), Report.id.desc()).limit(limit)))


def count_of_reports(group_id: int, *, reader_id: int | None = None) -> int:
    """How many reports are open; for a reader, without those that are about him."""
    wanted = select(func.count()).select_from(Report).where(Report.group_id == group_id, Report.closed_at.is_(None))
    return db.session.scalar(wanted.where(Report.about_id != reader_id)) or 0
