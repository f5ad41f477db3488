"""The catalogue of a group: its lots of one stage, filtered, sorted, and read a page at a time after a key.

A page costs the same whether the group has had a thousand lots or a million. Each order is read off an index of its
own; the kind is in the index of the usual order. Words are looked up in the text index, and only lots that it finds are
looked through. Whatever else is filtered by is looked for in the next MOST_SCANNED lots of the order and no further:
the page then says so and offers to look on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.auctions.lot_indexes import PAST, RUNNING, TO_COME, in_state
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.auctions.search_rules import Order, Search, Stage
from marketplace.catalog import texts
from marketplace.catalog.text_rules import Term, terms_of
from marketplace.kernel.database import db
from marketplace.reputation import queries as reputation

PAGE = 24
MOST_COUNTED = 1000
MOST_SCANNED = 2000
MOST_FOUND = 2000
"""Items with the words looked for. Of more, the words say so little that lots are tried one after the other instead:
every few have them."""

_MOST_LOTS_OF_FOUND = 10 * MOST_FOUND
_MOST_DIGITS = 18  # fit into 64 bits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a catalogue."""

    lots: list[Lot]
    total: int
    has_uncounted: bool
    """There are more than `total`: a group's past grows, and its pages should not slow down with it."""
    next_key: str
    is_searched_on: bool = False
    """The page is not full, and after `next_key` there may be more all the same: so far was looked, and no further."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How a search is gone about."""

    column: InstrumentedAttribute[Any]
    falls: bool
    """From the largest down."""
    base: Conditions
    """What an index answers."""
    filters: Conditions
    """What each lot is asked for."""
    found: Sequence[int] | None = None
    """Items that the text index found: lots of others are not looked through."""

    @property
    def order(self) -> tuple[ColumnElement[Any], ...]:
        return (self.column.desc(), Lot.id.desc()) if self.falls else (self.column.asc(), Lot.id.asc())

    def after(self, key: str) -> Conditions:
        place = _key_from(key, self.column)
        if place is None:
            return []
        row = tuple_(self.column, Lot.id)
        return [row < place if self.falls else row > place]


def catalogue(group_id: int, search: Search, *, now: datetime, limit: int = PAGE) -> Page:
    """A group's lots of one stage that a search wants, without those that are hidden."""
    way = _way(group_id, search, now)
    if way.found is not None and not way.found:
        return Page([], 0, False, "")
    total, has_uncounted = _count(way)
    lots = list(db.session.scalars(_wanted(way, search.after).order_by(*way.order).limit(limit + 1)))
    if len(lots) > limit:
        return Page(lots[:limit], total, has_uncounted, _key_of(lots[limit - 1], way.column))
    last = _last_scanned(way, search.after) if way.filters and way.found is None else None
    return Page(lots, total, has_uncounted, "" if last is None else _key_of(last, way.column), last is not None)


def _way(group_id: int, search: Search, now: datetime) -> _Way:
    column, falls = _order(search)
    base = [Lot.group_id == group_id, Lot.hidden_at.is_(None), *_of_stage(search, now)]
    filters = _filters(group_id, search)
    by_end = _ends_before(search, now)
    (base if column.key == Lot.ends_at.key else filters).extend(by_end)
    (base if column.key == Lot.ends_at.key else filters).extend(_of_kind(search))
    if search.words:
        terms = terms_of(search.words)
        found = texts.found(group_id, terms, most=MOST_FOUND + 1)
        number = _whole(search.words)
        if len(found) <= MOST_FOUND:
            # Items that were found are the group's own. No condition says anything by which a database would begin.
            base = [Lot.hidden_at.is_(None), *_loosely_of_stage(search.stage, now), *by_end, *_of_kind(search)]
            return _Way(column, falls, base, filters, [*found, *_item_of(group_id, number)])
        filters.append(_has(terms, number))
    return _Way(column, falls, base, filters)


def _has(terms: tuple[Term, ...], number: int | None) -> ColumnElement[bool]:
    said = texts.says(Lot.item_id, terms)
    return said if number is None else or_(said, Lot.number == number)


def _item_of(group_id: int, number: int | None) -> list[int]:
    """Who types a lot's number looks for that lot."""
    if number is None:
        return []
    return list(db.session.scalars(select(Lot.item_id).where(Lot.group_id == group_id, Lot.number == number)))


def _of_stage(search: Search, now: datetime) -> list[Any]:
    """A lot whose end has come runs no more, and in the usual order it has ended, whether the worker has written it
    down or not. In the others it has ended a second or two later, when the worker has: their indexes hold no running
    lot, so that bids need not move it in them."""
    match search.stage:
        case Stage.RUNNING:
            if search.order is Order.ENDING:
                return [_in(RUNNING) if search.kind else Lot.state == State.RUNNING, Lot.ends_at > now]
            return [_in(RUNNING), _end() > now]
        case Stage.SCHEDULED:
            return [_in(TO_COME)]
    if search.order is Order.ENDING and not search.kind:
        return [Lot.ends_at <= now, Lot.state.not_in((State.SCHEDULED, State.WITHDRAWN))]
    return [_in(PAST)]


def _loosely_of_stage(stage: Stage, now: datetime) -> list[Any]:
    """The same, without an index."""
    state = func.coalesce(Lot.state, "")
    match stage:
        case Stage.RUNNING:
            return [state == State.RUNNING, _end() > now]
        case Stage.SCHEDULED:
            return [state == State.SCHEDULED]
    return [_end() <= now, state.not_in((State.SCHEDULED, State.WITHDRAWN))]


