"""Told about lots: bids beaten, the hammer's fall, lots taken away. Called by wiring."""

from __future__ import annotations

from marketplace.accounts.queries import names_of
from marketplace.auctions import queries as auctions
from marketplace.auctions.events import (
    BidRetracted,
    BidsVoided,
    ChanceGiven,
    ChancesOver,
    LotBought,
    LotHidden,
    LotPassed,
    LotSold,
    LotWithdrawn,
    Outbid,
    QuestionAnswered,
    QuestionAsked,
    WatchedLotEnds,
    WordsHidden,
)
from marketplace.auctions.retraction_rules import Cause
from marketplace.auctions.rules import State
from marketplace.catalog.events import RemarkAdded
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.notifications import links
from marketplace.notifications.service import lead_elsewhere, notify, notify_all

_OfALot = (
    BidRetracted | BidsVoided | ChanceGiven | ChancesOver | LotBought | LotHidden | LotPassed | LotSold | LotWithdrawn
    | Outbid | QuestionAnswered | QuestionAsked | WatchedLotEnds | WordsHidden
)  # fmt: skip


def outbid(fact: Outbid) -> None:
    """The former leader hears the price and what it takes to lead again."""
    details = {"price": fact.price, "least": fact.least, "until": fact.ends_at}
    _tell(fact.person_id, "outbid", fact, details, key=_again(fact.lot_id))


# What he whose bids went is told; nothing, where it was his own deed.
_VOIDED = {Cause.LEFT: "bids_voided", Cause.MODERATOR: "bids_retracted", Cause.CANCELLED: "bids_cancelled"}


def bids_voided(fact: BidsVoided) -> None:
    """He whose bids went may be no member any more, and has but his list; whoever leads instead of him may not know."""
    kind, path = _VOIDED.get(fact.cause), links.bids(ended=False)
    if kind is not None:
        _tell(fact.person_id, kind, fact, {"reason": fact.reason}, key=_again(fact.lot_id), path=path)
    if fact.new_leader_id is not None:
        details = {"price": fact.price, "until": fact.ends_at}
        _tell(fact.new_leader_id, "lead_again", fact, details, key=_again(fact.lot_id))


def bid_retracted(fact: BidRetracted) -> None:
    """The seller hears why the price is another."""
    details = {"name": fact.bidder, "price": fact.price, "reason": fact.reason}
    _tell(fact.seller_id, "bid_retracted", fact, details, key=_again(fact.lot_id))


def watched_lot_ends(fact: WatchedLotEnds) -> None:
    _tell(fact.person_id, "watched_lot_ends", fact, {"price": fact.price, "until": fact.ends_at})


def sold(fact: LotSold) -> None:
    """Buyer and seller hear the hammer price, and the seller who the buyer is: from here on he has a name."""
    buyer = names_of([fact.buyer_id]).get(fact.buyer_id, "")
    _tell(fact.buyer_id, "offer_accepted" if fact.is_on_offer else "won", fact, {"price": fact.hammer})
    _tell(fact.seller_id, "lot_sold", fact, {"price": fact.hammer, "name": buyer, "days": fact.terms.days_to_pay})


def bought(fact: LotBought) -> None:
    """Whoever else has bid hears that the lot is gone, and that he owes nothing."""
    others = [person_id for person_id in auctions.bidding_on(fact.lot_id) if person_id != fact.buyer_id]
    _tell_all(others, "lot_bought", fact, {"price": fact.price}, key="bought")


def chance_given(fact: ChanceGiven) -> None:
    """The next in line hears what it costs and until when; the seller, that somebody has it on offer."""
    details = {"price": fact.price, "shipping": fact.shipping, "until": fact.ends_at}
    _tell(fact.person_id, "second_chance", fact, details)
    _tell(fact.seller_id, "lot_offered_on", fact, {"price": fact.price, "until": fact.ends_at}, key=_again(fact.lot_id))


def chances_over(fact: ChancesOver) -> None:
    _tell(fact.seller_id, "chances_over", fact, {})


def passed(fact: LotPassed) -> None:
    _tell(fact.seller_id, "lot_passed", fact, {"bids": fact.bid_count})


def withdrawn(fact: LotWithdrawn) -> None:
    """Whoever led a hidden lot hears that he no longer does, and its seller; whoever bid on a cancelled one, why."""
    if not fact.by_moderator:
        _tell_all(auctions.bidding_on(fact.lot_id), "lot_cancelled", fact, {"reason": fact.reason}, key="cancelled")
        return
    if fact.leader_id is not None:
        _tell(fact.leader_id, "lot_withdrawn", fact, {"reason": fact.reason}, path=links.bids(ended=True))
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


def question_asked(fact: QuestionAsked) -> None:
    """The seller hears what is asked, not by whom."""
    key = f"lot:{fact.lot_id}:question:{fact.question}"
    _tell(fact.seller_id, "question_asked", fact, {"text": fact.text}, key=key, path=_questions(fact))


def question_answered(fact: QuestionAnswered) -> None:
    key = f"lot:{fact.lot_id}:{fact.part}:{fact.question}"
    _tell(fact.asker_id, "question_answered", fact, {"text": fact.text}, key=key, path=_questions(fact))


def words_hidden(fact: WordsHidden) -> None:
    """He who wrote them hears why they are hidden."""
    key = f"lot:{fact.lot_id}:hidden:{fact.said_id}"
    _tell(fact.author_id, "words_hidden", fact, {"reason": fact.reason}, key=key, path=_questions(fact))


def _questions(fact: QuestionAsked | QuestionAnswered | WordsHidden) -> str:
    return links.questions(groups.group(fact.group_id).slug, fact.number)


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


def _tell_all(person_ids: list[int], kind: str, fact: _OfALot, details: dict[str, object], *, key: str) -> None:
    notify_all(
        person_ids,
        kind=kind,
        ref=f"lot:{fact.lot_id}",
        path=links.lot(groups.group(fact.group_id).slug, fact.number),
        data={"number": fact.number, "title": fact.title, **details},
        group_id=fact.group_id,
        key=f"lot:{fact.lot_id}:{key}",
    )


def _again(lot_id: int) -> str:
    """A key for what can happen to the same person on the same lot any number of times."""
    return f"lot:{lot_id}:{clock.now().isoformat()}"
