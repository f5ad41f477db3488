"""What a session at the processor shows, held against what was asked for, and written down once."""

from __future__ import annotations

from dataclasses import dataclass

import stripe
import structlog

from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments import queries, service
from marketplace.payments.events import FeeTaken, PaymentSubmitted
from marketplace.payments.models import Movement
from marketplace.payments.rules import State
from marketplace.payments.stripe_models import Checkout
from marketplace.payments.stripe_rules import Paying, moves_on, next_look, paying_of

log = structlog.get_logger()

EXPANDED = "payment_intent.latest_charge.balance_transaction"


class DoesNotAgree(RuntimeError):
    """What the processor shows is not what we asked for. Somebody has to look: nothing follows from it by itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as the processor shows it."""

    state: Paying
    minor: int
    currency: str
    reference: str | None
    is_live: bool
    intent_id: str | None = None
    charge_id: str | None = None
    fee: Money | None = None
    fee_reference: str | None = None


def seen_of(session: stripe.checkout.Session) -> Seen:
    """Read a session with its payment, charge and fee."""
    intent = session.payment_intent if isinstance(session.payment_intent, stripe.PaymentIntent) else None
    charge = intent.latest_charge if intent and isinstance(intent.latest_charge, stripe.Charge) else None
    line = charge.balance_transaction if charge else None
    fee = line if isinstance(line, stripe.BalanceTransaction) else None
    return Seen(
        state=paying_of(session.status, session.payment_status, intent.status if intent else None),
        minor=session.amount_total or 0, currency=(session.currency or "").upper(),
        reference=session.client_reference_id, is_live=session.livemode,
        intent_id=intent.id if intent else None, charge_id=charge.id if charge else None,
        fee=Money(fee.fee, fee.currency.upper()) if fee else None, fee_reference=fee.id if fee else None,
    )  # fmt: skip


@use_case
def take(checkout_id: int, seen: Seen) -> bool:
    """Write down what is news of a session. Whether anything was."""
    checkout = _locked(checkout_id)
    movement = queries.movement(checkout.movement_id)
    _check_agrees(checkout, movement, seen)
    is_news = moves_on(Paying(checkout.state), seen.state)
    if is_news:
        checkout.state = seen.state
        checkout.intent_id, checkout.charge_id = seen.intent_id, seen.charge_id
        _follow(checkout, movement, seen)
    has_fee = _tell_fee(checkout, movement, seen)
    _schedule(checkout)
    return is_news or has_fee


@use_case
def give_up_unopened(checkout_id: int) -> bool:
    """A session of which the processor's answer was never heard: nobody was sent there. After its time it is over."""
    checkout = _locked(checkout_id)
    is_over = checkout.expires_at <= clock.now() or checkout.is_unwanted
    if checkout.session_id is not None or checkout.state != Paying.OPEN or not is_over:
        return False
    checkout.state, checkout.due_at = Paying.EXPIRED, None
    service.withdraw(movement_id=checkout.movement_id, by=None)
    return True


def _locked(checkout_id: int) -> Checkout:
    checkout = db.session.get(Checkout, checkout_id, with_for_update=True)
    if checkout is None:
        raise NotFound("There is no such payment.")
    return checkout


def _check_agrees(checkout: Checkout, movement: Movement, seen: Seen) -> None:
    """Raises DoesNotAgree. An amount that differs is nobody's payment of this order."""
    expected = (movement.amount_minor, movement.currency, str(checkout.order_id), checkout.is_live)
    if (seen.minor, seen.currency, seen.reference, seen.is_live) != expected:
        raise DoesNotAgree(f"The session of movement {movement.id} is not what was asked for.")
    if seen.state is Paying.PAID and seen.charge_id is None:
        raise DoesNotAgree(f"The session of movement {movement.id} is paid, and shows no charge.")


def _follow(checkout: Checkout, movement: Movement, seen: Seen) -> None:
    match seen.state:
        case Paying.PAID:
            charge = seen.charge_id or ""
            service.confirm(movement_id=movement.id, by=None, bank_reference=charge, amount=movement.amount)
        case Paying.SUBMITTED:
            announce(
                PaymentSubmitted(
                    movement_id=movement.id, group_id=movement.group_id, order_id=checkout.order_id,
                    person_id=checkout.person_id, amount=movement.amount, key=movement.idempotency_key,
                )
            )  # fmt: skip
        case Paying.FAILED:
            service.fail(movement_id=movement.id, by=None, reason="The bank would not pay.")
        case Paying.EXPIRED if movement.state != State.WITHDRAWN:
            service.withdraw(movement_id=movement.id, by=None)


def _tell_fee(checkout: Checkout, movement: Movement, seen: Seen) -> bool:
    """What Stripe keeps of a payment is known some time after it, and told once."""
    if checkout.state != Paying.PAID or checkout.fee_reference is not None or seen.fee is None:
        return False
    checkout.fee_reference = seen.fee_reference
    checkout.fee_minor = seen.fee.minor if seen.fee.currency == movement.currency else 0
    if seen.fee.currency != movement.currency:  # the platform keeps its balance in another one: README, card payments
        log.error("a fee was taken in another currency than the order's", movement=movement.id, fee=str(seen.fee))
    elif seen.fee:
        announce(FeeTaken(movement.group_id, checkout.order_id, seen.fee, seen.fee_reference or ""))
    service.wake(order_id=checkout.order_id)
    return True


def _schedule(checkout: Checkout) -> None:
    is_done = checkout.state in (Paying.EXPIRED, Paying.FAILED) or checkout.fee_reference is not None
    now = clock.now()
    checkout.due_at = None if is_done else next_look(checkout.looks, now=now, expires_at=checkout.expires_at)
