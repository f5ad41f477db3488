"""The two steps of a bid, and the pages of one's own bids and sales."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.auctions import closing, service
from marketplace.auctions.increment_rules import STEPS
from marketplace.auctions.models import Bid, Lot
from marketplace.auctions.record_file import read
from marketplace.auctions.record_rules import examine
from marketplace.auctions.rules import State
from marketplace.groups import joining, members
from marketplace.groups.entry_rules import JoinPolicy
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Ladder, Terms
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


def words(answer):
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)).replace("\xa0", " ").replace("&nbsp;", " ")
    return " ".join(text.split())


def hidden_fields(answer, action):
    """The hidden fields of the form that goes to `action`."""
    form = re.search(rf'<form[^>]+action="[^"]*{action}[^"]*".*?</form>', answer.get_data(as_text=True), re.DOTALL)[0]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def bids():
    return db.session.scalar(select(func.count()).select_from(Bid))


def test_a_bid_takes_two_steps_and_the_second_shows_the_whole_sum(app, client_of):
    lot = a_lot(opening=500, shipping_minor=980)
    client = client_of(a_member(group_of(lot)))
    key = hidden_fields(client.get(page_of(lot)), "check")["client_key"]
    checked = client.post(f"{page_of(lot)}/check", data={"maximum": "12.50", "client_key": key})
    assert checked.status_code == 200
    assert "Bid up to EUR 12.50 ?" in words(checked)
    assert "You pay at most EUR 22.30" in words(checked)
    assert "data-shown" in checked.get_data(as_text=True)
    assert bids() == 0, "nothing is binding yet"
    fields = hidden_fields(checked, "/bid")
    assert fields["client_key"] == key
    placed = client.post(f"{page_of(lot)}/bid", data=fields)
    assert placed.location == page_of(lot)
    assert "You lead at EUR 5.00. We bid for you up to EUR 12.50" in words(client.get(page_of(lot)))
    assert (now_of(lot).leader_maximum_minor, bids()) == (1250, 1)


def test_a_double_click_is_one_bid(app, client_of):
    lot = a_lot()
    client = client_of(a_member(group_of(lot)))
    fields = hidden_fields(
        client.post(f"{page_of(lot)}/check", data={"maximum": "12.50", "client_key": "double-click"}), "/bid"
    )
    assert [client.post(f"{page_of(lot)}/bid", data=fields).status_code for _click in range(3)] == [302, 302, 302]
    assert bids() == 1


@pytest.mark.parametrize("step", ["check", "bid"])
def test_who_comes_back_to_a_step_is_at_the_lot_again(app, client, step):
    assert client.get(f"/g/some-group/lots/7/{step}").location == "/g/some-group/lots/7"


def test_a_second_bid_has_a_key_of_its_own(app, client_of):
    lot = a_lot()
    client = client_of(a_member(group_of(lot)))
    keys = {hidden_fields(client.get(page_of(lot)), "check")["client_key"] for _look in range(2)}
    assert len(keys) == 2


def test_many_times_the_price_is_pointed_out_and_needs_the_second_step(app, client_of):
    lot = a_lot(opening=500)
    client = client_of(a_member(group_of(lot)))
    far = {"maximum": "25", "client_key": "a-client-key"}
    assert "many times the price" in words(client.post(f"{page_of(lot)}/check", data=far))
    straight = client.post(f"{page_of(lot)}/bid", data=far)
    assert straight.status_code == 422
    assert "many times the price" in words(straight)
    assert bids() == 0
    near = {"maximum": "24.99", "client_key": "a-client-key"}
    assert "many times the price" not in words(client.post(f"{page_of(lot)}/check", data=near))


@pytest.mark.parametrize("typed", [
    "", "4.99", "0", "-1", "12.505", "abc", "\0", "1" * 40, "x" * 100_000, "\u202e12.50", "NaN", "Infinity",
    "99999999999",
])  # fmt: skip
@pytest.mark.parametrize("step", ["check", "bid"])
def test_what_is_no_bid_comes_back_with_a_sentence_at_the_field(app, client_of, typed, step):
    lot = a_lot(opening=500)
    client = client_of(a_member(group_of(lot)))
    answer = client.post(
        f"{page_of(lot)}/{step}", data={"maximum": typed, "client_key": "a-client-key", "confirmed": "1"}
    )
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'id="maximum-error"' in html
    assert 'aria-invalid="true"' in html
    if typed and len(typed) < 50 and "\0" not in typed:
        assert f'value="{typed}"' in html
    assert bids() == 0


@pytest.mark.parametrize("changes", [
    {"client_key": ""}, {"client_key": "'"}, {"shipping_seen": "x"}, {"shipping_seen": "-1"}, {"confirmed": "perhaps"},
    {"shipping_seen": "9" * 50},
])  # fmt: skip
def test_fields_that_nobody_types_are_checked_as_well(app, client_of, changes):
    lot = a_lot(opening=500)
    client = client_of(a_member(group_of(lot)))
    data = {"maximum": "12", "client_key": "a-client-key", "confirmed": "1", **changes}
    assert client.post(f"{page_of(lot)}/bid", data=data).status_code in {409, 422}
    assert bids() == 0


def test_when_the_price_moved_between_the_steps_the_page_says_so(app, client_of):
    lot = a_lot(opening=500)
    client = client_of(a_member(group_of(lot)))
    checked = client.post(f"{page_of(lot)}/check", data={"maximum": "6", "client_key": "a-client-key"})
    a_bid(lot, maximum=10000)
    a_bid(lot, maximum=2000)
    answer = client.post(f"{page_of(lot)}/bid", data=hidden_fields(checked, "/bid"))
    assert answer.status_code == 422
    assert "The next bid is EUR 21.00 or more." in words(answer)


def test_who_is_overtaken_gets_a_short_page_with_all_that_he_needs_to_bid_again(app, client_of):
    lot = a_lot(an_item(description="Runs, with its key."), opening=500)
    client = client_of(a_member(group_of(lot)))
    checked = client.post(f"{page_of(lot)}/check", data={"maximum": "12.50", "client_key": "a-client-key"})
    a_bid(lot, maximum=10000)
    a_bid(lot, maximum=2000)
    answer = client.post(f"{page_of(lot)}/bid", data=hidden_fields(checked, "/bid"))
    page = answer.get_data(as_text=True)
    assert "Your bid does not count yet" in words(answer)
    assert "EUR 20.50" in words(answer), "the price now"
    assert 'value="12.50"' in page, "what he typed"
    assert "Runs, with its key." not in page, "the rest of the lot is a touch away"
    assert f'href="{page_of(lot)}"' in page
    for part in ("live", "live-line", "live-price", "live-banners"):
        assert f'id="{part}"' in page, "the price stays live"
    again = hidden_fields(answer, "/check") | {"maximum": "120"}
    placed = client.post(f"{page_of(lot)}/bid", data=again | {"confirmed": "1"})
    assert placed.location == page_of(lot)
    assert "You lead at" in words(client.get(page_of(lot)))


def test_who_cannot_bid_any_more_reads_it_and_gets_no_form(app, client_of):
    lot = a_lot(opening=500)
    client = client_of(a_member(group_of(lot)))
    checked = client.post(f"{page_of(lot)}/check", data={"maximum": "6", "client_key": "a-client-key"})
    clock.move(timedelta(days=1))
    closing.close_due_lots()
    answer = client.post(f"{page_of(lot)}/bid", data=hidden_fields(checked, "/bid"))
    assert answer.status_code == 422
    assert "Your bid does not count" in words(answer)
    assert "Your bid does not count yet" not in words(answer)
    page = answer.get_data(as_text=True)
    assert 'name="maximum"' not in page
    assert 'aria-labelledby="bid-h"' not in page, "no empty sheet either"


def test_why_a_bid_is_refused_tells_the_time_of_the_group(app, client_of):
    lot = a_lot(ends_at=datetime(2026, 11, 27, 19, 15, tzinfo=UTC), starts_at=datetime(2026, 11, 20, tzinfo=UTC))
    client = client_of(a_member(group_of(lot)))
    with unit_of_work():
        group_of(lot).time_zone = "Asia/Tokyo"
    data = {"maximum": "20", "client_key": "a-client-key", "confirmed": "1"}
    clock.move(max(timedelta(), lot.ends_at - clock.now()) + timedelta(seconds=1))
    assert "ended on 28 November 2026, 04:15" in words(client.post(f"{page_of(lot)}/bid", data=data))


def test_who_is_outbid_at_once_reads_it_on_the_lots_page(app, client_of):
    lot = a_lot(opening=500)
    a_bid(lot, maximum=10000)
    client = client_of(a_member(group_of(lot)))
    data = {"maximum": "20", "client_key": "a-client-key", "confirmed": "1"}
    assert client.post(f"{page_of(lot)}/bid", data=data).status_code == 302
    page = words(client.get(page_of(lot)))
    assert "You have been outbid." in page
    assert "We bid for you up to" not in page


@pytest.mark.parametrize("step", ["check", "bid"])
def test_own_lots_ended_lots_and_others_groups_take_no_bids(app, client, client_of, step):
    lot = a_lot()
    seller, stranger, member = (
        client_of(person) for person in (db.session.get_one(Person, lot.seller_id), a_person(), a_member(group_of(lot)))
    )
    data = {"maximum": "20", "client_key": "a-client-key", "confirmed": "1"}
    path = f"{page_of(lot)}/{step}"
    assert seller.post(path, data=data).status_code == 403
    assert stranger.post(path, data=data).status_code == 404
    assert client.post(path, data=data).status_code in {302, 401}
    clock.move(timedelta(days=1))
    late = member.post(path, data=data)
    assert late.status_code == 422
    assert "ended on" in words(late)
    assert bids() == 0


def test_the_page_never_offers_the_seller_a_bid(app, client_of):
    lot = a_lot()
    page = client_of(db.session.get_one(Person, lot.seller_id)).get(page_of(lot)).get_data(as_text=True)
    assert 'name="maximum"' not in page
    assert "bidbar" not in page


# ---- my bids, my sales ----


def test_my_bids_say_where_i_stand(app, client_of):
    group = a_group()
    anna = a_member(group)
    leading, outbid, won, lost, passed, withdrawn = (a_lot(an_item(group=group)) for _lot in range(6))
    for lot in (leading, outbid, won, lost, passed, withdrawn):
        a_bid(lot, anna, 1000)
    for lot in (outbid, lost):
        a_bid(lot, maximum=5000)
    with unit_of_work():
        for lot, state in ((won, State.SOLD), (lost, State.SOLD), (passed, State.PASSED), (withdrawn, State.WITHDRAWN)):
            db.session.get_one(Lot, lot.id).state = state
    client = client_of(anna)
    running, ended = words(client.get("/bids")), words(client.get("/bids?show=ended"))
    assert [running.count(word) for word in ("You lead up to EUR 10.00", "Outbid you went to EUR 10.00")] == [1, 1]
    assert [ended.count(word) for word in ("Won", "Lost", "Passed", "Withdrawn")] == [1, 1, 1, 1]
    assert "Lot" not in words(client_of(a_member(group)).get("/bids")).replace("Lot, maker", "")


def test_my_sales_say_what_became_of_them(app, client_of):
    group = a_group()
    seller = a_member(group)
    for state in (State.SCHEDULED, State.RUNNING, State.SOLD, State.PASSED, State.WITHDRAWN):
        a_lot(an_item(seller, group), state=state)
    client = client_of(seller)
    running, ended = words(client.get("/sales")), words(client.get("/sales?show=ended"))
    assert "To come" in running
    assert "No bid yet, no reserve" in running
    assert all(word in ended for word in ("Sold", "Passed Nobody bid.", "Withdrawn"))


def test_a_member_watches_a_lot_and_stops(app, client_of):
    lot = a_lot(title="Cylinder watch")
    anna = client_of(a_member(group_of(lot)))
    assert "Watch this lot" in words(anna.get(page_of(lot)))
    answer = anna.post(f"{page_of(lot)}/watch", follow_redirects=True)
    assert "We tell you an hour before it ends." in words(answer)
    assert "Stop watching this lot" in words(answer)
    assert "Cylinder watch" in words(anna.get("/watching"))
    assert "No lot that you watch has ended yet." in words(anna.get("/watching?show=ended"))
    assert "You no longer watch this lot." in words(anna.post(f"{page_of(lot)}/stop-watching", follow_redirects=True))
    assert "You watch nothing that runs." in words(anna.get("/watching"))


def test_who_watches_in_the_last_hour_is_promised_no_reminder(app, client_of):
    lot = a_lot(ends_at=clock.now() + timedelta(minutes=30))
    anna = client_of(a_member(group_of(lot)))
    answer = anna.post(f"{page_of(lot)}/watch", follow_redirects=True)
    assert "It ends within the hour, so we send no reminder." in words(answer)


def test_of_a_withdrawn_lot_no_seal_is_promised_to_be_opened(app, client_of):
    lot = a_lot()
    service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    page = words(client_of(a_member(group_of(lot))).get(f"{page_of(lot)}/bids"))
    assert "no seal is opened" in page
    assert "Keep a copy now" not in page


def test_a_seller_is_told_that_he_need_not_watch_his_own_lot(app, client_of):
    lot = a_lot()
    seller = client_of(db.session.get_one(Person, lot.seller_id))
    assert "Watch this lot" not in words(seller.get(page_of(lot)))
    answer = seller.post(f"{page_of(lot)}/watch")
    assert answer.status_code == 403
    assert "This is your own lot." in words(answer)


def test_of_what_one_watched_and_may_see_no_more_the_list_says_why(app, client_of):
    group = a_group()
    hidden, left = a_lot(an_item(group=group)), a_lot()
    anna = a_member(group)
    a_member(group_of(left), person=anna)
    for lot in (hidden, left):
        client_of(anna).post(f"{page_of(lot)}/watch")
    moderator = a_member(group, Role.MODERATOR)
    service.hide_lot(lot_id=hidden.id, by=moderator.id, reason="A copy.")
    members.leave_group(by=anna.id, group_id=left.group_id)
    assert "You are no longer a member of" in words(client_of(anna).get("/watching"))
    page = client_of(anna).get("/watching?show=ended")
    assert "A moderator has hidden this lot." in words(page)
    assert page_of(hidden) not in page.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/bids", "/sales"])
def test_they_go_on_page_by_page_and_are_ones_own(app, client, client_of, monkeypatch, path):
    monkeypatch.setattr("marketplace.auctions.lists.PAGE", 2)
    group = a_group()
    anna, seller = a_member(group), a_member(group)
    for _lot in range(5):
        a_bid(a_lot(an_item(seller, group)), anna)
    reader, at, seen = client_of(anna if path == "/bids" else seller), path, []
    while at:
        answer = reader.get(at)
        seen += re.findall(r"Lot (\d)", words(answer))
        following = re.search(r'href="([^"]+)" rel="next"', answer.get_data(as_text=True))
        at = following[1].replace("&amp;", "&") if following else ""
    assert seen == ["5", "4", "3", "2", "1"]
    assert client.get(path).status_code in {302, 401}
    assert reader.get(f"{path}?before=x&show=%00").status_code == 200


def test_the_law_is_told_with_an_example_that_the_law_has_computed(app, client):
    page = words(client.get("/how-bidding-works"))
    for _start, step in (line for steps in STEPS.values() for line in steps):
        assert f"EUR {step / 100:,.2f}" in page
    assert "1. Heron EUR 120.00 Heron EUR 50.00 EUR 51.00" in page
    assert "2. Larch EUR 80.00 Heron EUR 81.00 EUR 82.00" in page
    assert "3. Heron EUR 150.00 Heron EUR 81.00 EUR 82.00" in page
    assert "4. Larch EUR 152.00 Larch EUR 152.00 EUR 154.50" in page


@pytest.mark.parametrize(("ladder", "least", "name"), [
    (Ladder.FINE, "EUR 16.50", "Fine steps"), (Ladder.HOUSE, "EUR 21.00", "Round steps, as auction houses take them"),
    (Ladder.PERCENT, "EUR 16.80", "5 % of the price"),
])  # fmt: skip
def test_a_lot_climbs_by_the_ladder_of_its_group_and_says_so(app, client_of, ladder, least, name):
    lot = a_lot(opening=1600, terms=Terms(ladder=ladder))
    a_bid(lot, a_member(group_of(lot)), 5000)
    page = words(client_of(a_member(group_of(lot))).get(page_of(lot)))
    assert f"Next bid, at least {least}" in page
    assert f"Bidding climbs by {name}" in page


def test_a_member_takes_the_record_of_an_auction_home(app, client_of):
    lot = a_lot(reserve=2000)
    anna, ben = a_member(group_of(lot)), a_member(group_of(lot))
    a_bid(lot, anna, 1000)
    a_bid(lot, ben, 5000)
    path = f"{page_of(lot)}/record.json"
    running = client_of(anna).get(path)
    assert running.mimetype == "application/json"
    assert running.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "no-store" in running.headers["Cache-Control"]
    assert [bid["amount"] for bid in running.json["bids"]] == [1000, None]
    assert "Keep a copy now" in words(client_of(anna).get(f"{page_of(lot)}/bids"))
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    assert "The auction has ended, so the seals are opened" in words(client_of(anna).get(f"{page_of(lot)}/bids"))
    record, _about = read(client_of(anna).get(path).text)
    assert not examine(record)
    assert (record.price.minor, record.reserve.amount.minor) == (2000, 2000)


def test_who_left_with_his_bids_reads_why_he_cannot_bid_here(app, client_of):
    group = a_group(join_policy=JoinPolicy.OPEN)
    lot, anna = a_lot(an_item(group=group)), a_member(group)
    a_bid(lot, anna, 1000)
    members.leave_group(by=anna.id, group_id=group.id)
    joining.ask_to_join(by=anna.id, group_id=group.id, answers=[], agreed_version=1)
    page = client_of(anna).get(page_of(lot))
    assert "taken back when you left the group" in words(page)
    assert 'id="bid"' not in page.get_data(as_text=True)


def test_a_used_form_with_another_maximum_comes_back_with_a_new_key(app, client_of):
    lot = a_lot()
    client = client_of(a_member(group_of(lot)))
    fields = {"maximum": "12.50", "client_key": "a-client-key", "confirmed": "1"}
    client.post(f"{page_of(lot)}/bid", data=fields)
    answer = client.post(f"{page_of(lot)}/bid", data={**fields, "maximum": "14"})
    assert answer.status_code == 422
    assert "This form was used already." in words(answer)
    assert 'value="14"' in answer.get_data(as_text=True)
    assert hidden_fields(answer, "check")["client_key"] != "a-client-key"
    assert (now_of(lot).leader_maximum_minor, bids()) == (1250, 1)


def test_a_bid_sent_again_later_does_not_say_that_he_leads(app, client_of):
    lot = a_lot()
    client = client_of(a_member(group_of(lot)))
    fields = {"maximum": "12.50", "client_key": "a-client-key", "confirmed": "1"}
    client.post(f"{page_of(lot)}/bid", data=fields)
    client.get(page_of(lot))
    a_bid(lot, maximum=2000)
    assert client.post(f"{page_of(lot)}/bid", data=fields).status_code == 302
    assert "You lead" not in words(client.get(page_of(lot)))


def test_of_lots_that_are_no_longer_his_to_see_the_list_says_why_and_no_more(app, client_of):
    group = a_group(name="Lindengasse Antiques")
    left, hidden = (a_lot(an_item(group=group, photos=1, title=title)) for title in ("Vase", "Clock"))
    anna, ben, moderator = a_member(group), a_member(group), a_member(group, Role.MODERATOR)
    a_bid(left, anna, 1000)
    a_bid(hidden, ben, 1000)
    members.remove_member(by=moderator.id, group_id=group.id, person_id=anna.id, reason="Never paid")
    service.hide_lot(lot_id=hidden.id, by=moderator.id, reason="A fake")
    says = "Your bids were taken back: you are no longer a member of Lindengasse Antiques."
    for lot, bidder, path, sentence in (
        (left, anna, "/bids", f"Vase {says}"),
        (hidden, ben, "/bids?show=ended", "Clock A moderator has hidden this lot. No bid on it counts."),
    ):
        answer = client_of(bidder).get(path)
        assert sentence in words(answer)
        html = answer.get_data(as_text=True)
        assert "/photos/" not in html
        assert page_of(lot) not in html
        assert "EUR" not in words(answer)
    assert "Vase" not in words(client_of(anna).get("/"))
