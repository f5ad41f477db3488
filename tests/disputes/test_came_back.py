"""What the page of a lot says when a dispute undid an earlier sale of the same item."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.catalog import copying
from marketplace.catalog.models import Item
from marketplace.disputes import queries
from marketplace.disputes.dispute_rules import Outcome, Reason
from marketplace.disputes.ending_rules import Ending
from marketplace.disputes.models import Dispute
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.disputes import REFUND, RELEASE, a_dispute, lapse, order_of, ruled, sides_of
from tests.factories.escrow import an_order
from tests.factories.groups import a_member


def its_next_lot(dispute: Dispute) -> Lot:
    """The same item once more, as its seller lists it when the deal has fallen through."""
    return a_lot(db.session.get_one(Item, order_of(dispute).item_id))


def test_a_ruling_that_gave_the_money_back_stands_at_the_next_lot(app: Flask) -> None:
    dispute = lapse(ruled(REFUND)[0])
    [sale] = queries.came_back(its_next_lot(dispute))
    order = order_of(dispute)
    assert (sale.lot_number, sale.sold_at) == (order.lot_number, order.opened_at)
    assert (sale.reason, sale.ending, sale.outcome) == (Reason.NOT_AS_DESCRIBED, Ending.RULED, Outcome.REFUND)
    assert queries.came_back(db.session.get_one(Lot, order.lot_id)) == [], "there was none before"


def test_what_is_not_settled_or_was_released_stands_nowhere(app: Flask) -> None:
    assert queries.came_back(its_next_lot(a_dispute())) == []
    assert queries.came_back(its_next_lot(lapse(ruled(RELEASE)[0]))) == []


def a_copy(item_id: int, times: int = 1) -> Item:
    """A copy of a copy, and so on."""
    for number in range(times):
        seller_id = db.session.get_one(Item, item_id).seller_id
        item_id = copying.copy_item(item_id=item_id, by=seller_id, client_key=f"key-of-copy-{item_id}-{number}").id
    return db.session.get_one(Item, item_id)


def test_it_stands_at_the_lots_of_a_copy_of_a_copy_and_of_what_it_was_copied_from(app: Flask) -> None:
    dispute = lapse(ruled(REFUND)[0])
    item_id = order_of(dispute).item_id
    [sale] = queries.came_back(a_lot(a_copy(item_id, times=2)))
    assert (sale.is_of_copy, sale.lot_number) == (True, order_of(dispute).lot_number)
    [sale] = queries.came_back(its_next_lot(dispute))
    assert not sale.is_of_copy
    seller, group = sides_of(dispute)[1], db.session.get_one(Group, dispute.group_id)
    assert queries.came_back(a_lot(an_item(seller, group))) == [], "of another origin"


def test_what_became_of_a_copy_stands_at_the_first_item_and_at_the_other_copies(app: Flask) -> None:
    first = an_item(photos=1)
    sold, other = a_copy(first.id), a_copy(first.id, times=2)
    order = an_order(State.INSPECTING, item=sold)
    assert queries.came_back(a_lot(other, state=LotState.WITHDRAWN)) == [], "nothing was sold yet"
    dispute = lapse(ruled(REFUND, dispute=a_dispute(order))[0])
    for item in (first, other):
        [sale] = queries.came_back(a_lot(item))
        assert (sale.is_of_copy, sale.lot_number) == (True, order_of(dispute).lot_number)


@pytest.mark.one_database
def test_a_copy_says_so_and_does_not_claim_to_be_the_same_thing(
    app: Flask, client_of: Callable[..., FlaskClient]
) -> None:
    lot = a_lot(a_copy(order_of(lapse(ruled(REFUND)[0])).item_id))
    group = db.session.get_one(Group, lot.group_id)
    page = client_of(a_member(group)).get(f"/g/{group.slug}/lots/{lot.number}").text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())
    assert re.search(r"An item with the same origin was sold before, as lot 1 on \d+ \w+ \d{4} , and undone", words)
    assert "Sold before" not in words


@pytest.mark.one_database
def test_whoever_sees_the_lot_reads_it_and_nobody_is_named(app: Flask, client_of: Callable[..., FlaskClient]) -> None:
    dispute = lapse(ruled(REFUND)[0])
    lot = its_next_lot(dispute)
    group = db.session.get_one(Group, lot.group_id)
    client = client_of(a_member(group, person=a_person("Rita Reader")))
    page = client.get(f"/g/{group.slug}/lots/{lot.number}").text
    words = " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())
    assert re.search(r"Sold before, as lot 1 on \d+ \w+ \d{4} , and undone: not as described\.", words), words
    assert "The ruling: all of the money back." in words
    buyer_id = order_of(dispute).buyer_id
    assert f"/people/{buyer_id}" not in page
    assert "B1 shows it." not in page, "the reasons were written for the two sides"
    with unit_of_work():
        db.session.execute(update(Lot).where(Lot.id == lot.id).values(state=LotState.PASSED))
    assert "Sold before" in client.get(f"/g/{group.slug}/lots/{lot.number}").text
