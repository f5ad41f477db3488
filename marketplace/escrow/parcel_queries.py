"""What pages read of parcels: one of them, and what a buyer could pay together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Select, select

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.parcel_paying import party_in
from marketplace.escrow.parcel_rules import FEWEST, saving, total
from marketplace.escrow.parcels import is_for_parcels, no_such_parcel, posting_of
from marketplace.escrow.rules import AWAITED
from marketplace.kernel.database import db
from marketplace.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Together:
    """Orders of one buyer and one seller, and what they cost in one parcel."""

    orders: tuple[Order, ...]
    """By their numbers."""

    @property
    def seller_id(self) -> int:
        return self.orders[0].seller_id

    @property
    def hammer(self) -> Money:
        return self._sum(order.money(order.hammer_minor) for order in self.orders)

    @property
    def shipping(self) -> Money:
        """What they pay for shipping as they stand."""
        return self._sum(order.shipping_due for order in self.orders)

    @property
    def apart(self) -> Money:
        """What shipping would cost with a parcel for each."""
        return self._sum(order.money(order.shipping_minor) for order in self.orders)

    @property
    def total(self) -> Money:
        return self.hammer + self.shipping

    @property
    def missing(self) -> Money:
        """What is still to be paid for those that wait for it."""
        return self._sum(order.facts().missing for order in self.waiting)

    @property
    def waiting(self) -> tuple[Order, ...]:
        """Those whose money is still to come, all of it or the rest."""
        return tuple(order for order in self.orders if order.state in AWAITED)

    @property
    def saving(self) -> Money:
        """What one parcel saves, were all of these in it."""
        return saving([posting_of(order) for order in self.orders])

    def _sum(self, amounts: Iterable[Money]) -> Money:
        return total(self.orders[0].currency, amounts)


def parcel_for(parcel_id: int, person_id: int) -> tuple[Parcel, Together, Party]:
    """A parcel with its orders as this person may see it, and what he is to it. Raises NotFound."""
    parcel = db.session.get(Parcel, parcel_id)
    if parcel is None:
        raise no_such_parcel()
    together = in_parcels([parcel_id]).get(parcel_id)
    if together is None:
        raise no_such_parcel()
    return parcel, together, party_in(together.orders, person_id)


def parcel_with_orders(parcel_id: int) -> tuple[Parcel, tuple[Order, ...]]:
    """A parcel and what is in it, whoever asks. Raises NotFound."""
    parcel, together = db.session.get(Parcel, parcel_id), in_parcels([parcel_id]).get(parcel_id)
    if parcel is None or together is None:
        raise no_such_parcel()
    return parcel, together.orders


def in_parcels(parcel_ids: Collection[int]) -> dict[int, Together]:
    """The orders of each of the parcels, in one query. One that nothing is in any more is not there."""
    wanted = select(Order).where(Order.parcel_id.in_(parcel_ids)).order_by(Order.parcel_id, Order.id)
    found = groupby(db.session.scalars(wanted), key=lambda order: order.parcel_id)
    return {number: Together(tuple(orders)) for number, orders in found if number is not None}


def could_join(order: Order) -> list[Order]:
    """Other orders of the same two that could go into one parcel with this one and are not in its parcel."""
    between = _unsent().where(
        Order.buyer_id == order.buyer_id, Order.seller_id == order.seller_id, Order.group_id == order.group_id
    )
    others = list(db.session.scalars(between.where(Order.id != order.id).order_by(Order.id)))
    free = [other for other in others if order.parcel_id is None or other.parcel_id != order.parcel_id]
    return [other for other in free if is_for_parcels(other)]


def offers_to(person_id: int) -> list[Together]:
    """What a buyer could pay together and does not yet: for each seller in each group two orders or more. One query."""
    mine = _unsent().where(Order.buyer_id == person_id)
    found = filter(is_for_parcels, db.session.scalars(mine.order_by(Order.group_id, Order.seller_id, Order.id)))
    sellers = groupby(found, key=lambda order: (order.group_id, order.seller_id))
    offers = [Together(tuple(orders)) for _seller, orders in sellers]
    return [
        offer
        for offer in offers
        if len(offer.orders) >= FEWEST and any(order.parcel_id is None for order in offer.orders)
    ]


def _unsent() -> Select[Order]:
    """Orders that may go into a parcel, or out of it: to be posted, and never said to be paid."""
    return select(Order).where(
        Order.state == State.AWAITING_PAYMENT, Order.can_be_posted, Order.was_not_found.is_(False)
    )  # fmt: skip
