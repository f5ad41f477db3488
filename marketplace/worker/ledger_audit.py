"""Audits of the books that look across floors which do not know of one another."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from marketplace.auctions.models import Lot
from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from marketplace.ledger.audit import Finding


def party_findings() -> Iterator[Finding]:
    """Every order whose seller is not the one of its lot, or the last of a lot whose buyer is not. One query."""
    later = aliased(Order)
    is_last = ~select(later.id).where(later.lot_id == Order.lot_id, later.attempt > Order.attempt).exists()
    is_other = or_(Order.seller_id != Lot.seller_id, is_last & Order.buyer_id.is_distinct_from(Lot.leader_id))
    query = select(Order.id, Order.group_id, Lot.id).join(Lot, Lot.id == Order.lot_id).where(is_other)
    for order_id, group_id, lot_id in db.session.execute(query.order_by(Order.id)):
        sentence = f"Order {order_id} is between others than the seller and the highest bidder of lot row {lot_id}."
        yield Finding("party", sentence, group_id=group_id)
