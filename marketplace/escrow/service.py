"""What other packages ask of escrow: open an order, take it into a dispute, carry out what was agreed or ruled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.accounts import queries as accounts
from marketplace.catalog import queries as catalog
from marketplace.escrow import finding
from marketplace.escrow.acting import act, take
from marketplace.escrow.events import OrderOpened
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.reminding_rules import first_reminder
from marketplace.escrow.rules import STAYS
from marketplace.groups.term_rules import Terms
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments.rules import Through


@use_case
def open_order(
    *,
    lot_id: int,
    group_id: int,
    item_id: int,
    number: int,
    title: str,
    seller_id: int,
    buyer_id: int,
    hammer: Money,
    shipping: Money,
    terms: Terms,
    sold_at: datetime,
    attempt: int = 1,
    shipping_further: Money | None = None,
) -> Order:
    """A lot is sold. The same lot and attempt told again is the same order."""
    found = db.session.scalar(select(Order).where(Order.lot_id == lot_id, Order.attempt == attempt))
    if found is not None:
        return found
    item, now = catalog.item(item_id), clock.now()
    pay_until = now + STAYS[State.AWAITING_PAYMENT](terms)
    order = Order(
        group_id=group_id, lot_id=lot_id, attempt=attempt, lot_number=number, item_id=item_id, title=title,
        opened_at=sold_at, buyer_id=buyer_id, seller_id=seller_id, currency=hammer.currency,
        hammer_minor=hammer.minor, shipping_minor=shipping.minor, terms=terms, state=State.AWAITING_PAYMENT,
        since=now, deadline=pay_until, remind_at=first_reminder(pay_until, after=now),
        can_be_posted=item.shipping is not None, can_be_picked_up=item.pickup_possible,
        is_pick_up=item.shipping is None,
        shipping_further_minor=None if shipping_further is None else shipping_further.minor,
        is_for_officers=terms.gateway is Through.TREASURER,
    )  # fmt: skip
    db.session.add(order)
    db.session.flush()
    audit.note("open order", f"order:{order.id}", by=None, group_id=group_id)
    announce(OrderOpened(order=order.facts(), lot_id=lot_id, lot_number=number, title=title, opened_at=now))
    return order


@use_case
def open_dispute(*, order_id: int, by: int, action: Action) -> Order:
    """The buyer says that something is wrong: NOT_RECEIVED while it is on its way, DISPUTE while he inspects it."""
    if action not in (Action.NOT_RECEIVED, Action.DISPUTE):
        raise ValueError(f"{action} opens no dispute")
    return take(action, order_id=order_id, by=by)


@use_case
def rule(
    *, order_id: int, action: Action, amount: Money | None = None, by: int | None, note: str = "",
    loser: Party | None = None,
) -> Order:  # fmt: skip
    """Carry out what the parties agreed or what was ruled: RELEASE, REFUND, DIVIDE (`amount` is the buyer's part) or
    RETURN_FIRST. `by` ruled or agreed; none where a silence did. `loser` bears what a processor kept of the money."""
    order = finding.locked_order(order_id)
    order.at_fault = loser or order.at_fault
    if action is Action.RETURN_FIRST and order.return_address is None:
        addresses = accounts.addresses_of(order.seller_id)
        order.return_address = addresses[0].text if addresses else None
    act(order, Deed(action, Party.RULING, amount), by=by, note=note)
    return order
