"""The worker's part: asks the gateways for what is intended.

Three steps, each kept by itself: take a movement on (commit), ask the gateway (no database in sight), write what it
answered (commit). Killed between any two of them, the movement is taken on again when its time has run out; the
gateway is then asked what became of the first try before there is another.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select

from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.payments import service, sources, stripe_client
from marketplace.payments.gateway import Asked, Done, Gateway, Instruction, Outcome, Refused, Waits, tell
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State
from marketplace.payments.stripe_connect import StripeConnect
from marketplace.payments.treasurer import Treasurer

log = structlog.get_logger()

# Longer than the slowest gateway's answer: Stripe's client waits 80 seconds. Each try without an answer doubles it.
LEASE = timedelta(minutes=3)
_MOST_DOUBLINGS = 5
_SPREAD = 0.9
"""So that what failed together does not come back together."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A movement that one worker has taken on."""

    movement_id: int
    fence: int
    gateway: str
    instruction: Instruction
    may_have_been_heard: bool


def gateways_here() -> dict[str, Gateway]:
    """The treasurer, and the processor where a key is set: without one, what is intended for it waits."""
    stripe = stripe_client.here()
    treasurer: dict[str, Gateway] = {Treasurer.name: Treasurer()}
    return treasurer if stripe is None else treasurer | {StripeConnect.name: StripeConnect(stripe)}


def ask_gateways(limit: int = 20, gateways: Mapping[str, Gateway] | None = None) -> int:
    """Ask for at most `limit` movements that are due. How many were taken on."""
    gateways = gateways_here() if gateways is None else gateways
    for asked in range(limit):
        claim = _take_on(gateways)
        if claim is None:
            return asked
        outcome = _ask(gateways[claim.gateway], claim)
        if outcome is not None:
            _write_down(claim, outcome)
    return limit


@use_case
def _take_on(gateways: Iterable[str]) -> _Claim | None:
    """The movement that has been due for longest, now this worker's for a while. None where nothing is due."""
    now = clock.now()
    due = select(Movement).where(Movement.state == State.INTENDED, Movement.due_at <= now)
    due = due.where(Movement.gateway.in_(gateways))
    movement = db.session.scalar(due.order_by(Movement.due_at, Movement.id).limit(1).with_for_update(skip_locked=True))
    if movement is None:
        return None
    may_have_been_heard = movement.tries > 0
    spread = random.uniform(_SPREAD, 1) if movement.tries else 1  # noqa: S311 - it guards nothing
    movement.due_at = now + LEASE * 2 ** min(movement.tries, _MOST_DOUBLINGS) * spread
    movement.tries += 1
    movement.fence += 1
    sources.choose(movement)
    return _Claim(movement.id, movement.fence, movement.gateway, instruction_of(movement), may_have_been_heard)


def instruction_of(movement: Movement) -> Instruction:
    """What the gateway is told of it, or asked after."""
    return Instruction(
        key=movement.gateway_key,
        kind=Kind(movement.kind),
        amount=movement.amount,
        group_id=movement.group_id,
        person_id=movement.person_id,
        purpose=movement.purpose,
        order_id=movement.order_id,
        source=movement.source,
        account=movement.account,
    )


def _ask(gateway: Gateway, claim: _Claim) -> Outcome | None:
    """The gateway's answer; none if it gave none. The claim then runs out, and the outcome is looked up."""
    try:
        if claim.may_have_been_heard and (known := gateway.look_up(claim.instruction)):
            return known
        outcome = tell(gateway, claim.instruction)
        if isinstance(outcome, Refused):  # its client asks again by itself: the first may have been heard
            return gateway.look_up(claim.instruction) or outcome
        return outcome
    except Exception:
        # Whatever went wrong out there, money may have moved: nothing is concluded from it.
        log.exception("gateway did not answer", gateway=gateway.name, movement=claim.movement_id)
        return None


@use_case
def _write_down(claim: _Claim, outcome: Outcome) -> None:
    """Keep what the gateway answered, unless other news of the movement was faster."""
    if isinstance(outcome, Waits):
        service.wait(movement_id=claim.movement_id, fence=claim.fence, reason=outcome.reason)
        return
    if not service.note_asked(movement_id=claim.movement_id, fence=claim.fence, reference=_reference_of(outcome)):
        return
    match outcome:
        case Done(reference):
            service.confirm(movement_id=claim.movement_id, by=None, bank_reference=reference)
        case Refused(reason):
            service.fail(movement_id=claim.movement_id, by=None, reason=reason)


def _reference_of(outcome: Outcome) -> str | None:
    """What the gateway calls the movement, where it said."""
    return outcome.reference if isinstance(outcome, Asked | Done) else None
