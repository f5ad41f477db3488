"""What auctions do when something happens on the floors below: a member goes, a group closes, an item changes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true

from marketplace.auctions import finding, retracting, service
from marketplace.auctions.models import Bid, Lot
from marketplace.auctions.rules import State
from marketplace.catalog.events import ItemChanged, ItemWithdrawn
from marketplace.catalog.period_rules import years_of
from marketplace.groups.events import GroupClosed, LastOwnerLeft, MemberLeft, MemberRemoved
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken

_OPEN = (State.SCHEDULED, State.RUNNING)


def member_gone(fact: MemberLeft | MemberRemoved) -> None:
    """Running bids of a member who goes are void, his lots without bids withdrawn; those with bids run to their end."""
    if isinstance(fact, MemberRemoved):
        void_bids_of(person_id=fact.person_id, group_id=fact.group_id, reason=fact.reason, by=fact.by)
    else:
        void_bids_of(person_id=fact.person_id, group_id=fact.group_id, reason="", by=fact.person_id)


@use_case
def void_bids_of(*, person_id: int, group_id: int, reason: str, by: int | None) -> None:
    """Everything of one person that runs in a group and can still be taken back, is. Lots are locked in order."""
    his_bids = select(Bid.lot_id).where(Bid.bidder_id == person_id, Bid.voided_at.is_(None))
    for lot_id in _open_lots(group_id, Lot.id.in_(his_bids)):
        retracting.void_bids(lot_id=lot_id, person_id=person_id, reason=reason, by=by)
    for lot_id in _open_lots(group_id, Lot.seller_id == person_id):
        service.withdraw_unbid(lot_id=lot_id, reason=reason)


@use_case
def group_closed(fact: GroupClosed) -> None:
    """Nothing new begins in a closed group: lots that nobody has bid on are withdrawn."""
    for lot_id in _open_lots(fact.group_id, Lot.leader_id.is_(None)):
        service.withdraw_unbid(lot_id=lot_id, reason="")


def last_owner_left(fact: LastOwnerLeft) -> None:
    """A lot that runs may be sold, and its money needs somebody who confirms it: he stays until then."""
    if _open_lots(fact.group_id, true()):
        raise RuleBroken(
            "You are the only owner, and lots of this group are still running. Make another member an owner, or leave "
            "when the last order has ended."
        )


@use_case
def item_withdrawn(fact: ItemWithdrawn) -> None:
    """An item that its seller puts away takes its lot along. There is no bid on it, else it could not be put away."""
    for lot_id in _open_lots(fact.group_id, Lot.item_id == fact.item_id):
        service.withdraw_unbid(lot_id=lot_id, reason="")


@use_case
def item_changed(fact: ItemChanged) -> None:
    """Until the first bid, a lot says what its item says."""
    for lot_id in _open_lots(fact.group_id, Lot.item_id == fact.item_id):
        lot = finding.locked_lot(lot_id)
        if lot.leader_id is None:
            lot.title, lot.category, lot.condition = fact.title, fact.category, fact.condition or None
            lot.made_from, lot.made_to = years_of(fact.period) or (None, None)
            lot.shipping_minor = fact.shipping.minor if fact.shipping else 0
            lot.shipping_further_minor = fact.shipping_further.minor if fact.shipping_further else None
            lot.version += 1


def _open_lots(group_id: int, which: ColumnElement[bool]) -> list[int]:
    wanted = select(Lot.id).where(Lot.group_id == group_id, Lot.state.in_(_OPEN), which)
    return list(db.session.scalars(wanted.order_by(Lot.id)))
