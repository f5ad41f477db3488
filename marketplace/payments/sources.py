"""What a movement through a processor draws on: the payment that it pays out or refunds, the transfer it takes back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.payments import queries
from marketplace.payments.models import Movement
from marketplace.payments.rules import LEAVES, Kind, State, Through
from marketplace.payments.stripe_models import Chargeback, Checkout, SellerAccount
from marketplace.payments.stripe_rules import Bank

_GONE_OR_GOING = {State.INTENDED, State.ASKED, State.CONFIRMED}


def choose(movement: Movement) -> None:
    """Write down what this attempt draws on, and whose account it goes to: once, for every try under its key."""
    if movement.gateway != Through.STRIPE or movement.source is not None or movement.order_id is None:
        return
    others = [each for each in queries.of_order(movement.order_id) if each.gateway == Through.STRIPE]
    if movement.kind == Kind.REVERSAL:
        movement.source = _transfer_for(movement, others)
    if movement.kind in LEAVES:
        movement.source = _payment_for(movement, others)
    if movement.kind == Kind.PAYOUT:
        account = select(SellerAccount.account_id).where(SellerAccount.person_id == movement.person_id)
        movement.account = db.session.scalar(account)


def parts_of(order_id: int, kind: Kind, amount: Money) -> list[Money]:
    """How a sum that leaves is drawn on an order's payments through the processor: on one, where one holds enough; else
    on several, for what was paid in two payments leaves in two, and is taken back from the seller in two. Never
    nothing: what no payment holds is asked for all the same, and refused by the processor."""
    others = [each for each in queries.of_order(order_id) if each.gateway == Through.STRIPE]
    if kind is Kind.REVERSAL:
        lefts = [_left_of_transfer(transfer, others) for transfer in _transfers(others)]
    else:
        lefts = [left_of(payment, others) for payment in _payments(kind, others)]
    if any(left >= amount.minor for left in lefts):
        return [amount]
    parts, rest = [], amount.minor
    for left in lefts:
        part = min(left, rest)
        if part > 0:
            parts.append(Money(part, amount.currency))
            rest -= part
    return parts if parts and not rest else [amount]


def _payments(kind: Kind, others: Sequence[Movement]) -> list[Movement]:
    """What was paid. A second payment goes back before the first, which may be the seller's; what a bank has taken back
    comes last: the processor refunds nothing of it any more."""
    paid = [each for each in others if each.kind == Kind.COLLECT and each.state == State.CONFIRMED]
    in_order = paid[::-1] if kind is Kind.REFUND else paid
    taken = _taken_by_banks(paid) if len(paid) > 1 else set()
    return sorted(in_order, key=lambda each: each.bank_reference in taken)


def _taken_by_banks(paid: Sequence[Movement]) -> set[str | None]:
    lost = select(Checkout.charge_id).join(Chargeback, Chargeback.checkout_id == Checkout.id)
    lost = lost.where(Chargeback.state == Bank.LOST, Checkout.charge_id.in_([each.bank_reference for each in paid]))
    return set(db.session.scalars(lost))


def _payment_for(movement: Movement, others: Sequence[Movement]) -> str | None:
    """The payment that still holds enough."""
    paid = _payments(Kind(movement.kind), others)
    for payment in paid:
        if left_of(payment, [each for each in others if each.id != movement.id]) >= movement.amount_minor:
            return payment.bank_reference
    return paid[0].bank_reference if paid else None


def _transfers(others: Sequence[Movement]) -> list[Movement]:
    """What went to the seller, the last first."""
    return [each for each in others if each.kind == Kind.PAYOUT and each.state == State.CONFIRMED][::-1]


def _transfer_for(movement: Movement, others: Sequence[Movement]) -> str | None:
    """The transfer of which enough is still with the seller."""
    paid_out = _transfers(others)
    for transfer in paid_out:
        if _left_of_transfer(transfer, [each for each in others if each.id != movement.id]) >= movement.amount_minor:
            return transfer.bank_reference
    return paid_out[0].bank_reference if paid_out else None


def _left_of_transfer(transfer: Movement, others: Sequence[Movement]) -> int:
    """What of a transfer, in minor units, was not taken back, nor is being."""
    back = [each for each in others if each.kind == Kind.REVERSAL and each.source == transfer.bank_reference]
    return (transfer.moved_minor or 0) - sum(each.amount_minor for each in back if each.state in _GONE_OR_GOING)


def left_of(payment: Movement, others: Sequence[Movement]) -> int:
    """What of a payment, in minor units, was neither refunded nor passed on."""
    left = payment.moved_minor or 0
    from_it = [each for each in others if each.source == payment.bank_reference and each.kind in LEAVES]
    left -= sum(each.amount_minor for each in from_it if each.state in _GONE_OR_GOING)
    transfers = {each.bank_reference for each in from_it if each.kind == Kind.PAYOUT}
    taken_back = [each for each in others if each.kind == Kind.REVERSAL and each.state == State.CONFIRMED]
    return left + sum(each.moved_minor or 0 for each in taken_back if each.source in transfers)
