"""Putting orders of one seller into one parcel, taking them out again, and what becomes of it when one of them ends.

Whoever changes what is in a parcel locks the parcel's row first and its orders then, in the order of their numbers:
joining, paying and the clock come one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.escrow import finding
from marketplace.escrow.acting import act
from marketplace.escrow.events import ParcelChanged
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.parcel_rules import FEWEST, Posting, shares
from marketplace.escrow.rules import AWAITED
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments.rules import Through


@use_case
def put_together(*, order_id: int, by: int, together: Collection[int] = (), client_key: str | None = None) -> int:
    """The buyer puts an order and others of the same seller into one parcel; into the one that is open, if one is.

    Gives the parcel's number. Raises NotFound for what is not his, RuleBroken where the law keeps one of them out.
    """
    asked = {order_id, *together}
    first, _party = finding.order_for(order_id, by)
    parcel = _open_parcel(first)
    kept = _numbers_in(parcel.id) if parcel else set()
    orders = finding.locked_orders(asked | kept)
    finding.check_same_parties(orders)
    joined_before = _joined_with(client_key, asked)
    if joined_before is not None:
        return joined_before
    if any(finding.party_of(order, by) is not Party.BUYER for order in orders):
        raise NotAllowed("What goes into one parcel is for the buyer to say.")
    if not all(is_for_parcels(order) for order in orders):
        raise RuleBroken("What is paid by card is paid one order after the other. Pay this one by itself.")
    if len(kept | asked) < FEWEST:
        raise RuleBroken("Choose one more order at least: one alone is no parcel.", field="together")
    parcel = parcel or _new_parcel(first, by=by)
    for order in orders:
        if order.id in asked - kept:
            _join(order, parcel, by=by, client_key=client_key)
    share_anew(orders)
    return parcel.id


def is_for_parcels(order: Order) -> bool:
    """Whether it can be paid together with others: by card each order is paid by itself."""
    return order.terms.gateway is Through.TREASURER


@use_case
def take_out(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The buyer pays an order by itself after all. One that would be left alone in the parcel leaves it, too."""
    order, others = locked_with_others(order_id)
    left = [other for other in others if other.state == State.AWAITING_PAYMENT]
    parcel_id = order.parcel_id
    for each in (order, *(left if len(left) < FEWEST else ())):
        deed = Deed(Action.LEAVE_PARCEL, finding.party_of(each, by))
        if act(each, deed, by=by, client_key=client_key):
            each.parcel_id = each.parcel_shipping_minor = None
    if parcel_id is not None:
        share_anew([other for other in left if other.parcel_id is not None])
        _close_if_empty(parcel_id)


def locked(parcel_id: int) -> tuple[Parcel, list[Order]]:
    """A parcel and all its orders, locked until the unit of work ends. Raises NotFound."""
    parcel = db.session.get(Parcel, parcel_id, with_for_update=True)
    if parcel is None:
        raise no_such_parcel()
    wanted = select(Order).where(Order.parcel_id == parcel_id).order_by(Order.id).with_for_update()
    return parcel, list(db.session.scalars(wanted.execution_options(populate_existing=True)))


def locked_with_others(order_id: int) -> tuple[Order, list[Order]]:
    """An order and the others of its parcel, all locked; no others where it is in none. Raises NotFound."""
    parcel_id = db.session.scalar(select(Order.parcel_id).where(Order.id == order_id))
    if parcel_id is None:
        order, others = finding.locked_order(order_id), list[Order]()
    else:
        _parcel, orders = locked(parcel_id)
        order = finding.locked_order(order_id)
        others = [other for other in orders if other.id != order_id]
    if order.parcel_id != parcel_id:
        raise Stale("What is in the parcel changed at the same moment. Look at it again, then go on.")
    return order, others


def locked_for_end(order_id: int) -> Order:
    """An order that may end before it is paid, locked with whatever its end changes."""
    return locked_with_others(order_id)[0]


def claim_for_end(order_id: int) -> bool:
    """Whether the clock may act on an order: nobody else is at its parcel, which is then locked."""
    parcel_id = db.session.scalar(select(Order.parcel_id).where(Order.id == order_id))
    if parcel_id is None:
        return True
    claimed = select(Parcel.id).where(Parcel.id == parcel_id).with_for_update(skip_locked=True)
    return db.session.scalar(claimed) is not None


