"""Lists of lots that grow: the catalogue of a group, what a person bids on, what he sells. Each goes on after a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.auctions import finding
from marketplace.auctions.models import Alias, Lot, Watch
from marketplace.auctions.rules import State
from marketplace.groups.models import Group, Membership, facts
from marketplace.groups.rules import Who
from marketplace.kernel.database import db
from marketplace.kernel.money import Money

PAGE = 24
MOST_COUNTED = 1000
_MOST_DIGITS = 18  # fit into 64 bits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stage(StrEnum):
    """Which lots a catalogue shows."""

    RUNNING = "running"
    SCHEDULED = "scheduled"
    ENDED = "ended"


class Order(StrEnum):
    ENDING = "ending"
    NEWEST = "newest"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody asked of a catalogue."""

    stage: Stage = Stage.RUNNING
    order: Order = Order.ENDING
    kind: str = ""
    words: str = ""
    after: str = ""
    """Where the page before ended."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a catalogue."""

    lots: list[Lot]
    total: int
    has_uncounted: bool
    """There are more than `total`: a group's past grows, and its pages should not slow down with it."""
    next_key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A lot in a person's own list."""

    lot: Lot
    group: Group
    key: int
    """Where the next page goes on."""
    maximum: Money | None = None
    """What he bid at most; none where he did not, or where his bids were voided."""
    is_seen: bool = True
    """Whether the lot is still his to see: he may have left, or a moderator has hidden it."""
    is_member: bool = True


class PersonalList(Protocol):
    """What bids_of, watched_by and sales_of have in common."""

    def __call__(self, person_id: int, *, open_only: bool, before: int | None, limit: int) -> list[Entry]: ...


def catalogue(group_id: int, search: Search, *, now: datetime, limit: int = PAGE) -> Page:
    """A group's lots of one stage, without those that are hidden."""
    wanted = select(Lot).where(Lot.group_id == group_id, Lot.hidden_at.is_(None), _of_stage(search.stage, now))
    if search.kind:
        wanted = wanted.where(Lot.category == search.kind)
    if search.words:
        wanted = wanted.where(_says(search.words))
    counted = wanted.with_only_columns(Lot.id).limit(MOST_COUNTED + 1).subquery()
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    column, falls = _order(search)
    if (key := _key_from(search.after, column)) is not None:
        place = tuple_(column, Lot.id)
        wanted = wanted.where(place < key if falls else place > key)
    wanted = wanted.order_by(*((column.desc(), Lot.id.desc()) if falls else (column, Lot.id)))
    lots = list(db.session.scalars(wanted.limit(limit + 1)))
    has_more = len(lots) > limit
    return Page(
        lots[:limit],
        min(total, MOST_COUNTED),
        total > MOST_COUNTED,
        _key_of(lots[limit - 1], column) if has_more else "",
    )


def bids_of(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The lots that a person has bid on, the last he came to first: those that run, or those that have ended."""
    his = and_(Membership.group_id == Lot.group_id, Membership.person_id == Alias.person_id)
    wanted = select(Alias, Lot, Group, Membership).join(Lot, Lot.id == Alias.lot_id)
    wanted = wanted.join(Group, Group.id == Lot.group_id).outerjoin(Membership, his)
    wanted = wanted.where(Alias.person_id == person_id, _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Alias.id < before)
    rows = db.session.execute(wanted.order_by(Alias.id.desc()).limit(limit))
    return [_bid_on(alias, lot, facts(group, membership), group) for alias, lot, group, membership in rows]


def watched_by(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The lots that a person watches, the last he began with first: those to end, or those that have."""
    his = and_(Membership.group_id == Lot.group_id, Membership.person_id == Watch.person_id)
    wanted = select(Watch, Lot, Group, Membership).join(Lot, Lot.id == Watch.lot_id)
    wanted = wanted.join(Group, Group.id == Lot.group_id).outerjoin(Membership, his)
    wanted = wanted.where(Watch.person_id == person_id, Watch.stopped_at.is_(None), _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Watch.id < before)
    rows = db.session.execute(wanted.order_by(Watch.id.desc()).limit(limit))
    return [_watched(watch, lot, facts(group, membership), group) for watch, lot, group, membership in rows]


def sales_of(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """A seller's lots, the last listed first: those that run or will, or those that have ended."""
    wanted = select(Lot, Group).join(Group, Group.id == Lot.group_id)
    wanted = wanted.where(Lot.seller_id == person_id, _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Lot.id < before)
    return [Entry(lot, group, lot.id) for lot, group in db.session.execute(wanted.order_by(Lot.id.desc()).limit(limit))]


def _bid_on(alias: Alias, lot: Lot, who: Who, group: Group) -> Entry:
    return Entry(
        lot,
        group,
        alias.id,
        maximum=None if alias.maximum_minor is None else Money(alias.maximum_minor, lot.currency),
        is_seen=finding.sees(lot, alias.person_id, who),
        is_member=who.role is not None,
    )


def _watched(watch: Watch, lot: Lot, who: Who, group: Group) -> Entry:
    is_seen = finding.sees(lot, watch.person_id, who)
    return Entry(lot, group, watch.id, is_seen=is_seen, is_member=who.role is not None)


def _is_open(wanted: bool) -> ColumnElement[bool]:
    is_open = Lot.state.in_((State.SCHEDULED, State.RUNNING))
    return is_open if wanted else ~is_open


def _of_stage(stage: Stage, now: datetime) -> ColumnElement[bool]:
    """A lot whose end has come has ended, whether the worker has written it down or not."""
    match stage:
        case Stage.RUNNING:
            return and_(Lot.state == State.RUNNING, Lot.ends_at > now)
        case Stage.SCHEDULED:
            return Lot.state == State.SCHEDULED
    return and_(Lot.ends_at <= now, Lot.state.not_in((State.SCHEDULED, State.WITHDRAWN)))


def _says(words: str) -> ColumnElement[bool]:
    in_title = Lot.title.icontains(words, autoescape=True)
    number = _whole(words)
    return in_title if number is None else or_(in_title, Lot.number == number)


def _order(search: Search) -> tuple[InstrumentedAttribute[Any], bool]:
    """The column to go by, and whether from the largest down. Ids settle what is equal."""
    match search.order:
        case Order.NEWEST:
            return Lot.listed_at, True
        case Order.PRICE:
            return Lot.price_minor, False
    return (Lot.starts_at, False) if search.stage is Stage.SCHEDULED else (Lot.ends_at, search.stage is Stage.ENDED)


def _key_of(lot: Lot, column: InstrumentedAttribute[Any]) -> str:
    value = getattr(lot, column.key)
    number = value if isinstance(value, int) else (value - _EPOCH) // timedelta(microseconds=1)
    return f"{number}-{lot.id}"


def _key_from(text: str, column: InstrumentedAttribute[Any]) -> tuple[Any, int] | None:
    """The key that a page ended with. Whatever else stands in the address begins the list anew."""
    number, lot_id = (_whole(part) for part in text.partition("-")[::2])
    if number is None or lot_id is None:
        return None
    if column.key == Lot.price_minor.key:
        return number, lot_id
    try:
        return _EPOCH + timedelta(microseconds=number), lot_id
    except OverflowError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
