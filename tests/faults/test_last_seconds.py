"""200 bidders in the last seconds of one lot, on PostgreSQL: four web servers with wrong clocks, and two workers."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
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

BIDDERS, WORKERS = 200, 2
WRONG_BY = (-45, 45, -45, 45)  # seconds, of each web server: the end is when the database says so
LAST_SECONDS, AFTERWARDS = 8.0, 2.0
MANY = 10


@pytest.fixture
def app(settings_of):
    """On PostgreSQL alone: SQLite lets one process write at a time, whatever the product does."""
    with postgres.database() as url:
        application = create_app(settings_of(DATABASE_URL=url))
        with application.app_context():
            make_schema()
            yield application
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


def crowds(app, stack, lot, people):
    seconds, servers = LAST_SECONDS + AFTERWARDS, len(WRONG_BY)
    return [
        stack.enter_context(process(app, "crowd", lot.id, seconds, wrong_by, *people[number::servers]))
        for number, wrong_by in enumerate(WRONG_BY)
    ]


@pytest.mark.parametrize("window", [0, 2], ids=["closes hard", "extends"])
def test_the_price_is_what_the_accepted_maxima_give_and_there_is_one_order(app, window):
    lot = a_lot(opening=500, terms=Terms(soft_close_seconds=window, soft_close_cap_minutes=1))
    group = db.session.get_one(Group, lot.group_id)
    people = [a_member(group).id for _number in range(BIDDERS)]
    with ExitStack() as stack:
        servers = crowds(app, stack, lot, people)
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

    lot = db.session.get_one(Lot, lot.id, populate_existing=True)
    bids = db.session.scalars(select(Bid).where(Bid.lot_id == lot.id).order_by(Bid.id)).all()
    leader, price = outcome_of([(bid.bidder_id, bid.maximum_minor) for bid in bids], 500)
    assert (lot.state, lot.leader_id, lot.price_minor) == (State.SOLD, leader, price)
    assert lot.bid_count == sum(not bid.is_quiet for bid in bids)
    assert len(bids) == sum(server.get("taken", 0) for server in told) > MANY
    assert all(server.get("taken", 0) for server in told), "a wrong clock keeps nobody out, and lets nobody in late"

    assert all(bid.placed_at < lot.ends_at for bid in bids), "nothing is taken after the end"
    assert [bid.placed_at for bid in bids] == sorted(bid.placed_at for bid in bids), "the lock makes one order of them"
    assert lot.ends_at <= ends_at + timedelta(minutes=1)
    if not window:
        assert lot.ends_at == ends_at
        assert sum(server.get("late", 0) for server in told) > 0, "somebody tried after the end"

    orders = db.session.scalars(select(Order).where(Order.lot_id == lot.id)).all()
    assert [(order.buyer_id, order.hammer_minor) for order in orders] == [(leader, price)]
    won = db.session.scalars(select(Notice).where(Notice.kind == "won")).all()
    assert [notice.person_id for notice in won] == [leader], "the winner is told once"


def _wait_for_the_end(lot_id):
    deadline = time.monotonic() + 90
    while db.session.get_one(Lot, lot_id, populate_existing=True).state != State.SOLD:
        assert time.monotonic() < deadline, "no worker closed the lot"
        db.session.rollback()
        time.sleep(0.1)
