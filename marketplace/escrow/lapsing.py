"""The clock's part: what happens to an order because nobody did anything, and the reminders before it does.

An order that is due stays due until a worker has written down what became of it, so a worker that is killed loses
nothing; two workers never take the same order, for the first one locks its row and the second looks past it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from marketplace.escrow import finding, parcels
from marketplace.escrow.acting import act
from marketplace.escrow.events import ConfirmerMissing, DeadlineNear
from marketplace.escrow.gateway_rules import DAYS_FOR_NEWS
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party
from marketplace.escrow.reminding_rules import Due, due_of, hours_left, next_reminder
from marketplace.escrow.rules import AWAITED, WAITING_FOR_OFFICERS
from marketplace.groups import queries as groups
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce
from marketplace.payments import checkouts


def lapse_due_orders(limit: int = 50) -> int:
    """Let the clock act on orders whose deadline has passed. On how many it did."""
    return sum(survives(_lapse_one, order_id) for order_id in _due(_is_over(clock.now()), limit))


def remind_due_orders(limit: int = 50) -> int:
    """Remind whoever has to act, two days and twelve hours before a deadline, once each. Of how many orders."""
    return sum(survives(_remind_one, order_id) for order_id in _due(Order.remind_at <= clock.now(), limit))


@use_case
def _lapse_one(order_id: int) -> bool:
    if not parcels.claim_for_end(order_id):
        return False
    order = _claimed(order_id, _is_over(clock.now()))
    if order is None:
        return False
    act(order, Deed(Action.LAPSE, Party.CLOCK), by=None)
    parcels.follow_end(order, by=None)
    if order.is_for_officers and order.state in WAITING_FOR_OFFICERS and not finding.confirmers_of(order):
        owners = groups.officers(order.group_id, (Role.OWNER,))
        announce(
            ConfirmerMissing(order.facts(), order.title, order.line_count, tuple(owner.person_id for owner in owners))
        )
    return True


@use_case
def _remind_one(order_id: int) -> bool:
    order = _claimed(order_id, Order.remind_at <= clock.now())
    if order is None:
        return False
    facts, now = order.facts(), clock.now()
    order.remind_at = next_reminder(facts, after=now)
    due = due_of(facts, now=now)
    hours = hours_left(due, now=now) if due else None
    if due is not None and hours is not None:
        announce(_reminder(order, due, hours))
    return True


def _reminder(order: Order, due: Due, hours: int) -> DeadlineNear:
    duty, until = due
    is_officers = duty.whose is Party.TREASURER
    return DeadlineNear(
        order=order.facts(), title=order.title, number=order.line_count, hours=hours, until=until, whose=duty.whose,
        person_ids=finding.confirmers_of(order) if is_officers else (finding.person_of(order, duty.whose),),
        deed=duty.deed, then=duty.then,
    )  # fmt: skip


def _is_over(now: datetime) -> ColumnElement[bool]:
    """Its time has passed. Where the buyer may have paid by card, and the news of it is late, that is waited for: some
    days, and, should no worker have come by meanwhile, until one has asked."""
    may_be_paid = and_(Order.state.in_(AWAITED), Order.id.in_(checkouts.undecided()))
    is_given_up = and_(
        Order.deadline <= now - timedelta(days=DAYS_FOR_NEWS), Order.id.not_in(checkouts.unexamined(now))
    )
    return and_(Order.deadline <= now, or_(~may_be_paid, is_given_up))


def _due(condition: ColumnElement[bool], limit: int) -> list[int]:
    """Looked up by reading alone: a worker that finds nothing has locked nothing."""
    ids = list(db.session.scalars(select(Order.id).where(condition).order_by(Order.deadline, Order.id).limit(limit)))
    let_go()
    return ids


def _claimed(order_id: int, condition: ColumnElement[bool]) -> Order | None:
    """The order, locked; none if it is not due any more, or another worker is at it."""
    wanted = select(Order).where(Order.id == order_id, condition).with_for_update(skip_locked=True)
    return db.session.scalar(wanted.execution_options(populate_existing=True))
