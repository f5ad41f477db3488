"""The audit of each order's money against its movements: what the gateways did, each with its bank reference.

Seals prove that the books are as they were written; this proves that what was written is what happened. Whoever forges
a whole chain, seals and all, has the movements to forge, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from marketplace.escrow.acting import MEMOS
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side
from marketplace.payments.models import Movement
from marketplace.payments.rules import COMES_IN, State

Sums = tuple[int, int]
"""What came in and what went out, in minor units."""
_CAME_BACK = (Action.PAYOUT_MISSING, Action.PAYOUT_BOUNCED)
_NOBODY_ASKED = (Action.NOTE_FEE, Action.WIN_CHARGEBACK, Action.LOSE_CHARGEBACK)
"""What a processor or a bank takes by itself: no movement of ours."""


def movement_findings() -> Iterator[Finding]:
    """Every order of which the books say that something else came in or went out than its movements do. Two queries,
    and one for what is found."""
    booked, moved = _booked(), _moved()
    wrong = {order_id for order_id in booked.keys() | moved.keys() if booked.get(order_id) != moved.get(order_id)}
    query = select(Order.id, Order.group_id, Order.currency).where(Order.id.in_(wrong)).order_by(Order.id)
    for order_id, group_id, currency in db.session.execute(query) if wrong else ():
        by_books, by_gateways = (
            f"{Money(came, currency)} came in and {Money(went, currency)} went out"
            for came, went in (booked.get(order_id, (0, 0)), moved.get(order_id, (0, 0)))
        )
        sentence = f"Order {order_id}: by the books {by_books}, and by what the gateways did {by_gateways}."
        yield Finding("moved", sentence, group_id=group_id)


def _booked() -> dict[int, Sums]:
    """What each order's transfers put into the group's accounts and took out of them. A payout that came back is as
    if it had not gone."""
    is_debit, is_back = Entry.side == Side.DEBIT, _is_of(_CAME_BACK)
    came = func.sum(case((is_debit & ~is_back, Entry.amount_minor), else_=0))
    went = func.sum(case((is_debit & is_back, -Entry.amount_minor), (is_debit, 0), else_=Entry.amount_minor))
    query = select(Transfer.order_id, came, went).join(Entry, Entry.transfer_id == Transfer.id)
    query = query.where(Entry.account.startswith(f"{Chart.GATEWAY}:", autoescape=True))
    # Of its own deeds: what a deposit paid because of the order is not the order's.
    query = query.where(Transfer.reference.startswith("order:"), ~_is_of(_NOBODY_ASKED))
    return _not_empty(query.group_by(Transfer.order_id))


def _is_of(actions: tuple[Action, ...]) -> ColumnElement[bool]:
    """Whether a transfer was posted for one of these deeds: its memo begins as theirs do."""
    return or_(*[Transfer.memo.startswith(f"{MEMOS[action]}, ", autoescape=True) for action in actions])


def _moved() -> dict[int, Sums]:
    """The same by the movements that are confirmed; a payout that bounced is not."""
    comes_in = Movement.kind.in_(COMES_IN)
    came = func.sum(case((comes_in, Movement.moved_minor), else_=0))
    went = func.sum(case((comes_in, 0), else_=Movement.moved_minor))
    query = select(Movement.order_id, came, went).where(Movement.state == State.CONFIRMED)
    return _not_empty(query.where(Movement.order_id.is_not(None)).group_by(Movement.order_id))


def _not_empty(query: Select[int | None, int, int]) -> dict[int, Sums]:
    found = db.session.execute(query)
    return {
        order_id: (int(came), int(went)) for order_id, came, went in found if order_id is not None and (came or went)
    }
