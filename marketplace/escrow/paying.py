"""From the hammer to the money in the group's hands, or to the end of an order that is not paid."""

from __future__ import annotations

from collections.abc import Collection

from marketplace.escrow import delivery, finding
from marketplace.escrow.acting import act, take
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotFound, RuleBroken
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
    check_same_parties(orders)
    references = [order.reference for order in orders]
    for order in orders:
        others = " ".join(reference for reference in references if reference != order.reference)
        deed = Deed(Action.SAY_SENT, finding.party_of(order, by))
        if deed.by is Party.BUYER and order.state == State.AWAITING_PAYMENT:
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
    if not act(order, deed, by=by, note=bank_reference, client_key=client_key):
        return False
    _check_line_is_new(order, bank_reference)
    purpose = f"order:{order.id}:payment"
    movement = payments.intend(
        group_id=order.group_id, kind=Kind.COLLECT, amount=amount, person_id=order.buyer_id, purpose=purpose,
        key=f"{purpose}:{order.line_count}", order_id=order.id,
    )  # fmt: skip
    payments.confirm(movement_id=movement.id, by=by, bank_reference=bank_reference, proof_key=proof_key)
    return True


@use_case
def not_found(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """An officer looked, and the payment is not there. The buyer has some hours to look into it; once."""
    take(Action.NOT_FOUND, order_id=order_id, by=by, client_key=client_key)


@use_case
def propose_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """One side would call an unpaid order off."""
    take(Action.PROPOSE_CANCEL, order_id=order_id, by=by, client_key=client_key)


@use_case
def agree_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The other side agrees: the order is over, and nobody is to blame."""
    take(Action.AGREE_CANCEL, order_id=order_id, by=by, client_key=client_key)


def check_same_parties(orders: list[Order]) -> None:
    """What is paid or posted together is between the same two, in one group. Others' orders are not there."""
    if len({(order.group_id, order.buyer_id, order.seller_id) for order in orders}) > 1:
        raise NotFound("There is no such order.")


def _check_line_is_new(order: Order, bank_reference: str) -> None:
    """One line of the bank's statement pays an order once."""
    for movement in movements.of_order(order.id):
        is_payment = movement.kind == Kind.COLLECT and movement.state == MovementState.CONFIRMED
        if is_payment and movement.bank_reference == bank_reference:
            raise RuleBroken(
                "%(amount)s with this reference was confirmed already. Give the reference of the new payment.",
                field="bank_reference",
                amount=movement.moved or movement.amount,
            )