def _end() -> Any:
    """When a lot ends, so written that no index answers it: after that on the end there would have to be a sort."""
    return func.coalesce(Lot.ends_at, Lot.scheduled_end_at)


def _in(states: str) -> Any:
    """In the words of an index: with values that are bound later, no database could use it."""
    return text(f"lots.{in_state(states, db.engine.dialect.name)}")


def _filters(group_id: int, search: Search) -> Conditions:
    """What each lot is asked for, when and kind apart."""
    asked: tuple[tuple[int | None, Callable[[int], ColumnElement[bool]]], ...] = (
        (search.price_from, lambda least: Lot.price_minor >= least),
        (search.price_to, lambda most: Lot.price_minor <= most),
        (search.with_shipping_to, lambda most: Lot.price_minor + Lot.shipping_minor <= most),
        (search.made_from, lambda year: Lot.made_to >= year),
        (search.made_to, lambda year: Lot.made_from <= year),
    )
    wanted = [condition(value) for value, condition in asked if value is not None]
    if search.trust is not None:
        wanted.append(Lot.seller_id.in_(reputation.people_at(group_id, search.trust.risks)))
    if search.condition:
        wanted.append(Lot.condition == search.condition)
    if search.no_bids:
        wanted.append(Lot.bid_count == 0)
    return wanted


def _of_kind(search: Search) -> Conditions:
    return [Lot.category == search.kind] if search.kind else []


def _ends_before(search: Search, now: datetime) -> Conditions:
    """What has ended ended: it is only asked when the others do."""
    if search.stage is Stage.ENDED:
        return []
    moments = [search.until, None if search.within is None else now + search.within.span]
    return [Lot.ends_at < moment for moment in moments if moment is not None]


def _order(search: Search) -> tuple[InstrumentedAttribute[Any], bool]:
    """The column to go by, and whether from the largest down. Ids settle what is equal."""
    match search.order:
        case Order.NEWEST:
            return Lot.number, True
        case Order.PRICE | Order.DEAREST:
            return Lot.price_minor, search.order is Order.DEAREST
        case Order.BIDS if search.stage is not Stage.SCHEDULED:
            return Lot.bid_count, True
    return (Lot.starts_at, False) if search.stage is Stage.SCHEDULED else (Lot.ends_at, search.stage is Stage.ENDED)


def _wanted(way: _Way, key: str) -> Select[Lot]:
    """The lots of a search after this key, not yet in order."""
    after = way.after(key)
    if way.found is not None:
        return _among_found(way.found, select(Lot)).where(*way.base, *way.filters, *after)
    if not way.filters:
        return select(Lot).where(*way.base, *after)
    near = select(Lot.id).where(*way.base, *after).order_by(*way.order).limit(MOST_SCANNED).subquery()
    return select(Lot).join(near, Lot.id == near.c.id).where(*way.filters)


def _among_found(found: Sequence[int], wanted: Select[Any]) -> Select[Any]:
    """Begin with the items that the text index has found. The limit keeps a database from thinking of another way."""
    ids = select(Lot.id).where(Lot.item_id.in_(found)).limit(_MOST_LOTS_OF_FOUND).subquery()
    return wanted.select_from(Lot).join(ids, Lot.id == ids.c.id)


def _last_scanned(way: _Way, key: str) -> Lot | None:
    """The lot after which to look on, if there may be any."""
    wanted = select(Lot).where(*way.base, *way.after(key)).order_by(*way.order)
    return db.session.scalar(wanted.offset(MOST_SCANNED - 1).limit(1))


def _count(way: _Way) -> tuple[int, bool]:
    """How many lots there are from the start on, as far as is counted, and whether there may be more."""
    if way.found is not None or not way.filters:
        every = select(Lot.id) if way.found is None else _among_found(way.found, select(Lot.id))
        counted = every.where(*way.base, *way.filters)
        if way.found is None:  # or PostgreSQL would read the table from its beginning
            counted = counted.order_by(*way.order)
        counting = select(func.count()).select_from(counted.limit(MOST_COUNTED + 1).subquery())
        total = db.session.scalar(counting) or 0
        return min(total, MOST_COUNTED), total > MOST_COUNTED
    near = select(Lot.id).where(*way.base).order_by(*way.order).limit(MOST_SCANNED).subquery()
    counts = select(func.count(), func.count().filter(and_(*way.filters))).join_from(near, Lot, Lot.id == near.c.id)
    scanned, total = db.session.execute(counts).one()
    return min(total, MOST_COUNTED), scanned == MOST_SCANNED or total > MOST_COUNTED


def _key_of(lot: Lot, column: InstrumentedAttribute[Any]) -> str:
    value = getattr(lot, column.key)
    number = value if isinstance(value, int) else (value - _EPOCH) // timedelta(microseconds=1)
    return f"{number}-{lot.id}"


def _key_from(key: str, column: InstrumentedAttribute[Any]) -> tuple[Any, int] | None:
    """The key that a page ended with. Whatever else stands in the address begins the list anew."""
    number, lot_id = (_whole(part) for part in key.partition("-")[::2])
    if number is None or lot_id is None:
        return None
    if column.key not in {Lot.ends_at.key, Lot.starts_at.key}:
        return number, lot_id
    try:
        return _EPOCH + timedelta(microseconds=number), lot_id
    except OverflowError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
