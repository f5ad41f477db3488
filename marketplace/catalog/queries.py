"""What pages and other packages read of items, and who may see them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, func, select

from marketplace.catalog.models import Item, Photo, Remark
from marketplace.catalog.rules import State
from marketplace.groups import service as groups
from marketplace.groups.rules import OFFICERS, Permission
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

PAGE = 24

# Asked for by every page of a lot: see groups/queries.py.
_PHOTOS = (
    select(Photo)
    .where(Photo.item_id.in_(bindparam("item_ids", expanding=True)))
    .order_by(Photo.item_id, Photo.position, Photo.id)
)
_REMARKS = select(Remark).where(Remark.item_id == bindparam("item_id")).order_by(Remark.id)


def item(item_id: int) -> Item:
    """The item, whoever asks. Raises NotFound."""
    found = db.session.get(Item, item_id)
    if found is None:
        raise NotFound("There is no such item.")
    return found


def item_for(item_id: int, person_id: int | None) -> Item:
    """The item as this person may see it; none for somebody who has not signed in. Raises NotFound."""
    found = item(item_id)
    check_sees(found, person_id)
    return found


def check_sees(item: Item, person_id: int | None) -> None:
    """Raise NotFound unless this person may see the item.

    Its seller always does. Others do once it was published, if they see the group's lots; what was withdrawn leaves
    every list but stays readable, for a lot's page outlives it. What a moderator has hidden only officers see.
    """
    if person_id is not None and item.seller_id == person_id:
        return
    if item.published_at is None:
        raise NotFound("There is no such item.")
    membership = groups.require(person_id, item.group_id, Permission.SEE_LOTS)
    if item.hidden_at is not None and (membership is None or membership.role not in OFFICERS):
        raise NotFound("There is no such item.")


def photo(photo_id: int) -> tuple[Photo, Item]:
    """A photograph and its item, whoever asks. Raises NotFound."""
    wanted = select(Photo, Item).join(Item, Item.id == Photo.item_id).where(Photo.id == photo_id)
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound("There is no such photograph.")
    return row.Photo, row.Item


def photos_of(item_ids: Iterable[int]) -> dict[int, list[Photo]]:
    """The photographs of each of these items, in the seller's order; an item without any has an empty list."""
    photos: dict[int, list[Photo]] = {item_id: [] for item_id in item_ids}
    if photos:
        for photo in db.session.scalars(_PHOTOS, {"item_ids": list(photos)}):
            photos[photo.item_id].append(photo)
    return photos


def covers_of(item_ids: Iterable[int]) -> dict[int, Photo]:
    """The first photograph of each of these items that has one: what cards show."""
    wanted = set(item_ids)
    if not wanted:
        return {}
    firsts = (
        select(Photo.item_id, func.min(Photo.position).label("position"))
        .where(Photo.item_id.in_(wanted))
        .group_by(Photo.item_id)
        .subquery()
    )
    covers = select(Photo).join(firsts, (Photo.item_id == firsts.c.item_id) & (Photo.position == firsts.c.position))
    return {photo.item_id: photo for photo in db.session.scalars(covers)}


def remarks_of(item_id: int) -> list[Remark]:
    """What the seller added after the first bid, oldest first."""
    return list(db.session.scalars(_REMARKS, {"item_id": item_id}))


def items_of(
    seller_id: int, group_id: int, *, state: State | None = None, before: int | None = None, limit: int = PAGE
) -> list[Item]:
    """A seller's items in one group, newest first: `limit` of them, older than the item numbered `before`."""
    wanted = select(Item).where(Item.group_id == group_id, Item.seller_id == seller_id)
    if state is not None:
        wanted = wanted.where(Item.state == state)
    if before is not None:
        wanted = wanted.where(Item.id < before)
    return list(db.session.scalars(wanted.order_by(Item.id.desc()).limit(limit)))
