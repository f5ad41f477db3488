"""What the lines of a bank's statement name: orders, parcels, deposits and debts of the group, by their references."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from marketplace.deposits.reference_rules import memberships_in
from marketplace.escrow import debt_rules
from marketplace.escrow.models import Order
from marketplace.escrow.reference_rules import orders_in, parcels_in
from marketplace.groups.models import Membership
from marketplace.kernel.database import db
from marketplace.payments.bank_booked import about_debt, about_deposit, about_order


def named_in(group_id: int, texts: Sequence[str]) -> list[list[str]]:
    """For each of the texts what it names, as in bank_matching_rules.Line; a parcel is all of its orders. What belongs
    to another group is not named. Three queries."""
    orders = [orders_in(text) for text in texts]
    parcels = [parcels_in(text) for text in texts]
    members = [memberships_in(text) for text in texts]
    debtors = [debt_rules.memberships_in(text) for text in texts]
    are_here = set(db.session.scalars(select(Order.id).where(Order.group_id == group_id, Order.id.in_(_all(orders)))))
    in_parcels: dict[int, set[int]] = {}
    wanted = select(Order.parcel_id, Order.id).where(Order.group_id == group_id, Order.parcel_id.in_(_all(parcels)))
    for parcel_id, order_id in db.session.execute(wanted):
        in_parcels.setdefault(parcel_id or 0, set()).add(order_id)
    people = _people_of(group_id, _all(members) | _all(debtors))
    return [
        sorted(
            {about_order(number) for number in own & are_here}
            | {about_order(number) for parcel in parcel_ids for number in in_parcels.get(parcel, ())}
            | {about_deposit(people[number]) for number in deposits & people.keys()}
            | {about_debt(people[number]) for number in debts & people.keys()}
        )
        for own, parcel_ids, deposits, debts in zip(orders, parcels, members, debtors, strict=True)
    ]


def _people_of(group_id: int, membership_ids: set[int]) -> dict[int, int]:
    rows = select(Membership.id, Membership.person_id).where(Membership.group_id == group_id)
    return {row.id: row.person_id for row in db.session.execute(rows.where(Membership.id.in_(membership_ids)))}


def _all(numbers: list[set[int]]) -> set[int]:
    return set().union(*numbers)
