"""The clock's part: lots start and end by themselves, each in a unit of work of its own, told once.

A lot that is due stays due until a worker has written down what became of it, so a worker that is killed loses
nothing; two workers never take the same lot, for the first one locks its row and the second looks past it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select

from marketplace.auctions import rules
from marketplace.auctions.events import LotPassed, LotSold, LotStarted
from marketplace.auctions.models import Bid, Lot
from marketplace.auctions.rules import Action, Format, Party, State
from marketplace.catalog import service as catalog
from marketplace.groups import queries as groups
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce


def start_due_lots(limit: int = 50) -> int:
    """Start scheduled lots whose time has come. How many were started."""
    return sum(survives(_start_one, lot_id) for lot_id in _due(_STARTS, clock.now(), limit))


def close_due_lots(limit: int = 50) -> int:
    """End running lots whose time is over: sold or passed. How many were ended."""
    return sum(survives(_close_one, lot_id) for lot_id in _due(_ENDS, clock.now(), limit))


def start(lot: Lot) -> None:
    """Start a lot that is locked, under the group's terms of this moment. A bid may be faster than the worker."""
    facts = lot.facts()
    lot.state = rules.judge(facts, Action.START, by=Party.CLOCK, now=clock.now())
    lot.terms = groups.group(lot.group_id).terms
    lot.version += 1
    freeze_sealed(lot)
    audit.note("start lot", f"lot:{lot.id}", by=None, group_id=lot.group_id)
    announce(LotStarted(lot.id, lot.group_id, lot.number, lot.title, lot.seller_id, lot.ends_at))


def freeze_sealed(lot: Lot) -> None:
    """A lot with sealed bids is fixed from its start: to be fixed by the first bid would tell that there is one."""
    if lot.format != Format.OPEN:
        catalog.freeze(lot.item_id, at=clock.now())


@use_case
def _start_one(lot_id: int) -> bool:
    now = clock.now()
    lot = db.session.scalar(_TO_START, {"lot_id": lot_id, "now": now})
    if lot is None:
        return False
    with clock.at(now):
        start(lot)
    return True


@use_case
def _close_one(lot_id: int) -> bool:
    now = clock.now()
    lot = db.session.scalar(_TO_END, {"lot_id": lot_id, "now": now})
    if lot is None:
        return False
    facts = lot.facts()
    with clock.at(now):  # the order and all that is told have this moment; asking the database again takes time
        state = rules.judge(facts, rules.ending(facts), by=Party.CLOCK, now=now)
        lot.take(replace(facts, state=state, bid_count=_count(lot)))
        lot.closed_at = now
        audit.note("close lot", f"lot:{lot.id}", by=None, group_id=lot.group_id, why=lot.state)
        announce(_outcome(lot, now))
    return True


def _count(lot: Lot) -> int:
    """How many bids there were; of sealed ones only now anybody counts."""
    if not lot.is_blind:
        return lot.bid_count
    counted = select(func.count()).where(Bid.lot_id == lot.id, Bid.voided_at.is_(None))
    return db.session.scalar(counted) or 0


def _outcome(lot: Lot, now: datetime) -> LotSold | LotPassed:
    if lot.state != State.SOLD:
        return LotPassed(lot.id, lot.group_id, lot.item_id, lot.number, lot.title, lot.seller_id, lot.bid_count, now)
    return sold(lot, now)


def sold(lot: Lot, now: datetime, *, attempt: int = 1) -> LotSold:
    """What is announced when a lot has found its buyer."""
    assert lot.leader_id is not None  # noqa: S101 - a sold lot has one
    return LotSold(
        lot_id=lot.id, group_id=lot.group_id, item_id=lot.item_id, number=lot.number, title=lot.title,
        seller_id=lot.seller_id, buyer_id=lot.leader_id, hammer=lot.price, shipping=lot.shipping, terms=lot.terms,
        sold_at=now, attempt=attempt, is_on_offer=lot.sold_on_offer_at is not None,
        shipping_further=lot.shipping_further,
    )  # fmt: skip


def _due(condition: ColumnElement[bool], now: datetime, limit: int) -> list[int]:
    """Looked up by reading alone: a worker that finds nothing has locked nothing."""
    wanted = select(Lot.id).where(condition).order_by(Lot.ends_at, Lot.id).limit(limit)
    ids = list(db.session.scalars(wanted, {"now": now}))
    let_go()
    return ids


def _claiming(condition: ColumnElement[bool]) -> Select[Lot]:
    """The lot, locked; none if it is not due any more, or another worker is at it.

    It waits for nobody, so the moment that was asked for it is still the moment under its lock.
    """
    wanted = select(Lot).where(Lot.id == bindparam("lot_id"), condition).with_for_update(skip_locked=True)
    return wanted.execution_options(populate_existing=True)


_STARTS = and_(Lot.state == State.SCHEDULED, Lot.starts_at <= bindparam("now"))
_ENDS = and_(Lot.state == State.RUNNING, Lot.ends_at <= bindparam("now"))
_TO_START, _TO_END = _claiming(_STARTS), _claiming(_ENDS)
