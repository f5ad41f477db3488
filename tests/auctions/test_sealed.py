"""Sealed bids: nothing to be seen until the end, and the price of the format then. On both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.auctions import catalogue, closing, queries, records, retracting, rules, service
from marketplace.auctions.bid_rules import judge_bid, least_bid, price
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.auctions.record_file import read, written
from marketplace.auctions.record_rules import examine
from marketplace.auctions.retraction_rules import LotGone, Reason, Refusal
from marketplace.auctions.rules import Action, Format, Party, State
from marketplace.auctions.search_rules import Search
from marketplace.auctions.verify import main
from marketplace.catalog.models import Item
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken, TooLate
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from tests.auctions.test_rules import NOON, SELLER, a_lot as lot_of_the_law
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_member

SEALED = [Format.SEALED_FIRST, Format.SEALED_SECOND]


def eur(minor):
    return Money(minor, "EUR")


# ---- the law ----

BIDS = st.lists(st.tuples(st.sampled_from((2, 3, 4)), st.integers(400, 3000)), max_size=8)


@given(bids=BIDS, how=st.sampled_from(SEALED), reserve=st.none() | st.integers(500, 3000))
def test_the_highest_has_it_and_pays_by_the_format(bids, how, reserve):
    """Against a model that sorts all bids at the end."""
    lot = lot_of_the_law(format=how, reserve=None if reserve is None else eur(reserve))
    best = {}
    for bidder, sum_ in bids:
        before = lot
        own = None if bidder not in best else eur(best[bidder][0])
        try:
            verdict = judge_bid(lot, bidder_id=bidder, maximum=eur(sum_), now=NOON - timedelta(seconds=5), own=own)
        except RuleBroken:
            assert sum_ < 500 or (bidder in best and sum_ <= best[bidder][0])
            continue
        assert sum_ >= 500 and (bidder not in best or sum_ > best[bidder][0])
        lot, best[bidder] = verdict.lot, (sum_, len(best) + lot.bid_count)
        assert (verdict.price, price(lot), lot.ends_at) == (eur(500), eur(500), before.ends_at)
        assert (verdict.outbid_id, verdict.is_quiet) == (None, False)
    ended = rules.Lot(**{name: getattr(lot, name) for name in lot.__slots__} | {"state": State.SOLD})
    if not best:
        assert not rules.is_sold_at_the_end(lot)
        return
    ranked = sorted(((sum_, -at, bidder) for bidder, (sum_, at) in best.items()), reverse=True)
    highest, second = ranked[0][0], ranked[1][0] if len(ranked) > 1 else 500
    assert lot.leader_maximum == eur(highest)
    assert rules.is_sold_at_the_end(lot) == (reserve is None or highest >= reserve)
    if rules.is_sold_at_the_end(lot):
        paid = highest if how is Format.SEALED_FIRST else max(second, reserve or 0)
        assert price(ended) == eur(paid)


@pytest.mark.parametrize("how", SEALED)
def test_what_one_may_do_tells_nothing_of_the_bids_of_others(how):
    empty = lot_of_the_law(format=how)
    bid = judge_bid(empty, bidder_id=2, maximum=eur(900), now=NOON - timedelta(days=2)).lot
    for by in (Party.SELLER, Party.MODERATOR, Party.CLOCK):
        for now in (NOON - timedelta(days=2), NOON - timedelta(hours=3)):
            assert rules.open_to(empty, by=by, now=now) == rules.open_to(bid, by=by, now=now)
    assert least_bid(empty, bidder_id=3) == least_bid(bid, bidder_id=3) == eur(500)
    assert Action.WITHDRAW not in rules.open_to(empty, by=Party.SELLER, now=NOON - timedelta(days=2))
    assert rules.party_of(SELLER, SELLER) is Party.SELLER


# ---- what is to be seen ----


@pytest.fixture
def lot(app):
    return a_lot(opening=500, reserve=1500, format=Format.SEALED_SECOND)


@pytest.fixture
def people(lot):
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    for bidder, sum_ in ((anna, 1000), (ben, 9000)):
        a_bid(lot, bidder, sum_)
    return anna, ben


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def as_seen(lot, person_id):
    """All that pages and the record give of a lot to one person."""
    row = now_of(lot)
    seat = queries.seat_of(row, person_id, now=clock.now())
    lines = [(line.name, line.price, line.maximum) for line in queries.history(row, person_id)]
    columns = (row.price_minor, row.bid_count, row.version, row.is_reserve_met, row.ends_at, row.is_buy_now_gone)
    return seat, lines, columns


def test_until_the_end_nobody_sees_anything_of_others(lot, app):
    group = db.session.get_one(Group, lot.group_id)
    viewers = [lot.seller_id, *(a_member(group, role).id for role in (Role.OWNER, Role.MODERATOR, Role.MEMBER)), None]
    before = [as_seen(lot, viewer) for viewer in viewers]
    frozen = db.session.get_one(Item, lot.item_id).frozen_at
    a_bid(lot, maximum=2000)
    a_bid(lot, maximum=9000)
    assert [as_seen(lot, viewer) for viewer in viewers] == before
    assert [line.bidder for line in records.record_for(now_of(lot), lot.seller_id).lines] == []
    assert db.session.scalars(select(Notice)).all() == []
    assert frozen is None or db.session.get_one(Item, lot.item_id).frozen_at == frozen
    page = catalogue.catalogue(lot.group_id, Search(), now=clock.now())
    assert [(each.price_minor, each.bid_count) for each in page.lots] == [(500, 0)]


def test_ones_own_bid_one_sees_and_may_raise(lot, people):
    anna, _ben = people
    seat, lines, _columns = as_seen(lot, anna.id)
    assert (seat.maximum, seat.leads, seat.least, seat.bidders) == (eur(1000), False, eur(1001), 0)
    assert [maximum for _name, _price, maximum in lines] == [eur(1000)]
    record = records.record_for(now_of(lot), anna.id)
    assert ([line.leads for line in record.lines], record.leader) == ([False], "")
    with pytest.raises(RuleBroken, match="never lowered"):
        a_bid(lot, anna, 999)
    placed = a_bid(lot, anna, 2000)
    assert (placed.leads, placed.maximum) == (False, eur(2000))


def test_at_the_end_all_is_opened_and_the_record_holds(lot, people, capsys, tmp_path):
    _anna, ben = people
    cleo = a_member(db.session.get_one(Group, lot.group_id))
    a_bid(lot, cleo, 4000, at=lot.ends_at - timedelta(seconds=5))
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    after = now_of(lot)
    assert (after.state, after.leader_id, after.price_minor, after.bid_count) == (State.SOLD, ben.id, 4000, 3)
    assert after.ends_at == after.scheduled_end_at
    text = written(records.record_for(after, cleo.id), group="g", number=1, title="t")
    assert not examine(read(text)[0])
    assert examine(read(text.replace('"price": 4000', '"price": 4100'))[0])
    (tmp_path / "record.json").write_text(text)
    assert main([str(tmp_path / "record.json")]) == 0
    assert "The best bid of anybody else was EUR 40.00, and that is paid" in capsys.readouterr().out


def test_a_sealed_bid_is_retracted_without_a_word_to_anybody(lot, people):
    anna, ben = people
    before = as_seen(lot, lot.seller_id)
    retracting.retract(
        lot_id=lot.id, by=ben.id, reason=Reason.TYPO, corrected=eur(900), client_key="key-of-the-form", confirmed=True
    )
    assert as_seen(lot, lot.seller_id) == before
    assert db.session.scalars(select(Notice)).all() == []
    assert now_of(lot).leader_id == anna.id
    assert len(db.session.scalars(select(Bid)).all()) == 3


def test_who_has_bid_is_not_to_be_guessed(lot, people):
    names = [line.bidder for line in records.record_for(now_of(lot), people[0].id).lines]
    moderator = a_member(db.session.get_one(Group, lot.group_id), Role.MODERATOR)
    for name in (*names, "Nobody"):
        with pytest.raises(RuleBroken, match="sealed"):
            retracting.retract_for(lot_id=lot.id, by=moderator.id, bidder=name, reason=Reason.TYPO)
        with pytest.raises(RuleBroken, match="sealed"):
            retracting.cancel_bids(lot_id=lot.id, by=lot.seller_id, bidder=name, reason=Refusal.ASKED)


@pytest.mark.one_database
def test_no_page_of_a_sealed_lot_names_who_has_bid(lot, people, client_of):
    group = db.session.get_one(Group, lot.group_id)
    seller = db.session.get_one(Person, lot.seller_id)
    moderator, owner = a_member(group, Role.MODERATOR), a_member(group, Role.OWNER)
    names = list(db.session.scalars(select(Alias.name)))
    assert len(names) == 2
    told = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in (*names, "90.00", "10.00")))
    for who, pages in (
        (seller, ("", "/bids", "/cancel-bids", "/cancel", "/now", "/record.json")),
        (moderator, ("", "/bids", "/retract-for", "/now", "/record.json", "/hide")),
        (owner, ("", "/bids", "/retract-for", "/now", "/record.json")),
    ):
        client = client_of(who)
        for page in pages:
            answer = client.get(f"/g/{group.slug}/lots/{lot.number}{page}")
            assert answer.status_code == 200, page
            text = answer.get_data(as_text=True)
            assert not told.findall(text), (who.name, page)


def test_a_seller_ends_it_with_a_reason_whether_there_are_bids_or_not(app):
    for bids in (0, 1):
        lot = a_lot(opening=500, format=Format.SEALED_FIRST)
        for _each in range(bids):
            a_bid(lot, maximum=900)
        with pytest.raises(TooLate, match="sealed"):
            service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
        service.cancel_lot(lot_id=lot.id, by=lot.seller_id, reason=LotGone.LOST)


def test_a_sealed_lot_is_fixed_when_it_starts_and_has_no_price_for_buying_at_once(app):
    item = an_item()
    asked = {
        "by": item.seller_id, "item_id": item.id, "opening": eur(1000), "ends_at": clock.now() + timedelta(days=2),
        "client_key": "key-of-the-lot", "format": Format.SEALED_FIRST,
    }  # fmt: skip
    with pytest.raises(RuleBroken) as refusal:
        service.list_lot(**asked, buy_now=eur(9000))
    assert refusal.value.field == "buy_now"
    service.list_lot(**asked)
    assert db.session.get_one(Item, item.id, populate_existing=True).frozen_at is not None
