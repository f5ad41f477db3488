"""What pages read of sales. Who may see them, sale_finding.py says; hidden lots are on none of these pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select

from marketplace.auctions import sale_rules
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.rules import State
from marketplace.auctions.sale_models import Sale
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

PAGE = 100
SALES_ON_A_PAGE = 24
_OPEN = (State.SCHEDULED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a sale has come."""

    lots: int = 0
    open: int = 0
    """No end is written down yet."""
    running: int = 0
    """Their time is not over."""
    sold: int = 0
    passed: int = 0
    hammered_minor: int = 0
    """What all that are sold fetched, without shipping."""
    versions: int = 0
    """The lots' own, added up: another with every change that others may see."""

    @property
    def withdrawn(self) -> int:
        return self.lots - self.open - self.sold - self.passed


@dataclass(frozen=True, slots=True)
class Row:
    """A lot as the page of its sale shows it."""

    lot: Lot
    leader: str
    """By what name others know who leads or has won; empty where nobody does, or bids are sealed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lot stands in its sale."""

    sale: Sale
    before: int | None
    """The number of the lot before it."""
    after: int | None


def sales_of_group(group_id: int, *, before: int | None = None, limit: int = SALES_ON_A_PAGE) -> list[Sale]:
    """A group's sales, the last announced first; `before` is the number of one to go on from."""
    wanted = select(Sale).where(Sale.group_id == group_id)
    if before is not None:
        wanted = wanted.where(Sale.number < before)
    return list(db.session.scalars(wanted.order_by(Sale.number.desc()).limit(limit)))


def open_for_lots(group_id: int, *, now: datetime, limit: int = SALES_ON_A_PAGE) -> list[Sale]:
    """The sales into which lots can be put, the next to begin first."""
    wanted = select(Sale).where(Sale.group_id == group_id, Sale.starts_at > now, Sale.called_off_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Sale.starts_at, Sale.id).limit(limit)))


def tallies_of(sale_ids: Collection[int], *, now: datetime) -> dict[int, Tally]:
    """How far each of these sales has come. One query."""
    sold = Lot.state == State.SOLD
    counts = select(
        Lot.sale_id,
        func.count(),
        func.count().filter(Lot.state.in_(_OPEN)),
        func.count().filter(and_(Lot.state.in_(_OPEN), Lot.ends_at > now)),
        func.count().filter(sold),
        func.count().filter(Lot.state == State.PASSED),
        func.coalesce(func.sum(Lot.price_minor).filter(sold), 0),
        func.coalesce(func.sum(Lot.version), 0),
    )
    found = db.session.execute(counts.where(Lot.sale_id.in_(sale_ids), Lot.hidden_at.is_(None)).group_by(Lot.sale_id))
    tallies = {row[0]: Tally(*(int(number) for number in row[1:])) for row in found}
    return {sale_id: tallies.get(sale_id, Tally()) for sale_id in sale_ids}


def state_of(sale: Sale, tally: Tally, *, now: datetime) -> sale_rules.State:
    """How far it has come, in a word."""
    return sale_rules.state_of(sale.facts(), open_lots=tally.open, now=now)


def lots_of(sale: Sale, *, after: int = 0, limit: int = PAGE) -> list[Row]:
    """Its lots in order, from behind this place on. One query."""
    wanted = _with_leader().where(Lot.sale_id == sale.id, Lot.hidden_at.is_(None), Lot.sale_position > after)
    rows = db.session.execute(wanted.order_by(Lot.sale_position, Lot.id).limit(limit))
    return [_row(lot, name) for lot, name in rows]


def lot_in(sale: Sale, number: int) -> Lot:
    """The lot of this number, if it is in the sale. Raises NotFound."""
    lot = db.session.scalar(select(Lot).where(Lot.group_id == sale.group_id, Lot.number == number))
    if lot is None or lot.sale_id != sale.id:
        raise NotFound("There is no such lot in this sale.")
    return lot


def next_to_close(sale: Sale, *, now: datetime) -> Row | None:
    """The lot whose time is over first, of those that run. One query."""
    runs = (Lot.sale_id == sale.id, Lot.hidden_at.is_(None), Lot.state == State.RUNNING, Lot.ends_at > now)
    row = db.session.execute(_with_leader().where(*runs).order_by(Lot.ends_at, Lot.id).limit(1)).one_or_none()
    return None if row is None else _row(row.Lot, row.name)


def place_of(lot: Lot) -> Place | None:
    """Where a lot stands in its sale, and its neighbours there. One query, where it is in one."""
    if lot.sale_id is None or lot.sale_position is None:
        return None
    others = select(Lot.sale_position, Lot.number).where(Lot.sale_id == lot.sale_id, Lot.hidden_at.is_(None))
    before = others.where(Lot.sale_position < lot.sale_position).order_by(Lot.sale_position.desc()).limit(1)
    after = others.where(Lot.sale_position > lot.sale_position).order_by(Lot.sale_position).limit(1)
    near = select(Sale, *(each.with_only_columns(Lot.number).scalar_subquery() for each in (before, after)))
    row = db.session.execute(near.where(Sale.id == lot.sale_id)).one()
    return Place(*row)


def _with_leader() -> Select[Lot, str]:
    leads = and_(Alias.lot_id == Lot.id, Alias.person_id == Lot.leader_id)
    return select(Lot, Alias.name).outerjoin(Alias, leads)


def _row(lot: Lot, leader: str | None) -> Row:
    return Row(lot, "" if lot.is_blind else leader or "")
