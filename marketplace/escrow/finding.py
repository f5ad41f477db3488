"""Finding an order for somebody, locked or not, and what he is to it."""

from __future__ import annotations

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party
from marketplace.groups import queries as groups, service as permissions
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

PAYEES = (Party.BUYER, Party.SELLER)


def locked_order(order_id: int) -> Order:
    """The order, its row locked until the unit of work ends. Raises NotFound."""
    order = db.session.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise no_such_order()
    return order


def locked_orders(order_ids: set[int]) -> list[Order]:
    """Several orders, locked in the order of their numbers. Raises NotFound."""
    return [locked_order(order_id) for order_id in sorted(order_ids)]


def order_for(order_id: int, person_id: int) -> tuple[Order, Party]:
    """The order as this person may see it, and what he is to it. Raises NotFound."""
    order = db.session.get(Order, order_id)
    if order is None:
        raise no_such_order()
    return order, party_of(order, person_id)


def is_party(order: Order, person_id: int) -> bool:
    """Whether he bought or sold it: a party stays one, a member still or not."""
    return person_id in (order.buyer_id, order.seller_id)


def party_of(order: Order, person_id: int) -> Party:
    """In which capacity this person acts on the order. Raises NotFound to everybody whom it does not concern.

    An officer who bought or sold it is a party, and nothing else.
    """
    if person_id == order.buyer_id:
        return Party.BUYER
    if person_id == order.seller_id:
        return Party.SELLER
    parties = frozenset({order.buyer_id, order.seller_id})
    if permissions.may_confirm(order.group_id, person_id, parties=parties, second_officer=order.is_second_officer_due):
        return Party.TREASURER
    raise no_such_order()


def person_of(order: Order, party: Party) -> int:
    """The buyer's or the seller's id."""
    return {Party.BUYER: order.buyer_id, Party.SELLER: order.seller_id}[party]


def confirmers_of(order: Order) -> tuple[int, ...]:
    """The officers who may confirm this order's money now, none of them a party."""
    roles = OFFICERS if order.is_second_officer_due else CONFIRMERS
    officers = groups.officers(order.group_id, roles)
    return tuple(officer.person_id for officer in officers if not is_party(order, officer.person_id))


def check_same_parties(orders: list[Order]) -> None:
    """What is paid or posted together is between the same two, in one group. Others' orders are not there."""
    if len({(order.group_id, order.buyer_id, order.seller_id) for order in orders}) > 1:
        raise no_such_order()


def no_such_order() -> NotFound:
    return NotFound("There is no such order.")
