"""The newest line of a group's audit trail, with what else decides on its pages: whether anything has changed at all.

Everything that is done in a group leaves a line. So these few values stand for all that a page shows of it, but for
the time and for its reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from marketplace.accounts.models import Person
from marketplace.auctions.models import Alias, Lot, Watch
from marketplace.auctions.question_models import Said
from marketplace.auctions.rules import State
from marketplace.deposits.models import Deposit
from marketplace.groups.models import FACTS, Group, Membership, facts_read
from marketplace.groups.rules import Who
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import Big, db, glance


@dataclass(frozen=True, slots=True)
class Trail:
    """What a page was made from."""

    line_id: int | None
    line_at: datetime | None
    """When the newest line was written; none in a group without any."""
    time_zone: str
    moments: tuple[datetime, ...]
    """From now to these the page shows how long it is."""
    rest: tuple[Any, ...] = ()
    """Whatever else changes without a line."""
    read_at: datetime | None = None
    """The clock when it was read, for clock.as_read."""
    who: Who | None = None
    """Who its reader is to the group."""
    has_no_seat: bool = False
    """Whether he neither sells nor bids there: of the bidding he sees what all see who may do as much in the group."""
    looks_on: bool = False
    """Whether nothing at all on the page is his own."""


# Of the group's own lines alone, whatever others do meanwhile: asked for the greatest number of a group, PostgreSQL may
# go through the lines of all groups, the newest first, until it finds one of this. A range has no such short cut.
_NEWEST = (
    select(AuditLine.id)
    .where(AuditLine.group_id.between(Group.id, Group.id))
    .order_by(AuditLine.group_id.desc(), AuditLine.id.desc())
    .limit(1)
    .correlate(Group)
    .scalar_subquery()
)
_RUNS = (Lot.group_id == Group.id, Lot.state == State.RUNNING)
_SOONEST_END = select(func.min(Lot.ends_at)).where(*_RUNS).correlate(Group).scalar_subquery()
_GROUP = (
    select(AuditLine.id, AuditLine.at, clock.reading(), Group.time_zone, _SOONEST_END)
    .select_from(Group)
    .outerjoin(AuditLine, AuditLine.id == _NEWEST)
    .where(Group.slug == bindparam("slug"))
)
# The seller may change his name, everywhere: no line of the group's tells of that.
_LOT = (
    select(
        AuditLine.id, AuditLine.at, clock.reading(), Group.time_zone, Lot.starts_at, Lot.ends_at, Lot.id, Lot.version,
        Person.name, Person.picture_key,
    )
    .select_from(Lot)
    .join(Group, Group.id == Lot.group_id)
    .join(Person, Person.id == Lot.seller_id)
    .outerjoin(AuditLine, AuditLine.id == _NEWEST)
    .where(Group.slug == bindparam("slug"), Lot.number == bindparam("number"))
)  # fmt: skip

_READER_ID = bindparam("reader_id", type_=Big)
_HAS_NO_SEAT = and_(
    or_(Lot.state == State.SCHEDULED, Lot.state == State.RUNNING),
    Lot.hidden_at.is_(None),
    Lot.seller_id != _READER_ID,
    ~exists().where(Alias.lot_id == Lot.id, Alias.person_id == _READER_ID),
)
# Neither watches he, nor has he asked something, nor does the group hold a deposit of his: without a seat, he looks on.
_LOOKS_ON = and_(
    ~exists().where(Watch.lot_id == Lot.id, Watch.person_id == _READER_ID),
    ~exists().where(Said.lot_id == Lot.id, Said.author_id == _READER_ID),
    ~exists().where(Deposit.group_id == Lot.group_id, Deposit.person_id == _READER_ID),
)
_HIS = and_(Membership.group_id == Group.id, Membership.person_id == _READER_ID)
_LOT_BEFORE = _LOT.add_columns(*FACTS, _HAS_NO_SEAT, _LOOKS_ON).outerjoin(Membership, _HIS)
_FACTS = len(FACTS)
_GROUP_BEFORE = _GROUP.add_columns(*FACTS).outerjoin(Membership, _HIS)

# The same for somebody whose session carries this, while it is good: what the head of each page says of him.
_READER = aliased(Person)
_FOR_READER = (_READER.fs_uniquifier == bindparam("session")) & _READER.active
_GROUP_FOR = _GROUP.add_columns(_READER.name).join(_READER, _FOR_READER)
_LOT_FOR = _LOT.add_columns(_READER.name).join(_READER, _FOR_READER)


def trail_of_lot(slug: str, number: int, reader_id: int) -> Trail | None:
    """What the page of the lot at this address is made from for this reader, 0 for nobody; none where there is none."""
    row = db.session.execute(_LOT_BEFORE, {"slug": slug, "number": number, "reader_id": reader_id}).one_or_none()
    if row is None:
        return None
    *about_lot, has_no_seat, looks_on = row
    who = facts_read(about_lot[-_FACTS:])
    return replace(_of_lot(about_lot[:-_FACTS]), who=who, has_no_seat=has_no_seat, looks_on=has_no_seat and looks_on)


def trail_of_group(slug: str, reader_id: int) -> Trail | None:
    """What lists of a group's lots are made from. Its moment is when the next of its lots ends."""
    row = db.session.execute(_GROUP_BEFORE, {"slug": slug, "reader_id": reader_id}).one_or_none()
    return None if row is None else replace(_of_group(row[:-_FACTS]), who=facts_read(row[-_FACTS:]), looks_on=True)


def glance_at(slug: str, number: int | None, session: str) -> tuple[Trail, str] | None:
    """The trail of a lot, or of the group without a number, and its reader's name, in one round trip.

    None where there is no such page, or his session is not good any more.
    """
    statement = _GROUP_FOR if number is None else _LOT_FOR
    row = glance(statement, {"slug": slug, "number": number, "session": session})
    if row is None:
        return None
    return (_of_group if number is None else _of_lot)(row[:-1]), row[-1]


def _of_lot(row: Sequence[Any]) -> Trail:
    line_id, line_at, read_at, time_zone, starts_at, ends_at, *rest = row
    return Trail(line_id, line_at, time_zone, (starts_at, ends_at), tuple(rest), read_at)


def _of_group(row: Sequence[Any]) -> Trail:
    line_id, line_at, read_at, time_zone, soonest = row
    return Trail(line_id, line_at, time_zone, () if soonest is None else (soonest,), (), read_at)
