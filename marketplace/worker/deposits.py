"""The duty that gives deposits back: what it needs to know lies on floors that do not know of one another."""

from __future__ import annotations

from marketplace.auctions import depositing
from marketplace.deposits import returning
from marketplace.escrow import queries as orders
from marketplace.groups.models import Group


def return_due_deposits() -> int:
    """How many deposits went back."""
    return returning.return_due(stands_behind_something)


def stands_behind_something(group: Group, person_id: int) -> bool:
    """Whether something of his is open in the group: first in auctions, then in orders, for the one becomes the other.

    In a closed group bids go on, so nobody's deposit goes back before the last lot has ended."""
    if group.is_closed and depositing.has_live_lots(group.id):
        return True
    return depositing.has_open(group.id, person_id) or orders.has_open_purchase(group.id, person_id)
