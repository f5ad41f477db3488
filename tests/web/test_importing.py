"""The pages of an import: what is sent, what is read of it, and that nothing happens before somebody says so."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from html import unescape
from io import BytesIO, StringIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.catalog.import_rules import NAMES, PHOTOS
from marketplace.catalog.models import Item
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database

ClientOf = Callable[[Person], FlaskClient]
MIXED = "Title;Shelf;Weight\nPot;7;850\n=cmd();8;heavy\nLid;9;\n"


@pytest.fixture
def group(app: Flask) -> Group:
    return a_group()


@pytest.fixture
def seller(group: Group) -> Person:
    return a_member(group)


@pytest.fixture
def browser(seller: Person, client_of: ClientOf) -> FlaskClient:
    return client_of(seller)


def path(group: Group, rest: str = "") -> str:
    return f"/g/{group.slug}/items/import{rest}"


def send(browser: FlaskClient, group: Group, table: str | bytes, zipped: bytes = b"", key: str = "key-of-form") -> Any:
    content = table if isinstance(table, bytes) else table.encode()
    files: dict[str, Any] = {"table": (BytesIO(content), "items.csv"), "client_key": key}
    if zipped:
        files["photos"] = (BytesIO(zipped), "photos.zip")
    return browser.post(path(group), data=files, content_type="multipart/form-data")


def zip_of(**files: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", ".").replace("0", "-"), content)
    return file.getvalue()


def text(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


def items_of(seller: Person) -> list[Item]:
    db.session.rollback()
    return list(db.session.scalars(select(Item).where(Item.seller_id == seller.id).order_by(Item.id)))


def test_the_page_explains_every_column(browser: FlaskClient, group: Group) -> None:
    page = text(browser.get(path(group)))
    for name in ("title", "category", "shipping", "pickup_possible", PHOTOS):
        assert f">{NAMES[name][0]}</th>" in page
    assert "Watches and clocks" in page and "For parts or repair" in page
    assert "never means no" in page
    assert path(group) in text(browser.get(f"/g/{group.slug}/items"))


def test_the_sample_is_itself_good(browser: FlaskClient, group: Group, seller: Person) -> None:
    answer = browser.get(path(group, "/sample.csv"))
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 3 and {len(row) for row in rows} == {len(rows[0])}
    zipped = zip_of(teapot0left_jpg=a_picture(), teapot0spout_jpg=a_picture())
    page = text(browser.get(send(browser, group, answer.data, zipped).location))
    assert "Every row is good" in page
    assert "Columns that were not read" not in page


def test_a_dry_run_shows_every_row_and_makes_nothing(browser: FlaskClient, group: Group, seller: Person) -> None:
    answer = send(browser, group, MIXED, zip_of(spare_jpg=a_picture()))
    assert answer.status_code == 302
    page = text(browser.get(answer.location))
    assert "Some rows are good" in page and "Nothing is made yet." in page
    assert "Weight: Enter whole grams, as in 850." in page
    assert "Choose the kind that fits best." in page, "what stays open"
    assert "Shelf" in page and "spare.jpg" in page
    assert "Import the 2 good ones" in page and "Import all" not in page
    assert items_of(seller) == []


def test_the_good_ones_are_imported_and_the_rest_is_there_to_be_mended(
    browser: FlaskClient, group: Group, seller: Person
) -> None:
    where = send(browser, group, MIXED).location
    assert browser.post(where, data={"rows": "all"}).status_code == 422
    for _click in range(2):
        assert browser.post(where, data={"rows": "good"}).location == where
    assert [item.title for item in items_of(seller)] == ["Pot", "Lid"]
    page = text(browser.get(where))
    assert "2 rows have become drafts." in page and "One row was not imported" in page
    assert all(f"/items/{item.id}" in page for item in items_of(seller))
    answer = browser.get(f"{where}/to-mend.csv")
    rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows == [
        ["What to mend", "Title", "Shelf", "Weight"],
        ["Weight: Enter whole grams, as in 850.", "'=cmd()", "8", "heavy"],
    ]
    again = send(browser, group, answer.data.replace(b"heavy", b"90"), key="another-key").location
    browser.post(again, data={"rows": "all"})
    assert items_of(seller)[-1].title == "=cmd()"


def test_all_are_imported_with_one_button(browser: FlaskClient, group: Group, seller: Person) -> None:
    where = send(browser, group, "Title,Photos\nPot,a.jpg\nLid,\n", zip_of(a_jpg=a_picture())).location
    assert "Import all 2" in text(browser.get(where))
    browser.post(where, data={"rows": "all"})
    assert len(items_of(seller)) == 2
    assert "not imported" not in text(browser.get(where))


def test_what_waits_is_shown_on_the_page_until_it_is_imported(browser: FlaskClient, group: Group) -> None:
    where = send(browser, group, "Title\nPot\n").location
    assert where in text(browser.get(path(group)))
    browser.post(where, data={"rows": "all"})
    assert where not in text(browser.get(path(group)))


def test_what_was_sent_is_thrown_away_with_one_button(browser: FlaskClient, group: Group, seller: Person) -> None:
    way = send(browser, group, MIXED).location
    assert "/throw-away" in text(browser.get(way))
    answer = browser.post(f"{way}/throw-away", follow_redirects=True)
    assert "Your table and its photographs are thrown away." in answer.text
    assert way not in answer.text
    assert browser.get(way).status_code == 404
    assert items_of(seller) == []
    done = send(browser, group, "Title\nPot\n", key="key-of-another").location
    browser.post(done, data={"rows": "all"})
    assert "/throw-away" not in browser.get(done).text
    assert "See its drafts among your items" in browser.post(f"{done}/throw-away").text


def test_an_open_question_stands_on_the_draft_and_is_asked_at_its_field(
    browser: FlaskClient, group: Group, seller: Person
) -> None:
    table = "Title,Kind,Condition,Description,Shipping,Sent to,Photos\nPot,other,used,Old.,9.80,Austria,a.jpg\n"
    where = send(browser, group, table, zip_of(a_jpg=a_picture())).location
    browser.post(where, data={"rows": "all"})
    item = f"/g/{group.slug}/items/{items_of(seller)[0].id}"
    page = text(browser.get(item))
    assert "not said yet" in page and "Say whether it can be picked up" in page
    assert "leaves open how the buyer gets it" in text(browser.get(f"{item}/edit"))
    refused = browser.post(f"{item}/publish")
    assert refused.status_code == 422
    assert 'id="pickup_possible-error"' in text(refused)


@pytest.mark.parametrize(
    ("table", "zipped", "field", "sentence"),
    [
        (b"", b"", "table", "Choose the file with the table."),
        (b"\x81\xff", b"", "table", "not a file of text"),
        (b"Shelf\n7\n", b"", "table", "No column of this file"),
        (b"Title\nPot\n", b"no zip", "photos", "not a ZIP"),
        (b"Title\nPot\n" + b"x\n" * 200, b"", "table", "Split it"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(
    browser: FlaskClient, group: Group, table: bytes, zipped: bytes, field: str, sentence: str
) -> None:
    answer = send(browser, group, table, zipped)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in text(answer) and sentence in text(answer)


def test_what_is_shown_of_a_file_is_text_and_nothing_else(browser: FlaskClient, group: Group) -> None:
    table = "<b>Shelf</b>\0\u202e,Title,Promise: <i>Lid</i>,Photos\n1,<script>alert(1)</script>,<u>,<img>.jpg\n"
    page = browser.get(send(browser, group, table, zip_of(**{"<s>_jpg": b"x"})).location).get_data(as_text=True)
    for mark in ("<b>Shelf", "<i>Lid", "<script>alert", "<img>", "<s>", "\0", "\u202e"):
        assert mark not in page


@pytest.mark.parametrize("rows", [{}, {"rows": "none"}, {"rows": ["", "x"]}])
def test_without_a_button_nothing_is_imported(
    browser: FlaskClient, group: Group, seller: Person, rows: dict[str, Any]
) -> None:
    answer = browser.post(send(browser, group, "Title\nPot\n").location, data=rows)
    assert answer.status_code == 422 and "press one of the buttons" in text(answer)
    assert items_of(seller) == []


def test_others_find_no_table_of_mine(browser: FlaskClient, group: Group, client_of: ClientOf) -> None:
    where = send(browser, group, "Title\nPot\n").location
    for other in (client_of(a_member(group, Role.OWNER)), client_of(a_person())):
        assert other.get(where).status_code == 404
        assert other.get(f"{where}/to-mend.csv").status_code == 404
        assert other.post(where, data={"rows": "all"}).status_code == 404
    assert client_of(a_person()).get(path(group)).status_code == 404
