"""The audit of parcels: whose orders are in them, and whether each pays the part of the shipping that is its due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from typing import Any

from sqlalchemy import Row, or_, select

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.parcel_rules import Posting, shares
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.audit import Finding


def parcel_findings() -> Iterator[Finding]:
    """Every order in a parcel of other people, or that pays another part of its shipping than its due. Two queries.

    Those that wait to be paid share the shipping among them. So do those that were paid: the dearest is paid first, so
    whatever part of a parcel was paid for has it.
    """
    strange = or_(
        Order.group_id != Parcel.group_id, Order.buyer_id != Parcel.buyer_id, Order.seller_id != Parcel.seller_id
    )
    misplaced = select(Order.id, Order.group_id, Parcel.id).join(Parcel, Parcel.id == Order.parcel_id).where(strange)
    for order_id, group_id, parcel_id in db.session.execute(misplaced.order_by(Order.id)):
        yield Finding("party", f"Order {order_id} is in parcel {parcel_id} of other people.", group_id=group_id)
    for _parcel_id, rows in groupby(_packed(), key=lambda row: row.parcel_id):
        orders = list(rows)
        with suppress(TypeError, ValueError):  # what cannot be read is found, and named, by the audit of orders
            yield from _check_shares([row for row in orders if row.state == State.AWAITING_PAYMENT])
            yield from _check_shares([row for row in orders if row.was_held])


def _packed() -> list[Row[Any]]:
    """The orders in parcels, parcel by parcel: of each no more than is looked at, for a row may be unreadable."""
    wanted = select(
        Order.id, Order.group_id, Order.parcel_id, Order.state, Order.held_at.is_not(None).label("was_held"),
        Order.currency, Order.shipping_minor, Order.shipping_further_minor, Order.parcel_shipping_minor,
    ).where(Order.parcel_id.is_not(None))  # fmt: skip
    return list(db.session.execute(wanted.order_by(Order.parcel_id, Order.id)))


def _check_shares(rows: list[Row[Any]]) -> Iterator[Finding]:
    due = shares([_posting_of(row) for row in rows])
    for row in rows:
        if row.parcel_shipping_minor != due[row.id].minor:
            pays = Money(row.parcel_shipping_minor, row.currency)
            sentence = f"Order {row.id} pays {pays} for its part of parcel {row.parcel_id}: {due[row.id]} is its due."
            yield Finding("changed", sentence, group_id=row.group_id)


def _posting_of(row: Row[Any]) -> Posting:
    further = row.shipping_further_minor
    return Posting(
        row.id, Money(row.shipping_minor, row.currency), None if further is None else Money(further, row.currency)
    )
