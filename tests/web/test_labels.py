"""What is printed for a meet-up: labels of lots, and bidder numbers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from marketplace.accounts.models import Person
from marketplace.auctions.rules import State
from marketplace.groups import members, queries
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web import labels
from marketplace.web.qr_codes import qr_code
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database


@pytest.fixture
def group(app):
    return a_group()


def lots_of(group, count=3):
    return [a_lot(an_item(group=group), opening=1200) for _each in range(count)]


def numbers_on(client, group, query=""):
    page = client.get(f"/g/{group.slug}/labels/print{query}").text
    return [int(number) for number in re.findall(r'class="lotno">Lot (\d+)', page)]


def test_moderators_label_every_lot_and_sellers_their_own(group, client_of):
    lots = lots_of(group)
    moderator = client_of(a_member(group, Role.MODERATOR))
    assert numbers_on(moderator, group) == [1, 2, 3]
    assert numbers_on(moderator, group, "?lot=1&lot=3&lot=77&lot=x") == [1, 3]
    seller = client_of(db.session.get_one(Person, lots[1].seller_id))
    assert numbers_on(seller, group) == numbers_on(seller, group, "?lot=1&lot=2") == [2]
    chooser = seller.get(f"/g/{group.slug}/labels").text
    assert 'name="lot" value="2"' in chooser
    assert 'name="lot" value="1"' not in chooser
    assert "nothing to label" in client_of(a_member(group)).get(f"/g/{group.slug}/labels").text


def test_what_has_ended_or_is_hidden_has_no_label_and_what_will_run_has(group, client_of):
    now = clock.now()
    a_lot(an_item(group=group), state=State.PASSED, starts_at=now - timedelta(days=3), ends_at=now - timedelta(days=1))
    a_lot(an_item(group=group), hidden_at=now)
    a_lot(an_item(group=group), starts_at=now + timedelta(days=1))
    assert numbers_on(client_of(a_member(group, Role.MODERATOR)), group) == [3]


def test_a_label_has_number_title_opening_price_and_the_code_of_the_lots_address(group, client_of):
    lot = a_lot(an_item(group=group, title="<b>Bow</b> teapot"), opening=1200)
    answer = client_of(a_member(group, Role.MODERATOR)).get(f"/g/{group.slug}/labels/print")
    assert "&lt;b&gt;Bow&lt;/b&gt; teapot" in answer.text
    assert "12.00" in answer.text
    assert qr_code(f"/g/{group.slug}/lots/{lot.number}") in answer.text
    assert "style=" not in answer.text, "the content policy refuses styles of the page's own"
    assert "data:" not in answer.text


def test_a_code_holds_the_whole_address_and_only_what_svg_draws(app):
    drawing = qr_code("/g/antiques/lots/12")
    assert drawing.startswith("<svg")
    assert re.search(r'viewBox="0 0 (\d+) \1"', drawing)
    assert not re.search(r"style|script|width=|href", drawing)
    assert drawing != qr_code("/g/antiques/lots/13")


def test_24_labels_fill_a_page(group, client_of, monkeypatch):
    monkeypatch.setattr(labels, "ON_A_PAGE", 2)
    lots_of(group, 3)
    page = client_of(a_member(group, Role.MODERATOR)).get(f"/g/{group.slug}/labels/print").text
    assert page.count('<ol class="labels">') == 2


def test_a_bidder_number_stays_his_whoever_comes_and_goes(group, client_of):
    anna, ben, cleo = (a_member(group, person=a_person(name)) for name in ("Anna", "Ben", "Cleo"))
    before = {person_id: number for number, person_id in queries.bidder_numbers(group)}
    members.leave_group(by=ben.id, group_id=group.id)
    dora = a_member(group, person=a_person("Dora"))
    after = {person_id: number for number, person_id in queries.bidder_numbers(db.session.get_one(Group, group.id))}
    assert ben.id not in after
    assert after == {who: number for who, number in before.items() if who != ben.id} | {
        dora.id: max(before.values()) + 1
    }
    assert len(set(after.values())) == len(after)
    moderator = client_of(a_member(group, Role.MODERATOR))
    page = moderator.get(f"/g/{group.slug}/bidder-numbers").text
    assert re.search(rf'<td class="num">{after[cleo.id]}</td><th scope="row">Cleo</th>', page)
    assert "Ben" not in page
    assert client_of(db.session.get_one(Person, anna.id)).get(f"/g/{group.slug}/bidder-numbers").status_code == 403
