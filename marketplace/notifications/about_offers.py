"""Told about offers on lots that have passed. That one was accepted, the sale tells. Called by wiring."""

from __future__ import annotations

from marketplace.auctions.events import LotOfferEnded, LotOfferMade
from marketplace.auctions.offer_rules import Cause, State
from marketplace.groups import queries as groups
from marketplace.notifications import links
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.rules import OFFER_CAUSES
from marketplace.notifications.service import notify

_ENDED = {State.DECLINED: "offer_declined", State.LAPSED: "offer_lapsed", State.SUPERSEDED: "offer_ended"}
# The page of the lot may not be his to see any more.
_LEADS_TO_HIS_LIST = {Cause.GONE, Cause.LEFT}


def made(fact: LotOfferMade) -> None:
    """The seller hears what is offered, and until when he can have it."""
    notify(
        person_id=fact.seller_id,
        kind="offer_new",
        ref=f"lot:{fact.lot_id}",
        path=links.offers(groups.group(fact.group_id).slug, fact.number),
        data={
            "number": fact.number, "title": fact.title, "name": fact.name, "amount": fact.amount,
            "until": fact.ends_at,
        },
        group_id=fact.group_id,
        key=f"offer:{fact.offer_id}",
    )  # fmt: skip


def ended(fact: LotOfferEnded) -> None:
    """Who made it hears that it binds him no more, and why."""
    details: dict[str, object] = {"number": fact.number, "title": fact.title, "amount": fact.amount}
    if fact.cause is not None:
        details["reason"] = Word(OFFER_CAUSES[fact.cause])
    slug = groups.group(fact.group_id).slug
    notify(
        person_id=fact.person_id,
        kind=_ENDED[fact.state],
        ref=f"lot:{fact.lot_id}",
        path=links.OWN_OFFERS if fact.cause in _LEADS_TO_HIS_LIST else links.lot(slug, fact.number),
        data=details,
        group_id=fact.group_id,
        key=f"offer:{fact.offer_id}",
    )
