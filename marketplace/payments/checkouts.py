"""Buyers pay in sessions at the processor. What they come to is read there, never believed from whoever comes back.

A session is intended and committed first, then opened under the movement's key, then written down. It is looked at
again when the processor tells of it, and by itself, so that news that never came is no loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import stripe
import structlog
from sqlalchemy import Select, func, select

from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments import queries, seeing, service, stripe_client
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, Through
from marketplace.payments.seeing import DoesNotAgree
from marketplace.payments.stripe_client import StripeBroke, StripeIsAway
from marketplace.payments.stripe_connect import MOVEMENT, group_of
from marketplace.payments.stripe_models import Checkout
from marketplace.payments.stripe_rules import Paying, can_go_on, check_can_be_paid, next_look, session_ends

log = structlog.get_logger()

_HAS_PAID = {Paying.PAID, Paying.SUBMITTED}


@use_case
def intend_checkout(
    *, group_id: int, order_id: int, person_id: int, amount: Money, purpose: str, until: datetime | None
) -> int:
    """A session for what a person has to pay: the open one, if it still fits, else a new one in its place. Its id.

    Whoever asks holds the order's lock: an order's sessions are numbered.
    """
    here = stripe_client.needed()
    check_can_be_paid(amount)
    now = clock.now()
    open_ones = _open_of(order_id)
    for checkout in open_ones:
        if _still_fits(checkout, amount, now):
            return checkout.id
        checkout.is_unwanted, checkout.due_at = True, now
    count = select(func.count()).select_from(Checkout).where(Checkout.order_id == order_id)
    movement = service.intend(
        group_id=group_id, kind=Kind.COLLECT, amount=amount, person_id=person_id, purpose=purpose,
        key=f"{purpose}:card:{1 + (db.session.scalar(count) or 0)}", order_id=order_id, gateway=Through.STRIPE,
    )  # fmt: skip
    checkout = Checkout(
        movement_id=movement.id, order_id=order_id, person_id=person_id, is_live=here.is_live, state=Paying.OPEN,
        opened_at=now, expires_at=session_ends(now=now, until=until), due_at=None,
    )  # fmt: skip
    checkout.due_at = next_look(0, now=now, expires_at=checkout.expires_at)
    db.session.add(checkout)
    db.session.flush()
    return checkout.id


def open_session(checkout_id: int, *, title: str, paid_url: str, back_url: str) -> str | None:
    """Where the buyer pays; None where he has paid already, here or in a session whose place this took.

    Asks the processor: no unit of work may be open. Raises RuleBroken where that does not answer, or will not; what it
    would not do, or what broke there, it is asked again under another key, for it keeps such answers under theirs.
    """
    checkout = _row(checkout_id)
    movement = queries.movement(checkout.movement_id)
    others = [each.id for each in _open_of(checkout.order_id) if each.is_unwanted and each.session_id]
    session_id, asked = checkout.session_id, _asked(checkout, movement, title, paid_url, back_url)
    key, order_id, here = movement.gateway_key, checkout.order_id, stripe_client.needed()
    let_go()
    try:
        if any(_has_paid(other) for other in others):
            close_all_of(order_id)
            return None
        with here.asked() as client:
            if session_id is None:
                session = client.v1.checkout.sessions.create(asked, {"idempotency_key": key})
            else:
                session = client.v1.checkout.sessions.retrieve(session_id)
    except StripeIsAway as error:
        if session_id is None and isinstance(error, StripeBroke):
            _give_up(checkout_id)
        raise RuleBroken("Stripe does not answer. Nothing was paid: press the button again in a minute.") from error
    except stripe.StripeError as error:
        log.warning("a session was refused", checkout=checkout_id, code=stripe_client.code_of(error))
        _give_up(checkout_id)
        raise RuleBroken("Stripe would not begin this payment. Tell the officers of the group.") from error
    _note_session(checkout_id, session.id)
    if session.status != "open":
        with suppress(StripeIsAway):  # it is looked at again later
            _has_paid(checkout_id)
    return session.url if session.status == "open" else None


def has_paid(order_id: int) -> bool:
    """Whether the buyer has just done his part in one of the sessions of an order: what is open is looked at first. A
    payment that came before, and was too little, does not count.

    Asks the processor: no unit of work may be open. Where it does not answer, what is known counts.
    """
    found = False
    for checkout_id in [each.id for each in _open_of(order_id) if each.session_id is not None]:
        with suppress(StripeIsAway):
            found = _has_paid(checkout_id) or found
    return found or any(each.state == Paying.SUBMITTED for each in of_order(order_id))


def _has_paid(checkout_id: int) -> bool:
    try:
        look_again(checkout_id)
    except (DoesNotAgree, stripe.StripeError):
        log.exception("a session could not be looked at", checkout=checkout_id)
    return _row(checkout_id).state in _HAS_PAID


def look_again(checkout_id: int) -> bool:
    """Ask what a session has come to, and write down what is news. One that nobody wants is closed, if it still can be.

    Raises StripeIsAway, and DoesNotAgree where it is not what we asked for.
    """
    checkout = _row(checkout_id)
    session_id, is_unwanted = checkout.session_id, checkout.is_unwanted and checkout.state == Paying.OPEN
    let_go()
    if session_id is None:
        return seeing.give_up_unopened(checkout_id)
    with stripe_client.needed().asked() as client:
        if is_unwanted:
            _close(client, session_id)
        seen = seeing.seen_of(client.v1.checkout.sessions.retrieve(session_id, {"expand": [seeing.EXPANDED]}))
    return seeing.take(checkout_id, seen)


def look_at_due_checkouts(limit: int = 20) -> int:
    """The worker's duty: sessions of which nothing was heard for a while. How many were looked at."""
    if not stripe_client.is_set_up():
        return 0
    done = 0
    while done < limit and (checkout_id := _take_due()) is not None:
        survives(look_again, checkout_id)
        done += 1
    return done


