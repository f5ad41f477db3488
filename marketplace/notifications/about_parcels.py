"""Told about parcels: once for all orders in one, where the same was done to all. Called by wiring."""

from __future__ import annotations

from collections.abc import Iterator

from marketplace.accounts.queries import names_of
from marketplace.escrow import finding, queries as orders
from marketplace.escrow.events import ParcelChanged
from marketplace.escrow.order_rules import Party
from marketplace.escrow.parcel_rules import total
from marketplace.escrow.reference_rules import parcel_reference_of
from marketplace.kernel.money import Money
from marketplace.notifications import links
from marketplace.notifications.order_rules import PARCELS, Told
from marketplace.notifications.service import notify


def changed(fact: ParcelChanged) -> None:
    """Everybody hears it whom the table names, but not who did it himself."""
    missing = _missing(fact)
    told = PARCELS[fact.action, not missing]
    names = names_of([fact.buyer_id, fact.seller_id])
    soonest = min((order.deadline for order in fact.orders if order.deadline), default=None)
    for person_id, party in _readers(fact, told):
        if person_id == fact.person_id:
            continue
        notify(
            person_id=person_id,
            kind=told.kind,
            ref=f"parcel:{fact.parcel_id}",
            path=_path(fact, party),
            data={
                "reference": parcel_reference_of(fact.parcel_id), "count": len(fact.orders), "you": party,
                "titles": ", ".join(fact.titles), "missing": missing, "amount": fact.amount, "until": soonest,
                "name": names.get(fact.seller_id if party is Party.BUYER else fact.buyer_id, ""),
                "is_address_missing": any(order.is_address_missing for order in fact.orders),
            },
            group_id=fact.group_id,
            key=f"parcel:{fact.parcel_id}:{fact.orders[0].id}:{fact.number}",
        )  # fmt: skip


def _missing(fact: ParcelChanged) -> Money:
    currency = fact.orders[0].hammer.currency
    return total(currency, (order.missing for order in fact.orders))


def _readers(fact: ParcelChanged, told: Told) -> Iterator[tuple[int, Party]]:
    people = {Party.BUYER: fact.buyer_id, Party.SELLER: fact.seller_id}
    yield from ((people[party], party) for party in people if party in told.to)
    if Party.TREASURER in told.to:
        officers = finding.confirmers_of(orders.order(fact.orders[0].id))
        yield from ((officer_id, Party.TREASURER) for officer_id in officers)


def _path(fact: ParcelChanged, party: Party) -> str:
    if party is Party.TREASURER:
        return links.parcel_payment(fact.parcel_id)
    return links.parcel(fact.parcel_id)
