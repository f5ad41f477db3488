"""What an event is about, fetched anew, and what follows from it: a reader for each kind.

A reader asks the processor, with no unit of work open, and gives back what is to be written. So the order in which
events come does not matter, nor that one comes twice or before our own call has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import stripe
from sqlalchemy import select

from marketplace.kernel.database import db, let_go
from marketplace.kernel.events import announce
from marketplace.payments import chargebacks, queries, seeing, sellers, service, stripe_client
from marketplace.payments.events import SellerPayoutFailed
from marketplace.payments.models import Movement
from marketplace.payments.rules import State
from marketplace.payments.seeing import DoesNotAgree, Seen
from marketplace.payments.stripe_connect import key_in
from marketplace.payments.stripe_models import Checkout
from marketplace.payments.stripe_rules import About

Write = Callable[[], object]

_OPEN = {State.INTENDED, State.ASKED}
_GIVEN_UP = {State.FAILED, State.WITHDRAWN}


class Told(NamedTuple):
    """What an event says: what kind of thing changed, and which."""

    about: About
    object_id: str
    account_id: str | None


def read(told: Told) -> Write:
    """Fetch what the event is about. What it gives is done inside the unit of work that ends the event.

    Raises StripeIsAway; what it gives may raise DoesNotAgree.
    """
    let_go()
    with stripe_client.needed().asked() as client:
        return _READERS[told.about](client, told)


def _session(client: stripe.StripeClient, told: Told) -> Write:
    session = client.v1.checkout.sessions.retrieve(told.object_id, {"expand": [seeing.EXPANDED]})
    return partial(_take_session, session.id, key_in(session.metadata), seeing.seen_of(session))


def _take_session(session_id: str, key: str | None, seen: Seen) -> None:
    """It may be told before our own call has returned: then it is known by the mark that it carries."""
    checkout = db.session.scalar(select(Checkout).where(Checkout.session_id == session_id))
    if checkout is None and key is not None:
        checkout = _of_key(key)
        if checkout is not None and checkout.session_id is None:
            checkout.session_id = session_id
        elif checkout is not None:
            raise DoesNotAgree(f"Session {session_id} carries the mark of another one.")
    if checkout is not None:
        seeing.take(checkout.id, seen)


def _charge(client: stripe.StripeClient, told: Told) -> Write:
    """What was paid, what was kept of it, and what of it went back."""
    charge = client.v1.charges.retrieve(told.object_id)
    if key_in(charge.metadata) is None or not isinstance(charge.payment_intent, str):
        return _nothing
    asked = {"payment_intent": charge.payment_intent, "expand": [f"data.{seeing.EXPANDED}"]}
    sessions = client.v1.checkout.sessions.list(asked).data  # type: ignore[arg-type]  # what it takes is a dictionary of this shape
    refunds = client.v1.refunds.list({"charge": charge.id, "limit": 100}).data if charge.amount_refunded else []
    writes: list[Write] = [
        partial(_take_session, each.id, key_in(each.metadata), seeing.seen_of(each)) for each in sessions
    ]
    return partial(_all, [*writes, *(partial(_take_refund, refund) for refund in refunds)])


def _refund(client: stripe.StripeClient, told: Told) -> Write:
    return partial(_take_refund, client.v1.refunds.retrieve(told.object_id))


def _take_refund(refund: stripe.Refund) -> None:
    """A refund may fail days after it was made: then the money is back, and owed to the buyer."""
    movement = _movement_of(refund.metadata)
    if movement is None:
        _check_is_not_ours(str(refund.charge), "A refund")
        return
    if refund.status == "succeeded":
        _check_is_once(movement, refund.id)
    if refund.status == "succeeded" and movement.state in _OPEN:
        service.confirm(movement_id=movement.id, by=None, bank_reference=refund.id)
    if refund.status in ("failed", "canceled"):
        reason = "The buyer’s bank sent the refund back."
        if movement.state in _OPEN:
            service.fail(movement_id=movement.id, by=None, reason=reason)
        elif movement.state == State.CONFIRMED and movement.bank_reference == refund.id:
            service.bounce(movement_id=movement.id, by=None, reason=reason)


def _transfer(client: stripe.StripeClient, told: Told) -> Write:
    transfer = client.v1.transfers.retrieve(told.object_id)
    taken_back = (
        client.v1.transfers.reversals.list(transfer.id, {"limit": 100}).data if transfer.amount_reversed else []
    )
    return partial(_take_transfer, transfer, taken_back)


def _take_transfer(transfer: stripe.Transfer, taken_back: Sequence[Any]) -> None:
    movement = _movement_of(transfer.metadata)
    if movement is None:
        return
    _check_is_once(movement, transfer.id)
    if movement.state in _OPEN:
        service.confirm(movement_id=movement.id, by=None, bank_reference=transfer.id)
    for each in taken_back:
        reversal = _movement_of(each.metadata)
        if reversal is None:
            raise DoesNotAgree("A transfer was taken back that nobody here asked for.")
        if reversal.state in _OPEN:
            service.confirm(movement_id=reversal.id, by=None, bank_reference=each.id)


def _claim(client: stripe.StripeClient, told: Told) -> Write:
    """A claim can be heard of before the payment that it is about: that is written down first."""
    dispute = client.v1.disputes.retrieve(told.object_id)
    charge_id = dispute.charge if isinstance(dispute.charge, str) else dispute.charge.id
    payment = _charge(client, told._replace(object_id=charge_id))
    return partial(_all, [payment, partial(chargebacks.take, chargebacks.claim_of(dispute, charge_id))])


def _account(client: stripe.StripeClient, told: Told) -> Write:
    try:
        account = client.v1.accounts.retrieve(told.account_id or "")
    except stripe.PermissionError as error:
        if not sellers.is_gone(error):
            raise
        return _gone(client, told)
    return partial(sellers.note_account, account.id, sellers.standing_of(account))


def _gone(_client: stripe.StripeClient, told: Told) -> Write:
    return partial(sellers.note_gone, told.account_id or "")


def _payout(_client: stripe.StripeClient, told: Told) -> Write:
    """Nothing of ours changes: the money lies on the seller's account there, and he is told."""
    return partial(_tell_payout_failed, told.account_id or "", told.object_id)


