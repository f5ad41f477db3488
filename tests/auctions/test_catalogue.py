"""Searching the catalogue, on both databases: what is found, what is left out, and that the index follows the items."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.auctions import catalogue, service
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.auctions.search_rules import Order, Search, Stage, Trust, Within
from marketplace.catalog import service as items
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Category, Condition, Details
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import a_closed_deal


def numbers(group, search=None, **asked):
    page = catalogue.catalogue(group.id, search or Search(**asked), now=clock.now())
    assert page.total == len(page.lots)
    return [lot.number for lot in page.lots]


@pytest.fixture
def group(app):
    return a_group()


def test_words_are_found_in_all_that_an_item_says(group):
    a_lot(an_item(group=group, title="Seiko diver", description="A **watch** of my uncle’s.", period="Shōwa"))
    a_lot(an_item(group=group, title="青花瓷碗", description="Old bowl", faults="A hairline."))
    a_lot(an_item(group=a_group(), title="Seiko diver"))
    for words in ("seiko", "DIVERS", "watches uncles", "showa", "movement original", "seik", "mm across"):
        assert numbers(group, words=words)[:1] == [1], words
    for words in ("青花", "瓷", "花瓷碗", "hairlines", "bowl 青花"):
        assert numbers(group, words=words) == [2], words
    for words in ("瓷青", "seiko bowl", "'; DROP TABLE lots; --", '"', "* OR *", "seiko NOT diver", "§2", "\0", "%"):
        assert numbers(group, words=words) == [], words


def test_the_index_follows_the_item(group):
    seller = a_member(group)
    item = an_item(seller, group, title="A teapot")
    lot_id = a_lot(item, ends_at=clock.now() + timedelta(days=2)).id
    details = Details(
        title="A 茶壶 by Meissen", description="Once gilt.", category=Category.BOOKS, condition=Condition.WORN,
        period="1760s", pickup_possible=True,
    )  # fmt: skip
    items.change_item(item_id=item.id, by=seller.id, details=details)
    assert numbers(group, words="teapot") == []
    assert numbers(group, words="meissen 茶壶") == numbers(group, kind="books", condition="worn", made_from=1765) == [1]
    a_bid(db.session.get_one(Lot, lot_id))
    items.add_remark(item_id=item.id, by=seller.id, client_key="key-of-remark", text="The spout was mended.")
    assert numbers(group, words="meissen spouts") == [1]
    service.hide_lot(lot_id=lot_id, by=a_member(group, Role.MODERATOR).id, reason="Not an antique.")
    assert numbers(group, words="meissen") == []


def test_an_item_is_found_from_when_it_is_published(group):
    seller = a_member(group)
    item_id = an_item(seller, group, published=False, title="Draft").id
    details = Details(title="Sundial", description="Brass.", category=Category.OTHER, condition=Condition.USED,
                      period="18th century", pickup_possible=True)  # fmt: skip
    items.change_item(item_id=item_id, by=seller.id, details=details)
    items.publish(item_id=item_id, by=seller.id)
    service.list_lot(by=seller.id, item_id=item_id, opening=Money(500, "EUR"), client_key="key-of-lot-1",
                     ends_at=clock.now() + timedelta(days=3))  # fmt: skip
    assert numbers(group, words="brass sundial") == numbers(group, made_to=1701, condition="used") == [1]
    assert db.session.get_one(Item, item_id).title == "Sundial"


FILTERS = [
    ({"price_from": 700}, [2, 3]), ({"price_to": 700}, [1, 2]), ({"price_from": 700, "price_to": 700}, [2]),
    ({"with_shipping_to": 700 + 980}, [1, 2]), ({"condition": "worn"}, [3]), ({"kind": "books"}, [2]),
    ({"made_from": 1900, "made_to": 1950}, [1, 3]), ({"made_from": 1911}, [3]), ({"made_to": 1800}, [2]),
    ({"within": Within.HOUR}, []), ({"within": Within.DAY}, [1]), ({"within": Within.THREE_DAYS}, [1, 2]),
    ({"no_bids": True}, [2, 3]), ({"words": "watch", "no_bids": True, "price_from": 1}, [3]),
    ({"words": "2"}, [2]), ({"kind": "books", "condition": "worn"}, []),
]  # fmt: skip


@pytest.fixture
def three(group):
    """Lots 1, 2 and 3; the first has a bid."""
    now = clock.now()
    for number, (category, condition, period, title) in enumerate((
        ("watches", "used", "1890–1910", "A watch"), ("books", "used", "1760", "A tome"),
        ("watches", "worn", "1930s", "Another watch"),
    )):  # fmt: skip
        item = an_item(
            group=group, category=category, condition=condition, period=period, title=title, description="", claims=()
        )
        lot = a_lot(item, opening=500 + 200 * number, ends_at=now + timedelta(hours=20 + 32 * number))
        if not number:
            a_bid(lot, maximum=500)
    return group


def test_every_filter_sifts_in_every_order_and_with_every_way_of_looking(three, monkeypatch):
    ways = [("MOST_FOUND", catalogue.MOST_FOUND), ("MOST_FOUND", 0)]  # by the index; by trying lot after lot
    for name, value in ways:
        monkeypatch.setattr(catalogue, name, value)
        for asked, expected in FILTERS:
            for order in Order:
                assert sorted(numbers(three, order=order, **asked)) == expected, (value, order, asked)


def test_it_is_sorted_by_price_either_way_by_bids_and_by_what_is_new(three):
    in_order = {Order.ENDING: [1, 2, 3], Order.NEWEST: [3, 2, 1], Order.PRICE: [1, 2, 3], Order.DEAREST: [3, 2, 1]}
    assert {order: numbers(three, order=order) for order in in_order} == in_order
    assert numbers(three, order=Order.BIDS)[0] == 1


def test_sellers_of_whom_nothing_is_known_are_not_trusted(three):
    lot = db.session.scalars(select(Lot).where(Lot.number == 2)).one()
    seller, buyer = db.session.get_one(Person, lot.seller_id), a_member(three)
    for _each in range(3):
        a_closed_deal(three, buyer=buyer, seller=seller)
    assert numbers(three, trust=Trust.LOW) == [2]


def test_what_a_filter_leaves_of_a_long_list_is_looked_for_part_by_part(group, monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_SCANNED", 3)
    past = clock.now() - timedelta(days=9)
    for number in range(8):
        item = an_item(group=group, condition="worn" if number in {0, 7} else "used", photos=0)
        ends_at = past + timedelta(hours=number)
        a_lot(item, state=State.SOLD, starts_at=past - timedelta(days=1), ends_at=ends_at)
    search, seen, pages = Search(Stage.ENDED, condition="worn"), [], []
    while True:
        page = catalogue.catalogue(group.id, search, now=clock.now(), limit=2)
        seen += [lot.number for lot in page.lots]
        pages.append((len(page.lots), page.is_searched_on))
        if not page.next_key:
            break
        search = replace(search, after=page.next_key)
    assert seen == [8, 1]
    assert pages == [(1, True), (0, True), (1, False)]
    assert catalogue.catalogue(group.id, Search(Stage.ENDED, condition="worn"), now=clock.now()).has_uncounted
