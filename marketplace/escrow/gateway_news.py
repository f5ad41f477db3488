"""What a payment processor says of an order's money, as the law of escrow takes it.

Called by wiring, inside the unit of work that brings the news: both are kept, or neither. The same twice is one deed.
"""

from __future__ import annotations

from datetime import timedelta

from marketplace.escrow import finding
from marketplace.escrow.acting import act
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.moving import intend_payout, on_its_way, payouts_of
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.payments.events import (
    FeeTaken,
    MovementBounced,
    MovementConfirmed,
    MovementFailed,
    MovementWaits,
    PaymentSubmitted,
)
from marketplace.payments.rules import Kind, State as MovementState, Through

_PAYEES = {Kind.REFUND: Party.BUYER, Kind.PAYOUT: Party.SELLER}
_FIRST_PAUSE, _MOST_DOUBLINGS = timedelta(minutes=5), 7


def payment_submitted(fact: PaymentSubmitted) -> None:
    """The buyer did his part, and his bank takes days: his time to pay does not run out meanwhile."""
    order = finding.locked_order(fact.order_id)
    if order.state == State.AWAITING_PAYMENT:
        act(order, Deed(Action.SUBMIT_PAYMENT, Party.GATEWAY), by=None, client_key=fact.key)


def movement_confirmed(fact: MovementConfirmed) -> None:
    """Money came, or went, by itself."""
    order = _order_of(fact)
    if order is None:
        return
    action = {Kind.COLLECT: Action.CONFIRM_PAYMENT, Kind.REVERSAL: Action.REVERSE_PAYOUT}
    payee = Party.SELLER if fact.kind is Kind.REVERSAL else _PAYEES.get(fact.kind)
    deed = Deed(action.get(fact.kind, Action.CONFIRM_PAYOUT), Party.GATEWAY, fact.amount, payee)
    act(order, deed, by=None, client_key=fact.key)


def movement_failed(fact: MovementFailed) -> None:
    """A payment of days did not come after all; a payout did not go, and is asked for again after a while."""
    order = _order_of(fact)
    if order is None:
        return
    payee = _PAYEES.get(fact.kind)
    if payee is None:
        if fact.kind is Kind.COLLECT and order.state == State.PAYMENT_CLAIMED:
            act(order, Deed(Action.NOT_FOUND, Party.GATEWAY), by=None, note=fact.reason, client_key=fact.key)
        return
    due = min(fact.amount, owed(order.facts(), payee) - on_its_way(order, payee))
    if due <= order.money(0):
        return
    deed = Deed(Action.PAYOUT_FAILED, Party.GATEWAY, due, payee)
    if act(order, deed, by=None, note=fact.reason, client_key=fact.key) and order.state != State.CHARGEBACK:
        failed = sum(each.state == MovementState.FAILED for each in payouts_of(order, payee))
        pause = _FIRST_PAUSE * 2 ** min(max(failed - 1, 0), _MOST_DOUBLINGS)
        intend_payout(order, payee, due, pause=pause)


def movement_waits(fact: MovementWaits) -> None:
    """The processor cannot pay it now: both sides see why."""
    order, payee = _order_of(fact), _PAYEES.get(fact.kind)
    if order is None or payee is None or owed(order.facts(), payee) < fact.amount:
        return
    deed = Deed(Action.PAYOUT_WAITS, Party.GATEWAY, fact.amount, payee)
    act(order, deed, by=None, note=fact.reason, client_key=f"{fact.key}:waits")


def movement_bounced(fact: MovementBounced) -> None:
    """A refund came back days later: it is owed again, and an officer pays it."""
    order, payee = _order_of(fact), _PAYEES.get(fact.kind)
    if order is not None and payee is not None:
        deed = Deed(Action.PAYOUT_BOUNCED, Party.GATEWAY, fact.amount, payee)
        act(order, deed, by=None, note=fact.reason, client_key=fact.key)


def fee_taken(fact: FeeTaken) -> None:
    """What the processor keeps of the money. Who bears it is settled when the money is."""
    order = finding.locked_order(fact.order_id)
    act(order, Deed(Action.NOTE_FEE, Party.GATEWAY, fact.fee), by=None, client_key=fact.reference)


def _order_of(
    fact: MovementConfirmed | MovementFailed | MovementWaits | MovementBounced,
) -> Order | None:
    """The order, locked; none where an officer moved it, or it is of no order."""
    if fact.order_id is None or fact.by is not None or fact.gateway == Through.TREASURER:
        return None
    return finding.locked_order(fact.order_id)
