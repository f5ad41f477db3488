"""What a report is about, in words and as a link, for many reports at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from marketplace.accounts import queries as people
from marketplace.auctions import finding, questions
from marketplace.auctions.models import Lot
from marketplace.auctions.question_models import Said
from marketplace.auctions.question_rules import Part
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
    author: str = ""
    """How who wrote it is called where nobody is named: who asks about a lot is not told to officers either."""
    hide: str | None = None
    """Where a moderator hides it; none where he does that on its own page, or has done it."""


class Seen(NamedTuple):
    """What of a thing goes into its report."""

    about_id: int
    """The person behind it."""
    message: str = ""
    written_at: datetime | None = None


def subjects_of(group: Group, names: Iterable[str]) -> dict[str, Subject]:
    """Subjects by name ("lot:12"). Four queries, however many there are; what is not this group's has no link."""
    numbers: dict[str, list[int]] = {"lot": [], "person": [], "words": [], "message": []}
    for name in names:
        kind, number = name.split(":")
        numbers[kind].append(int(number))
    lots = {f"lot:{lot.id}": _lot(group, lot) for lot in _lots(group, numbers["lot"])}
    named = people.names_of(_ever_members(group, numbers["person"])).items()
    persons = {f"person:{id_}": _person(group, id_, name) for id_, name in named}
    said = {f"words:{row[0].id}": _words(group, *row) for row in questions.said_in(group.id, numbers["words"])}
    messages = {f"message:{id_}": Subject(_("Message %(number)s", number=id_), None) for id_ in numbers["message"]}
    gone = {f"{kind}:{id_}": Subject(_("No longer here"), None) for kind, ids in numbers.items() for id_ in ids}
    return {**gone, **lots, **persons, **said, **messages}


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


def _seen_words(_group: Group, said_id: int) -> tuple[int, Seen]:
    lot, said = questions.said_to(said_id, me())
    return lot.group_id, Seen(said.author_id, said.text, said.said_at)


_SEEN: dict[str, Callable[[Group, int], tuple[int | None, Seen]]] = {
    "lot": _seen_lot,
    "message": _seen_message,
    "person": _seen_person,
    "words": _seen_words,
}


def _lots(group: Group, ids: list[int]) -> Iterable[Lot]:
    return db.session.scalars(select(Lot).where(Lot.id.in_(ids), Lot.group_id == group.id))


def _ever_members(group: Group, ids: list[int]) -> Iterable[int]:
    wanted = select(Membership.person_id).where(Membership.group_id == group.id, Membership.person_id.in_(ids))
    return db.session.scalars(wanted)


def _lot(group: Group, lot: Lot) -> Subject:
    words = _("Lot %(number)s, %(title)s", number=lot.number, title=lot.title)
    return Subject(words, url_for("lots.show", slug=group.slug, number=lot.number))


def _person(group: Group, person_id: int, name: str) -> Subject:
    return Subject(name, url_for("people.show", slug=group.slug, person_id=person_id))


def _words(group: Group, said: Said, lot: Lot, hidden_for: str) -> Subject:
    here: dict[str, Any] = {"slug": group.slug, "number": lot.number}
    is_question = said.part == Part.QUESTION
    return Subject(
        _("A question about lot %(number)s", number=lot.number) if is_question else
        _("An answer about lot %(number)s", number=lot.number),
        # The page that begins with it: there may be later ones on the lot's own.
        url_for("questions.index", before=said.number + 1, _anchor=f"question-{said.number}", **here),
        author=_("a member") if is_question else _("the seller"),
        hide=None if hidden_for else url_for("questions.hiding", question=said.number, **here),
    )  # fmt: skip
