"""What orders wait for a person to do: as a party to them, and as an officer who looks after the money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select

from marketplace.escrow.confirmations import PAYOUTS
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.reminding_rules import DUTIES, due_of, ship_until
from marketplace.groups import proposal_queries as proposals, queries as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership
from marketplace.groups.proposal_rules import Deed
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel import clock
from marketplace.kernel.database import Big, db
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds

# Where one of them may have to act, or can: the buyer says where it goes, or cancels what was not shipped; the seller
# says where it goes back.
_BUYERS = [*(state for state, duty in DUTIES.items() if duty.whose is Party.BUYER), State.HELD]
_SELLERS = [*(state for state, duty in DUTIES.items() if duty.whose is Party.SELLER), State.RETURN_DUE]
_MONEYS = [State.PAYMENT_CLAIMED, State.PAYING_OUT]
_TOGETHER = {State.AWAITING_PAYMENT, State.TOPPING_UP, State.HELD}

# The orders of a parcel are one payment to look for: below zero, parcels have numbers that no order has.
_payment = func.coalesce(-Order.parcel_id, Order.id)

# Asked for with the head of every page: SQLAlchemy spends more on making a statement than the database on answering it.
_ME: BindParameter[int] = bindparam("person_id", type_=Big)
_IS_ASKED = and_(Order.state == State.AWAITING_PAYMENT, Order.proposed_by == Party.BUYER)
_ORDERS = (
    select(Order)
    .where(
        or_(
            and_(Order.buyer_id == _ME, Order.state.in_(_BUYERS)),
            and_(Order.seller_id == _ME, or_(Order.state.in_(_SELLERS), _IS_ASKED)),
        )
    )
    .order_by(Order.deadline, Order.id)
)
# One officer has done his part: it is the second one's, who hears of the proposal. What else is owed of the order the
# treasury shows.
_WAITS_FOR_SECOND = or_(
    proposals.is_open_about((Deed.PAYMENT, *PAYOUTS.values()), Order.id),
    proposals.is_open_about((Deed.PARCEL_PAYMENT,), Order.parcel_id),
)
_MONEYS_OF_OTHERS = (
    select(
        Order.group_id,
        func.count(_payment.distinct()).filter(Order.state == State.PAYMENT_CLAIMED),
        func.count().filter(Order.state == State.PAYING_OUT),
        func.min(Order.deadline),
    )
    .join(Membership, and_(Membership.group_id == Order.group_id, Membership.person_id == _ME))
    .where(
        Membership.state == Belonging.MEMBER,
        Order.state.in_(_MONEYS),
        Order.is_for_officers,
        ~_WAITS_FOR_SECOND,
        Order.buyer_id != _ME,
        Order.seller_id != _ME,
        or_(
            Membership.role.in_(CONFIRMERS),
            and_(Membership.role.in_(OFFICERS), Order.is_second_officer_due),
        ),
    )
    .group_by(Order.group_id)
)


@dataclass(frozen=True, slots=True)
class OrderWaits:
    """An order in which this person has to act. What, its state says: pay, top up, ship, say that it arrived …"""

    order_id: int
    group_id: int
    item_id: int
    lot_number: int
    title: str
    state: State
    whose: Party
    """What the person is to it."""
    other_id: int
    amount: Money
    """What is missing where he has to pay, else what is held."""
    until: datetime | None
    """Until when he has to; after that the clock acts, or the other side may."""
    is_late: bool
    """It is held, and the seller's days to ship are over: the buyer may cancel."""
    days_to_refund: int
    """After how many days the clock refunds what was not shipped."""
    is_cancel_proposed: bool
    """The other side proposes to call it off."""
    parcel_id: int | None = None
    more: int = 0
    """Other orders of its parcel that wait for the same: amounts are of all, the time is of the first to end."""


@dataclass(frozen=True, slots=True)
class MoneyWaits:
    """Other members' money that an officer has to look after: payments to confirm, payouts to make."""

    group_id: int
    slug: str
    group_name: str
    payments: int
    payouts: int
    until: datetime | None
    """The earliest deadline among them."""


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id`: see web/waiting.py."""
    return or_(finds(_ORDERS), finds(_MONEYS_OF_OTHERS))


def waiting_for(person_id: int) -> list[OrderWaits | MoneyWaits]:
    """What waits for a person, the most urgent first; four queries, however much it is."""
    found: list[OrderWaits | MoneyWaits] = [*_orders(person_id), *_moneys(person_id)]
    return sorted(found, key=lambda wait: (wait.until is None, wait.until))


def _orders(person_id: int) -> list[OrderWaits]:
    now = clock.now()
    found = db.session.scalars(_ORDERS, {"person_id": person_id})
    return _one_a_parcel([wait for order in found if (wait := _wait(order, person_id, now)) is not None])


def _one_a_parcel(waits: list[OrderWaits]) -> list[OrderWaits]:
    """What is paid or shipped as one parcel is one thing to do. They come by their deadlines."""
    kept: dict[tuple[object, ...], OrderWaits] = {}
    for wait in waits:
        is_one_thing = wait.parcel_id is not None and wait.state in _TOGETHER and not wait.is_cancel_proposed
        key = (wait.parcel_id, wait.state, wait.whose, wait.is_late) if is_one_thing else (wait.order_id,)
        first = kept.get(key)
        kept[key] = wait if first is None else replace(first, amount=first.amount + wait.amount, more=first.more + 1)
    return list(kept.values())


def _wait(order: Order, person_id: int, now: datetime) -> OrderWaits | None:
    facts = order.facts()
    whose, other = (Party.BUYER, order.seller_id) if person_id == order.buyer_id else (Party.SELLER, order.buyer_id)
    due = due_of(facts, now=now)
    is_his = due is not None and due.duty.whose is whose
    is_late = facts.state is State.HELD and not facts.is_address_missing and now >= ship_until(facts)
    is_asked = facts.proposed_by not in (None, whose)
    if not (is_his or is_late or is_asked):
        return None
    return OrderWaits(
        order_id=order.id, group_id=order.group_id, item_id=order.item_id, lot_number=order.lot_number,
        title=order.title, state=facts.state, whose=whose, other_id=other,
        amount=facts.missing if facts.state in (State.AWAITING_PAYMENT, State.TOPPING_UP) else facts.held,
        until=due.until if due else order.deadline, is_late=is_late,
        days_to_refund=order.terms.days_until_unshipped_refund, is_cancel_proposed=is_asked,
        parcel_id=order.parcel_id,
    )  # fmt: skip


def _moneys(person_id: int) -> list[MoneyWaits]:
    """Counted for each group; an officer's own orders are for another officer."""
    rows = list(db.session.execute(_MONEYS_OF_OTHERS, {"person_id": person_id}))
    named: dict[int, Group] = groups.groups({row[0] for row in rows}) if rows else {}
    return [
        MoneyWaits(group_id, named[group_id].slug, named[group_id].name, payments, payouts, until)
        for group_id, payments, payouts, until in rows
    ]
