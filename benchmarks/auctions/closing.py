"""A thousand lots that end in the same second: by two workers, each once, and nobody is told twice."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, update

from benchmarks.auctions import serving, world
from benchmarks.auctions.rounds import Bench
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.escrow.models import Order
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.notifications.models import Mail, Notice

LOTS, WORKERS = 1_000, 2
_GOAL_SECONDS = 10
_WARMS_UP = timedelta(seconds=8)
_PATIENCE_SECONDS = 300


def measure(bench: Bench) -> dict[str, object]:
    """Seconds from the end of the lots until the last is closed. Checks lots, orders and notices; prints, returns."""
    lots = bench.add_lots(LOTS)
    mine = (Lot.group_id == bench.world.group_id) & Lot.number.between(lots[0], lots[-1])
    with bench.app.app_context(), ExitStack() as workers:
        world.add_bids(bench.world, lots)
        for _each in range(WORKERS):
            workers.enter_context(serving.worker(bench.environ))
        end = clock.now() + _WARMS_UP
        with unit_of_work():
            db.session.execute(
                update(Lot).where(mine).values(ends_at=end, scheduled_end_at=end, seller_id=_seller(bench))
            )
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while _count(select(Lot.id).where(mine, Lot.state == State.RUNNING)):
            assert time.monotonic() < give_up_at, "the workers do not close them"
            time.sleep(0.25)
        closed = db.session.scalars(select(Lot.closed_at).where(mine))
        seconds = max((each - end).total_seconds() for each in closed if each)
        _check(select(Lot.id).where(mine), since=end)
    print(f"{LOTS:,} lots that end together: the last is closed {seconds:.1f} s later by {WORKERS} workers (goal: "
          f"{_GOAL_SECONDS} s); each once, with one order, and nobody is told twice")  # fmt: skip
    return {"seconds": seconds, "lots": LOTS}


def _seller(bench: Bench) -> ColumnElement[int]:
    """As many sellers as bidders: of one seller two lots are never closed at once, for his standing is one row."""
    return bench.world.people[0] + (Lot.leader_id - bench.world.people[0] + 1) % len(bench.world.people)


def _check(lots: Select[int], *, since: datetime) -> None:
    sold = _count(lots.where(Lot.state == State.SOLD))
    orders = _count(select(Order.id).where(Order.lot_id.in_(lots)))
    closings = _count(select(AuditLine.id).where(AuditLine.what == "close lot", AuditLine.at >= since))
    assert (sold, orders, closings) == (LOTS, LOTS, LOTS), (sold, orders, closings)
    told = (
        select(Notice.person_id)
        .where(Notice.created_at >= since)
        .group_by(Notice.person_id, Notice.kind, Notice.ref)
        .having(func.count() > 1)
    )
    mailed = select(Mail.notice_id).where(Mail.notice_id.is_not(None)).group_by(Mail.notice_id).having(func.count() > 1)
    assert (_count(told), _count(mailed)) == (0, 0), "somebody is told twice"


def _count(wanted: Select[int]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
