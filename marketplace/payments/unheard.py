"""What a gateway was asked for, and of whose end nothing was heard: looked up some hours later. News of it may be lost,
or older than what the processor's list of news goes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from marketplace.kernel import clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.payments import asking, queries, service
from marketplace.payments.gateway import Done, Outcome, Refused
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State
from marketplace.payments.treasurer import Treasurer

_AFTER = timedelta(hours=6)
"""Longer than a refund takes that is made at once; those of some banks take days, and are looked up each time."""
_AT_ONCE = 100


def look_up_unheard() -> int:
    """The worker's duty. Of how many movements the end was found; the treasurer tells of his by himself."""
    gateways = asking.gateways_here().keys() - {Treasurer.name}
    settled = last = 0
    while batch := _batch(sorted(gateways), after=last):
        settled += sum(survives(_look_up, movement_id) for movement_id in batch)
        last = batch[-1]
    return settled


def _batch(gateways: Sequence[str], *, after: int) -> Sequence[int]:
    """What buyers are to pay is not among them: their sessions are looked at."""
    asked = select(Movement.id).where(Movement.state == State.ASKED, Movement.asked_at <= clock.now() - _AFTER)
    asked = asked.where(Movement.gateway.in_(gateways), Movement.kind != Kind.COLLECT, Movement.id > after)
    found = db.session.scalars(asked.order_by(Movement.id).limit(_AT_ONCE)).all()
    let_go()
    return found


def _look_up(movement_id: int) -> bool:
    movement = queries.movement(movement_id)
    gateway, instruction = asking.gateways_here()[movement.gateway], asking.instruction_of(movement)
    let_go()
    outcome = gateway.look_up(instruction)
    return isinstance(outcome, Done | Refused) and _write_down(movement_id, outcome)


@use_case
def _write_down(movement_id: int, outcome: Outcome) -> bool:
    match outcome:
        case Done(reference):
            service.confirm(movement_id=movement_id, by=None, bank_reference=reference)
        case Refused(reason):
            service.fail(movement_id=movement_id, by=None, reason=reason)
    return True
