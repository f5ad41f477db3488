"""Many bidders in the last seconds of one lot: four web servers, and two workers that end it, all real processes.

On PostgreSQL the servers' clocks are wrong, and it makes no difference: the end is when the database says so.

SQLite has no clock of its own: there each process asks its own. What holds there, too: bids have one order, none is
taken after the end, and one buyer has one order at the price that the accepted maxima give, as long as the processes
agree on the time; and they do, for a file of SQLite is on one machine, which has one clock. What does not hold there is
that a wrong clock does no harm: a process whose clock is ahead keeps its bidders out, and one whose clock is behind
would take bids until a worker has ended the lot. So several machines want PostgreSQL.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.app import create_app
from marketplace.auctions.models import Bid, Lot
from marketplace.auctions.rules import State
from marketplace.escrow.models import Order
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.notifications.models import Notice
from tests import postgres
from tests.factories.auctions import a_lot
from tests.factories.groups import a_member
from tests.faults.processes import process
from tests.schema import make_schema

WORKERS = 2
WRONG_BY = (-45, 45, -45, 45)  # seconds, of each web server
LAST_SECONDS, AFTERWARDS = 8.0, 2.0
MANY = 10


@pytest.fixture
def on_postgres(settings_of):
    with postgres.database() as url, opened(settings_of(DATABASE_URL=url)) as app:
        yield app


@pytest.fixture
def on_sqlite(settings_of):
    with opened(settings_of()) as app:
        yield app


@contextmanager
def opened(settings):
    app = create_app(settings)
    with app.app_context():
        make_schema()
        yield app
        db.session.remove()
        db.engine.dispose()


def outcome_of(accepted, opening):
    """Leader and price from the accepted maxima alone, in the order they came. No code of the product."""
    steps = ((100, 5), (500, 25), (2500, 50), (10000, 100), (25000, 250), (50000, 500), (100000, 1000), (250000, 2500),
             (500000, 5000))  # fmt: skip
    best = {}
    for order, (bidder, maximum) in enumerate(accepted):
        if maximum > best.get(bidder, (0, 0))[0]:
            best[bidder] = (maximum, order)
    leader = min(best, key=lambda bidder: (-best[bidder][0], best[bidder][1]))
    others = [maximum for bidder, (maximum, _) in best.items() if bidder != leader]
    asked = max(others) + next((step for below, step in steps if max(others) < below), 10000) if others else opening
    return leader, min(best[leader][0], asked)


@pytest.mark.parametrize("window", [0, 2], ids=["closes hard", "extends"])
def test_wrong_clocks_of_web_servers_change_nothing_on_postgresql(on_postgres, window):
    told = fight_for_a_lot(on_postgres, window=window, bidders=200, wrong_by=WRONG_BY)
    assert all(server.get("taken", 0) for server in told), "a wrong clock keeps nobody out, and lets nobody in late"


@pytest.mark.parametrize("window", [0, 2], ids=["closes hard", "extends"])
def test_processes_that_agree_on_the_time_end_a_lot_as_well_on_sqlite(on_sqlite, window):
    told = fight_for_a_lot(on_sqlite, window=window, bidders=40, wrong_by=(0, 0, 0, 45))
    assert all(server.get("taken", 0) for server in told[:-1])
    assert not told[-1].get("taken", 0), "by its own clock it was over before it began"


def fight_for_a_lot(app, *, window, bidders, wrong_by):
    """They bid past its end, and all that holds of a lot holds of this one. What became of each server's bids."""
    lot = a_lot(opening=500, terms=Terms(soft_close_seconds=window, soft_close_cap_minutes=1))
    group = db.session.get_one(Group, lot.group_id)
    people = [a_member(group).id for _number in range(bidders)]
    with ExitStack() as stack:
        servers = crowds(app, stack, lot, people, wrong_by)
        for _worker in range(WORKERS):
            stack.enter_context(process(app, "closer"))
        with unit_of_work():
            ends_at = clock.now() + timedelta(seconds=LAST_SECONDS)
            row = db.session.get_one(Lot, lot.id, with_for_update=True)
            row.ends_at = row.scheduled_end_at = ends_at
        for server in servers:
            server.stdin.write("go\n")
            server.stdin.flush()
        told = [json.loads(server.stdout.readline()) for server in servers]
        _wait_for_the_end(lot.id)
    check_outcome(lot.id, told)
    if not window:
        assert db.session.get_one(Lot, lot.id).ends_at == ends_at
        assert sum(server.get("late", 0) for server in told[:-1]) > 0, "somebody tried after the end"
    assert db.session.get_one(Lot, lot.id).ends_at <= ends_at + timedelta(minutes=1)
    return told


def crowds(app, stack, lot, people, wrong_by):
    seconds, servers = LAST_SECONDS + AFTERWARDS, len(wrong_by)
    return [
        stack.enter_context(process(app, "crowd", lot.id, seconds, wrong, *people[number::servers]))
        for number, wrong in enumerate(wrong_by)
    ]


def check_outcome(lot_id, told):
    lot = db.session.get_one(Lot, lot_id, populate_existing=True)
    bids = db.session.scalars(select(Bid).where(Bid.lot_id == lot_id).order_by(Bid.id)).all()
    leader, price = outcome_of([(bid.bidder_id, bid.maximum_minor) for bid in bids], 500)
    assert (lot.state, lot.leader_id, lot.price_minor) == (State.SOLD, leader, price)
    assert lot.bid_count == sum(not bid.is_quiet for bid in bids)
    assert len(bids) == sum(server.get("taken", 0) for server in told) > MANY

    assert all(bid.placed_at < lot.ends_at for bid in bids), "nothing is taken after the end"
    assert [bid.placed_at for bid in bids] == sorted(bid.placed_at for bid in bids), "the lock makes one order of them"

    orders = db.session.scalars(select(Order).where(Order.lot_id == lot_id)).all()
    assert [(order.buyer_id, order.hammer_minor) for order in orders] == [(leader, price)]
    won = db.session.scalars(select(Notice).where(Notice.kind == "won")).all()
    assert [notice.person_id for notice in won] == [leader], "the winner is told once"


def _wait_for_the_end(lot_id):
    deadline = time.monotonic() + 90
    while db.session.get_one(Lot, lot_id, populate_existing=True).state != State.SOLD:
        assert time.monotonic() < deadline, "no worker closed the lot"
        db.session.rollback()
        time.sleep(0.1)
