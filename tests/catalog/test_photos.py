"""Photographs are added several at once, described, ordered and removed; twelve at the most, none after a bid."""

from __future__ import annotations

import threading
from io import BytesIO

import pytest
from flask import Flask

from marketplace.catalog import photos, queries, service
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.photos import Outcome, Upload
from marketplace.catalog.rules import MOST_PHOTOS, WIDTHS, PhotoDeed
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock, images, storage
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooLate
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture, an_item
from tests.factories.groups import a_member


def add(item: Item, *contents: bytes, by: int | None = None) -> Outcome:
    uploads = [Upload(f"file {number}", BytesIO(content)) for number, content in enumerate(contents, start=1)]
    return photos.add_photos(item_id=item.id, by=by or item.seller_id, uploads=uploads)


def photos_in(item: Item) -> list[Photo]:
    db.session.rollback()
    return queries.photos_of([item.id])[item.id]


def arrange(item: Item, deed: PhotoDeed, photo: Photo | None = None, **alts: str) -> None:
    photos.arrange(
        item_id=item.id,
        by=item.seller_id,
        alts={int(name.removeprefix("photo_")): alt for name, alt in alts.items()},
        deed=deed,
        photo_id=photo.id if photo else None,
    )


def test_photographs_stand_in_the_order_they_were_sent_and_in_every_width(app: Flask) -> None:
    item = an_item(photos=0)
    outcome = add(item, a_picture(size=(640, 480)), a_picture("PNG", size=(48, 64)), a_picture("WEBP"))
    assert (outcome.added, outcome.refused) == (3, [])
    kept = photos_in(item)
    assert [(photo.width, photo.height) for photo in kept] == [(640, 480), (48, 64), (64, 48)]
    assert all(storage.get(images.file_of(photo.key, width)) for photo in kept for width in WIDTHS)


def test_a_bad_file_among_good_ones_loses_none_of_them_and_is_named(app: Flask) -> None:
    item = an_item(photos=0)
    outcome = add(item, a_picture(), b"no picture", a_picture(), a_picture(size=(900, 900))[:-400])
    assert outcome.added == 2
    assert [(refused.name, str(refused.why)[:16]) for refused in outcome.refused] == [
        ("file 2", "This file is not"),
        ("file 4", "This photograph "),
    ]
    assert len(photos_in(item)) == 2


def test_the_same_file_sent_again_is_one_photograph(app: Flask) -> None:
    item, content = an_item(photos=0), a_picture()
    assert add(item, content, content).added == 2
    assert add(item, content).added == 1
    assert len(photos_in(item)) == 1


def test_the_same_file_on_two_items_is_two_photographs(app: Flask) -> None:
    content, items = a_picture(), [an_item(photos=0), an_item(photos=0)]
    assert [add(item, content).added for item in items] == [1, 1]
    first, second = (photos_in(item)[0] for item in items)
    assert first.key != second.key


def test_more_than_twelve_are_refused_one_by_one(app: Flask) -> None:
    item = an_item(photos=11)
    outcome = add(item, a_picture(), a_picture())
    assert outcome.added == 1
    assert "12 photographs at most" in str(outcome.refused[0].why)
    assert len(photos_in(item)) == MOST_PHOTOS


def test_uploads_that_arrive_at_once_do_not_pass_twelve(app: Flask) -> None:
    item = an_item(photos=10)
    item_id, seller_id, outcomes = item.id, item.seller_id, []
    contents = [a_picture() for _ in range(5)]

    def send(content: bytes) -> None:
        with app.app_context():
            uploads = [Upload("one", BytesIO(content))]
            outcomes.append(photos.add_photos(item_id=item_id, by=seller_id, uploads=uploads))

    senders = [threading.Thread(target=send, args=(content,)) for content in contents]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sum(outcome.added for outcome in outcomes) == 2
    kept = photos_in(item)
    assert len(kept) == MOST_PHOTOS
    assert len({photo.position for photo in kept}) == MOST_PHOTOS


