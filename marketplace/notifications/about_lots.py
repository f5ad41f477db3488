"""Told about lots: bids beaten, the hammer's fall, lots taken away. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.auctions import queries as auctions
from marketplace.auctions.events import BidsVoided, LotHidden, LotPassed, LotSold, LotWithdrawn, Outbid, WatchedLotEnds
from marketplace.auctions.rules import State
from marketplace.catalog.events import RemarkAdded
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.notifications import links
from marketplace.notifications.service import lead_elsewhere, notify, notify_all

_OfALot = BidsVoided | LotHidden | LotPassed | LotSold | LotWithdrawn | Outbid | WatchedLotEnds


def outbid(fact: Outbid) -> None:
    """The former leader hears the price and what it takes to lead again."""
    details = {"price": fact.price, "least": fact.least, "until": fact.ends_at}
    _tell(fact.person_id, "outbid", fact, details, key=_again(fact.lot_id))


def bids_voided(fact: BidsVoided) -> None:
    """He whose bids went is no member any more, and has but his list; whoever leads instead of him may not know."""
    path = links.bids(ended=False)
    _tell(fact.person_id, "bids_voided", fact, {"reason": fact.reason}, key=_again(fact.lot_id), path=path)
    if fact.new_leader_id is not None:
        details = {"price": fact.price, "until": fact.ends_at}
        _tell(fact.new_leader_id, "lead_again", fact, details, key=_again(fact.lot_id))


def watched_lot_ends(fact: WatchedLotEnds) -> None:
    _tell(fact.person_id, "watched_lot_ends", fact, {"price": fact.price, "until": fact.ends_at})


def sold(fact: LotSold) -> None:
    """Buyer and seller hear the hammer price, and the seller who the buyer is: from here on he has a name."""
    buyer = names_of([fact.buyer_id]).get(fact.buyer_id, "")
    _tell(fact.buyer_id, "won", fact, {"price": fact.hammer})
    _tell(fact.seller_id, "lot_sold", fact, {"price": fact.hammer, "name": buyer, "days": fact.terms.days_to_pay})


def passed(fact: LotPassed) -> None:
    _tell(fact.seller_id, "lot_passed", fact, {"bids": fact.bid_count})


def withdrawn(fact: LotWithdrawn) -> None:
    """Whoever led hears that he no longer does; the seller, if it was not his own doing."""
    path = links.bids(ended=True) if fact.by_moderator else ""
    if fact.leader_id is not None:
        _tell(fact.leader_id, "lot_withdrawn", fact, {"reason": fact.reason}, path=path)
    if fact.by_moderator:
        _tell(fact.seller_id, "lot_hidden", fact, {"reason": fact.reason})
        _lead_to_lists(fact, but_for={fact.seller_id})


def remark_added(fact: RemarkAdded) -> None:
    """Members whose bids on the item count hear what its seller has added, while it runs."""
    lot = auctions.lot_of_item(fact.item_id)
    if lot is None or lot.state != State.RUNNING:
        return
    notify_all(
        auctions.members_bidding_on(lot),
        kind="remark_added",
        ref=f"lot:{lot.id}",
        path=links.lot(groups.group(fact.group_id).slug, lot.number),
        data={"number": lot.number, "title": lot.title, "remark": fact.text},
        group_id=fact.group_id,
        key=f"remark:{fact.remark_id}",
    )


def hidden(fact: LotHidden) -> None:
    _tell(fact.seller_id, "lot_hidden", fact, {"reason": fact.reason})
    _lead_to_lists(fact, but_for={fact.seller_id, fact.buyer_id})


def _lead_to_lists(fact: LotHidden | LotWithdrawn, *, but_for: set[int | None]) -> None:
    """What people were told of a lot before it was hidden leads to their lists: its page is not theirs to see."""
    bidders = set(auctions.bidders_of(fact.lot_id)) - but_for
    watchers = set(auctions.watchers_of(fact.lot_id)) - but_for - bidders
    lead_elsewhere(bidders, ref=f"lot:{fact.lot_id}", path=links.bids(ended=True))
    lead_elsewhere(watchers, ref=f"lot:{fact.lot_id}", path=links.watching(ended=True))


def _tell(
    person_id: int, kind: str, fact: _OfALot, details: dict[str, object], *, key: str = "", path: str = ""
) -> None:
    notify(
        person_id=person_id,
        kind=kind,
        ref=f"lot:{fact.lot_id}",
        path=path or links.lot(groups.group(fact.group_id).slug, fact.number),
        data={"number": fact.number, "title": fact.title, **details},
        group_id=fact.group_id,
        key=key,
    )


def _again(lot_id: int) -> str:
    """A key for what can happen to the same person on the same lot any number of times."""
    return f"lot:{lot_id}:{clock.now().isoformat()}"
