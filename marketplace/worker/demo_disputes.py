"""What people do in the demo's disputes, by the words that the data files use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from sqlalchemy import select

from marketplace.disputes import answering, ruling, service
from marketplace.disputes.dispute_rules import Outcome, Reason, Remedy
from marketplace.disputes.evidence import Upload
from marketplace.disputes.models import Dispute
from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from marketplace.worker import demo_pictures
from marketplace.worker.demo_lots import euros
from marketplace.worker.demo_story import Story

Said = Mapping[str, Any]


def _open(story: Story, order: Order, said: Said) -> None:
    service.open_dispute(
        order_id=order.id, by=order.buyer_id, reason=Reason(said["reason"]), asked=_remedy(said["asked"], said),
        words=said["words"], uploads=_photos(said), client_key=story.key("dispute"),
    )  # fmt: skip


def _accept(story: Story, order: Order, said: Said) -> None:
    answering.accept(dispute_id=_of(order).id, by=order.seller_id)


def _offer(story: Story, order: Order, said: Said) -> None:
    answering.offer(
        dispute_id=_of(order).id, by=order.seller_id, remedy=_remedy(said["outcome"], said), words=said["words"],
        uploads=_photos(said),
    )  # fmt: skip


def _take_offer(story: Story, order: Order, said: Said) -> None:
    dispute = _of(order)
    answering.take_offer(dispute_id=dispute.id, by=order.buyer_id, offer_number=dispute.offer_number or 0)


def _contest(story: Story, order: Order, said: Said) -> None:
    answering.contest(dispute_id=_of(order).id, by=order.seller_id, words=said["words"], uploads=_photos(said))


def _say_more(story: Story, order: Order, said: Said) -> None:
    answering.say_more(dispute_id=_of(order).id, by=order.buyer_id, words=said["words"], uploads=_photos(said))


def _rule(story: Story, order: Order, said: Said) -> None:
    ruling.rule(
        dispute_id=_of(order).id, by=story.people[said["by"]], remedy=_remedy(said["outcome"], said),
        reasons=said["words"],
    )  # fmt: skip


def _of(order: Order) -> Dispute:
    return db.session.scalars(select(Dispute).where(Dispute.order_id == order.id)).one()


def _remedy(outcome: str, said: Said) -> Remedy:
    return Remedy(Outcome(outcome), euros(said["part"]) if "part" in said else None)


def _photos(said: Said) -> list[Upload]:
    return [
        Upload(BytesIO(demo_pictures.picture(thing, tint=tint, light=light)), alt, "photo-1")
        for thing, tint, light, alt in said.get("photos", ())
    ]


DEEDS: dict[str, Callable[[Story, Order, Said], None]] = {
    "buyer disputes": _open,
    "seller accepts": _accept,
    "seller offers": _offer,
    "buyer takes the offer": _take_offer,
    "seller contests": _contest,
    "buyer says more": _say_more,
    "moderator rules": _rule,
}
