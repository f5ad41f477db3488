"""The copy of the processor's books, held against our movements and chargebacks, some at a time in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, func, select

from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.ledger import queries as ledger
from marketplace.payments.line_rules import OWN, Comparison, Entry, Explained, Finding, Named, Stands
from marketplace.payments.models import Movement
from marketplace.payments.reconcile_models import ProcessorLine
from marketplace.payments.reconcile_rules import judged_absent, judged_lines, sorted_out
from marketplace.payments.rules import COMES_IN, FEES_PAID, Kind, State, Through
from marketplace.payments.stripe_models import Chargeback, Checkout
from marketplace.payments.stripe_rules import Bank

_BATCH = 500


class Counts(NamedTuple):
    """How much was held against how much."""

    lines: int
    entries: int


def comparison(now: datetime) -> Comparison:
    """All that is to be said, from one snapshot. Some queries for every few hundred lines and movements."""
    return sorted_out([*_own_lines(), *_by_lines(now), *_by_movements(now), *_by_chargebacks(now), *_to_groups()])


def counts() -> Counts:
    """Of lines, and of movements and chargebacks that should stand among them."""
    lines = db.session.scalar(select(func.count()).select_from(ProcessorLine)) or 0
    moved = select(func.count()).select_from(Movement)
    moved = moved.where(Movement.gateway == Through.STRIPE, Movement.state == State.CONFIRMED)
    claims = db.session.scalar(select(func.count()).select_from(Chargeback)) or 0
    return Counts(lines, (db.session.scalar(moved) or 0) + claims)


def entry_of(movement: Movement, fee_minor: int | None) -> Entry:
    """A movement as the processor's books should have it. A refund that came back leaves two lines that are nothing
    together; one that is pending may or may not be taken out already."""
    sign = 1 if movement.kind in COMES_IN else -1
    minor, reference = sign * (movement.moved_minor or movement.amount_minor), movement.bank_reference
    there: tuple[int, ...] = (minor,)
    booked, stands = minor, Stands.DONE
    if movement.state != State.CONFIRMED:
        reference = movement.gateway_reference or reference if movement.kind == Kind.REFUND else None
        there, booked, stands = (0,), 0, _stands(movement, reference)
        if movement.state == State.ASKED and reference is not None:
            there = (0, minor)
    return Entry(
        stands=stands, reference=reference, mark=movement.mark, currency=movement.currency, there=there, booked=booked,
        fee=fee_minor if movement.kind == Kind.COLLECT else 0, order_id=movement.order_id, group_id=movement.group_id,
        at=movement.confirmed_at or movement.asked_at or movement.intended_at, explains=Named.REFUND_PENDING,
    )  # fmt: skip


def entry_of_claim(claim: Chargeback, order_id: int, group_id: int) -> Entry:
    """A bank's claim. While it is open the money is gone there, and in our books it is not."""
    taken = -claim.amount_minor if claim.state in (Bank.OPEN, Bank.LOST) else 0
    return Entry(
        stands=Stands.DONE, reference=claim.reference, mark=None, currency=claim.currency, there=(taken,),
        booked=taken if claim.state == Bank.LOST else 0, fee=claim.fee_minor, order_id=order_id, group_id=group_id,
        at=claim.closed_at or claim.opened_at, explains=Named.OPEN_CHARGEBACK,
    )  # fmt: skip


def _stands(movement: Movement, reference: str | None) -> Stands:
    if movement.kind == Kind.REFUND and reference is not None:
        return Stands.DONE
    is_over = movement.state in (State.FAILED, State.WITHDRAWN) and movement.kind not in COMES_IN
    return Stands.GIVEN_UP if is_over else Stands.AWAITED


def _own_lines() -> Iterator[Explained]:
    """What is of no order, by its kind. One query."""
    net, own = func.sum(ProcessorLine.amount_minor - ProcessorLine.fee_minor), ProcessorLine.category.in_(OWN)
    query = select(ProcessorLine.category, ProcessorLine.currency, net, func.count()).where(own)
    for category, currency, minor, count in db.session.execute(query.group_by(*query.selected_columns[:2])):
        yield Explained(OWN[category], Money(int(minor), currency), count)


def _to_groups() -> Iterator[Explained]:
    for amount, times in ledger.taken_from_processor(Through.STRIPE, reference=FEES_PAID):
        yield Explained(Named.TO_GROUPS, amount, times)


def _by_lines(now: datetime) -> Iterator[Finding | Explained]:
    last = ""
    while sources := _sources(after=last):
        last = sources[-1]
        query = select(ProcessorLine).where(ProcessorLine.source.in_(sources), ProcessorLine.category.not_in(OWN))
        lines = [row.line() for row in db.session.scalars(query.order_by(ProcessorLine.at, ProcessorLine.id))]
        named = {*sources, *(line.part_of for line in lines if line.part_of)}
        yield from judged_lines(lines, _entries(named, {line.mark for line in lines if line.mark}), now=now)


def _sources(*, after: str) -> list[str]:
    query = select(ProcessorLine.source).where(ProcessorLine.source > after, ProcessorLine.category.not_in(OWN))
    return list(db.session.scalars(query.distinct().order_by(ProcessorLine.source).limit(_BATCH)))


def _entries(references: Collection[str], marks: Collection[str]) -> list[Entry]:
    """All of ours that these lines could be of."""
    query = select(Movement, Checkout.fee_minor).outerjoin(Checkout, Checkout.movement_id == Movement.id)
    query = query.where(Movement.gateway == Through.STRIPE)
    by_mark = db.session.execute(query.where(Movement.mark.in_(marks))).all()
    by_name = db.session.execute(query.where(Movement.bank_reference.in_(references))).all()
    found = {movement.id: entry_of(movement, fee) for movement, fee in (*by_mark, *by_name)}
    claims = _claims().where(Chargeback.reference.in_(references))
    return [*found.values(), *(entry_of_claim(*row) for row in db.session.execute(claims))]


def _by_movements(now: datetime) -> Iterator[Finding | Explained]:
    """What has moved by our word, and has no line."""
    has_line = select(ProcessorLine.id).where(ProcessorLine.source == Movement.bank_reference).exists()
    query = select(Movement, Checkout.fee_minor).outerjoin(Checkout, Checkout.movement_id == Movement.id)
    query = query.where(Movement.gateway == Through.STRIPE, Movement.state == State.CONFIRMED, ~has_line)
    last = 0
    while rows := db.session.execute(query.where(Movement.id > last).order_by(Movement.id).limit(_BATCH)).all():
        last = rows[-1][0].id
        yield from judged_absent([entry_of(movement, fee) for movement, fee in rows], now=now)


def _by_chargebacks(now: datetime) -> Iterator[Finding | Explained]:
    has_line = select(ProcessorLine.id).where(ProcessorLine.source == Chargeback.reference).exists()
    rows = db.session.execute(_claims().where(~has_line).order_by(Chargeback.id))
    yield from judged_absent([entry_of_claim(*row) for row in rows], now=now)


def _claims() -> Select[Chargeback, int, int]:
    query = select(Chargeback, Checkout.order_id, Movement.group_id).join(
        Checkout, Checkout.id == Chargeback.checkout_id
    )
    return query.join(Movement, Movement.id == Checkout.movement_id)
