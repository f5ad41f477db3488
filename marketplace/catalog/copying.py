"""Copying an item: the same words and photographs as a new draft, which keeps where it came from.

Nothing of what became of the first is copied. That it came from there stays, whatever is changed on the copy: else a
seller would list what a dispute undid as something new.
"""

from __future__ import annotations

from contextlib import suppress

from marketplace.catalog import photos, queries, service
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Category, Condition, Details, State
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken


def copy_item(*, item_id: int, by: int, client_key: str) -> Item:
    """A draft like one of the seller's own items; the same key again gives the same draft.

    The files of its photographs are copied, not pointed at: they stay when those of the first are removed.
    Raises NotFound, NotAllowed or RuleBroken.
    """
    item = queries.item_for(item_id, by)
    if item.seller_id != by:
        raise NotAllowed("Only its seller copies an item. Ask the seller.")
    if item.hidden_at is not None:
        raise RuleBroken("A moderator has hidden this item, and it is not copied. Ask one of the officers.")
    group_id, origin_id, details = item.group_id, item.copied_from_id or item.id, _details(item)
    shown = queries.photos_of([item.id])[item.id]
    draft = service.draft_item(
        by=by, group_id=group_id, client_key=client_key, details=details, copied_from_id=origin_id
    )
    if draft.state == State.DRAFT:
        for photo in shown:
            with suppress(NotFound):  # a file that got lost keeps nobody from copying the rest
                picture = photos.picture_again(photo)
                photos.add_picture(item_id=draft.id, by=by, picture=picture, alt=photo.alt)
    return draft


def _details(item: Item) -> Details:
    """What its seller wrote of it."""
    return Details(
        title=item.title,
        description=item.description,
        category=Category(item.category) if item.category else None,
        condition=Condition(item.condition) if item.condition else None,
        period=item.period,
        dimensions=item.dimensions,
        weight_grams=item.weight_grams,
        claims=item.claims,
        faults=item.faults,
        shipping=None if item.shipping is None else item.shipping.amount,
        shipping_further=None if item.shipping_further is None else item.shipping_further.amount,
        shipping_to=item.shipping_to,
        pickup_possible=item.pickup_possible,
        unsaid=tuple(item.unsaid),
    )