def _tell_payout_failed(account_id: str, payout_id: str) -> None:
    person_id = sellers.person_of(account_id)
    if person_id is not None:
        announce(SellerPayoutFailed(person_id, payout_id))


_READERS: dict[About, Callable[[stripe.StripeClient, Told], Write]] = {
    About.SESSION: _session,
    About.CHARGE: _charge,
    About.REFUND: _refund,
    About.TRANSFER: _transfer,
    About.CLAIM: _claim,
    About.ACCOUNT: _account,
    About.GONE: _gone,
    About.PAYOUT: _payout,
}


def _nothing() -> None:
    pass


def _all(writes: Sequence[Write]) -> None:
    for write in writes:
        write()


def _check_is_once(movement: Movement, reference: str) -> None:
    """What we have given up, or know by another name, must not be made: somebody may be paid twice."""
    if movement.state in _GIVEN_UP:
        raise DoesNotAgree(
            f"{reference} was made though movement {movement.id} had been given up: it may be paid twice."
        )
    if movement.state == State.CONFIRMED and movement.bank_reference != reference:
        raise DoesNotAgree(f"{reference} was made besides {movement.bank_reference}, for the same movement.")


def _movement_of(marks: object) -> Movement | None:
    key = key_in(marks)
    return None if key is None else queries.marked(key)


def _of_key(key: str) -> Checkout | None:
    wanted = select(Checkout).join(Movement, Movement.id == Checkout.movement_id)
    return db.session.scalar(wanted.where(Movement.mark == queries.mark_in(key)))


def _check_is_not_ours(charge_id: str, what: str) -> None:
    """Something done by hand at the processor to a payment of ours is for people to look at."""
    ours = select(Checkout.id).where(Checkout.charge_id == charge_id)
    if db.session.scalar(ours) is not None:
        raise DoesNotAgree(f"{what} of a payment of ours was made outside of Earnest.")
