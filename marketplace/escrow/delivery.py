"""Where the goods go: to one of the buyer's addresses, or into his hands."""

from __future__ import annotations

from marketplace.accounts import queries as accounts
from marketplace.escrow import finding, parcels
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.reminding_rules import next_reminder
from marketplace.escrow.rules import AWAITED
from marketplace.kernel import audit, clock
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken


@use_case
def choose_delivery(*, order_id: int, by: int, address_id: int | None) -> None:
    """The buyer says to which of his addresses it goes; None where he picks it up. A parcel goes to one address."""
    order, others = parcels.locked_with_others(order_id)
    if finding.party_of(order, by) is not Party.BUYER:
        raise NotAllowed("Where it goes is for the buyer to say.")
    for each in (order, *(other for other in others if can_change(other))):
        deliver(each, address_id=address_id)
        audit.note("choose delivery", f"order:{each.id}", by=by, group_id=each.group_id)


def can_change(order: Order) -> bool:
    """Whether the buyer may still say where it goes."""
    return order.state in AWAITED or (order.state == State.HELD and order.address is None)


def deliver(order: Order, *, address_id: int | None) -> None:
    """Write down where an order that is locked goes: a copy of the address, which stays as it is now.

    Once the money is held, an address that the seller may have read is not changed any more: whoever takes over the
    buyer's account cannot send the parcel elsewhere.
    """
    if not can_change(order):
        raise RuleBroken("The seller has been told where it goes. Write to the other side below.", field="delivery")
    is_pick_up = address_id is None
    if is_pick_up and order.parcel_id is not None:
        raise RuleBroken("It goes in a parcel with others: choose an address, or take it out first.", field="delivery")
    if is_pick_up and not order.can_be_picked_up:
        raise RuleBroken("This is not for picking up: choose an address.", field="delivery")
    if not is_pick_up and not order.can_be_posted:
        raise RuleBroken("This is only for picking up: the seller does not send it.", field="delivery")
    may_have_paid = order.state != State.AWAITING_PAYMENT or order.was_not_found
    if is_pick_up != order.is_pick_up and may_have_paid and order.shipping_minor:
        raise RuleBroken("Shipping is part of what you sent, so this stays as it is.", field="delivery")
    order.is_pick_up = is_pick_up
    order.address = None if address_id is None else address_of(order.buyer_id, address_id)
    order.remind_at = next_reminder(order.facts(), after=clock.now())  # once he has said it, the seller's time is told


def address_of(person_id: int, address_id: int) -> str:
    """One of the person's own addresses, as it stands on a label."""
    found = next((kept for kept in accounts.addresses_of(person_id) if kept.id == address_id), None)
    if found is None:
        raise RuleBroken("Choose one of your addresses.", field="delivery")
    return found.text
