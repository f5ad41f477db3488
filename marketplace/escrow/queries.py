"""What pages and other packages read of orders. Who may see an order is asked in finding.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, or_, select

from marketplace.escrow.finding import no_such_order, order_for
from marketplace.escrow.models import Message, Order, OrderLine
from marketplace.escrow.money_rules import sees_slip
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.rules import ENDED
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Membership
from marketplace.groups.rules import CONFIRMERS
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.payments import queries as payments
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind

PAGE = 25
# A worker acts within seconds of a deadline. After so long the operators should look.
LATE_AFTER = timedelta(minutes=1)
# Reminders are looked for once a minute.
REMINDERS_LATE_AFTER = timedelta(minutes=5)


def order(order_id: int) -> Order:
    """The order, whoever asks. Raises NotFound."""
    found = db.session.get(Order, order_id)
    if found is None:
        raise no_such_order()
    return found


def orders(order_ids: Collection[int]) -> dict[int, Order]:
    """Orders by id, in one query."""
    return {found.id: found for found in db.session.scalars(select(Order).where(Order.id.in_(order_ids)))}


def late_orders(now: datetime, *, limit: int = 50) -> list[Order]:
    """Orders that no worker has moved though their time came: for the operators' page."""
    late = select(Order).where(Order.deadline < now - LATE_AFTER).order_by(Order.deadline, Order.id)
    return list(db.session.scalars(late.limit(limit)))


def to_lapse(now: datetime) -> Backlog:
    """How many orders wait for the clock to act."""
    return backlog_of(Order.deadline, now=now, late_after=LATE_AFTER)


def to_remind(now: datetime) -> Backlog:
    """Of how many orders somebody is to be reminded."""
    return backlog_of(Order.remind_at, now=now, late_after=REMINDERS_LATE_AFTER)


def has_open_purchase(group_id: int, person_id: int) -> bool:
    """Whether something that he bought in the group has not come to its end."""
    his = (Order.buyer_id == person_id, Order.group_id == group_id, Order.state.not_in(ENDED))
    return db.session.scalar(select(Order.id).where(*his).limit(1)) is not None


def order_of_lot(lot_id: int) -> Order | None:
    """The newest order that came of a lot."""
    return db.session.scalar(select(Order).where(Order.lot_id == lot_id).order_by(Order.attempt.desc()).limit(1))


def orders_of(
    person_id: int, *, side: Party | None = None, is_open: bool | None = None, before: int | None = None,
    limit: int = PAGE,
) -> list[Order]:  # fmt: skip
    """A person's purchases and sales, or one of them, newest first: `limit` of them, older than order `before`."""
    wanted = select(Order).where(_is_party(person_id, side))
    if is_open is not None:
        wanted = wanted.where(Order.state.not_in(ENDED) if is_open else Order.state.in_(ENDED))
    if before is not None:
        wanted = wanted.where(Order.id < before)
    return list(db.session.scalars(wanted.order_by(Order.id.desc()).limit(limit)))


def alike(order: Order) -> list[Order]:
    """Other orders between the same two that stand where this one stands: they can be paid and posted together.

    What is to be paid in a parcel is paid on its page, and not named here. Its own parcel's orders come first.
    """
    same = select(Order).where(
        Order.buyer_id == order.buyer_id, Order.seller_id == order.seller_id, Order.group_id == order.group_id,
        Order.state == order.state, Order.is_pick_up == order.is_pick_up, Order.id != order.id,
    )  # fmt: skip
    if order.state == State.AWAITING_PAYMENT:
        same = same.where(Order.parcel_id.is_(None))
    found = db.session.scalars(same.order_by(Order.id))
    return sorted(found, key=lambda other: order.parcel_id is None or other.parcel_id != order.parcel_id)


def lines_of(order_id: int) -> list[OrderLine]:
    """Everything that was done to an order, oldest first."""
    return list(db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.number)))


def seen_by(person_id: int, order_ids: Collection[int]) -> set[int]:
    """Those of the orders whose page he may open: as a party, or as an officer who confirms the group's money."""
    if not order_ids:
        return set()
    is_confirmer = select(Membership.id).where(
        Membership.group_id == Order.group_id, Membership.person_id == person_id,
        Membership.state == Belonging.MEMBER, Membership.role.in_(CONFIRMERS),
    )  # fmt: skip
    is_party = or_(Order.buyer_id == person_id, Order.seller_id == person_id)
    return set(
        db.session.scalars(select(Order.id).where(Order.id.in_(order_ids), or_(is_party, is_confirmer.exists())))
    )


def messages_of(order_id: int, *, most: int = 200) -> list[Message]:
    """What was written about an order, oldest first; the newest `most` of it."""
    newest = select(Message).where(Message.order_id == order_id).order_by(Message.id.desc()).limit(most)
    return list(db.session.scalars(newest))[::-1]


def message_for(message_id: int, person_id: int) -> Message:
    """A message as this person may read it. Raises NotFound."""
    found = db.session.get(Message, message_id)
    if found is None:
        raise NotFound("There is no such message.")
    order_for(found.order_id, person_id)
    return found


def proof_for(movement_id: int, person_id: int) -> Movement:
    """A payment of which a picture is kept, for whoever paid or was paid and the officers who may confirm it."""
    movement = payments.movement(movement_id)
    if movement.order_id is None or movement.proof_key is None:
        raise NotFound("There is no such picture.")
    _, party = order_for(movement.order_id, person_id)
    if not sees_slip(party, Kind(movement.kind)):
        raise NotFound("There is no such picture.")
    return movement


@dataclass(frozen=True, slots=True)
class Sums:
    """A person's own money in one group's hands."""

    held_as_buyer: Money
    held_as_seller: Money
    owed: Money


def sums_of(person_id: int, group_id: int, currency: str) -> Sums:
    """What is held for what a person bought and sold in a group, and what is being paid out to him."""
    is_buyer = Order.buyer_id == person_id
    sums = select(
        _sum(case((is_buyer, Order.held_minor), else_=0)),
        _sum(case((is_buyer, 0), else_=Order.held_minor)),
        _sum(case((is_buyer, Order.owed_buyer_minor), else_=Order.owed_seller_minor)),
    ).where(_is_party(person_id), Order.group_id == group_id)
    bought, sold, owed = db.session.execute(sums).one()
    return Sums(Money(int(bought), currency), Money(int(sold), currency), Money(int(owed), currency))


def _is_party(person_id: int, side: Party | None = None) -> ColumnElement[bool]:
    if side is Party.BUYER:
        return Order.buyer_id == person_id
    if side is Party.SELLER:
        return Order.seller_id == person_id
    return or_(Order.buyer_id == person_id, Order.seller_id == person_id)


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(column), 0)
