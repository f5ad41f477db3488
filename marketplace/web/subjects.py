"""What a report is about, in words and as a link, for many reports at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as people
from marketplace.auctions import finding
from marketplace.auctions.models import Lot
from marketplace.escrow import queries as orders
from marketplace.groups import moderation, queries, service
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Permission
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.web.person import me


class Subject(NamedTuple):
    words: str
    href: str | None
    """None where officers have no page of it: a message is its two parties' own, and the report quotes it."""


class Seen(NamedTuple):
    """What of a thing goes into its report."""

    about_id: int
    """The person behind it."""
    message: str = ""
    written_at: datetime | None = None


def subjects_of(group: Group, names: Iterable[str]) -> dict[str, Subject]:
    """Subjects by name ("lot:12"). Three queries, however many there are; what is not this group's has no link."""
    parts = {name: (kind, int(number)) for name in set(names) for kind, number in [name.split(":")]}
    lots = {lot.id: lot for lot in _lots(group, [number for kind, number in parts.values() if kind == "lot"])}
    persons = people.names_of(_ever_members(group, [number for kind, number in parts.values() if kind == "person"]))
    return {name: _subject(group, kind, number, lots, persons) for name, (kind, number) in parts.items()}


def seen_here(group: Group, name: str) -> Seen:
    """What the one at the page sees of this thing of the group's, and so can report. Raises NotFound."""
    moderation.check_subject(name)
    kind, number = name.split(":")
    of_group, seen = _SEEN[kind](group, int(number))
    if of_group != group.id:
        raise NotFound("There is nothing here to report.")
    return seen


def _seen_lot(_group: Group, lot_id: int) -> tuple[int, Seen]:
    lot = finding.lot_for(lot_id, me())
    return lot.group_id, Seen(lot.seller_id)


def _seen_message(_group: Group, message_id: int) -> tuple[int, Seen]:
    message = orders.message_for(message_id, me())
    return orders.order(message.order_id).group_id, Seen(message.author_id, message.text, message.at)


def _seen_person(group: Group, person_id: int) -> tuple[int | None, Seen]:
    service.require(me(), group.id, Permission.SEE_MEMBERS)
    is_known = queries.membership_row(group.id, person_id) is not None
    return group.id if is_known else None, Seen(person_id)


_SEEN: dict[str, Callable[[Group, int], tuple[int | None, Seen]]] = {
    "lot": _seen_lot,
    "message": _seen_message,
    "person": _seen_person,
}


def _lots(group: Group, ids: list[int]) -> Iterable[Lot]:
    return db.session.scalars(select(Lot).where(Lot.id.in_(ids), Lot.group_id == group.id))


def _ever_members(group: Group, ids: list[int]) -> Iterable[int]:
    wanted = select(Membership.person_id).where(Membership.group_id == group.id, Membership.person_id.in_(ids))
    return db.session.scalars(wanted)


def _subject(group: Group, kind: str, number: int, lots: dict[int, Lot], persons: dict[int, str]) -> Subject:
    if kind == "lot" and number in lots:
        lot = lots[number]
        words = _("Lot %(number)s, %(title)s", number=lot.number, title=lot.title)
        return Subject(words, url_for("lots.show", slug=group.slug, number=lot.number))
    if kind == "person" and number in persons:
        return Subject(persons[number], url_for("people.show", slug=group.slug, person_id=number))
    return Subject(_("Message %(number)s", number=number) if kind == "message" else _("No longer here"), None)