def follow_end(order: Order, *, by: int | None) -> None:
    """An order of a parcel has ended, or moved on, before it was paid: what the others cost together is another sum.

    It never gets dearer than what was asked for with it, so money that is on its way already is enough.
    """
    if order.parcel_id is None or order.state not in (State.UNPAID, State.CANCELLED):
        return
    parcel, orders = locked(order.parcel_id)
    waiting = [other for other in orders if other.state == State.AWAITING_PAYMENT]
    changed = share_anew(waiting)
    _close_if_empty(parcel.id)
    now = clock.now()
    in_time = [other for other in waiting if other.deadline is not None and now < other.deadline]
    if changed and in_time:
        tell(parcel, in_time, Action.SHARE_ANEW, by=by)


def share_anew(orders: Collection[Order]) -> bool:
    """Write down what each order pays of the parcel's shipping; all are locked, and unpaid. Whether that is new."""
    parts = shares([posting_of(order) for order in orders])
    changed = [order for order in orders if order.parcel_shipping_minor != parts[order.id].minor]
    for order in changed:
        order.parcel_shipping_minor = parts[order.id].minor
        act(order, Deed(Action.SHARE_ANEW, Party.CLOCK, parts[order.id]), by=None)
    return bool(changed)


def posting_of(order: Order) -> Posting:
    """An order as the law of parcels sees it."""
    further = order.shipping_further_minor
    return Posting(
        order.id, order.money(order.shipping_minor), None if further is None else order.money(further)
    )  # fmt: skip


def tell(
    parcel: Parcel, orders: Sequence[Order], action: Action, *, by: int | None, amount: Money | None = None
) -> None:
    """Announce what was done to orders of the parcel together."""
    announce(
        ParcelChanged(
            parcel_id=parcel.id, group_id=parcel.group_id, buyer_id=parcel.buyer_id, seller_id=parcel.seller_id,
            action=action, orders=tuple(order.facts() for order in orders),
            titles=tuple(order.title for order in orders), number=orders[0].line_count, person_id=by,
            amount=amount,
        )
    )  # fmt: skip


def no_such_parcel() -> NotFound:
    return NotFound("There is no such parcel.")


def _open_parcel(order: Order) -> Parcel | None:
    """The parcel between the order's two that is open, locked; none if none is."""
    between = select(Parcel).where(
        Parcel.group_id == order.group_id, Parcel.buyer_id == order.buyer_id, Parcel.seller_id == order.seller_id
    )
    return db.session.scalar(between.where(Parcel.fixed_at.is_(None)).with_for_update())


def _numbers_in(parcel_id: int) -> set[int]:
    """Of the orders in it that are still to be paid."""
    waiting = select(Order.id).where(Order.parcel_id == parcel_id, Order.state.in_(AWAITED))
    return set(db.session.scalars(waiting))


def _joined_with(client_key: str | None, order_ids: Collection[int]) -> int | None:
    """The parcel that the same form has put them into already."""
    if client_key is None:
        return None
    joined = select(Order.parcel_id).join(OrderLine, OrderLine.order_id == Order.id)
    mine = joined.where(Order.id.in_(order_ids), OrderLine.action == Action.JOIN_PARCEL)
    return db.session.scalar(mine.where(OrderLine.client_key == client_key).limit(1))


def _join(order: Order, parcel: Parcel, *, by: int, client_key: str | None) -> None:
    """It comes in with its full shipping; what it pays of the parcel's is shared out when all are in."""
    if order.can_be_posted:
        order.is_pick_up = False  # a parcel is posted; who would rather fetch one of them leaves it out
    act(order, Deed(Action.JOIN_PARCEL, Party.BUYER), by=by, note=parcel.reference, client_key=client_key)
    order.parcel_id, order.parcel_shipping_minor = parcel.id, order.shipping_minor


def _new_parcel(order: Order, *, by: int) -> Parcel:
    parcel = Parcel(
        group_id=order.group_id, buyer_id=order.buyer_id, seller_id=order.seller_id, opened_at=clock.now()
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(parcel)
    except IntegrityError:
        raise Stale("You have just begun another parcel with this seller. Look at it, and add these to it.") from None
    audit.note("open parcel", f"parcel:{parcel.id}", by=by, group_id=order.group_id)
    return parcel


def _close_if_empty(parcel_id: int) -> None:
    """A parcel in which nothing waits any more takes nothing in: what is won later begins another."""
    parcel = db.session.get_one(Parcel, parcel_id)
    if parcel.fixed_at is None and not _numbers_in(parcel_id):
        parcel.fixed_at = clock.now()
