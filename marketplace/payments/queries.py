"""What is known of movements: the treasurer's queue, an order's payments, what waits for the worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.payments.models import ATTEMPT, Movement
from marketplace.payments.rules import COMES_IN, State, Through

# A worker asks within seconds. After so long the operators should look.
LATE_AFTER = timedelta(minutes=1)


def movement(movement_id: int) -> Movement:
    """Raises NotFound."""
    found = db.session.get(Movement, movement_id)
    if found is None:
        raise NotFound("There is no such payment.")
    return found


def with_key(key: str) -> Movement | None:
    """The movement that was intended under the key."""
    return db.session.scalar(select(Movement).where(Movement.idempotency_key == key))


def marked(gateway_key: str) -> Movement | None:
    """The movement that something at a processor was made for, by the key that it carries."""
    return db.session.scalar(select(Movement).where(Movement.mark == mark_in(gateway_key)))


def mark_in(gateway_key: str) -> str:
    """The mark at the end of a movement's key."""
    return gateway_key.partition(ATTEMPT)[0].rpartition(":")[2]


def to_do(group_id: int, *, most: int = 200) -> Sequence[Movement]:
    """What the group's gateway was asked for and has not answered: the treasurer's queue, oldest first."""
    query = select(Movement).where(Movement.group_id == group_id, Movement.state == State.ASKED)
    return db.session.scalars(query.order_by(Movement.id).limit(most)).all()


def of_order(order_id: int) -> Sequence[Movement]:
    """Every movement of an order, oldest first."""
    return of_orders([order_id])[order_id]


def of_orders(order_ids: Collection[int]) -> dict[int, list[Movement]]:
    """The movements of each of the orders, oldest first."""
    found: dict[int, list[Movement]] = {order_id: [] for order_id in order_ids}
    query = select(Movement).where(Movement.order_id.in_(order_ids)).order_by(Movement.id)
    for each in db.session.scalars(query):
        if each.order_id is not None:
            found[each.order_id].append(each)
    return found


def owed_since_before(purpose: str, person_id: int) -> datetime | None:
    """Since when the last try of this payout was owed, where it failed; none where there was none, or it was paid."""
    tries = select(Movement).where(Movement.purpose == purpose, Movement.person_id == person_id)
    last = db.session.scalar(tries.order_by(Movement.id.desc()).limit(1))
    has_failed = last is not None and last.state == State.FAILED and last.confirmed_at is None
    return last.owed_since if last is not None and has_failed else None


def moved_by_hand(group_id: int, currency: str) -> Money:
    """What officers confirmed that came into the group's account at its bank, less what they confirmed that went."""
    signed = case((Movement.kind.in_(COMES_IN), Movement.moved_minor), else_=-Movement.moved_minor)
    moved = select(func.sum(signed)).where(
        Movement.group_id == group_id, Movement.state == State.CONFIRMED, Movement.currency == currency,
        Movement.gateway == Through.TREASURER,
    )  # fmt: skip
    return Money(int(db.session.scalar(moved) or 0), currency)


def to_ask(now: datetime) -> Backlog:
    """How many movements a worker may ask for now."""
    return backlog_of(Movement.due_at, Movement.state == State.INTENDED, now=now, late_after=LATE_AFTER)


def stuck(*, tries: int = 3, most: int = 200) -> Sequence[Movement]:
    """Movements that a worker took on again and again without an answer from the gateway: for the operators' page."""
    query = select(Movement).where(Movement.state == State.INTENDED, Movement.tries >= tries)
    query = query.where(Movement.waits_for.is_(None))
    return db.session.scalars(query.order_by(Movement.id).limit(most)).all()
