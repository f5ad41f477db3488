"""Photographs are sent by a plain form, ordered by buttons, and shown to whom their item is shown."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from marketplace.accounts.models import Person
from marketplace.auctions import service as lots
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.catalog import queries, service
from marketplace.catalog.models import Item, Photo
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import a_picture, an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database

ClientOf = Callable[[Person], FlaskClient]


@pytest.fixture
def item(app: Flask) -> Item:
    return an_item(published=False, photos=0)


@pytest.fixture
def browser(item: Item, client_of: ClientOf) -> FlaskClient:
    return client_of(db.session.get_one(Person, item.seller_id))


def page_of(item: Item, deed: str = "") -> str:
    return f"/g/{db.session.get_one(Group, item.group_id).slug}/items/{item.id}/photos{deed}"


def send(browser: FlaskClient, item: Item, *files: tuple[bytes, str]) -> Any:
    uploads = [(BytesIO(content), name) for content, name in files]
    return browser.post(page_of(item, "/add"), data={"photos": uploads}, content_type="multipart/form-data")


def press(browser: FlaskClient, item: Item, button: str) -> Any:
    return browser.post(page_of(item), data={"do": button})


def photos_in(item: Item) -> list[Photo]:
    db.session.rollback()
    return queries.photos_of([item.id])[item.id]


def text(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


def test_several_photographs_are_sent_at_once(browser: FlaskClient, item: Item) -> None:
    assert "There is room for 12 more" in text(browser.get(page_of(item)))
    answer = send(browser, item, (a_picture(), "dial.jpg"), (a_picture("PNG"), "back.png"))
    assert answer.status_code == 302
    page = text(browser.get(answer.location))
    assert "2 photographs are added." in page
    assert page.count('name="alt"') == 2


def test_what_could_not_be_added_is_named_with_the_reason_and_the_rest_is_kept(
    browser: FlaskClient, item: Item
) -> None:
    answer = send(
        browser, item, (a_picture(), "dial.jpg"), (b"nonsense", "<b>plan</b>.heic"), (a_picture(), "back.jpg")
    )
    assert answer.status_code == 422
    assert "<b>plan</b>" not in answer.get_data(as_text=True).replace("<b><b>", "")
    page = text(answer)
    assert "2 photographs are added. 1 file was not added." in page
    assert "plan</b>.heic" in page
    assert "Send JPEG, PNG or WebP" in page
    assert len(photos_in(item)) == 2


@pytest.mark.parametrize("files", [[], [(b"", "")]])
def test_sending_nothing_says_what_to_do(browser: FlaskClient, item: Item, files: list[tuple[bytes, str]]) -> None:
    answer = send(browser, item, *files)
    assert answer.status_code == 422
    assert "Choose one photograph at least" in text(answer)


def test_a_file_name_cannot_break_the_page(browser: FlaskClient, item: Item) -> None:
    answer = send(browser, item, (b"x", "a\x01\u202e" + "n" * 500 + ".jpg"))
    assert answer.status_code == 422
    assert "n" * 90 not in text(answer)


def test_an_upload_sent_twice_is_there_once(browser: FlaskClient, item: Item) -> None:
    content = a_picture()
    for _ in range(2):
        assert send(browser, item, (content, "dial.jpg")).status_code == 302
    assert len(photos_in(item)) == 1


def test_buttons_order_remove_and_keep_what_was_typed(browser: FlaskClient, item: Item) -> None:
    send(browser, item, *((a_picture(size=(20 + number, 20)), f"{number}.jpg") for number in range(3)))
    first, second, third = photos_in(item)
    typed = {"photo_id": [first.id, second.id, third.id], "alt": ["Dial", "Back", "Movement"]}
    assert browser.post(page_of(item), data=typed | {"do": f"earlier:{third.id}"}).status_code == 302
    assert [photo.alt for photo in photos_in(item)] == ["Dial", "Movement", "Back"]
    press(browser, item, f"later:{first.id}")
    assert [photo.alt for photo in photos_in(item)] == ["Movement", "Dial", "Back"]
    press(browser, item, f"remove:{second.id}")
    assert [photo.alt for photo in photos_in(item)] == ["Movement", "Dial"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"do": "burn:1"}, 422),
        ({"do": "remove:x"}, 422),
        ({"do": "remove:" + "9" * 30}, 422),
        ({"do": "remove:999999"}, 404),
        ({"do": "remove"}, 404),
        ({"photo_id": ["x"], "alt": ["a"]}, 422),
        ({"photo_id": ["9" * 40], "alt": ["a"]}, 302),
        ({"photo_id": ["1"], "alt": ["x" * 100_000]}, 422),
        ({"photo_id": ["1"], "alt": ["a\0b"]}, 422),
        ({"photo_id": ["1"] * 13, "alt": ["a"] * 13}, 422),
        ({}, 302),
    ],
)
def test_nonsense_is_answered_and_changes_nothing(
    browser: FlaskClient, item: Item, sent: dict[str, Any], status: int
) -> None:
    send(browser, item, (a_picture(), "dial.jpg"))
    assert browser.post(page_of(item), data=sent).status_code == status
    assert [photo.alt for photo in photos_in(item)] == [""]


def test_twelve_are_the_most_and_the_page_says_so(browser: FlaskClient, item: Item) -> None:
    send(browser, item, *((a_picture(), f"{number}.jpg") for number in range(12)))
    assert "there is room for no more" in text(browser.get(page_of(item)))
    assert "12 photographs at most" in text(send(browser, item, (a_picture(), "13.jpg")))


def test_after_the_first_bid_no_photograph_comes_or_goes(client_of: ClientOf, app: Flask) -> None:
    item = an_item(photos=2)
    browser = client_of(db.session.get_one(Person, item.seller_id))
    service.freeze(item.id, at=clock.now())
    assert send(browser, item, (a_picture(), "new.jpg")).status_code == 409
    assert "Add a remark instead" in text(press(browser, item, f"remove:{photos_in(item)[0].id}"))
    assert len(photos_in(item)) == 2


def test_others_neither_add_nor_arrange(client_of: ClientOf, app: Flask) -> None:
    item = an_item()
    member = client_of(a_member(db.session.get_one(Group, item.group_id), Role.OWNER))
    stranger = client_of(a_person())
    for browser, status in ((member, 403), (stranger, 404)):
        assert browser.get(page_of(item)).status_code == status
        assert send(browser, item, (a_picture(), "dial.jpg")).status_code == status
        assert press(browser, item, f"remove:{photos_in(item)[0].id}").status_code == status
    assert len(photos_in(item)) == 1


def test_a_picture_is_served_clean_small_and_to_be_kept_by_this_browser_alone(browser: FlaskClient, item: Item) -> None:
    exif = Image.Exif()
    exif[0x010E] = "somebody’s kitchen"
    send(browser, item, (a_picture(size=(2000, 1500), exif=exif, comment=b"kitchen"), "dial.jpg"))
    photo = photos_in(item)[0]
    answer = browser.get(f"/photos/{photo.id}/480.jpg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert Image.open(BytesIO(answer.data)).size == (480, 360)
    assert b"kitchen" not in answer.data
    assert answer.cache_control.private
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = browser.get(f"/photos/{photo.id}/480.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert Image.open(BytesIO(browser.get(f"/photos/{photo.id}/1600.jpg").data)).size == (1600, 1200)


def test_pictures_follow_the_permissions_of_their_item(client: FlaskClient, client_of: ClientOf, app: Flask) -> None:
    def picture(item: Item) -> str:
        return f"/photos/{photos_in(item)[0].id}/480.jpg"

    group, public = a_group(), a_group(is_catalogue_public=True, name="Gauge 0 Sundays")
    seller = a_member(group)
    draft, published = an_item(seller, group, published=False), an_item(seller, group)
    open_to_all, open_draft = an_item(group=public), an_item(group=public, published=False)
    hidden = an_item(seller, group)
    service.hide(hidden.id, at=clock.now())
    moderator, member = client_of(a_member(group, Role.MODERATOR)), client_of(a_member(group))
    expected = {
        client_of(seller): (200, 200, 200, 200, 404),
        moderator: (404, 200, 200, 200, 404),
        member: (404, 200, 404, 200, 404),
        client_of(a_person()): (404, 404, 404, 200, 404),
        client: (404, 404, 404, 200, 404),
    }
    for browser, statuses in expected.items():
        items = (draft, published, hidden, open_to_all, open_draft)
        assert tuple(browser.get(picture(each)).status_code for each in items) == statuses
    assert client.get(picture(open_to_all)).cache_control.public


def test_who_bought_a_lot_and_left_still_sees_what_he_bought(client_of: ClientOf, app: Flask) -> None:
    item, buyer = an_item(), a_person()
    browser = client_of(buyer)
    address = f"/photos/{photos_in(item)[0].id}/480.jpg"
    lot = a_lot(item, leader_id=buyer.id, leader_maximum_minor=900, bid_count=1)
    assert browser.get(address).status_code == 404
    with unit_of_work():
        db.session.get_one(Lot, lot.id).state = LotState.SOLD
    assert browser.get(address).status_code == 200


def test_what_a_moderator_hid_is_seen_by_its_buyer_and_no_other_member(client_of: ClientOf, app: Flask) -> None:
    item = an_item()
    group = db.session.get_one(Group, item.group_id)
    buyer, member, moderator = a_member(group), a_member(group), a_member(group, Role.MODERATOR)
    lot = a_lot(item, leader_id=buyer.id, leader_maximum_minor=900, bid_count=1, state=LotState.SOLD)
    lots.hide_lot(lot_id=lot.id, by=moderator.id, reason="A name in the picture")
    address = f"/photos/{photos_in(item)[0].id}/480.jpg"
    page = f"/g/{group.slug}/items/{item.id}"
    assert [client_of(person).get(address).status_code for person in (buyer, member, moderator)] == [200, 404, 200]
    assert client_of(buyer).get(f"/g/{group.slug}/lots/{lot.number}").status_code == 200
    assert [client_of(person).get(page).status_code for person in (member, moderator)] == [404, 200]


@pytest.mark.parametrize("address", ["1/481", "1/0", "999999/480", f"{9**30}/480", "-1/480", "1/99999999999"])
def test_there_are_no_other_pictures(client: FlaskClient, address: str) -> None:
    assert client.get(f"/photos/{address}.jpg").status_code == 404
