"""A seller describes an item in pages, sees it as others will, publishes it, and adds remarks after the first bid."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from marketplace.accounts.models import Person
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.catalog import queries, service
from marketplace.catalog.models import Item
from marketplace.catalog.rules import MOST_CLAIMS, Category, Condition, State, Sureness
from marketplace.catalog.schemas import WORDS
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database

ClientOf = Callable[[Person], FlaskClient]

WATCH: dict[str, Any] = {
    "client_key": "key-00001",
    "title": "Open-face pocket watch",
    "category": "watches",
    "condition": "used",
    "description": "It **runs**.",
    "faults": "Wear at the rim.",
    "period": "1890–1910",
    "dimensions": "50 mm",
    "weight_grams": "84",
    "claim_label": ["Period", "Last service", ""],
    "claim_text": ["1890–1910", "", ""],
    "claim_sureness": ["certain", "unknown", ""],
    "shipping": "9.80",
    "shipping_to": "Austria",
    "pickup_possible": "1",
}


@pytest.fixture
def group(app: Flask) -> Group:
    return a_group()


@pytest.fixture
def seller(group: Group) -> Person:
    return a_member(group, name="Jonas Weidl")


@pytest.fixture
def browser(seller: Person, client_of: ClientOf) -> FlaskClient:
    return client_of(seller)


def items_at(group: Group) -> str:
    return f"/g/{group.slug}/items"


def of(item: Item, page: str = "") -> str:
    return f"/g/{db.session.get_one(Group, item.group_id).slug}/items/{item.id}{page}"


def the_item() -> Item:
    db.session.rollback()
    return db.session.scalars(select(Item)).one()


def text(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


def test_an_item_is_described_and_kept_as_a_draft(browser: FlaskClient, group: Group) -> None:
    assert browser.get(f"{items_at(group)}/new").status_code == 200
    answer = browser.post(f"{items_at(group)}/new", data=WATCH | {"then": "photos"})
    item = the_item()
    assert answer.location.endswith(of(item, "/photos"))
    assert (item.state, item.title, item.weight_grams) == (State.DRAFT, "Open-face pocket watch", 84)
    assert item.shipping == Money(9_80, "EUR")
    assert [(claim.label, claim.sureness) for claim in item.claims] == [
        ("Period", Sureness.CERTAIN),
        ("Last service", Sureness.UNKNOWN),
    ]
    page = text(browser.get(of(item)))
    assert "<strong>runs</strong>" in page
    assert "Only you see it." in page


def test_an_empty_form_is_a_draft_too(browser: FlaskClient, group: Group) -> None:
    answer = browser.post(f"{items_at(group)}/new", data={"client_key": "key-00001"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Untitled draft" in text(answer)
    assert "Untitled draft" in text(browser.get(items_at(group)))


def test_a_double_click_is_one_item(browser: FlaskClient, group: Group) -> None:
    places = {browser.post(f"{items_at(group)}/new", data=WATCH).location for _ in range(2)}
    assert len(places) == 1
    assert db.session.scalar(select(func.count()).select_from(Item)) == 1


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("title", "x" * 121, "Use 120 characters or fewer"),
        ("title", "x" * 100_000, "Use 120 characters or fewer"),
        ("title", "a\0b", "cannot be stored"),
        ("description", "x" * 100_000, "Use 10000 characters or fewer"),
        ("category", "spaceships", "Choose one from the list"),
        ("condition", "\0", "Choose one from the list"),
        ("weight_grams", "-5", "Enter whole grams"),
        ("weight_grams", "0", "Enter whole grams"),
        ("weight_grams", "9" * 400, "Enter whole grams"),
        ("weight_grams", "two pounds", "Enter whole grams"),
        ("shipping", "-1", "not below zero"),
        ("shipping", "9" * 25, "larger than anything"),
        ("shipping", "NaN", "not an amount"),
        ("shipping", "1.234", "EUR has 2 decimals"),
        ("claim_label", ["x" * 41], "Use 40 characters or fewer"),
        ("claim_label", ["Crown"] * 9, "Keep the eight"),
        ("claim_sureness", ["perhaps"], "Choose one from the list"),
        ("claim_sureness", ["", ""], "Say how sure you are of “Period”"),
        ("claim_text", ["", ""], "Say what you promise of “Period”"),
        ("claim_label", [""], "Say what “1890–1910” is about"),
        ("pickup_possible", "perhaps", "boolean"),
        ("client_key", "; drop", "out of date"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    browser: FlaskClient, group: Group, field: str, typed: Any, sentence: str
) -> None:
    answer = browser.post(f"{items_at(group)}/new", data=WATCH | {field: typed})
    assert answer.status_code == 422
    page = text(answer)
    if field != "client_key":
        assert sentence in page
    assert field == "description" or "It **runs**." in page
    assert not db.session.scalar(select(func.count()).select_from(Item))


def test_marks_that_turn_the_writing_around_are_dropped(browser: FlaskClient, group: Group) -> None:
    browser.post(f"{items_at(group)}/new", data=WATCH | {"title": "A \u202ewatch\u202c"})
    assert the_item().title == "A watch"


def test_what_members_write_is_never_a_script_or_a_picture_from_elsewhere(browser: FlaskClient, group: Group) -> None:
    evil = "<script>alert(1)</script> ![spy](https://spy.example/1.gif) [x](javascript:alert(1))"
    browser.post(f"{items_at(group)}/new", data=WATCH | {"description": evil, "faults": evil, "title": "<b>Watch</b>"})
    page = browser.get(of(the_item())).get_data(as_text=True)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert "&lt;b&gt;Watch" in page


def test_publishing_says_at_each_field_what_is_missing(browser: FlaskClient, seller: Person, group: Group) -> None:
    item = an_item(seller, group, published=False, photos=0, description="", condition=None)
    page = text(browser.get(of(item)))
    assert "3 things are missing" in page
    assert "Publish it to" not in page
    answer = browser.post(of(item, "/publish"))
    assert answer.status_code == 422
    for sentence in ("Describe it", "in what condition", "one photograph at least"):
        assert sentence in text(answer)
    assert the_item().state == State.DRAFT


def test_a_complete_draft_is_published_and_offered_for_auction(
    browser: FlaskClient, seller: Person, group: Group
) -> None:
    item = an_item(seller, group, published=False)
    assert "Publish it to Lindengasse Antiques" in text(browser.get(of(item)))
    answer = browser.post(of(item, "/publish"), follow_redirects=True)
    assert "Published. Put it up for auction" in text(answer)
    assert of(item, "/auction") in text(answer)
    again = browser.post(of(item, "/publish"))
    assert again.status_code == 409
    assert "was done before" in text(again)


def test_a_published_item_is_changed_at_once_and_stays_complete(
    browser: FlaskClient, seller: Person, group: Group
) -> None:
    item = an_item(seller, group)
    assert item.title in text(browser.get(of(item, "/edit")))
    answer = browser.post(of(item, "/edit"), data=WATCH | {"title": "Renamed"}, follow_redirects=True)
    assert "Members see the item as it is now" in text(answer)
    lacking = {name: typed for name, typed in WATCH.items() if name not in {"title", "shipping", "pickup_possible"}}
    answer = browser.post(of(item, "/edit"), data=lacking)
    assert answer.status_code == 422
    assert "Give it a title" in text(answer)
    assert "Say what shipping costs" in text(answer)
    assert the_item().title == "Renamed"


def test_the_form_shows_what_was_written_before(browser: FlaskClient, group: Group) -> None:
    browser.post(f"{items_at(group)}/new", data=WATCH)
    before = the_item()
    kept = (before.title, before.claims, before.shipping_minor, before.weight_grams, before.pickup_possible)
    page = text(browser.get(of(before, "/edit")))
    for typed in ('value="9.80"', 'value="84"', 'value="1890–1910"', "checked", "It **runs**."):
        assert typed in page
    browser.post(of(before, "/edit"), data=WATCH)
    after = the_item()
    assert (after.title, after.claims, after.shipping_minor, after.weight_grams, after.pickup_possible) == kept


def test_a_form_offers_two_lines_more_than_are_filled_up_to_eight(browser: FlaskClient, group: Group) -> None:
    def lines(count: int) -> int:
        claims = {
            "claim_label": ["Crown"] * count,
            "claim_text": ["old"] * count,
            "claim_sureness": ["certain"] * count,
        }
        answer = browser.post(f"{items_at(group)}/new", data=WATCH | claims | {"title": "x" * 121})
        return text(answer).count('name="claim_label"')

    assert [lines(count) for count in (0, 3, 8)] == [3, 5, MOST_CLAIMS]


def test_after_the_first_bid_there_is_no_form_but_for_remarks(
    browser: FlaskClient, seller: Person, group: Group
) -> None:
    item = an_item(seller, group)
    service.freeze(item.id, at=clock.now())
    for page in ("/edit", "/photos"):
        answer = browser.get(of(item, page))
        assert answer.status_code == 409
        assert "Add a remark instead" in text(answer)
    assert "Add the remark" in text(browser.get(of(item)))
    remark = {"client_key": "key-00001", "text": "The key is the original one."}
    for _ in range(2):
        answer = browser.post(of(item, "/remarks"), data=remark, follow_redirects=True)
    assert text(answer).count("The key is the original one.") == 1
    assert "Remarks since the first bid" in text(answer)


@pytest.mark.parametrize("typed", ["", "  ", "x" * 1_001, "a\0b"])
def test_a_remark_that_cannot_be_kept_is_given_back(
    browser: FlaskClient, seller: Person, group: Group, typed: str
) -> None:
    item = an_item(seller, group)
    service.freeze(item.id, at=clock.now())
    answer = browser.post(of(item, "/remarks"), data={"client_key": "key-00001", "text": typed})
    assert answer.status_code == 422
    assert 'id="text-error"' in text(answer)


def test_no_remark_before_the_first_bid(browser: FlaskClient, seller: Person, group: Group) -> None:
    item = an_item(seller, group)
    answer = browser.post(of(item, "/remarks"), data={"client_key": "key-00001", "text": "Early."})
    assert answer.status_code == 422
    assert not queries.remarks_of(item.id)


def test_a_withdrawn_item_leaves_and_can_come_back(browser: FlaskClient, seller: Person, group: Group) -> None:
    item = an_item(seller, group)
    answer = browser.post(of(item, "/withdraw"), follow_redirects=True)
    assert "you can publish it again" in text(answer)
    assert the_item().state == State.WITHDRAWN
    browser.post(of(item, "/publish"))
    assert the_item().state == State.PUBLISHED


def test_my_items_are_mine_alone_and_come_by_state_and_in_pages(
    browser: FlaskClient, seller: Person, group: Group
) -> None:
    an_item(a_member(group), group, title="Somebody else’s vase")
    an_item(seller, group, title="My only draft", published=False)
    for number in range(queries.PAGE):
        an_item(seller, group, photos=0, title=f"Published {number}")
    page = text(browser.get(items_at(group)))
    assert "Somebody else’s vase" not in page
    assert "My only draft" not in page
    older = page.split("Older items")[0].split('href="')[-1].split('"')[0]
    assert "My only draft" in text(browser.get(older))
    drafts = text(browser.get(items_at(group) + "?state=draft"))
    assert "My only draft" in drafts
    assert "Published 1" not in drafts
    for nonsense in ("?before=x", "?before=-1", f"?before={9**40}", "?state=\0", "?state=lost"):
        assert browser.get(items_at(group) + nonsense).status_code == 200


def test_an_item_in_an_auction_leads_to_its_lot(browser: FlaskClient, seller: Person, group: Group) -> None:
    item = an_item(seller, group)
    lot = a_lot(item)
    assert f"See lot {lot.number}" in text(browser.get(items_at(group)))
    assert f"See lot {lot.number}" in text(browser.get(of(item)))


def test_however_many_items_my_page_asks_the_same_questions(browser: FlaskClient, seller: Person, group: Group) -> None:
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def questions() -> int:
        asked.clear()
        assert browser.get(items_at(group)).status_code == 200
        return len(asked)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        an_item(seller, group)
        few = questions()
        for _ in range(10):
            an_item(seller, group, photos=2)
        assert questions() == few
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def test_who_may_see_what(group: Group, seller: Person, client: FlaskClient, client_of: ClientOf) -> None:
    draft, published = an_item(seller, group, published=False), an_item(seller, group)
    mine, member = client_of(seller), client_of(a_member(group))
    officer, stranger = client_of(a_member(group, Role.MODERATOR)), client_of(a_person())
    for browser, sees_draft, sees_published in (
        (mine, 200, 200),
        (member, 404, 200),
        (officer, 404, 200),
        (stranger, 404, 404),
        (client, 404, 404),
    ):
        assert browser.get(of(draft)).status_code == sees_draft
        assert browser.get(of(published)).status_code == sees_published
    assert member.get(of(published, "/edit")).status_code == 403
    assert member.post(of(published, "/publish")).status_code == 403
    assert stranger.post(of(published, "/withdraw")).status_code == 404
    assert client.get(of(draft, "/edit")).status_code == 302


def test_an_item_is_found_in_its_own_group_only(browser: FlaskClient, seller: Person, group: Group) -> None:
    other = a_group(owner=seller, name="Gauge 0 Sundays")
    item = an_item(seller, group)
    assert browser.get(f"/g/{other.slug}/items/{item.id}").status_code == 404
    assert browser.post(f"/g/{other.slug}/items/{item.id}/withdraw").status_code == 404


def test_every_fixed_choice_has_its_words(app: Flask) -> None:
    kinds = (Category, Condition, Sureness, State)
    assert set(WORDS) == {value for kind in kinds for value in kind}
    assert len(WORDS) == sum(len(kind) for kind in kinds), "one word would stand for two choices"


def test_a_lot_that_nobody_has_bid_on_follows_its_item(browser: FlaskClient, seller: Person, group: Group) -> None:
    item = an_item(seller, group)
    lot_id = a_lot(item).id
    browser.post(of(item, "/edit"), data=WATCH | {"title": "Renamed", "shipping": "15"})
    db.session.rollback()
    lot = db.session.get_one(Lot, lot_id)
    assert (lot.title, lot.shipping_minor) == ("Renamed", 15_00)
    browser.post(of(item, "/withdraw"))
    db.session.rollback()
    assert db.session.get_one(Lot, lot_id).state == LotState.WITHDRAWN


def test_a_seller_copies_his_item_from_its_page_and_from_its_lots(
    app: Flask, client_of: Callable[..., FlaskClient]
) -> None:
    lot = a_lot()
    group, seller = db.session.get_one(Group, lot.group_id), db.session.get_one(Person, lot.seller_id)
    client, way = client_of(seller), f"/g/{group.slug}/items/{lot.item_id}/copy"
    for page in (f"/g/{group.slug}/items/{lot.item_id}", f"/g/{group.slug}/lots/{lot.number}"):
        assert f'action="{way}"' in client.get(page).text
    sent = [client.post(way, data={"client_key": "key-of-the-copy"}).headers["Location"] for _click in range(2)]
    assert sent[0] == sent[1] != f"/g/{group.slug}/items/{lot.item_id}"
    assert "a copy, and a draft" in client.get(sent[0]).text
    assert "/copy" not in client_of(a_member(group)).get(f"/g/{group.slug}/lots/{lot.number}").text
