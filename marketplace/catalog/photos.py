"""What a seller does with an item's photographs: add several at once, describe, order and remove them.

A file is decoded and stored before the item is locked, and removed after the commit: the lock is held for an instant,
and no row ever names a file that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from marketplace.catalog import queries, rules, service
from marketplace.catalog.events import PhotosChanged
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.rules import MOST_PHOTOS, WIDTHS, PhotoDeed
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock, images, storage
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.kernel.events import announce
from marketplace.kernel.images import Picture

FOLDER = "photos"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, under the name that the person knows it by."""

    name: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not added, and why."""

    name: str
    why: RuleBroken


@dataclass(slots=True)
class Outcome:
    """What became of several files. One that was already there counts as added."""

    added: int = 0
    refused: list[Refused] = field(default_factory=list)


def add_photos(*, item_id: int, by: int, uploads: Iterable[Upload]) -> Outcome:
    """Add each file that is a photograph, as long as there is room. What is wrong with one does not harm the others."""
    check_may_add(item_id, by=by)
    outcome = Outcome()
    for upload in uploads:
        try:
            content = upload.file.read(images.MOST_BYTES + 1)
            add_picture(item_id=item_id, by=by, picture=images.picture_of(content, widths=WIDTHS))
        except NotAllowed:
            raise
        except RuleBroken as why:
            outcome.refused.append(Refused(upload.name, why))
        else:
            outcome.added += 1
    return outcome


def check_may_add(item_id: int, *, by: int) -> None:
    """Raise what keeps this person from adding photographs: asked before anything is decoded."""
    item = queries.item_for(item_id, by)
    if item.seller_id != by:
        raise NotAllowed("Only its seller changes an item. Ask the seller.")
    groups.require(by, item.group_id, Permission.LIST_ITEM)
    rules.check_open(item.facts(photos=0))


def arrange(*, item_id: int, by: int, alts: Mapping[int, str], deed: PhotoDeed, photo_id: int | None) -> None:
    """Keep what was typed about the photographs (`alts`, by photo), then move or remove the one the button stood at."""
    removed = _arrange(item_id=item_id, by=by, alts=alts, deed=deed, photo_id=photo_id)
    if removed is not None:
        images.forget(removed, widths=WIDTHS)


def add_picture(*, item_id: int, by: int, picture: Picture, alt: str = "") -> None:
    """Add a photograph that is decoded already, in `rules.WIDTHS`."""
    key = images.keep(picture, folder=FOLDER)
    kept = False
    try:
        kept = _enter(item_id=item_id, by=by, picture=picture, alt=alt, key=key)
    finally:
        if not kept:
            images.forget(key, widths=WIDTHS)


def picture_again(photo: Photo) -> Picture:
    """A photograph as it is stored, to be kept once more elsewhere. Raises NotFound where a file got lost."""
    sizes = {width: storage.get(images.file_of(photo.key, width)) for width in WIDTHS}
    return Picture(sizes=sizes, width=photo.width, height=photo.height, sha256=photo.sha256)


@use_case
def _enter(*, item_id: int, by: int, picture: Picture, alt: str, key: str) -> bool:
    """Write the photograph down, last in the order. False: the item has it already."""
    item = service.changeable(item_id, by=by)
    photos = queries.photos_of([item.id])[item.id]
    if any(photo.sha256 == picture.sha256 for photo in photos):
        return False
    if len(photos) >= MOST_PHOTOS:
        raise RuleBroken("An item has %(most)s photographs at most. Remove one, then send this.", most=MOST_PHOTOS)
    photo = Photo(
        item_id=item.id,
        position=photos[-1].position + 1 if photos else 1,
        alt=alt,
        key=key,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        added_at=clock.now(),
    )
    db.session.add(photo)
    audit.note("add photograph", f"item:{item.id}", by=by, group_id=item.group_id)
    announce(PhotosChanged(item.id, item.group_id, by))
    return True


@use_case
def _arrange(*, item_id: int, by: int, alts: Mapping[int, str], deed: PhotoDeed, photo_id: int | None) -> str | None:
    """Gives the key of a removed photograph's files."""
    item = service.changeable(item_id, by=by)
    photos = queries.photos_of([item.id])[item.id]
    for photo in photos:
        photo.alt = alts.get(photo.id, photo.alt)
    if deed is PhotoDeed.SAVE:
        return None
    chosen = next((photo for photo in photos if photo.id == photo_id), None)
    if chosen is None:
        raise NotFound("There is no such photograph.")
    announce(PhotosChanged(item.id, item.group_id, by))
    if deed is PhotoDeed.REMOVE:
        return _remove(item, photos, chosen, by)
    _move(photos, chosen, -1 if deed is PhotoDeed.EARLIER else 1)
    return None


def _remove(item: Item, photos: list[Photo], chosen: Photo, by: int) -> str:
    rules.check_photo_removal(item.facts(photos=len(photos)))
    db.session.delete(chosen)
    audit.note("remove photograph", f"item:{item.id}", by=by, group_id=item.group_id)
    return chosen.key


def _move(photos: list[Photo], chosen: Photo, steps: int) -> None:
    """Move one photograph by so many places; the first stays first and the last stays last."""
    place = photos.index(chosen)
    photos.insert(min(max(place + steps, 0), len(photos) - 1), photos.pop(place))
    for position, photo in enumerate(photos, start=1):
        photo.position = position
