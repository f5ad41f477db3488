"""Holds lots that have come against what members look for, and tells whom they fit, once.

A lot is put into a queue in the unit of work that lists it. A duty takes lots from there, a batch of a group at a time,
and holds each against everything that is kept in the group: one query for the searches, and pure law for the rest. What
fits is a row of its own for each search and lot, so nobody is told of a lot twice, whatever is killed in between.
Another duty tells: of what is wanted at a price at once, of saved searches together every few hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select

from marketplace.auctions.events import LotListed, LotsFit
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.auctions.search_models import Fit, KeptSearch, LotToMatch
from marketplace.auctions.search_rules import TOLD_EVERY, NewLot, Search, Sort, costs_what_it_may, fits
from marketplace.catalog import texts
from marketplace.catalog.events import ItemChanged
from marketplace.catalog.period_rules import Years
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Membership
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.statements import insert_into
from marketplace.reputation import queries as reputation

LATE_AFTER = timedelta(minutes=5)
_OPEN = (State.SCHEDULED, State.RUNNING)


@use_case
def lot_listed(fact: LotListed) -> None:
    """It is new: it is to be held against what members look for."""
    _queue([fact.lot_id])


@use_case
def item_changed(fact: ItemChanged) -> None:
    """It may fit now whom it did not fit before. Whom it did fit was told."""
    _queue(db.session.scalars(select(Lot.id).where(Lot.item_id == fact.item_id, Lot.state.in_(_OPEN))))


def match_new_lots(limit: int = 20) -> int:
    """Find whom the lots that have come fit. How many lots were looked at."""
    wanted = select(Lot, LotToMatch.since).join(LotToMatch, LotToMatch.lot_id == Lot.id)
    rows = db.session.execute(wanted.order_by(LotToMatch.since, Lot.id).limit(limit)).all()
    looked_at = {lot.id: since for lot, since in rows}
    found = [pair for group_id in {lot.group_id for lot, _since in rows} for pair in _found(group_id, rows)]
    let_go()  # thousands of searches may have been held against them: nobody should wait for that
    return _note(looked_at, found) if looked_at else 0


def tell_of_fits(limit: int = 100) -> int:
    """Tell members what fits, each lot once for each search. How many searches were told of."""
    due = _due(clock.now()).with_only_columns(KeptSearch.id).distinct().order_by(KeptSearch.id).limit(limit)
    ids = list(db.session.scalars(due))
    let_go()
    return sum(_tell(search_id) for search_id in ids)


def to_match(now: datetime) -> Backlog:
    """How many lots wait to be held against what members look for."""
    return backlog_of(LotToMatch.since, now=now, late_after=LATE_AFTER)


def to_tell(now: datetime) -> Backlog:
    """How many fits wait to be told, those apart that wait for others to come along."""
    return backlog_of(Fit.found_at, Fit.told_at.is_(None), _is_due(now), now=now, late_after=LATE_AFTER)


def _queue(lot_ids: Iterable[int]) -> None:
    for lot_id in lot_ids:
        row = insert_into(LotToMatch).values(lot_id=lot_id, since=clock.now())
        db.session.execute(row.on_conflict_do_update(index_elements=["lot_id"], set_={"since": row.excluded.since}))


def _found(group_id: int, rows: Iterable[tuple[Lot, datetime]]) -> list[tuple[int, int]]:
    """Which searches of a group fit which of its lots, as ids."""
    lots = [lot for lot, _since in rows if lot.group_id == group_id and lot.hidden_at is None and lot.state in _OPEN]
    member = and_(Membership.group_id == KeptSearch.group_id, Membership.person_id == KeptSearch.person_id)
    wanted = select(KeptSearch).join(Membership, member)
    wanted = wanted.where(KeptSearch.group_id == group_id, Membership.state == Belonging.MEMBER)
    searches = [(kept.id, kept.person_id, kept.currency, kept.search) for kept in db.session.scalars(wanted)]
    return [
        (search_id, lot.id)
        for lot, new in zip(lots, _as_new(group_id, lots), strict=True)
        for search_id, person_id, currency, search in searches
        if currency == lot.currency and fits(search, new, of=person_id)
    ]


def _as_new(group_id: int, lots: list[Lot]) -> list[NewLot]:
    words = texts.words_by_item({lot.item_id for lot in lots})
    standings = reputation.standings_of({lot.seller_id for lot in lots}, group_id)
    return [
        NewLot(
            id=lot.id, seller_id=lot.seller_id, kind=lot.category, condition=lot.condition or "",
            years=None if lot.made_from is None or lot.made_to is None else Years(lot.made_from, lot.made_to),
            price=lot.price, shipping=lot.shipping, words=words.get(lot.item_id, ""),
            risk=standings[lot.seller_id].risk,
        )
        for lot in lots
    ]  # fmt: skip


@use_case
def _note(looked_at: dict[int, datetime], found: list[tuple[int, int]]) -> int:
    """Write down what fits, and take the lots out of the queue: but for those that were put in anew meanwhile."""
    queued = select(LotToMatch).where(LotToMatch.lot_id.in_(looked_at)).order_by(LotToMatch.lot_id)
    claimed = db.session.scalars(queued.with_for_update(skip_locked=True)).all()
    taken = {row.lot_id for row in claimed if row.since == looked_at[row.lot_id]}
    wanted = select(KeptSearch.id).where(KeptSearch.id.in_({search_id for search_id, _lot_id in found}))
    kept = set(db.session.scalars(wanted.order_by(KeptSearch.id).with_for_update(read=True, key_share=True)))
    now = clock.now()
    rows = [
        {"search_id": search_id, "lot_id": lot_id, "found_at": now}
        for search_id, lot_id in found
        if search_id in kept and lot_id in taken
    ]
    if rows:
        db.session.execute(insert_into(Fit).on_conflict_do_nothing(), rows)
    db.session.execute(delete(LotToMatch).where(LotToMatch.lot_id.in_(taken)))
    return len(taken)


@use_case
def _tell(search_id: int) -> bool:
    now = clock.now()
    claimed = select(KeptSearch).where(KeptSearch.id == search_id).with_for_update(skip_locked=True)
    kept = db.session.scalar(claimed.execution_options(populate_existing=True))
    untold = select(Fit, Lot).join(Lot, Lot.id == Fit.lot_id).where(Fit.search_id == search_id, Fit.told_at.is_(None))
    rows = db.session.execute(untold.order_by(Lot.ends_at, Lot.id)).all() if kept is not None else []
    if kept is None or not rows:
        return False
    lots = [lot for _fit, lot in rows if _is_for(kept.search, lot, now)]
    for fit, _lot in rows:
        fit.told_at = now
    if lots:
        first = lots[0]
        kept.told_at = now
        announce(
            LotsFit(
                kept.id, Sort(kept.sort), kept.name, kept.person_id, kept.group_id, len(lots), first.id, first.number,
                first.title, first.price, first.ends_at, now,
            )
        )  # fmt: skip
    return True


def _is_for(search: Search, lot: Lot, now: datetime) -> bool:
    """Whether it can be had still, at a price that he asked for."""
    is_open = lot.state in _OPEN and lot.ends_at > now and lot.hidden_at is None
    return is_open and costs_what_it_may(search, lot.price, lot.shipping)


def _due(now: datetime) -> Select[Any]:
    """Searches of people who are members still, of which there is something to tell."""
    member = and_(Membership.group_id == KeptSearch.group_id, Membership.person_id == KeptSearch.person_id)
    wanted = select(KeptSearch).join(Fit, Fit.search_id == KeptSearch.id).join(Membership, member)
    return wanted.where(Fit.told_at.is_(None), Membership.state == Belonging.MEMBER, _waited(now))


def _waited(now: datetime) -> ColumnElement[bool]:
    """A want is told at once, a search not so soon again."""
    long_ago = or_(KeptSearch.told_at.is_(None), KeptSearch.told_at <= now - TOLD_EVERY)
    return or_(KeptSearch.sort == Sort.WANT, long_ago)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return Fit.search_id.in_(_due(now).with_only_columns(KeptSearch.id))
