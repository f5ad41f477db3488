"""From the hammer to the money in the group's hands, or to the end of an order that is not paid."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain

from marketplace.escrow import delivery, finding, parcels
from marketplace.escrow.acting import act, take
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.reference_rules import parcel_reference_of
from marketplace.escrow.rules import AWAITED
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments import queries as movements, service as payments
from marketplace.payments.rules import Kind, State as MovementState


@use_case
def say_sent(
    *, order_id: int, by: int, address_id: int | None, together: Collection[int] = (), client_key: str | None = None
) -> None:
    """The buyer says that his payment is on its way, and where the goods go; None where he picks them up.

    `together`: other orders with the same seller that the same payment is for. Each stays an order of its own.
    """
    orders = finding.locked_orders({order_id, *together})
    finding.check_same_parties(orders)
    references = [order.reference for order in orders]
    for order in orders:
        others = " ".join(reference for reference in references if reference != order.reference)
        deed = Deed(Action.SAY_SENT, finding.party_of(order, by))
        if deed.by is Party.BUYER and order.state == State.AWAITING_PAYMENT:
            _check_is_alone(order)
            delivery.deliver(order, address_id=address_id)
        act(order, deed, by=by, note=others, client_key=client_key)


@use_case
def confirm_payment(
    *, order_id: int, by: int, amount: Money, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> bool:  # fmt: skip
    """An officer who is no party has found `amount` in the group's account. Whether that was news.

    Too little is held until the rest comes; for an order that is over it is owed back at once.
    """
    order = finding.locked_order(order_id)
    deed = Deed(Action.CONFIRM_PAYMENT, finding.party_of(order, by), amount)
    if deed.by is Party.TREASURER:
        _check_is_alone(order)
    if not act(order, deed, by=by, note=bank_reference, client_key=client_key):
        return False
    check_line_is_new([order.id], bank_reference)
    book(order, amount, by=by, bank_reference=bank_reference, proof_key=proof_key)
    return True


def book(order: Order, amount: Money, *, by: int, bank_reference: str, proof_key: str | None) -> None:
    """Write down which line of the bank's statement the order's money came with."""
    purpose = f"order:{order.id}:payment"
    movement = payments.intend(
        group_id=order.group_id, kind=Kind.COLLECT, amount=amount, person_id=order.buyer_id, purpose=purpose,
        key=f"{purpose}:{order.line_count}", order_id=order.id,
    )  # fmt: skip
    payments.confirm(movement_id=movement.id, by=by, bank_reference=bank_reference, proof_key=proof_key)


@use_case
def not_found(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """An officer looked, and the payment is not there. The buyer has some hours to look into it; once."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.NOT_FOUND, finding.party_of(order, by))
    if deed.by is Party.TREASURER:
        _check_is_alone(order)
    act(order, deed, by=by, client_key=client_key)


@use_case
def propose_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """One side would call an unpaid order off."""
    take(Action.PROPOSE_CANCEL, order_id=order_id, by=by, client_key=client_key)


@use_case
def agree_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The other side agrees: the order is over, and nobody is to blame."""
    order = parcels.locked_for_end(order_id)
    if act(order, Deed(Action.AGREE_CANCEL, finding.party_of(order, by)), by=by, client_key=client_key):
        parcels.follow_end(order, by=by)


def check_line_is_new(order_ids: Collection[int], bank_reference: str) -> None:
    """One line of the bank's statement pays an order, or the orders of a parcel, once."""
    for movement in chain.from_iterable(movements.of_orders(order_ids).values()):
        is_payment = movement.kind == Kind.COLLECT and movement.state == MovementState.CONFIRMED
        if is_payment and movement.bank_reference == bank_reference:
            raise RuleBroken(
                "%(amount)s with this reference was confirmed already. Give the reference of the new payment.",
                field="bank_reference",
                amount=movement.moved or movement.amount,
            )


def _check_is_alone(order: Order) -> None:
    """What is paid for a parcel is said and confirmed of all its orders at once."""
    if order.parcel_id is not None and order.state in AWAITED:
        raise RuleBroken(
            "This order is paid in the parcel %(reference)s. Say it on the parcel's page, for all that is in it.",
            reference=parcel_reference_of(order.parcel_id),
        )
