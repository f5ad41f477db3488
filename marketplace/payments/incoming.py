"""What the processor tells: proved, kept once, and acted on by a worker who asks anew what it is about.

An event is only a hint. Kept under its id and answered at once; then the worker fetches the object, outside of any unit
of work, and writes what follows together with the word that the event is done. One that cannot be acted on is tried
again for some hours, then parked for the operators.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import stripe
import structlog
from sqlalchemy import select

from marketplace.kernel import audit, clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.statements import insert_into
from marketplace.payments import news, queries, stripe_client
from marketplace.payments.seeing import DoesNotAgree
from marketplace.payments.stripe_client import StripeIsAway
from marketplace.payments.stripe_models import GatewayEvent
from marketplace.payments.stripe_rules import NEWS, News, counts, next_try, read_event

log = structlog.get_logger()

TOLERANCE_SECONDS = 300
"""How old a signature may be: Stripe's own default."""
_LEASE = timedelta(minutes=3)
_WHILE_AWAY = timedelta(minutes=1)
_LONGEST_TROUBLE = 500


class NotStripes(Exception):
    """Nobody who knows the secret wrote this, or not lately, or it is no event."""


def receive(body: bytes, signature: str, *, of_accounts: bool) -> None:
    """Keep what was told, once. What we do not act on is heard, too, and leaves nothing. Raises NotStripes."""
    here = stripe_client.here()
    if here is None:
        raise NotStripes
    secrets = here.connect_secrets if of_accounts else here.platform_secrets
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise NotStripes
    try:
        found = read_event(json.loads(body))
    except (ValueError, RecursionError):
        raise NotStripes from None
    if counts(found, is_live=here.is_live, of_accounts=of_accounts):
        keep([found])


def has_secrets(*, of_accounts: bool) -> bool:
    """Whether anybody can be believed at this endpoint."""
    here = stripe_client.here()
    return here is not None and bool(here.connect_secrets if of_accounts else here.platform_secrets)


@use_case
def keep(found: Sequence[News]) -> None:
    """Each event once, whoever brings it and however often."""
    now = clock.now()
    rows = [
        {
            "event_id": each.event_id, "type": each.type, "object_id": each.object_id, "account_id": each.account_id,
            "received_at": now, "due_at": now, "fence": 0, "tries": 0, "trouble": "",
        }
        for each in found
    ]  # fmt: skip
    db.session.execute(insert_into(GatewayEvent).on_conflict_do_nothing(), rows)


def act_on_due_events(limit: int = 20) -> int:
    """The worker's duty. How many were taken on."""
    if not stripe_client.is_set_up():
        return 0
    done = 0
    while done < limit and (claim := _take_on()) is not None:
        _act(*claim)
        done += 1
    return done


def to_act_on(now: datetime) -> Backlog:
    """How many events a worker may act on now."""
    return backlog_of(GatewayEvent.due_at, now=now, late_after=queries.LATE_AFTER)


def parked_events(*, most: int = 200) -> Sequence[GatewayEvent]:
    """What could not be acted on, for the operators' page."""
    parked = select(GatewayEvent).where(GatewayEvent.parked_at.is_not(None))
    return db.session.scalars(parked.order_by(GatewayEvent.id).limit(most)).all()


@use_case
def try_event_again(*, event_id: int, by: int) -> None:
    """An operator wants a parked event tried again, with all its tries. Who may is asked where operators are known."""
    event = db.session.get(GatewayEvent, event_id, with_for_update=True)
    if event is None or event.parked_at is None:
        raise NotFound("There is no such event.")
    event.parked_at, event.tries, event.due_at = None, 0, clock.now()
    audit.note("try event again", f"gateway event:{event.id}", by=by)


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True


@use_case
def _take_on() -> tuple[int, int, news.Told] | None:
    """The event that has been due for longest, now this worker's for a while."""
    now = clock.now()
    due = select(GatewayEvent).where(GatewayEvent.due_at <= now).order_by(GatewayEvent.due_at, GatewayEvent.id)
    event = db.session.scalar(due.limit(1).with_for_update(skip_locked=True))
    if event is None:
        return None
    event.due_at = now + _LEASE
    event.fence += 1
    event.tries += 1
    return event.id, event.fence, news.Told(NEWS[event.type], event.object_id, event.account_id)


def _act(event_id: int, fence: int, told: news.Told) -> None:
    try:
        _write_down(event_id, fence, news.read(told))
    except StripeIsAway:
        _put_off(event_id, fence)
    except Exception as error:
        db.session.rollback()
        log.exception("an event could not be acted on", event_id=event_id)
        _note_trouble(event_id, fence, f"{type(error).__name__}: {error}", is_hopeless=isinstance(error, DoesNotAgree))


@use_case
def _write_down(event_id: int, fence: int, write: news.Write) -> None:
    """What follows from the event, and that it is done: both, or neither."""
    event = _mine(event_id, fence)
    if event is None:
        return
    write()
    event.done_at, event.due_at, event.trouble = clock.now(), None, ""


@use_case
def _put_off(event_id: int, fence: int) -> None:
    """Nobody could be asked: that is no fault of the event's, and does not count."""
    if (event := _mine(event_id, fence)) is not None:
        event.tries -= 1
        event.due_at = clock.now() + _WHILE_AWAY


@use_case
def _note_trouble(event_id: int, fence: int, trouble: str, *, is_hopeless: bool) -> None:
    if (event := _mine(event_id, fence)) is None:
        return
    now = clock.now()
    event.trouble = trouble[:_LONGEST_TROUBLE]
    event.due_at = None if is_hopeless else next_try(event.tries, now=now)
    event.parked_at = now if event.due_at is None else None


def _mine(event_id: int, fence: int) -> GatewayEvent | None:
    """The event, locked, while no other worker has taken it on since."""
    event = db.session.get(GatewayEvent, event_id, with_for_update=True)
    return event if event is not None and event.fence == fence and event.done_at is None else None
