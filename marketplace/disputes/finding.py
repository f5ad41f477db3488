"""Finding a dispute with its order, locked or not, and what somebody is to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Select, select

from marketplace.disputes.dispute_rules import Party
from marketplace.disputes.models import Dispute
from marketplace.escrow import finding as escrow
from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound


class Case(NamedTuple):
    """An order, and the dispute about it."""

    order: Order
    dispute: Dispute


def case(dispute_id: int) -> Case:
    """The dispute, whoever asks. Raises NotFound."""
    row = db.session.execute(cases().where(Dispute.id == dispute_id)).one_or_none()
    if row is None:
        raise no_such_dispute()
    return Case(*row)


def case_of_order(order_id: int) -> Case | None:
    """The dispute about an order, if there ever was one."""
    row = db.session.execute(cases().where(Dispute.order_id == order_id)).one_or_none()
    return None if row is None else Case(*row)


def locked_case(dispute_id: int) -> Case:
    """The dispute with its order, both locked until the unit of work ends: the order first. Raises NotFound."""
    order_id = db.session.scalar(select(Dispute.order_id).where(Dispute.id == dispute_id))
    if order_id is None:
        raise no_such_dispute()
    order = escrow.locked_order(order_id)
    dispute = db.session.get(Dispute, dispute_id, with_for_update=True, populate_existing=True)
    if dispute is None:
        raise no_such_dispute()
    return Case(order, dispute)


def side_of(case: Case, person_id: int) -> Party | None:
    """Buyer, seller, or neither."""
    return {case.order.buyer_id: Party.BUYER, case.order.seller_id: Party.SELLER}.get(person_id)


def person_of(case: Case, side: Party) -> int:
    """The buyer's or the seller's id."""
    return {Party.BUYER: case.order.buyer_id, Party.SELLER: case.order.seller_id}[side]


def other(side: Party) -> Party:
    """The other side."""
    return {Party.BUYER: Party.SELLER, Party.SELLER: Party.BUYER}[side]


def no_such_dispute() -> NotFound:
    return NotFound("There is no such dispute.")


def cases() -> Select[Order, Dispute]:
    """Disputes with their orders."""
    return select(Order, Dispute).join(Order, Order.id == Dispute.order_id)


def cases_of(order_ids: Collection[int]) -> Select[Order, Dispute]:
    """The disputes about these orders, with them."""
    return cases().where(Dispute.order_id.in_(order_ids))
