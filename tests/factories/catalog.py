"""Items as tests need them: complete, with a photograph, published unless said otherwise."""

from __future__ import annotations

import itertools
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from marketplace.accounts.models import Person
from marketplace.catalog import texts
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.rules import WIDTHS, Category, Claim, Condition, State, Sureness
from marketplace.groups.models import Group
from marketplace.kernel import clock, images
from marketplace.kernel.database import db, unit_of_work
from tests.factories.groups import a_group, a_member

_numbers = itertools.count(1)

CLAIMS = (
    Claim("Period", "1890–1910", Sureness.CERTAIN),
    Claim("Movement", "original", Sureness.LIKELY),
    Claim("Last service", "", Sureness.UNKNOWN),
)


def an_item(
    seller: Person | None = None,
    group: Group | None = None,
    *,
    published: bool = True,
    photos: int = 1,
    **changes: Any,
) -> Item:
    """An item that could be auctioned at once. Without a seller, some member of the group sells it."""
    number = next(_numbers)
    if group is None:
        group = a_group()
        seller = a_member(group, person=seller)
    seller = seller or a_member(group)
    with unit_of_work():
        now = clock.now()
        facts: dict[str, Any] = {
            "group_id": group.id,
            "seller_id": seller.id,
            "client_key": f"factory-{number:08}",
            "title": f"Open-face pocket watch, number {number}",
            "description": "From my grandfather’s desk in **Steyr**.",
            "category": Category.WATCHES.value,
            "condition": Condition.USED.value,
            "period": "1890–1910",
            "dimensions": "50 mm across",
            "weight_grams": 84,
            "claims": CLAIMS,
            "faults": "Wear at the rim.",
            "currency": group.currency,
            "shipping_minor": 980,
            "shipping_to": "Austria and Germany",
            "pickup_possible": True,
            "state": (State.PUBLISHED if published else State.DRAFT).value,
            "created_at": now,
            "changed_at": now,
            "published_at": now if published else None,
        }
        item = Item(**{**facts, **changes})
        db.session.add(item)
        db.session.flush()
        texts.write(item)
        for position in range(1, photos + 1):
            a_photo(item, position=position)
    return item


def a_photo(item: Item, *, position: int = 1, content: bytes | None = None, **changes: Any) -> Photo:
    """A photograph of `item`, with its files in the storage; `content` is what the camera sent."""
    picture = images.picture_of(content or a_picture(), widths=WIDTHS)
    facts: dict[str, Any] = {
        "item_id": item.id,
        "position": position,
        "alt": f"The watch, view {position}",
        "key": images.keep(picture, folder="photos"),
        "sha256": picture.sha256,
        "width": picture.width,
        "height": picture.height,
        "added_at": clock.now(),
    }
    with unit_of_work():
        photo = Photo(**{**facts, **changes})
        db.session.add(photo)
        db.session.flush()
    return photo


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **how: Any) -> bytes:
    """A file as a camera would send it; no two are the same."""
    image = Image.new("RGB", size, "#ebe5d6")
    ImageDraw.Draw(image).text((2, 2), str(next(_numbers)), fill="#21252a")
    file = BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()
