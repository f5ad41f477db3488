"""Sales: announced through the service by the group's owner, with lots that were really put in."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.auctions import sales, service
from marketplace.auctions.models import Lot
from marketplace.auctions.sale_models import Sale
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.catalog import an_item
from tests.factories.groups import a_group

_keys = itertools.count(1)


def a_sale(
    group: Group | None = None,
    *,
    title: str = "Clocks",
    words: str = "",
    starts_at: datetime | None = None,
    first_end_at: datetime | None = None,
    gap_seconds: int = 20,
) -> Sale:
    """A sale that starts in a day, and whose first lot ends a day after that."""
    group = group or a_group()
    starts_at = starts_at or clock.now() + timedelta(days=1)
    return sales.open_sale(
        by=owner_of(group), group_id=group.id, title=title, words=words, starts_at=starts_at,
        first_end_at=first_end_at or starts_at + timedelta(days=1), gap_seconds=gap_seconds,
        client_key=f"key-of-sale-{next(_keys)}",
    )  # fmt: skip


def a_lot_in(sale: Sale, seller: Person | None = None, *, opening: int = 500, **more: Any) -> Lot:
    """An item of some member's, put straight into the sale."""
    item = an_item(seller, db.session.get_one(Group, sale.group_id), photos=0)
    return service.list_lot(
        by=item.seller_id, item_id=item.id, opening=Money(opening, item.currency), sale=sale.number,
        client_key=f"key-in-sale-{next(_keys)}", **more,
    )  # fmt: skip


def owner_of(group: Group) -> int:
    """Who may hold a sale there."""
    owns = (Membership.group_id == group.id, Membership.role == Role.OWNER)
    return db.session.scalars(select(Membership.person_id).where(*owns)).one()
