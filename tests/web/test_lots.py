"""The pages of lots: catalogue, lot, listing, hiding."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from marketplace.accounts.models import Person
from marketplace.auctions import following
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database


def group_of(lot):
    return db.session.get_one(Group, lot.group_id)


def page_of(lot):
    return f"/g/{group_of(lot).slug}/lots/{lot.number}"


def seller_of(lot):
    return db.session.get_one(Person, lot.seller_id)


def words(answer):
    """What a reader reads: without tags, spaces folded."""
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).replace("\xa0", " ").replace("&nbsp;", " ")
    return " ".join(text.split())


@pytest.fixture
def group(app):
    return a_group()


# ---- who sees it ----


def test_members_see_a_lot_and_others_do_not_know_of_it(app, client, client_of):
    lot = a_lot()
    assert client_of(a_member(group_of(lot))).get(page_of(lot)).status_code == 200
    for stranger in (client, client_of(a_person())):
        for path in (page_of(lot), f"{page_of(lot)}/bids", f"/g/{group_of(lot).slug}/lots"):
            assert stranger.get(path).status_code == 404


def test_a_public_catalogue_is_read_by_everybody_with_aliases_and_without_a_form(app, client):
    lot = a_lot(an_item(group=a_group(is_catalogue_public=True)))
    bidder = a_member(group_of(lot), name="Tell Noname")
    a_bid(lot, bidder, 1000)
    page = client.get(page_of(lot))
    assert page.status_code == 200
    assert "Tell Noname" not in words(page)
    assert "Only members" in words(page)
    assert 'name="maximum"' not in page.get_data(as_text=True)
    assert client.get(f"/g/{group_of(lot).slug}/lots").status_code == 200


def test_a_lot_is_found_only_in_its_own_group(app, client_of, group):
    lot, member = a_lot(), a_person()
    a_member(group, person=member)
    a_member(group_of(lot), person=member)
    a_lot(an_item(group=group))
    client = client_of(member)
    assert client.get(f"/g/{group.slug}/lots/1").status_code == 200
    assert client.get(f"/g/{group.slug}/lots/2").status_code == 404
    assert client.get(f"/g/{group.slug}/lots/{2**63}").status_code == 404


# ---- the lot's page ----


def test_the_page_says_price_time_reserve_and_next_bid(app, client_of):
    lot = a_lot(opening=5000, reserve=9000, shipping_minor=980)
    a_bid(lot, maximum=6000)
    a_bid(lot, maximum=8000)
    page = words(client_of(a_member(group_of(lot))).get(page_of(lot)))
    assert "Price now EUR 61.00" in page
    assert "Next bid, at least EUR 62.00" in page
    assert "Reserve not met" in page
    assert "Shipping EUR 9.80" in page
    assert "2 by 2 members" in page
    assert "90.00" not in page, "the reserve is a secret"
    assert "80.00" not in page, "so is the leader's maximum"


def test_only_the_bidder_himself_sees_his_maximum(app, client_of):
    lot = a_lot()
    anna, ben = a_member(group_of(lot)), a_member(group_of(lot))
    a_bid(lot, anna, 7331)
    assert "73.31" in words(client_of(anna).get(page_of(lot)))
    for reader in (ben, seller_of(lot), a_member(group_of(lot), Role.MODERATOR)):
        for path in (page_of(lot), f"{page_of(lot)}/bids"):
            assert "73.31" not in words(client_of(reader).get(path))


def test_a_quiet_raise_is_shown_to_nobody_else(app, client_of):
    lot = a_lot()
    anna, ben = a_member(group_of(lot)), a_member(group_of(lot))
    a_bid(lot, anna, 1000)
    before = words(client_of(ben).get(page_of(lot)))
    a_bid(lot, anna, 2000)
    assert re.sub(r"\d+ (hours|minutes|seconds)", "", words(client_of(ben).get(page_of(lot)))) == re.sub(
        r"\d+ (hours|minutes|seconds)", "", before
    )
    assert "20.00" in words(client_of(anna).get(page_of(lot)))


def test_who_is_outbid_reads_what_to_do(app, client_of):
    lot = a_lot()
    anna = a_member(group_of(lot))
    a_bid(lot, anna, 1000)
    a_bid(lot, maximum=2000)
    page = words(client_of(anna).get(page_of(lot)))
    assert "You have been outbid." in page
    assert "bid EUR 11.00 or more before" in page


def test_voided_bids_stay_as_a_line(app, client_of):
    lot = a_lot()
    anna = a_member(group_of(lot))
    a_bid(lot, anna, 1000)
    following.void_bids_of(person_id=anna.id, group_id=lot.group_id, reason="Never paid anybody", by=None)
    page = words(client_of(a_member(group_of(lot))).get(page_of(lot)))
    assert ", void" in page
    assert "Opening price EUR 5.00" in page


@pytest.mark.parametrize(("columns", "says"), [
    ({"state": State.PASSED}, "Passed: nobody bid."),
    ({"state": State.PASSED, "bid_count": 2}, "Passed: the reserve was not met."),
    ({"state": State.WITHDRAWN}, "Withdrawn."),
])  # fmt: skip
def test_a_lot_that_has_ended_says_how(app, client_of, columns, says):
    lot = a_lot(**columns)
    page = client_of(a_member(group_of(lot))).get(page_of(lot))
    assert says in words(page)
    assert 'name="maximum"' not in page.get_data(as_text=True)


def test_winner_and_loser_read_who_won(app, client_of):
    lot = a_lot()
    anna, ben = a_member(group_of(lot)), a_member(group_of(lot))
    a_bid(lot, ben, 600)
    a_bid(lot, anna, 1000)
    with unit_of_work():
        db.session.get_one(Lot, lot.id).state = State.SOLD
    assert "You won this lot." in words(client_of(anna).get(page_of(lot)))
    assert "Sold to bidder" in words(client_of(ben).get(page_of(lot)))


def test_a_scheduled_lot_says_when_it_opens(app, client_of):
    lot = a_lot(starts_at=clock.now() + timedelta(days=1))
    page = client_of(a_member(group_of(lot))).get(page_of(lot))
    assert "Opens tomorrow" in words(page)
    assert 'name="maximum"' not in page.get_data(as_text=True)


def test_after_the_end_and_before_the_worker_nobody_is_offered_a_bid(app, client_of):
    lot = a_lot(ends_at=clock.now() + timedelta(milliseconds=1))
    page = client_of(a_member(group_of(lot))).get(page_of(lot))
    assert "Bidding has ended." in words(page)
    assert 'name="maximum"' not in page.get_data(as_text=True)


def test_a_title_is_text(app, client_of):
    lot = a_lot(an_item(title="<script>alert(1)</script> & co"))
    for path in (page_of(lot), f"/g/{group_of(lot).slug}/lots", f"{page_of(lot)}/bids"):
        assert "<script>alert" not in client_of(a_member(group_of(lot))).get(path).get_data(as_text=True)


def test_the_history_goes_on_page_by_page(app, client_of, monkeypatch):
    monkeypatch.setattr("marketplace.web.bids.LINES_ON_A_PAGE", 2)
    lot = a_lot()
    for number in range(1, 6):
        a_bid(lot, maximum=number * 1000)
    client, path, seen = client_of(a_member(group_of(lot))), f"{page_of(lot)}/bids", []
    for _page in range(3):
        html = client.get(path).get_data(as_text=True)
        seen += re.findall(r'class="num"><data value="([\d.]+)"', html)
        following = re.search(r'href="([^"]+)" rel="next"', html)
        path = following[1].replace("&amp;", "&") if following else ""
    assert path == ""
    assert seen == ["41.00", "31.00", "20.50", "10.50", "5.00"]


# ---- the catalogue ----


def numbers(answer):
    return [int(number) for number in re.findall(r"Lot (\d+)", words(answer))]


def test_the_catalogue_shows_what_runs_the_next_to_end_first(app, client_of, group):
    now = clock.now()
    a_lot(an_item(group=group), ends_at=now + timedelta(days=3))
    a_lot(an_item(group=group), ends_at=now + timedelta(days=1))
    a_lot(an_item(group=group), starts_at=now + timedelta(days=1))
    past = {"starts_at": now - timedelta(days=3), "ends_at": now - timedelta(days=1)}
    a_lot(an_item(group=group), state=State.SOLD, **past)
    a_lot(an_item(group=group), state=State.PASSED, **past)
    a_lot(an_item(group=group), state=State.WITHDRAWN, **past)
    a_lot(an_item(group=group), hidden_at=now, state=State.PASSED, **past)
    client, path = client_of(a_member(group)), f"/g/{group.slug}/lots"
    assert numbers(client.get(path)) == [2, 1]
    assert numbers(client.get(f"{path}?stage=scheduled")) == [3]
    assert sorted(numbers(client.get(f"{path}?stage=ended"))) == [4, 5]


def test_it_is_sorted_and_sifted(app, client_of, group):
    for opening, category, title in ((900, "books", "A tome"), (500, "watches", "100% silver"), (700, "books", "Ötzi")):
        a_lot(an_item(group=group, category=category, title=title), opening=opening)
    client, path = client_of(a_member(group)), f"/g/{group.slug}/lots"
    assert numbers(client.get(f"{path}?order=price")) == [2, 3, 1]
    assert numbers(client.get(f"{path}?order=newest")) == [3, 2, 1]
    assert numbers(client.get(f"{path}?kind=books&order=price")) == [3, 1]
    assert numbers(client.get(f"{path}?q=TOME")) == [1]
    assert numbers(client.get(f"{path}?q=100%25")) == [2], "a percent sign is no pattern"
    assert numbers(client.get(f"{path}?q=3")) == [3], "a number finds its lot"
    assert "Signs alone find nothing." in words(client.get(f"{path}?q=_"))


@pytest.mark.parametrize("query", [
    "order=ending", "order=price", "order=newest", "stage=ended&order=ending", "stage=scheduled&order=ending",
])  # fmt: skip
def test_it_goes_on_page_by_page_without_a_gap_or_a_repetition(app, client_of, group, monkeypatch, query):
    monkeypatch.setattr("marketplace.auctions.catalogue.catalogue.__kwdefaults__", {"limit": 2})
    same = clock.now()
    for number in range(5):
        starts_at = same + timedelta(days=-30 if "ended" in query else 1 if "scheduled" in query else 0)
        state = {"state": State.SOLD} if "ended" in query else {}
        ends_at = same + timedelta(days=(-9 if "ended" in query else 2) + number // 3)
        a_lot(an_item(group=group), opening=500 + number // 2, starts_at=starts_at, ends_at=ends_at, **state)
    client, path, seen = client_of(a_member(group)), f"/g/{group.slug}/lots?{query}", []
    while path:
        answer = client.get(path)
        seen += numbers(answer)
        following = re.search(r'href="([^"]+)" rel="next"', answer.get_data(as_text=True))
        path = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("query", [
    "stage=nothing&order=sideways&kind=dragons", "after=x", "after=1", "after=-1-2", "after=" + "9" * 50 + "-1",
    "after=99999999999999999-1", "after=999999999999999999-999999999999999999", "q=" + "x" * 5000, "q=%00%01",
    "q=" + "9" * 100, "after=%C2%B2-%C2%B2", "after=%00", "q=%E2%80%AE", "stage=%00",
])  # fmt: skip
def test_an_address_that_makes_no_sense_is_still_a_page(app, client_of, group, query):
    a_lot(an_item(group=group))
    for order in ("", "&order=price"):
        assert client_of(a_member(group)).get(f"/g/{group.slug}/lots?{query}{order}").status_code == 200


def queries_of(client, path):
    said = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    try:
        assert client.get(path).status_code == 200
    finally:
        for listener in list(db.engine.dispatch.before_cursor_execute):
            if listener.__name__ == "<lambda>":
                event.remove(db.engine, "before_cursor_execute", listener)
    return len(said)


@pytest.mark.parametrize("path", ["/g/{slug}/lots", "/sales", "/bids"])
def test_a_page_asks_the_database_equally_often_for_one_lot_and_for_ten(app, client_of, group, path):
    seller, bidder = a_member(group), a_member(group)
    path = path.format(slug=group.slug)
    reader = client_of(bidder if path == "/bids" else seller)
    a_bid(a_lot(an_item(seller, group)), bidder)
    one = queries_of(reader, path)
    for _number in range(9):
        a_bid(a_lot(an_item(seller, group)), bidder)
    assert queries_of(reader, path) == one


def test_a_lots_page_asks_equally_often_for_one_bid_and_for_nine(app, client_of):
    lot = a_lot()
    reader = client_of(a_member(group_of(lot)))
    a_bid(lot, maximum=1000)
    one = queries_of(reader, page_of(lot))
    for number in range(2, 10):
        a_bid(lot, maximum=number * 1000)
    assert queries_of(reader, page_of(lot)) == one


# ---- putting an item up ----


def an_offer(item, **changes):
    ends_at = (clock.now() + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M")
    return {
        "opening": "12.50",
        "reserve": "",
        "starts_at": "",
        "ends_at": ends_at,
        "client_key": "a-client-key",
        **changes,
    }


def auction_of(item):
    return f"/g/{db.session.get_one(Group, item.group_id).slug}/items/{item.id}/auction"


def test_an_item_is_put_up_and_twice_pressed_is_once(app, client_of):
    item = an_item()
    client = client_of(db.session.get_one(Person, item.seller_id))
    assert "Opening price" in words(client.get(auction_of(item)))
    for _press in range(2):
        answer = client.post(auction_of(item), data=an_offer(item, reserve="30"))
        assert answer.status_code == 302
        assert answer.location.endswith("/lots/1")
    lot = db.session.scalars(select(Lot)).one()
    assert (lot.opening_minor, lot.reserve_minor, lot.state) == (1250, 3000, State.RUNNING)
    assert client.get(auction_of(item)).location.endswith("/lots/1"), "what runs is not put up again"


@pytest.mark.parametrize("changes", [
    {"opening": ""}, {"opening": "0"}, {"opening": "-5"}, {"opening": "12.505"}, {"opening": "\0"},
    {"opening": "9" * 40}, {"opening": "x" * 100_000}, {"opening": "\u202e12"}, {"reserve": "5"}, {"reserve": "free"},
    {"ends_at": ""}, {"ends_at": "soon"}, {"ends_at": "9999-12-31T23:59"}, {"ends_at": "2001-01-01T00:00"},
    {"starts_at": "2001-01-01T00:00"}, {"starts_at": "\0"}, {"client_key": ""}, {"client_key": "'; drop table lots"},
])  # fmt: skip
def test_what_makes_no_sense_comes_back_with_what_was_typed(app, client_of, changes):
    item = an_item()
    client = client_of(db.session.get_one(Person, item.seller_id))
    answer = client.post(auction_of(item), data=an_offer(item, **{"opening": "12.50", **changes}))
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'class="error"' in html or 'role="alert"' in html
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 0


def test_other_peoples_items_are_not_put_up(app, client, client_of):
    item = an_item()
    group = db.session.get_one(Group, item.group_id)
    assert client_of(a_member(group)).post(auction_of(item), data=an_offer(item)).status_code == 403
    assert client_of(a_person()).post(auction_of(item), data=an_offer(item)).status_code == 404
    assert client.post(auction_of(item), data=an_offer(item)).status_code in {302, 401}
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 0


# ---- taking it back, listing it again, hiding it ----


@pytest.mark.one_database
def test_cancelling_asks_for_a_reason_only_where_there_are_bids(app, client_of):
    lot = a_lot()
    seller = client_of(seller_of(lot))
    assert "Until somebody bids you take it back on its page" in words(seller.get(f"{page_of(lot)}/cancel"))
    a_bid(lot, maximum=900)
    assert "There are bids on this lot." in words(seller.get(f"{page_of(lot)}/cancel"))


def test_the_seller_withdraws_with_one_click_and_lists_again_with_one(app, client_of):
    lot = a_lot()
    seller = client_of(seller_of(lot))
    assert "Withdraw this lot" in words(seller.get(page_of(lot)))
    assert seller.post(f"{page_of(lot)}/withdraw").status_code == 302
    assert db.session.get_one(Lot, lot.id, populate_existing=True).state == State.WITHDRAWN
    passed = a_lot(an_item(seller_of(lot), group_of(lot)), state=State.PASSED)
    html = seller.get(page_of(passed)).get_data(as_text=True)
    key = re.search(r'action="[^"]+relist">.*?name="client_key" value="([^"]+)"', html, re.DOTALL)[1]
    for _press in range(2):
        answer = seller.post(f"{page_of(passed)}/relist", data={"client_key": key})
        assert answer.location.endswith(f"/lots/{passed.number + 1}")
    assert "List it again" not in words(seller.get(page_of(passed)))
    assert seller.post(f"{page_of(passed)}/relist", data={"client_key": "another-key"}).status_code == 302
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 3


def test_members_have_no_such_buttons_and_the_deeds_refuse_them(app, client_of):
    lot = a_lot()
    member = client_of(a_member(group_of(lot)))
    page = words(member.get(page_of(lot)))
    assert "Withdraw this lot" not in page
    assert "Hide this lot" not in page
    assert "Report this lot" in page
    assert member.post(f"{page_of(lot)}/withdraw").status_code == 403
    assert member.get(f"{page_of(lot)}/hide").status_code == 403
    assert member.post(f"{page_of(lot)}/hide", data={"reason": "x"}).status_code == 403


def test_a_moderator_hides_a_lot_with_a_reason(app, client_of):
    lot = a_lot()
    moderator = client_of(a_member(group_of(lot), Role.MODERATOR))
    member = client_of(a_member(group_of(lot)))
    assert "Hide this lot" in words(moderator.get(page_of(lot)))
    assert moderator.post(f"{page_of(lot)}/hide", data={"reason": ""}).status_code == 422
    assert moderator.post(f"{page_of(lot)}/hide", data={"reason": "It is a fake"}).status_code == 302
    assert member.get(page_of(lot)).status_code == 404
    assert "It is a fake" in words(client_of(seller_of(lot)).get(page_of(lot)))
