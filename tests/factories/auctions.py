"""Lots and bids. A lot is put into the database as it stands, running unless told otherwise; bids are really placed."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.auctions import bidding
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.catalog.models import Item
from marketplace.catalog.period_rules import years_of
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from tests.factories.catalog import an_item
from tests.factories.groups import a_member

_keys = itertools.count(1)


def a_lot(
    item: Item | None = None,
    *,
    opening: int = 500,
    reserve: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    terms: Terms | None = None,
    **columns: Any,
) -> Lot:
    """A lot of `item` that began an hour ago and ends in a day. Amounts are in minor units of the group's currency."""
    item = item or an_item()
    now = clock.now()
    starts_at = starts_at or now - timedelta(hours=1)
    ends_at = ends_at or max(now, starts_at) + timedelta(days=1)
    made_from, made_to = years_of(item.period) or (None, None)
    with unit_of_work():
        group = db.session.get_one(Group, item.group_id)
        values: dict[str, Any] = {
            "made_from": made_from, "made_to": made_to,
            "group_id": group.id, "item_id": item.id, "seller_id": item.seller_id, "title": item.title,
            "category": item.category, "condition": item.condition,
            "currency": group.currency, "shipping_minor": item.shipping_minor or 0,
            "number": 1 + (db.session.scalar(select(func.max(Lot.number)).where(Lot.group_id == group.id)) or 0),
            "client_key": f"key-of-lot-{next(_keys)}", "terms": terms or Terms(),
            "opening_minor": opening, "reserve_minor": reserve, "price_minor": opening,
            "starts_at": starts_at, "scheduled_end_at": ends_at, "ends_at": ends_at, "listed_at": min(now, starts_at),
            "state": State.RUNNING if starts_at <= now else State.SCHEDULED,
        }  # fmt: skip
        lot = Lot(**(values | columns))
        db.session.add(lot)
    return lot


def a_bid(lot: Lot, bidder: Person | None = None, maximum: int = 1000, *, at: datetime | None = None) -> bidding.Placed:
    """A bid of at most `maximum` minor units, through the service; the bidder is made a member if there is none."""
    bidder = bidder or a_member(db.session.get_one(Group, lot.group_id))
    with clock.at(at or clock.now()):
        return bidding.place_bid(
            lot_id=lot.id,
            by=bidder.id,
            maximum=Money(maximum, lot.currency),
            client_key=f"key-of-bid-{next(_keys)}",
            confirmed=True,
        )
