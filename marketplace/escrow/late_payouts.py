"""Late payouts with the orders that they are for, as pages show them. What a bank asks back stands still, and is not
late; what is paid out of deposits is of no order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel.database import db
from marketplace.payments import lateness
from marketplace.payments.late_rules import Clause, Payout, Reader, Stage
from marketplace.payments.lateness import Late
from marketplace.payments.rules import Kind

DEPOSIT = "deposit:"
"""What the purpose of a payout out of a deposit begins with."""


class LatePayout(NamedTuple):
    """A payout that is late, the line of the law that counts for it, and its order."""

    payout: Payout
    clause: Clause | None
    """None while there is time."""
    order: Order | None
    """None where it is paid out of a deposit."""

    @property
    def stage(self) -> Stage | None:
        """How late it is."""
        return self.clause.stage if self.clause else None

    @property
    def payee(self) -> Party:
        """Which side of its order is paid."""
        return Party.BUYER if self.payout.kind is Kind.REFUND else Party.SELLER

    @property
    def deposit_payout_id(self) -> int | None:
        """The number of the payout out of a deposit, which its purpose ends in."""
        is_of_deposit = self.payout.purpose.startswith(DEPOSIT)
        return int(self.payout.purpose.rpartition(":")[2]) if is_of_deposit else None


def shown_to_group(group_id: int, person_id: int, now: datetime) -> list[LatePayout]:
    """What every member sees: late for five days. Raises NotFound to who is none. Two queries besides."""
    groups.require(person_id, group_id, Permission.SEE_BOOKS)
    return with_orders(lateness.late_in(group_id, Reader.GROUP, now))


def shown_to_officers(group_id: int, person_id: int, now: datetime) -> list[LatePayout]:
    """What officers see: late for two days, the longest first; not their own. Raises NotFound or NotAllowed."""
    groups.require(person_id, group_id, Permission.CONFIRM_MONEY_LATE)
    found = with_orders(lateness.late_in(group_id, Reader.OFFICERS, now))
    return [late for late in found if late.payout.person_id != person_id]


def waiting_for(person_id: int, now: datetime) -> list[LatePayout]:
    """What is not paid to this person though it is time, also where that is his own to mend. Two queries."""
    return with_orders(lateness.late_to(person_id, now))


def of_order(order_id: int, person_id: int, now: datetime) -> list[LatePayout]:
    """What of one order is not paid to this person though it is time. Two queries."""
    return [late for late in waiting_for(person_id, now) if late.payout.order_id == order_id]


def of_deposits(group_id: int, person_id: int, now: datetime) -> list[LatePayout]:
    """What is not paid to him out of a group's deposits though it is time. Two queries."""
    found = waiting_for(person_id, now)
    return [late for late in found if late.payout.group_id == group_id and late.deposit_payout_id is not None]


def with_orders(late: Sequence[Late]) -> list[LatePayout]:
    """Each with its order, but for those whose order stands still. One query, if there are any."""
    ids = {each.payout.order_id for each in late if each.payout.order_id is not None}
    orders = {order.id: order for order in db.session.scalars(select(Order).where(Order.id.in_(ids)))} if ids else {}
    found = [LatePayout(*each, orders.get(each.payout.order_id or 0)) for each in late]
    return [each for each in found if each.order is None or each.order.state != State.CHARGEBACK]