def to_look_at(now: datetime) -> Backlog:
    """How many sessions a worker may look at now."""
    return backlog_of(Checkout.due_at, now=now, late_after=queries.LATE_AFTER * 10)


@use_case
def close_all_of(order_id: int) -> None:
    """The order is over: nobody is to pay it any more. What comes all the same is given back."""
    for checkout in _open_of(order_id):
        checkout.is_unwanted, checkout.due_at = True, clock.now()


def undecided() -> Select[int]:
    """The orders of sessions of which nothing final is known: their buyers may have paid."""
    return select(Checkout.order_id).where(Checkout.state == Paying.OPEN)


def unexamined(now: datetime) -> Select[int]:
    """The orders of open sessions that should have been looked at by now, and were not: no worker came by."""
    return undecided().where(Checkout.due_at <= now)


def of_order(order_id: int) -> Sequence[Checkout]:
    """Every session of an order, oldest first."""
    return db.session.scalars(select(Checkout).where(Checkout.order_id == order_id).order_by(Checkout.id)).all()


@use_case
def _take_due() -> int | None:
    now = clock.now()
    due = select(Checkout).where(Checkout.due_at <= now).order_by(Checkout.due_at, Checkout.id).limit(1)
    checkout = db.session.scalar(due.with_for_update(skip_locked=True))
    if checkout is None:
        return None
    checkout.looks += 1
    checkout.due_at = next_look(checkout.looks, now=now, expires_at=checkout.expires_at)
    return checkout.id


@use_case
def _note_session(checkout_id: int, session_id: str) -> None:
    checkout = db.session.get(Checkout, checkout_id, with_for_update=True)
    if checkout is not None and checkout.session_id is None:
        checkout.session_id = session_id


@use_case
def _give_up(checkout_id: int) -> None:
    """It was refused, or broke, and nobody was sent there: whoever wants to pay gets another one, under another key."""
    checkout = db.session.get(Checkout, checkout_id, with_for_update=True)
    if checkout is None or checkout.state != Paying.OPEN:
        return
    checkout.is_unwanted, checkout.due_at = True, clock.now()
    if checkout.session_id is None:
        seeing.give_up_unopened(checkout_id)


def _open_of(order_id: int) -> Sequence[Checkout]:
    wanted = select(Checkout).where(Checkout.order_id == order_id, Checkout.state == Paying.OPEN)
    return db.session.scalars(wanted.order_by(Checkout.id)).all()


def _still_fits(checkout: Checkout, amount: Money, now: datetime) -> bool:
    is_same = queries.movement(checkout.movement_id).amount == amount
    is_in_time = can_go_on(checkout.expires_at, now=now, is_opened=checkout.session_id is not None)
    return is_same and not checkout.is_unwanted and is_in_time


def _row(checkout_id: int) -> Checkout:
    checkout = db.session.get(Checkout, checkout_id)
    if checkout is None:
        raise NotFound("There is no such payment.")
    return checkout


def _close(client: stripe.StripeClient, session_id: str) -> None:
    with suppress(stripe.InvalidRequestError):  # it is paid, or over: that is read next
        client.v1.checkout.sessions.expire(session_id)


def _asked(
    checkout: Checkout, movement: Movement, title: str, paid_url: str, back_url: str
) -> stripe.params.checkout.SessionCreateParams:
    """The same for every try, as the same key must be. What is paid with is Stripe's to ask; we never see a card."""
    marks = {MOVEMENT: movement.gateway_key, "order_id": str(checkout.order_id)}
    return {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": movement.currency.lower(), "unit_amount": movement.amount_minor,
                    "product_data": {"name": title},
                },
            }
        ],
        "success_url": paid_url, "cancel_url": back_url, "expires_at": int(checkout.expires_at.timestamp()),
        "client_reference_id": str(checkout.order_id), "metadata": marks,
        "payment_intent_data": {"transfer_group": group_of(checkout.order_id), "metadata": marks},
    }  # fmt: skip
