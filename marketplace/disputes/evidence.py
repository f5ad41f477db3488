"""The photographs that each side shows: decoded and stored before anything is locked, and never changed afterwards.

A file that no row came to name in the end is removed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import func, select

from marketplace.catalog import queries as catalog, rules as catalog_rules
from marketplace.catalog.models import Photo
from marketplace.catalog.photos import picture_again
from marketplace.disputes.dispute_rules import Party
from marketplace.disputes.finding import Case
from marketplace.disputes.models import Evidence
from marketplace.kernel import images
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken

FOLDER = "evidence"
SMALL, LARGE = WIDTHS = catalog_rules.WIDTHS
MOST_EACH = 12
"""So many may each side show, besides the photographs of the listing."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, what its sender says that it shows, and the form field that it came in."""

    file: BinaryIO
    alt: str
    field: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A photograph that is stored, ready to be written down."""

    key: str
    sha256: str
    alt: str
    is_listing: bool = False


@dataclass(slots=True)
class Prepared:
    """What was sent with one form, and the listing's photographs where a dispute is opened."""

    shown: list[Shown] = field(default_factory=list)
    listing: list[Shown] = field(default_factory=list)
    kept: frozenset[str] = frozenset()
    """The keys that rows name once the unit of work is committed."""


@contextmanager
def prepared(uploads: Iterable[Upload], *, listed_item_id: int | None = None) -> Iterator[Prepared]:
    """Judge, clean and store what was sent. Set `kept` after the commit; the rest is forgotten."""
    sent = Prepared()
    try:
        if listed_item_id is not None:
            for photo in catalog.photos_of([listed_item_id])[listed_item_id]:
                with suppress(NotFound):  # a file that got lost keeps nobody from saying what is wrong
                    sent.listing.append(_copy(photo))
        for upload in uploads:
            sent.shown.append(_store(upload))
        yield sent
    finally:
        for shown in (*sent.listing, *sent.shown):
            if shown.key not in sent.kept:
                images.forget(shown.key, widths=WIDTHS)


def check_room(case: Case, side: Party, count: int) -> None:
    """Raise RuleBroken if this side cannot show `count` more: asked before anything is decoded."""
    own = select(func.count()).where(Evidence.dispute_id == case.dispute.id, Evidence.side == side)
    there = db.session.scalar(own.where(~Evidence.is_listing)) or 0
    if there + count > MOST_EACH:
        raise RuleBroken(
            "Each side shows %(most)s photographs at most, and you have shown %(there)s. Choose fewer.",
            field="photo_1",
            most=MOST_EACH,
            there=there,
        )


def enter(case: Case, side: Party, shown: Sequence[Shown], *, by: int, at: datetime) -> frozenset[str]:
    """Write photographs down under the next numbers of a side. The keys that are named now; one shown before is not."""
    if not shown:
        return frozenset()
    check_room(case, side, sum(not each.is_listing for each in shown))
    of_side = select(Evidence).where(Evidence.dispute_id == case.dispute.id, Evidence.side == side)
    there = list(db.session.scalars(of_side.order_by(Evidence.number)))
    hashes, number, kept = {each.sha256 for each in there}, len(there), set()
    for each in shown:
        if each.sha256 in hashes:
            continue
        hashes.add(each.sha256)
        kept.add(each.key)
        number += 1
        db.session.add(
            Evidence(
                dispute_id=case.dispute.id, side=side, number=number, person_id=by, is_listing=each.is_listing,
                key=each.key, sha256=each.sha256, alt=each.alt, added_at=at,
            )
        )  # fmt: skip
    return frozenset(kept)


def _store(upload: Upload) -> Shown:
    picture = images.picture_of(upload.file.read(images.MOST_BYTES + 1), widths=WIDTHS, field=upload.field)
    return Shown(images.keep(picture, folder=FOLDER), _hash_of(picture.sizes[LARGE]), upload.alt)


def _copy(photo: Photo) -> Shown:
    """Copied, not pointed at: what was promised stays to be seen, whatever becomes of the listing."""
    copy = picture_again(photo)
    return Shown(images.keep(copy, folder=FOLDER), _hash_of(copy.sizes[LARGE]), photo.alt, is_listing=True)


def _hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
