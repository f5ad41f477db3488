"""A web server is killed while many of its bidders share a commit: what somebody was told is so. On both databases."""

from __future__ import annotations

import signal
import threading
from collections import defaultdict

from sqlalchemy import func, select

from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.faults.processes import process
from tests.faults.test_last_seconds import outcome_of

TIMES, SECONDS = 3, 0.8


def test_who_was_told_that_his_bid_stands_has_a_bid_that_stands(app):
    group = a_group()
    lots = [a_lot(an_item(group=group), opening=500).id for _lot in range(3)]
    told = set()
    for _time in range(TIMES):
        people = [a_member(group).id for _person in range(20)]
        with process(app, "callers", ",".join(map(str, lots)), *people) as server:
            threading.Timer(SECONDS, server.kill).start()
            told |= {line.rstrip("\n") for line in server.stdout if line.endswith("\n")}
            assert server.wait(30) == -signal.SIGKILL

    db.session.rollback()
    kept = defaultdict(list)
    for bid in db.session.scalars(select(Bid).order_by(Bid.id)):
        kept[bid.lot_id].append(bid)
    lines = {
        f"{bid.lot_id} {bid.bidder_id} {bid.maximum_minor} {bid.client_key}" for bids in kept.values() for bid in bids
    }
    assert told
    assert told <= lines, "a bid that somebody was told of is not there"
    for lot in db.session.scalars(select(Lot).where(Lot.id.in_(kept))):
        bids = kept[lot.id]
        leader, price = outcome_of([(bid.bidder_id, bid.maximum_minor) for bid in bids], 500)
        assert (lot.leader_id, lot.price_minor) == (leader, price)
        assert lot.bid_count == sum(not bid.is_quiet for bid in bids)
        best = select(Alias.person_id, Alias.maximum_minor).where(Alias.lot_id == lot.id)
        assert dict(db.session.execute(best).all()) == {
            person: max(bid.maximum_minor for bid in bids if bid.bidder_id == person)
            for person in {bid.bidder_id for bid in bids}
        }
        audited = select(func.count()).where(AuditLine.what == "place bid", AuditLine.subject == f"lot:{lot.id}")
        assert db.session.scalar(audited) == len(bids)
