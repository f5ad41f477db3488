"""Lots end once, whatever happens to the workers that end them. On both databases."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

from sqlalchemy import func, select

from marketplace.auctions import closing
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.escrow.models import Order
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.at_once import at_once
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.faults.processes import process


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def orders_of(lot):
    return db.session.scalar(select(func.count()).select_from(Order).where(Order.lot_id == lot.id))


def wait_until(is_so, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        db.session.rollback()
        time.sleep(0.05)


def test_two_workers_end_every_lot_and_none_twice(app):
    group = a_group()
    buyer = a_member(group)
    lots = [a_lot(an_item(group=group)) for _lot in range(12)]
    for lot in lots[:6]:
        a_bid(lot, buyer)
    clock.move(timedelta(days=1))

    def work():
        while closing.close_due_lots(limit=5):
            pass

    assert at_once(app, work, work, work) == []
    assert [now_of(lot).state for lot in lots] == [State.SOLD] * 6 + [State.PASSED] * 6
    assert [orders_of(lot) for lot in lots] == [1] * 6 + [0] * 6


def test_a_worker_that_is_killed_in_the_middle_leaves_the_lot_to_the_next(app):
    lot = a_lot()
    a_bid(lot)
    clock.move(timedelta(days=1))
    with process(app, "closer", lot.id) as killed:
        assert killed.wait(timeout=30) == -signal.SIGKILL
    assert (now_of(lot).state, orders_of(lot)) == (State.RUNNING, 0), "nothing of it was kept"
    with process(app, "closer"):
        wait_until(lambda: now_of(lot).state == State.SOLD)
    assert orders_of(lot) == 1


def test_a_lot_is_closed_within_two_seconds_of_its_end(app):
    with process(app, "closer"):
        lot = a_lot(ends_at=clock.now() + timedelta(seconds=2))
        a_bid(lot, at=clock.now() - timedelta(minutes=10))
        wait_until(lambda: now_of(lot).state == State.SOLD)
    assert now_of(lot).closed_at - lot.ends_at < timedelta(seconds=2)
