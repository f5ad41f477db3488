"""Movements, from the intent to the outcome. Who may say that money moved is the affair of the floors above.

The outcome of `asking.py` comes here too: one place writes what became of a movement, whoever brings the news.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments import queries, rules
from marketplace.payments.events import MovementBounced, MovementConfirmed, MovementFailed, MovementWaits
from marketplace.payments.late_rules import AFTER
from marketplace.payments.models import Movement
from marketplace.payments.rules import Act, Kind, State, Through
from marketplace.payments.treasurer import Treasurer


class KeyTaken(RuntimeError):
    """Another movement was intended under this key: a fault of the program, not of a person."""


@use_case
def intend(
    *,
    group_id: int,
    kind: Kind,
    amount: Money,
    person_id: int,
    purpose: str,
    key: str,
    order_id: int | None = None,
    gateway: str = Treasurer.name,
    pause: timedelta = timedelta(),
    owed_since: datetime | None = None,
) -> Movement:
    """Write down that money is to move; a worker asks the gateway once this is committed, and the pause is over.

    What leaves is owed from now on, or `owed_since`, or where the last try failed, for as long as that was.
    The same key again gives the movement of the first time, and raises KeyTaken where anything differs.
    """
    wanted = {
        "group_id": group_id, "kind": kind, "amount_minor": amount.minor, "currency": amount.currency,
        "person_id": person_id, "purpose": purpose, "order_id": order_id, "gateway": gateway,
    }  # fmt: skip
    found = queries.with_key(key)
    if found is not None:
        if any(getattr(found, name) != value for name, value in wanted.items()):
            raise KeyTaken(key)
        return found
    now = clock.now()
    movement = Movement(**wanted, idempotency_key=key, state=State.INTENDED, intended_at=now, due_at=now + pause)
    movement.mark = secrets.token_hex(8) if gateway == Through.STRIPE else None
    if kind in rules.LEAVES:
        _be_owed(movement, owed_since or queries.owed_since_before(purpose, person_id) or now)
    db.session.add(movement)
    db.session.flush()
    return movement


def _be_owed(movement: Movement, since: datetime) -> None:
    movement.owed_since, movement.late_look_at = since, since + AFTER


@use_case
def confirm(
    *,
    movement_id: int,
    by: int | None,
    bank_reference: str,
    amount: Money | None = None,
    proof_key: str | None = None,
) -> Movement:
    """The money has moved: `amount` of it, or what was asked for. `by` is the officer who says so; none, the gateway.

    Said again in the same words it changes nothing and is not announced again.
    """
    movement = _locked(movement_id)
    moved = movement.amount if amount is None else amount
    if movement.state == State.CONFIRMED and (movement.moved, movement.bank_reference) == (moved, bank_reference):
        return movement
    state = rules.judge(State(movement.state), Act.CONFIRM, Kind(movement.kind))
    rules.check_amount(Kind(movement.kind), movement.amount, moved)
    _become(movement, state)
    movement.moved_minor, movement.bank_reference, movement.proof_key = moved.minor, bank_reference, proof_key
    movement.confirmed_at, movement.confirmed_by = clock.now(), by
    _note(movement, "confirm movement", by=by, why=bank_reference)
    announce(MovementConfirmed(*_facts(movement, by)))
    return movement


@use_case
def fail(*, movement_id: int, by: int | None, reason: str) -> Movement:
    """The money has not moved. Said again it changes nothing."""
    movement = _locked(movement_id)
    if movement.state == State.FAILED:
        return movement
    _become(movement, rules.judge(State(movement.state), Act.FAIL, Kind(movement.kind)))
    movement.failure = reason
    _note(movement, "fail movement", by=by, why=reason)
    announce(MovementFailed(*_facts(movement, by), reason=reason))
    return movement


@use_case
def bounce(*, movement_id: int, by: int | None, reason: str) -> Movement:
    """Money that was confirmed to have left has come back. Who said that it had left, with which reference and proof,
    stays written down."""
    movement = _locked(movement_id)
    _become(movement, rules.judge(State(movement.state), Act.BOUNCE, Kind(movement.kind)))
    movement.moved_minor, movement.bounced_at = None, clock.now()
    movement.failure = reason
    _note(movement, "bounce movement", by=by, why=reason)
    announce(MovementBounced(*_facts(movement, by), reason=reason))
    return movement


@use_case
def withdraw(*, movement_id: int, by: int | None) -> Movement:
    """Nobody asks for this money any more. If it comes all the same, it can still be confirmed.

    What would leave is withdrawn only before the gateway can have heard of it: else it might be paid twice.
    """
    movement = _locked(movement_id)
    if movement.state == State.WITHDRAWN:
        return movement
    state = rules.judge(State(movement.state), Act.WITHDRAW, Kind(movement.kind))
    if movement.kind in rules.LEAVES and movement.tries:
        raise RuleBroken("The payment processor may be paying this right now. Try again in some minutes.")
    _become(movement, state)
    _note(movement, "withdraw movement", by=by)
    return movement


@use_case
def note_asked(*, movement_id: int, fence: int, reference: str | None) -> bool:
    """The gateway has the instruction that went out under `fence`. Whether that was still news."""
    movement = _locked(movement_id)
    if movement.fence != fence:
        return False
    _become(movement, rules.judge(State(movement.state), Act.ASK, Kind(movement.kind)))
    movement.asked_at, movement.gateway_reference = clock.now(), reference
    return True


@use_case
def wait(*, movement_id: int, fence: int, reason: str) -> None:
    """The gateway could not do it now. It stays intended, under a key that the gateway has not heard, for later.

    Why, is announced once, and again when it is another reason.
    """
    movement = _locked(movement_id)
    if movement.fence != fence or movement.state != State.INTENDED:
        return
    movement.fence += 1
    movement.due_at = clock.now() + rules.pause_before(movement.attempt)
    movement.attempt += 1
    movement.tries = 0  # of the new key nobody has heard
    movement.source = movement.account = None
    if movement.waits_for != reason:
        movement.waits_for = reason
        _note(movement, "movement waits", by=None, why=reason)
        announce(MovementWaits(*_facts(movement, None), reason=reason))


@use_case
def wake(*, person_id: int | None = None, order_id: int | None = None) -> None:
    """What kept a person's or an order's movements waiting may be over: the gateway is asked again at once."""
    waiting = select(Movement.id).where(Movement.state == State.INTENDED, Movement.waits_for.is_not(None))
    whose = Movement.person_id == person_id if order_id is None else Movement.order_id == order_id
    for movement_id in db.session.scalars(waiting.where(whose).order_by(Movement.id)).all():
        movement = _locked(movement_id)
        if movement.state == State.INTENDED and movement.due_at is not None:
            movement.due_at = min(movement.due_at, clock.now())


def _locked(movement_id: int) -> Movement:
    movement = db.session.get(Movement, movement_id, with_for_update=True, populate_existing=True)
    if movement is None:
        raise NotFound("There is no such payment.")
    return movement


def _become(movement: Movement, state: State) -> None:
    movement.state = state
    movement.fence += 1
    movement.due_at = movement.waits_for = None
    if state not in rules.OPEN:
        movement.late_look_at = None


def _facts(
    movement: Movement, by: int | None
) -> tuple[int, int, Kind, Money, int, str, int | None, str, str, int | None]:
    """What every announcement says of a movement, in the order of events.py."""
    return (
        movement.id,
        movement.group_id,
        Kind(movement.kind),
        movement.moved or movement.amount,
        movement.person_id,
        movement.purpose,
        movement.order_id,
        movement.gateway_key,
        movement.gateway,
        by,
    )


def _note(movement: Movement, what: str, *, by: int | None, why: str = "") -> None:
    audit.note(what, f"movement:{movement.id}", by=by, group_id=movement.group_id, why=why)
