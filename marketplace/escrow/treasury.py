"""An officer's queue: other members' payments to look for, payouts to make, what is late."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from marketplace.escrow import late_payouts
from marketplace.escrow.late_payouts import LatePayout
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.parcel_queries import Together, in_parcels
from marketplace.escrow.reference_rules import order_of, parcel_of
from marketplace.escrow.rules import WAITING_FOR_OFFICERS
from marketplace.groups import service as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Membership
from marketplace.groups.rules import CONFIRMERS, OFFICERS, Permission
from marketplace.kernel import clock
from marketplace.kernel.database import db

MOST = 200
"""Orders that a page of the queue shows; the others come up as these are done."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The orders that wait for an officer, most urgent first."""

    payments: list[Together]
    """Their buyers say that they have sent it: an order each, or the orders of a parcel."""
    payouts: list[Order]
    expected: list[Together]
    """Nobody says yet that it is sent, or the rest of it."""
    own: int
    """The officer's own, which another one looks after."""
    late: dict[tuple[int, Party], LatePayout]
    """Payouts that are late, by order and payee: those in the queue, which stand first there, and the others."""


def queue_for(group_id: int, person_id: int) -> Queue:
    """What waits for this officer. Raises NotFound or NotAllowed to anybody else.

    A moderator sees what the treasurer is late with: that is his to do, too. Late payouts come before all others.
    """
    member = groups.require_member(person_id, group_id, Permission.CONFIRM_MONEY_LATE)
    orders = _of_others(group_id, person_id, [State.PAYMENT_CLAIMED, State.PAYING_OUT, *_EXPECTED])
    orders = orders.where(Order.is_for_officers)
    if member.role not in CONFIRMERS:
        orders = orders.where(Order.is_second_officer_due)
    late = late_payouts.shown_to_officers(group_id, person_id, clock.now())
    is_late = Order.id.in_(each.order.id for each in late if each.order is not None)
    found = list(db.session.scalars(orders.order_by(is_late.desc(), Order.deadline, Order.id).limit(MOST)))
    parcels = in_parcels({order.parcel_id for order in found if order.parcel_id is not None})
    own = select(func.count()).where(Order.group_id == group_id, Order.is_for_officers, _is_own(person_id))
    return Queue(
        payments=_as_paid([order for order in found if order.state == State.PAYMENT_CLAIMED], parcels),
        payouts=[order for order in found if order.state == State.PAYING_OUT],
        expected=_as_paid([order for order in found if order.state in _EXPECTED], parcels),
        own=db.session.scalar(own.where(Order.state.in_([State.PAYMENT_CLAIMED, State.PAYING_OUT]))) or 0,
        late={(each.order.id, each.payee): each for each in late if each.order is not None},
    )


def _as_paid(orders: list[Order], parcels: dict[int, Together]) -> list[Together]:
    """A payment for each: one for all orders of a parcel, where the most urgent of them stands. Of a parcel all that
    waits for money is counted, on this page or beyond its end, and once where some of it is said to be sent."""
    found: dict[int, Together] = {}
    for order in orders:
        together = Together((order,)) if order.parcel_id is None else Together(parcels[order.parcel_id].waiting)
        found.setdefault(order.id if order.parcel_id is None else -order.parcel_id, together)
    return list(found.values())


def parcel_with(group_id: int, person_id: int, text: str) -> int | None:
    """The parcel of others that a line of the bank's statement is for, by its reference."""
    groups.require(person_id, group_id, Permission.CONFIRM_MONEY)
    number = parcel_of(text)
    if number is None:
        return None
    return db.session.scalar(
        _of_others(group_id, person_id, list(State))
        .where(Order.parcel_id == number)
        .with_only_columns(Order.parcel_id)
        .limit(1)
    )


def order_with(group_id: int, person_id: int, text: str) -> Order | None:
    """The order of somebody else that a line of the bank's statement is for, by its reference or its number."""
    groups.require(person_id, group_id, Permission.CONFIRM_MONEY)
    number = order_of(text)
    if number is None and text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 18:  # noqa: PLR2004
        number = int(text)
    if number is None:
        return None
    return db.session.scalar(_of_others(group_id, person_id, list(State)).where(Order.id == number))


def without_confirmer(*, limit: int = 50) -> list[Order]:
    """Orders of all groups whose money nobody may confirm any more: for the operators' page."""
    is_confirmer = and_(
        Membership.group_id == Order.group_id,
        Membership.state == Belonging.MEMBER,
        Membership.person_id.not_in([Order.buyer_id, Order.seller_id]),
        or_(Membership.role.in_(CONFIRMERS), and_(Membership.role.in_(OFFICERS), Order.is_second_officer_due)),
    )
    waiting = select(Order).where(Order.state.in_(WAITING_FOR_OFFICERS), Order.is_for_officers)
    parked = waiting.where(~select(Membership.id).where(is_confirmer).exists())
    return list(db.session.scalars(parked.order_by(Order.id).limit(limit)))


_EXPECTED = [State.AWAITING_PAYMENT, State.TOPPING_UP]


def _of_others(group_id: int, person_id: int, states: list[State]) -> Select[Order]:
    return select(Order).where(Order.group_id == group_id, Order.state.in_(states), ~_is_own(person_id))


def _is_own(person_id: int) -> ColumnElement[bool]:
    return or_(Order.buyer_id == person_id, Order.seller_id == person_id)
