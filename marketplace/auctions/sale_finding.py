"""Finding a sale and its lots, locked or not. Locks are taken in one order: the group, the sale, its lots."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from marketplace.auctions import sale_rules
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.auctions.sale_models import Sale
from marketplace.auctions.sale_rules import Action, Party
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken


class Place(NamedTuple):
    """Where a lot goes in a sale, and what it means for it."""

    sale_id: int
    position: int
    starts_at: datetime
    ends_at: datetime


def numbered_sale_for(group_id: int, number: int, person_id: int | None) -> Sale:
    """The sale that its group calls by this number, for who sees the group's lots. Raises NotFound."""
    groups.require(person_id, group_id, Permission.SEE_LOTS)
    sale = db.session.scalar(select(Sale).where(Sale.group_id == group_id, Sale.number == number))
    if sale is None:
        raise no_such_sale()
    return sale


def locked_sale(sale_id: int) -> Sale:
    """The sale, its row locked until the unit of work ends. Raises NotFound."""
    sale = db.session.get(Sale, sale_id, with_for_update=True, populate_existing=True)
    if sale is None:
        raise no_such_sale()
    return sale


def locked_choice(group_id: int, number: int) -> Sale:
    """The sale that a seller chose in a form, locked. Raises RuleBroken if his group has none of that number."""
    wanted = select(Sale).where(Sale.group_id == group_id, Sale.number == number)
    sale = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if sale is None:
        raise RuleBroken("There is no such sale. Choose another, or an end of your own.", field="sale")
    return sale


def next_place(sale: Sale, *, now: datetime) -> Place:
    """The place behind all others. The sale is locked. Raises TooLate, Stale or RuleBroken."""
    facts = sale.facts()
    sale_rules.judge(facts, Action.PUT_IN, by=Party.SELLER, now=now)
    counts = select(func.count(), func.max(Lot.sale_position)).where(Lot.sale_id == sale.id)
    count, last = db.session.execute(counts).one()
    sale_rules.check_room(count)
    position = 1 + (last or 0)
    return Place(sale.id, position, sale.starts_at, sale_rules.end_of(facts, position))


def locked_lots(sale: Sale) -> list[Lot]:
    """The lots that are to run in a sale, in order, locked as well."""
    wanted = select(Lot).where(Lot.sale_id == sale.id, Lot.state == State.SCHEDULED).order_by(Lot.id)
    lots = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return sorted(lots, key=lambda lot: (lot.sale_position or 0, lot.id))


def no_such_sale() -> NotFound:
    return NotFound("There is no such sale.")
