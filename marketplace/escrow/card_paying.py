"""The buyer pays by card: where it goes is written down, and a session at the payment processor is intended."""

from __future__ import annotations

from marketplace.escrow import delivery, finding
from marketplace.escrow.order_rules import Party, State
from marketplace.kernel import audit
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.payments import checkouts
from marketplace.payments.rules import Through


@use_case
def begin_card_payment(*, order_id: int, by: int, address_id: int | None) -> int:
    """The buyer wants to pay now, and says where it goes; None where he picks it up. Of an order of which too little
    came he pays the rest, and where it goes stays as it is. The session's number.

    Nothing is opened at the processor yet: `checkouts.open_session` does that, when this is committed.
    """
    order = finding.locked_order(order_id)
    if finding.party_of(order, by) is not Party.BUYER:
        raise NotAllowed("The buyer pays this order.")
    if order.terms.gateway is not Through.STRIPE:
        raise RuleBroken("This order is paid to the group’s account. Send the money there, then say so here.")
    if order.state not in (State.AWAITING_PAYMENT, State.TOPPING_UP):
        raise RuleBroken("This order does not wait for a payment any more. Look at where it stands.")
    if order.state == State.AWAITING_PAYMENT:
        delivery.deliver(order, address_id=address_id)
    audit.note("begin card payment", f"order:{order.id}", by=by, group_id=order.group_id)
    return checkouts.intend_checkout(
        group_id=order.group_id, order_id=order.id, person_id=order.buyer_id, amount=order.facts().missing,
        purpose=f"order:{order.id}:payment", until=order.deadline,
    )  # fmt: skip


def title_of(order_id: int, by: int) -> str:
    """What the processor's page calls it: the order's reference and the lot's title, no more."""
    order, _party = finding.order_for(order_id, by)
    return f"{order.reference} {order.title}"[:250]
