"""The pages of offers: two steps for who makes one, the answers of the seller, and one's own list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.factories.auctions import a_lot
from tests.factories.groups import a_member

pytestmark = pytest.mark.one_database
Browse = Callable[..., FlaskClient]
DAY = timedelta(days=1)


@pytest.fixture
def lot(app: Flask) -> Lot:
    now = clock.now()
    return a_lot(state=State.PASSED, starts_at=now - 3 * DAY, ends_at=now - DAY, closed_at=now - DAY)


def path(lot: Lot, more: str = "") -> str:
    return f"/g/{db.session.get_one(Group, lot.group_id).slug}/lots/{lot.number}{more}"


def seen(browser: FlaskClient, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200
    return words(answer.text)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.partition("<main")[2]))


def offers(browser: FlaskClient, lot: Lot, amount: str) -> str:
    """Both steps; the page that comes in the end."""
    key = hidden(browser.get(path(lot)).text)["client_key"]
    asked = browser.post(path(lot, "/offer/check"), data={"amount": amount, "client_key": key})
    assert asked.status_code == 200, words(asked.text)
    assert "If the seller takes it, you pay" in words(asked.text)
    sent = hidden(asked.text)
    assert sent["client_key"] == key
    first = browser.post(path(lot, "/offer"), data=sent)
    again = browser.post(path(lot, "/offer"), data=sent)
    assert (first.status_code, again.status_code) == (302, 302)
    return seen(browser, path(lot))


def test_from_the_offer_to_the_order(lot: Lot, client_of: Browse) -> None:
    group, seller = db.session.get_one(Group, lot.group_id), client_of(db.session.get_one(Person, lot.seller_id))
    anna, ben = client_of(a_member(group, name="Anna")), client_of(a_member(group, name="Ben"))
    assert "You offer EUR 3.50" in offers(anna, lot, "3.50")
    offers(ben, lot, "4")
    for reader in (anna, ben):
        assert reader.get(path(lot, "/offers")).status_code == 404
    assert "You are offered EUR 4.00 for lot" in seen(seller, "/")
    assert "2 offers wait for you" in seen(seller, "/sales?show=ended")
    page = seller.get(path(lot, "/offers")).text
    assert words(page).index("EUR 4.00") < words(page).index("EUR 3.50")
    assert "Anna" not in page
    highest = re.findall(r'href="([^"]+/accept)"', page)[0]
    assert "Sold for EUR 4.00" in seen(seller, highest)
    assert seller.post(highest).status_code == 302
    assert "The seller took your offer." in seen(ben, path(lot))
    assert "Go to the order" in seen(ben, path(lot))
    assert "Ended" in seen(anna, "/offers")
    assert "Taken" in seen(ben, "/offers")
    assert "This offer cannot be taken any more." in seen(seller, re.findall(r'href="([^"]+/accept)"', page)[1])


def test_what_is_wrong_is_said_and_what_was_typed_stays(lot: Lot, client_of: Browse) -> None:
    anna = client_of(a_member(db.session.get_one(Group, lot.group_id)))
    for typed, said in (("0", "Enter an amount above zero."), ("-5", "Enter"), ("a lot", "Enter"), ("", "Enter")):
        answer = anna.post(path(lot, "/offer/check"), data={"amount": typed, "client_key": "key-of-the-form-of-anna"})
        assert answer.status_code == 422
        assert f'name="amount" inputmode="decimal" autocomplete="off" required value="{typed}"' in answer.text
        assert said in re.findall(r'id="amount-error">([^<]+)<', answer.text)[0]


def test_who_withdraws_may_offer_again_and_who_has_declined_sees_it(lot: Lot, client_of: Browse) -> None:
    group, seller = db.session.get_one(Group, lot.group_id), client_of(db.session.get_one(Person, lot.seller_id))
    anna = client_of(a_member(group))
    page = offers(anna, lot, "3")
    [withdraw] = re.findall(r'action="([^"]+/withdraw)"', anna.get(path(lot)).text)
    assert anna.post(withdraw).status_code == 302
    assert "You can make 2 offers here." in seen(anna, path(lot))
    offers(anna, lot, "4")
    [decline] = re.findall(r'action="([^"]+/decline)"', seller.get(path(lot, "/offers")).text)
    assert seller.post(decline).status_code == 302
    page = seen(seller, path(lot, "/offers"))
    assert "Offers that you had before" in page
    assert page.count("Declined") == page.count("Withdrawn") == 1


def test_a_lot_that_is_listed_again_leads_there(lot: Lot, client_of: Browse) -> None:
    seller = client_of(db.session.get_one(Person, lot.seller_id))
    key = hidden(seller.get(path(lot)).text)["client_key"]
    assert seller.post(path(lot, "/relist"), data={"client_key": key}).status_code == 302
    page = seen(client_of(a_member(db.session.get_one(Group, lot.group_id))), path(lot))
    assert "It is listed again, as lot 2" in page
    assert "Make the seller an offer" not in page
