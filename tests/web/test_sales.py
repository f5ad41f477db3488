"""The pages of sales: followed by who sees the group's lots, opened and ordered by who keeps order."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from marketplace.accounts.models import Person
from marketplace.auctions import closing, sale_queries, service
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import Format
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.factories.sales import a_lot_in, a_sale
from tests.web.test_query_counts import statements


@pytest.fixture
def group(app):
    return a_group()


@pytest.fixture
def sale(group):
    return a_sale(group, words="All that **ticks**.")


@pytest.fixture
def reader(group, client_of):
    return client_of(a_member(group))


def path_of(sale, rest=""):
    return f"/g/{db.session.get_one(Group, sale.group_id).slug}/sales/{sale.number}{rest}"


def words(answer):
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(text.replace("&nbsp;", " ").replace("\u00a0", " ").split())


def start(sale):
    with clock.at(sale.starts_at):
        while closing.start_due_lots():
            pass


def until(moment):
    """Wait for it."""
    clock.move(moment - clock.now())


def seller_of(item):
    return db.session.get_one(Person, item.seller_id)


def local(moment):
    return f"{moment:%Y-%m-%dT%H:%M}"


# ---- following it ----


def test_the_page_goes_with_the_sale_from_the_first_lot_to_the_totals(sale, reader):
    lots = [a_lot_in(sale) for _each in range(3)]
    page = words(reader.get(path_of(sale)))
    for said in ("Open for lots", "3 lots so far", "All that ticks", "20 seconds apart", "those after it keep theirs"):
        assert said in page
    start(sale)
    until(sale.starts_at + timedelta(hours=1))
    a_bid(lots[1], None, 3000)
    a_bid(lots[1], None, 2000)
    page = words(reader.get(path_of(sale)))
    assert "Bidding Next to close" in page
    assert re.search(r"EUR 20\.50 .* 2 bids, no reserve, bidder \w+ leads", page)
    assert page.index(f"1 · Lot {lots[0].number}") < page.index(f"2 · Lot {lots[1].number}")
    until(sale.first_end_at + timedelta(seconds=1))
    page = words(reader.get(path_of(sale)))
    assert f"Closing now Next to close 2 · Lot {lots[1].number}" in page
    assert "Bidding has ended" in page
    until(sale.first_end_at + timedelta(hours=1))
    closing.close_due_lots()
    page = words(reader.get(path_of(sale)))
    for said in ("Over How it went", "Sold 1", "Passed 2", "All hammer prices together EUR 20.50", "to bidder"):
        assert said in page


def test_a_sale_without_lots_at_its_start_is_over(sale, reader):
    until(sale.starts_at)
    page = words(reader.get(path_of(sale)))
    assert "Over" in page
    assert "There are no lots here." in page


def test_sealed_bids_are_not_told(sale, reader):
    lot = a_lot_in(sale, format=Format.SEALED_FIRST)
    start(sale)
    until(sale.starts_at + timedelta(hours=1))
    before = reader.get(path_of(sale, "/now"))
    a_bid(lot, None, 77_00)
    after = reader.get(path_of(sale, "/now"))
    assert after.headers["ETag"] == before.headers["ETag"]
    assert "sealed bids" in words(after)
    assert "77.00" not in words(after)


def test_what_a_moderator_has_hidden_is_not_on_the_page(sale, reader, group):
    lot = a_lot_in(sale)
    start(sale)
    until(sale.starts_at)
    service.hide_lot(lot_id=lot.id, by=a_member(group, Role.MODERATOR).id, reason="Stolen.")
    assert lot.title not in reader.get(path_of(sale)).text


def test_the_page_asks_for_what_has_changed_and_hears_when_nothing_has(sale, reader):
    lots = [a_lot_in(sale) for _each in range(2)]
    start(sale)
    until(sale.starts_at + timedelta(hours=1))
    page = reader.get(path_of(sale)).text
    tag = re.search(r'data-tag="([^"]+)"', page)[1]
    asked = {"If-None-Match": f'"{tag}"'}
    assert reader.get(path_of(sale, "/now"), headers=asked).status_code == 304
    a_bid(lots[1], None, 3000)
    fresh = reader.get(path_of(sale, "/now"), headers=asked)
    assert (fresh.status_code, fresh.headers["ETag"] != f'"{tag}"') == (200, True)
    for part in ('id="sale"', 'id="sale-now"', f'id="sale-lot-{lots[1].number}"'):
        assert part in fresh.text
    assert "<html" not in fresh.text
    asked = {"If-None-Match": fresh.headers["ETag"]}
    until(sale.first_end_at)  # nobody has done anything, and the page is another
    assert reader.get(path_of(sale, "/now"), headers=asked).status_code == 200


def test_the_page_needs_no_script_of_its_own_in_it(sale, reader):
    answer = reader.get(path_of(sale))
    assert re.findall(r"<script[^>]*>[^<]", answer.text) == []
    assert "static/sale.js" in answer.text
    assert "onclick" not in answer.text


def test_a_long_sale_comes_in_pages(sale, reader, monkeypatch):
    monkeypatch.setattr(sale_queries, "PAGE", 2)
    lots = [a_lot_in(sale) for _each in range(3)]
    first = reader.get(path_of(sale)).text
    assert [f'id="sale-lot-{lot.number}"' in first for lot in lots] == [True, True, False]
    second = reader.get(path_of(sale, "?after=2")).text
    assert [f'id="sale-lot-{lot.number}"' in second for lot in lots] == [False, False, True]
    assert "/now?after=2" in second
    assert "From the first lot" in second


def test_sixty_lots_cost_as_many_questions_as_one(app, sale, reader, group):
    seller = a_member(group)

    def asked():
        counts = []
        for path in (path_of(sale), path_of(sale, "/now"), path_of(sale).rpartition("/")[0]):
            reader.get(path)
            with statements(app) as sent:
                assert reader.get(path).status_code == 200
            counts.append(sum(sent.values()))
        return counts

    a_bid(lot := a_lot_in(sale, seller), None, 3000, at=sale.starts_at)
    until(sale.starts_at)
    little = asked()
    with clock.at(sale.starts_at - timedelta(hours=1)):
        for _more in range(59):
            lot = a_lot_in(sale, seller)
    start(sale)
    a_bid(lot, None, 3000, at=sale.starts_at)
    until(sale.starts_at)
    assert asked() == little
    assert max(little) <= 30


def test_a_lot_says_where_it_stands_and_leads_on(sale, reader):
    first, second, third = (a_lot_in(sale) for _each in range(3))
    page = reader.get(path_of(sale).replace("sales", "lots").rpartition("/")[0] + f"/{second.number}")
    assert "Lot 2 of the sale Clocks" in words(page)
    for near in (first, third):
        assert f'/lots/{near.number}" rel=' in page.text


def test_the_list_says_how_far_each_has_come(group, reader, monkeypatch):
    monkeypatch.setattr(sale_queries, "SALES_ON_A_PAGE", 2)
    sales = [a_sale(group, title=title) for title in ("Clocks", "Watches", "Silver")]
    a_lot_in(sales[2])
    index = path_of(sales[0]).rpartition("/")[0]
    page = reader.get(index)
    assert "Silver Open for lots 1 lot" in words(page)
    assert "Clocks" not in page.text
    assert "Clocks" in reader.get(f"{index}?before=2").text
    assert f'href="{index}"' in reader.get(index.replace("/sales", "/lots")).text


def test_others_do_not_know_of_it(sale, client, client_of):
    for stranger in (client, client_of(a_person())):
        for rest in ("", "/now"):
            assert stranger.get(path_of(sale, rest)).status_code == 404
    assert client_of(a_member(db.session.get_one(Group, sale.group_id))).get(path_of(sale, "0")).status_code == 404


# ---- holding it ----


def test_a_moderator_opens_one_and_changes_it(group, client_of):
    moderator, day = client_of(a_member(group, Role.MODERATOR)), clock.now() + timedelta(days=1)
    typed = {
        "title": "Clocks", "words": "", "starts_at": local(day), "first_end_at": local(day + timedelta(days=2)),
        "gap_seconds": "", "client_key": "key-of-the-form",
    }  # fmt: skip
    refused = moderator.post(f"/g/{group.slug}/sales/new", data=typed)
    assert (refused.status_code, 'id="gap_seconds-error"' in refused.text) == (422, True)
    for _double_click in range(2):
        answer = moderator.post(f"/g/{group.slug}/sales/new", data=typed | {"gap_seconds": "90"})
        assert answer.location == f"/g/{group.slug}/sales/1"
    assert "1 minute 30 seconds apart" in words(moderator.get(answer.location))
    moderator.post(f"/g/{group.slug}/sales/1/change", data=typed | {"gap_seconds": "5", "title": "Watches"})
    assert "Watches" in moderator.get(f"/g/{group.slug}/sales/1").text
    assert moderator.get(f"/g/{group.slug}/sales/2").status_code == 404


def test_a_moderator_arranges_takes_out_and_calls_off(sale, group, client_of, reader):
    moderator, lots = client_of(a_member(group, Role.MODERATOR)), [a_lot_in(sale) for _each in range(2)]
    wrong = moderator.post(path_of(sale, f"/arrange/{lots[1].number}"), data={"place": "first"})
    assert (wrong.status_code, 'value="first"' in wrong.text) == (422, True)
    moderator.post(path_of(sale, f"/arrange/{lots[1].number}"), data={"place": "1"})
    page = moderator.get(path_of(sale, "/arrange")).text
    assert page.index(f'id="lot-{lots[1].number}"') < page.index(f'id="lot-{lots[0].number}"')
    out = path_of(sale, f"/take-out/{lots[0].number}")
    assert lots[0].title in moderator.get(out).text
    assert moderator.post(out, data={"reason": ""}).status_code == 422
    assert moderator.post(out, data={"reason": "No clock."}).status_code == 302
    assert moderator.post(out, data={"reason": "No clock."}).status_code in {404, 422}
    assert moderator.post(path_of(sale, "/call-off"), data={"reason": "The hall is flooded."}).status_code == 302
    page = words(reader.get(path_of(sale)))
    assert "Called off" in page
    assert "The reason: The hall is flooded." in page
    assert moderator.get(path_of(sale, "/arrange")).status_code == 409


def test_after_the_start_nobody_is_offered_what_he_may_not_do(sale, group, client_of):
    moderator = client_of(a_member(group, Role.MODERATOR))
    assert "Arrange the lots" in moderator.get(path_of(sale)).text
    until(sale.starts_at)
    assert "Arrange the lots" not in moderator.get(path_of(sale)).text
    for rest in ("/arrange", "/change"):
        assert moderator.get(path_of(sale, rest)).status_code == 409


# ---- putting lots in ----


def test_a_seller_chooses_the_sale_where_he_puts_his_item_up(sale, group, client_of):
    item = an_item(group=group)
    seller = client_of(seller_of(item))
    form = f"/g/{group.slug}/items/{item.id}/auction"
    page = seller.get(form).text
    assert "None: it has an end of its own" in page
    assert "Clocks, bidding from " in page
    typed = {"opening": "5.00", "client_key": "key-of-the-form", "starts_at": "", "ends_at": "nonsense"}
    refused = seller.post(form, data=typed | {"sale": "99"})
    assert (refused.status_code, 'id="sale-error"' in refused.text) == (422, True)
    assert seller.post(form, data=typed | {"sale": str(sale.number)}).status_code == 302
    lot = db.session.query(Lot).one()
    assert (lot.sale_id, lot.sale_position, lot.ends_at) == (sale.id, 1, sale.first_end_at)


def test_without_a_sale_an_end_is_asked_for(group, client_of):
    item = an_item(group=group)
    form = f"/g/{group.slug}/items/{item.id}/auction"
    answer = client_of(seller_of(item)).post(form, data={"opening": "5.00", "client_key": "key-of-the-form"})
    assert (answer.status_code, 'id="ends_at-error"' in answer.text) == (422, True)


def test_a_seller_puts_a_lot_that_is_to_come_into_a_sale(sale, group, client_of):
    item = an_item(group=group)
    lot, seller = (
        a_lot(item, starts_at=clock.now() + timedelta(hours=2)),
        client_of(seller_of(item)),
    )
    page = f"/g/{group.slug}/lots/{lot.number}"
    assert f'href="{page}/sale"' in seller.get(page).text
    assert seller.post(f"{page}/sale", data={"sale": ""}).status_code == 422
    for _double_click in range(2):
        assert seller.post(f"{page}/sale", data={"sale": str(sale.number)}).status_code == 302
    shown = seller.get(page)
    assert "Lot 1 of the sale Clocks" in words(shown)
    assert f'href="{page}/sale"' not in shown.text


def test_no_sale_open_is_said(group, client_of):
    item = an_item(group=group)
    lot = a_lot(item, starts_at=clock.now() + timedelta(hours=2))
    page = client_of(seller_of(item)).get(f"/g/{group.slug}/lots/{lot.number}/sale")
    assert "No sale is open for lots at the moment." in page.text
