"""A copy of an item has its words and photographs, and nothing of what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.catalog import copying, photos, queries, service
from marketplace.catalog.models import Item
from marketplace.catalog.rules import WIDTHS, Details, PhotoDeed, State
from marketplace.groups.models import Group
from marketplace.kernel import clock, images, storage
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from tests.factories.accounts import a_person
from tests.factories.catalog import an_item
from tests.factories.groups import a_member

KEY = "key-of-the-copy"
HISTORY = {"id", "copied_from_id", "client_key", "state"}
HISTORY |= {"created_at", "changed_at", "published_at", "frozen_at", "hidden_at"}


def copy(item: Item, by: int | None = None) -> Item:
    return copying.copy_item(item_id=item.id, by=by or item.seller_id, client_key=KEY)


def files_of(item: Item) -> dict[str, bytes]:
    db.session.rollback()
    kept = queries.photos_of([item.id])[item.id]
    return {
        f"{photo.sha256} {width}": storage.get(images.file_of(photo.key, width)) for photo in kept for width in WIDTHS
    }


def test_it_is_a_draft_with_the_same_words_and_no_history(app: Flask) -> None:
    item = an_item(photos=0, frozen_at=clock.now() - timedelta(days=1))
    service.add_remark(item_id=item.id, by=item.seller_id, client_key="key-of-the-remark", text="It ticks.")
    draft = copy(item)
    same = {column.name for column in Item.__table__.columns} - HISTORY
    assert {name: getattr(draft, name) for name in same} == {name: getattr(item, name) for name in same}
    assert (draft.state, draft.published_at, draft.frozen_at) == (State.DRAFT, None, None)
    assert queries.remarks_of(draft.id) == []


def test_its_photographs_stay_when_those_of_the_first_are_removed(app: Flask) -> None:
    item = an_item(photos=2, published=False)
    before = files_of(item)
    draft = copy(item)
    assert files_of(draft) == before
    for photo in queries.photos_of([item.id])[item.id]:
        photos.arrange(item_id=item.id, by=item.seller_id, alts={}, deed=PhotoDeed.REMOVE, photo_id=photo.id)
    assert files_of(item) == {}
    assert files_of(draft) == before


def test_a_copy_of_a_copy_knows_the_first_of_them_whatever_is_changed(app: Flask) -> None:
    item = an_item(photos=1)
    first = copy(item)
    second = copying.copy_item(item_id=first.id, by=first.seller_id, client_key="key-of-the-second-copy")
    assert (item.copied_from_id, first.copied_from_id, second.copied_from_id) == (None, item.id, item.id)
    service.change_item(item_id=second.id, by=second.seller_id, details=Details(title="Something quite different"))
    [photo] = queries.photos_of([second.id])[second.id]
    photos.arrange(item_id=second.id, by=second.seller_id, alts={}, deed=PhotoDeed.REMOVE, photo_id=photo.id)
    assert db.session.get_one(Item, second.id, populate_existing=True).copied_from_id == item.id


@pytest.mark.one_database
def test_what_a_table_left_open_stays_open(app: Flask) -> None:
    item = an_item(published=False)
    with unit_of_work():
        db.session.get_one(Item, item.id).unsaid = ["shipping"]
    assert copy(item).unsaid == ["shipping"]


def test_a_double_click_makes_one_copy(app: Flask) -> None:
    item = an_item(photos=2)
    assert copy(item).id == copy(item).id
    assert len(db.session.scalars(select(Item)).all()) == 2
    assert len(queries.photos_of([copy(item).id]).popitem()[1]) == 2


def test_nobody_copies_what_is_another_persons_or_hidden(app: Flask) -> None:
    item = an_item()
    member = a_member(db.session.get_one(Group, item.group_id))
    with pytest.raises(NotAllowed):
        copy(item, by=member.id)
    with pytest.raises(NotFound):
        copy(item, by=a_person().id)
    with unit_of_work():
        service.hide(item.id, at=clock.now())
    with pytest.raises(RuleBroken, match="hidden"):
        copy(item)
