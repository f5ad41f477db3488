"""The audit of orders against the books and against their own history: what is held for each, what is owed to whom,
where each stands, who was paid.

The books say what was moved, history says what was done, orders say where they are. That all say the same is proved
here from the rows, by no path that wrote them; a part of `flask ledger verify`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Text, case, cast, func, literal, select

from marketplace.deposits import queries as deposits
from marketplace.escrow import order_rules
from marketplace.escrow.judging_rules import expected_hold
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.money_rules import WHOSE_SLIP, paid
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.parcel_proving import parcel_findings
from marketplace.groups.models import Group
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger.models import Entry, Transfer
from marketplace.ledger.rules import Chart, Side, escrow, payable
from marketplace.ledger.verify import Finding
from marketplace.payments.models import Movement

_BATCH = 500
_OF_PAYOUTS = (Action.CONFIRM_PAYOUT, Action.PAYOUT_MISSING, Action.PAYOUT_BOUNCED, Action.REVERSE_PAYOUT)
# What a value raises that no program of ours wrote: a word in a sum's place, half a list of terms.
_UNREADABLE = (ValueError, TypeError, KeyError)


@dataclass(slots=True)
class _Evidence:
    """What all orders are held against, looked up once."""

    held: dict[str, int]
    states: dict[int, str]
    currencies: dict[int, str]
    paid: dict[tuple[int, str | None], int]
    owed: Counter[str] = field(default_factory=Counter)
    """By deposits, and by the orders that were read so far."""
    group_of: dict[str, int] = field(default_factory=dict)


def held_findings() -> Iterator[Finding]:
    """Every order that says something else than the books, its history or its group, and everybody who is owed
    something else than his orders say. Some queries for all, and one for every few hundred orders."""
    evidence = _Evidence(
        _balances(Chart.ESCROW), _last_states(), _currencies(), _payouts(), owed=deposits.owed_by_account()
    )
    for order_id, order in _stored_orders():
        booked = evidence.held.pop(escrow(order_id), 0)
        try:
            found = list(_check_order(order, booked, evidence)) if order else [_unreadable(order_id)]
        except _UNREADABLE:
            found = [_unreadable(order_id)]
        yield from found
    for account, minor in evidence.held.items():
        if minor:
            yield Finding("held", f"{account} holds {minor} minor units, and there is no such order.")
    yield from _check_owed(evidence.owed, _balances(Chart.PAYABLE), evidence.group_of)
    yield from _check_payees()
    yield from parcel_findings()


def _stored_orders() -> Iterator[tuple[int, Order | None]]:
    """Every order with its number; none in its place where its row cannot be read."""
    ids = list(db.session.scalars(select(Order.id).order_by(Order.id)))
    for first in range(0, len(ids), _BATCH):
        batch = ids[first : first + _BATCH]
        try:
            found = db.session.scalars(select(Order).where(Order.id.in_(batch)).order_by(Order.id)).all()
            yield from [(order.id, order) for order in found]
        except _UNREADABLE:
            yield from [(order_id, _readable(order_id)) for order_id in batch]


def _readable(order_id: int) -> Order | None:
    """Where a batch has a row that cannot be read, each is read by itself, to find out which it is."""
    try:
        return db.session.scalar(select(Order).where(Order.id == order_id))
    except _UNREADABLE:
        return None


def _unreadable(order_id: int) -> Finding:
    return Finding("changed", f"Order {order_id} was changed by hand: its row cannot be read.")


def _check_order(order: Order, booked_minor: int, evidence: _Evidence) -> Iterator[Finding]:
    facts, booked = order.facts(), order.money(booked_minor)
    for person_id, owed in ((facts.buyer_id, facts.owed_buyer), (facts.seller_id, facts.owed_seller)):
        account = payable(facts.group_id, person_id)
        evidence.owed[account] += owed.minor
        evidence.group_of[account] = facts.group_id
    expected = expected_hold(facts)
    if booked != expected or booked != facts.held:
        sentence = (
            f"Order {order.id} is {facts.state} and holds {facts.held} by its own row: {expected} should be held, and "
            f"{booked} is in the books."
        )
        yield Finding("held", sentence, group_id=order.group_id)
    yield from _check_history(order, facts, evidence)


def _check_history(order: Order, facts: order_rules.Order, evidence: _Evidence) -> Iterator[Finding]:
    """Whether it stands where its last deed led, in its group's currency, with what was paid out for it."""
    last = evidence.states.get(order.id, State.AWAITING_PAYMENT)
    if facts.state != last:
        sentence = f"Order {order.id} is {facts.state}, and by its history it is {last}."
        yield Finding("changed", sentence, group_id=order.group_id)
    currency = evidence.currencies.get(order.group_id)
    if order.currency != currency:
        sentence = f"Order {order.id} is in {order.currency}, and its group in {currency}."
        yield Finding("currency", sentence, group_id=order.group_id)
    for payee in (Party.BUYER, Party.SELLER):
        booked = Money(evidence.paid.get((order.id, payee), 0), order.currency)
        if paid(facts, payee) != booked:
            sentence = (
                f"Order {order.id} paid its {payee} {paid(facts, payee)} by its own row, and {booked} by the books."
            )
            yield Finding("paid", sentence, group_id=order.group_id)


