"""What ends offers from outside: the item is listed again, changed or put away, or somebody goes. Called by wiring.

The offers' rows are locked, and not their lots': whoever lists or changes an item holds it already, and a lot is locked
before its item everywhere else.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from marketplace.auctions import offering
from marketplace.auctions.events import LotHidden, LotListed
from marketplace.auctions.models import Lot
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import Cause, State
from marketplace.catalog.events import ItemChanged, ItemWithdrawn, PhotosChanged, RemarkAdded
from marketplace.groups.events import GroupClosed, MemberLeft, MemberRemoved
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case


def lot_listed(fact: LotListed) -> None:
    """Whoever wants it bids now."""
    _end(Lot.item_id == fact.item_id, cause=Cause.LISTED)


def item_changed(fact: ItemChanged | PhotosChanged | RemarkAdded) -> None:
    """An offer was made for what the page said; nobody is bound to something else."""
    _end(Lot.item_id == fact.item_id, cause=Cause.CHANGED)


def item_withdrawn(fact: ItemWithdrawn) -> None:
    _end(Lot.item_id == fact.item_id, cause=Cause.GONE)


def lot_hidden(fact: LotHidden) -> None:
    _end(Lot.id == fact.lot_id, cause=Cause.GONE)


def group_closed(fact: GroupClosed) -> None:
    """Nothing new begins in a closed group."""
    _end(Lot.group_id == fact.group_id, cause=Cause.GONE)


def member_gone(fact: MemberLeft | MemberRemoved) -> None:
    """He buys nothing more here, and sells nothing more."""
    _end(Lot.group_id == fact.group_id, Offer.person_id == fact.person_id, cause=Cause.LEFT)
    _end(Lot.group_id == fact.group_id, Lot.seller_id == fact.person_id, cause=Cause.GONE)


@use_case
def _end(*which: ColumnElement[bool], cause: Cause) -> None:
    """Supersede the open offers among `which`."""
    wanted = select(Offer, Lot).join(Lot, Lot.id == Offer.lot_id).where(Offer.state == State.OPEN, *which)
    locked = wanted.order_by(Offer.id).with_for_update(of=Offer).execution_options(populate_existing=True)
    now = clock.now()
    for offer, lot in db.session.execute(locked).all():
        offering.supersede(lot, offer, cause, now=now)