def test_a_refused_file_leaves_nothing_in_the_storage(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    item, keys = an_item(photos=MOST_PHOTOS), []

    def keep_and_tell(picture: images.Picture, *, folder: str) -> str:
        keys.append(keep(picture, folder=folder))
        return keys[-1]

    keep = images.keep
    monkeypatch.setattr(images, "keep", keep_and_tell)
    add(item, a_picture())
    with pytest.raises(NotFound):
        storage.get(images.file_of(keys[0], WIDTHS[0]))


def test_photographs_move_one_place_at_a_time(app: Flask) -> None:
    item = an_item(photos=3)
    first, second, third = photos_in(item)
    arrange(item, PhotoDeed.EARLIER, third)
    assert [photo.id for photo in photos_in(item)] == [first.id, third.id, second.id]
    arrange(item, PhotoDeed.LATER, first)
    assert [photo.id for photo in photos_in(item)] == [third.id, first.id, second.id]
    arrange(item, PhotoDeed.EARLIER, third)
    arrange(item, PhotoDeed.LATER, second)
    assert [photo.id for photo in photos_in(item)] == [third.id, first.id, second.id]
    assert queries.covers_of([item.id])[item.id].id == third.id


def test_a_new_photograph_comes_last_also_after_one_was_removed(app: Flask) -> None:
    item = an_item(photos=3)
    arrange(item, PhotoDeed.REMOVE, photos_in(item)[1])
    add(item, a_picture(size=(11, 11)))
    assert [photo.width for photo in photos_in(item)] == [64, 64, 11]


def test_whatever_button_is_pressed_what_was_typed_is_kept(app: Flask) -> None:
    item = an_item(photos=2)
    first, second = photos_in(item)
    arrange(item, PhotoDeed.LATER, first, **{f"photo_{first.id}": "The dial", f"photo_{second.id}": "The back"})
    assert [photo.alt for photo in photos_in(item)] == ["The back", "The dial"]
    arrange(item, PhotoDeed.SAVE, **{f"photo_{first.id}": "The dial, closer"})
    assert [photo.alt for photo in photos_in(item)] == ["The back", "The dial, closer"]


def test_a_removed_photograph_is_gone_with_its_files(app: Flask) -> None:
    item = an_item(photos=2)
    first, second = photos_in(item)
    arrange(item, PhotoDeed.REMOVE, first)
    assert [photo.id for photo in photos_in(item)] == [second.id]
    for width in WIDTHS:
        with pytest.raises(NotFound):
            storage.get(images.file_of(first.key, width))


def test_the_last_photograph_of_a_published_item_stays_with_its_files(app: Flask) -> None:
    item = an_item()
    (only,) = photos_in(item)
    with pytest.raises(RuleBroken, match="one photograph"):
        arrange(item, PhotoDeed.REMOVE, only)
    assert photos_in(item)
    assert storage.get(images.file_of(only.key, WIDTHS[0]))


def test_a_photograph_of_another_item_is_not_touched(app: Flask) -> None:
    mine, other = an_item(photos=2), an_item(photos=2)
    victim = photos_in(other)[0]
    for deed in (PhotoDeed.REMOVE, PhotoDeed.LATER):
        with pytest.raises(NotFound):
            arrange(mine, deed, victim)
    arrange(mine, PhotoDeed.SAVE, **{f"photo_{victim.id}": "Mine now"})
    assert photos_in(other)[0].alt == victim.alt


def test_after_the_first_bid_photographs_stay_as_they_are(app: Flask) -> None:
    item = an_item(photos=2)
    service.freeze(item.id, at=clock.now())
    for deed in PhotoDeed:
        with pytest.raises(TooLate):
            arrange(item, deed, photos_in(item)[0])
    with pytest.raises(TooLate):
        add(item, a_picture())


def test_a_bid_that_comes_while_a_photograph_is_decoded_keeps_it_out(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, keep = an_item(), images.keep

    def bid_meanwhile(picture: images.Picture, *, folder: str) -> str:
        service.freeze(item.id, at=clock.now())
        return keep(picture, folder=folder)

    monkeypatch.setattr(images, "keep", bid_meanwhile)
    outcome = add(item, a_picture())
    assert outcome.added == 0
    assert "first bid" in str(outcome.refused[0].why)
    assert len(photos_in(item)) == 1


def test_others_add_nothing_and_their_files_are_not_even_read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    item = an_item()
    officer = a_member(db.session.get_one(Group, item.group_id), Role.OWNER)
    monkeypatch.setattr(images, "picture_of", lambda *_args, **_how: pytest.fail("decoded"))
    with pytest.raises(NotAllowed):
        add(item, a_picture(), by=officer.id)
    with pytest.raises(NotFound):
        add(item, a_picture(), by=a_person().id)


def test_photographs_of_many_items_are_one_question(app: Flask) -> None:
    items = [an_item(photos=count) for count in (0, 1, 3)]
    found = queries.photos_of(item.id for item in items)
    assert [len(found[item.id]) for item in items] == [0, 1, 3]
    assert set(queries.covers_of(item.id for item in items)) == {items[1].id, items[2].id}
    assert queries.photos_of([]) == {} == queries.covers_of([])