def _check_owed(owed: Mapping[str, int], booked: dict[str, int], group_of: dict[str, int]) -> Iterator[Finding]:
    for account in sorted(owed.keys() | booked.keys()):
        if owed.get(account, 0) != booked.get(account, 0):
            sentence = (
                f"{account} is {booked.get(account, 0)} minor units in the books, and {owed.get(account, 0)} by orders"
                " and deposits."
            )
            yield Finding("owed", sentence, group_id=group_of.get(account))


def _check_payees() -> Iterator[Finding]:
    """Payments of somebody else than the order's buyer, payouts to somebody else than its buyer or seller."""
    of_buyer = [kind for kind, party in WHOSE_SLIP.items() if party is Party.BUYER]
    person = case((Movement.kind.in_(of_buyer), Order.buyer_id), else_=Order.seller_id)
    query = select(Movement.id, Movement.order_id, Movement.group_id).join(Order, Order.id == Movement.order_id)
    for movement_id, order_id, group_id in db.session.execute(
        query.where(Movement.person_id != person).order_by(Movement.id)
    ):
        sentence = f"Movement {movement_id} of order {order_id} is somebody's who is not its buyer or seller."
        yield Finding("party", sentence, group_id=group_id)


def _balances(chart: Chart) -> dict[str, int]:
    """What each account on a line of the chart holds, in minor units."""
    net = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=-Entry.amount_minor))
    query = select(Entry.account, net).where(Entry.account.startswith(f"{chart}:", autoescape=True))
    return {account: int(minor) for account, minor in db.session.execute(query.group_by(Entry.account))}


def _last_states() -> dict[int, str]:
    """Where the last deed of each order led."""
    last = select(OrderLine.order_id, func.max(OrderLine.number).label("number")).group_by(OrderLine.order_id)
    newest = last.subquery()
    query = select(OrderLine.order_id, OrderLine.to_state).join(
        newest, (newest.c.order_id == OrderLine.order_id) & (newest.c.number == OrderLine.number)
    )
    return {row.order_id: row.to_state for row in db.session.execute(query)}


def _currencies() -> dict[int, str]:
    return {row.id: row.currency for row in db.session.execute(select(Group.id, Group.currency))}


def _payouts() -> dict[tuple[int, str | None], int]:
    """What left the groups' accounts for each side of each order, less what did not arrive, in minor units."""
    reference = literal("order:") + cast(OrderLine.order_id, Text) + ":" + cast(OrderLine.number, Text)
    left = func.sum(case((Entry.side == Side.CREDIT, Entry.amount_minor), else_=-Entry.amount_minor))
    query = (
        select(OrderLine.order_id, OrderLine.payee, left)
        .join(Transfer, Transfer.reference == reference)
        .join(Entry, Entry.transfer_id == Transfer.id)
        .where(OrderLine.action.in_(_OF_PAYOUTS))
        .where(Entry.account.startswith(f"{Chart.GATEWAY}:", autoescape=True))
        .group_by(OrderLine.order_id, OrderLine.payee)
    )
    return {(order_id, payee): int(minor) for order_id, payee, minor in db.session.execute(query)}
