"""Placing bids, on both databases."""

from __future__ import annotations

import functools
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from marketplace.accounts.models import Person
from marketplace.auctions import aliases, bidding, following, retracting, service
from marketplace.auctions.events import BidPlaced, BidsVoided, LotWithdrawn, Outbid
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.auctions.rules import State
from marketplace.catalog.models import Item
from marketplace.groups import founding, joining, members
from marketplace.groups.entry_rules import JoinPolicy
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly, TooLate
from marketplace.kernel.money import Money
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member


@pytest.fixture
def told(monkeypatch):
    """What was announced, in order."""
    heard = []
    monkeypatch.setattr(bidding, "announce", heard.append)
    monkeypatch.setattr(retracting, "announce", heard.append)
    monkeypatch.setattr(service, "announce", heard.append)
    return heard


def now_of(lot):
    return db.session.get_one(Lot, lot.id, populate_existing=True)


def bid(lot, by, maximum, key="key-of-this-bid", **how):
    how = {"confirmed": True, **how}
    return bidding.place_bid(lot_id=lot.id, by=by.id, maximum=Money(maximum, lot.currency), client_key=key, **how)


def test_a_bid_is_kept_and_the_lot_carries_what_the_next_one_needs(app):
    lot = a_lot(opening=500)
    anna, ben = (a_member(db.session.get_one(Group, lot.group_id), name=name) for name in ("Anna", "Ben"))
    assert a_bid(lot, anna, 9000) == (Money(500, "EUR"), True, Money(9000, "EUR"), False)
    placed = a_bid(lot, ben, 1000)
    lot = now_of(lot)
    assert (placed.leads, placed.price) == (False, Money(1050, "EUR"))
    assert (lot.leader_id, lot.leader_maximum_minor, lot.second_maximum_minor) == (anna.id, 9000, 1000)
    assert (lot.price_minor, lot.bid_count, lot.version) == (1050, 2, 2)
    history = db.session.scalars(select(Bid).where(Bid.lot_id == lot.id).order_by(Bid.id)).all()
    assert [(b.bidder_id, b.maximum_minor, b.price_minor, b.leads) for b in history] == [
        (anna.id, 9000, 500, True), (ben.id, 1000, 1050, False),
    ]  # fmt: skip


def test_the_same_key_is_the_same_bid(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    first = bid(lot, anna, 1000)
    again = bid(lot, anna, 1000)
    assert again == first
    with pytest.raises(Stale, match="used already"):
        bid(lot, anna, 2000)
    assert now_of(lot).leader_maximum_minor == 1000
    assert db.session.scalar(select(func.count()).select_from(Bid)) == 1


def test_a_repeated_bid_hears_how_the_lot_stands_now(app):
    lot = a_lot(opening=500)
    anna = a_member(db.session.get_one(Group, lot.group_id))
    bid(lot, anna, 1000)
    bid(lot, anna, 1500, key="a-quiet-raise")
    assert bid(lot, anna, 1000) == (Money(500, "EUR"), True, Money(1500, "EUR"), False)
    a_bid(lot, maximum=2000)
    assert bid(lot, anna, 1000) == (Money(1550, "EUR"), False, Money(1000, "EUR"), False)


def test_a_repeated_bid_gets_an_answer_even_after_the_end_and_leads_no_more(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    first = bid(lot, anna, 1000)
    with clock.at(lot.ends_at + timedelta(days=1)):
        assert bid(lot, anna, 1000) == first._replace(leads=False)


def test_others_are_told_who_was_outbid_and_nobody_else(app, told):
    lot = a_lot()
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    a_bid(lot, anna, 1000)
    a_bid(lot, ben, 600)
    assert not [fact for fact in told if isinstance(fact, Outbid)]
    a_bid(lot, ben, 2000)
    outbid = [fact for fact in told if isinstance(fact, Outbid)]
    assert [fact.person_id for fact in outbid] == [anna.id]
    assert (outbid[0].price, outbid[0].least) == (Money(1050, "EUR"), Money(1100, "EUR"))
    assert [fact.leads for fact in told if isinstance(fact, BidPlaced)] == [True, False, True]


def test_the_first_bid_freezes_the_item(app):
    lot = a_lot()
    assert db.session.get_one(Item, lot.item_id).frozen_at is None
    a_bid(lot)
    frozen_at = db.session.get_one(Item, lot.item_id).frozen_at
    assert frozen_at is not None
    a_bid(lot, maximum=3000)
    assert db.session.get_one(Item, lot.item_id).frozen_at == frozen_at


def test_every_bid_leaves_an_audit_line_that_does_not_tell_the_maximum(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    bid(lot, anna, 73_31)
    line = db.session.scalars(select(AuditLine).where(AuditLine.what == "place bid")).one()
    assert (line.subject, line.actor_id, line.group_id) == (f"lot:{lot.id}", anna.id, lot.group_id)
    assert "73" not in line.why


def test_strangers_do_not_know_the_lot_and_sellers_do_not_bid_on_it(app):
    lot = a_lot()
    with pytest.raises(NotFound):
        bid(lot, a_person(), 1000)
    with pytest.raises(NotAllowed):
        bid(lot, db.session.get_one(Person, lot.seller_id), 1000)
    with pytest.raises(NotFound):
        bidding.place_bid(lot_id=10**9, by=lot.seller_id, maximum=Money(1, "EUR"), client_key="k" * 8, confirmed=True)
    assert db.session.scalar(select(func.count()).select_from(Bid)) == 0


def test_who_has_not_agreed_to_the_new_rules_agrees_first(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    with unit_of_work():
        db.session.get_one(Group, lot.group_id).rules_version += 1
    with pytest.raises(RuleBroken, match="agree"):
        bid(lot, anna, 1000)


def test_nobody_bids_where_only_the_two_could_confirm_the_money(app):
    owner, treasurer = a_person("Olga"), a_person("Theo")
    group = a_group(owner)
    a_member(group, Role.TREASURER, person=treasurer)
    lot = a_lot(an_item(owner, group))
    for attempt in (
        lambda: bid(lot, treasurer, 1000),
        lambda: bidding.try_bid(lot_id=lot.id, by=treasurer.id, maximum=Money(1000, "EUR")),
    ):
        with pytest.raises(RuleBroken, match="Ask the owner to make another member treasurer, then bid"):
            attempt()
    assert now_of(lot).bid_count == 0
    bid(lot, a_member(group), 1000)
    other = a_member(group, Role.TREASURER)
    bid(lot, treasurer, 2000)
    members.leave_group(by=other.id, group_id=group.id)
    assert bid(lot, treasurer, 2000).leads  # the same bid, sent again: it stands


def test_the_lots_own_end_counts_even_while_no_worker_has_written_it_down(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    with clock.at(lot.ends_at), pytest.raises(TooLate):
        bid(lot, anna, 1000)
    assert now_of(lot).state == State.RUNNING


def test_a_bid_does_not_wait_for_the_worker_to_start_the_lot(app):
    lot = a_lot(starts_at=clock.now() + timedelta(hours=1))
    anna = a_member(db.session.get_one(Group, lot.group_id))
    with pytest.raises(TooEarly):
        bid(lot, anna, 1000)
    with clock.at(lot.starts_at):
        assert bid(lot, anna, 1000).leads
    assert now_of(lot).state == State.RUNNING


def test_many_times_the_price_needs_a_second_look(app):
    lot = a_lot(opening=500)
    anna = a_member(db.session.get_one(Group, lot.group_id))
    with pytest.raises(bidding.NeedsSecondLook):
        bid(lot, anna, 2500, confirmed=False)
    assert bid(lot, anna, 2499, confirmed=False).leads


def test_nobody_pays_more_for_shipping_than_he_was_shown(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    with pytest.raises(Stale):
        bid(lot, anna, 1000, shipping_seen=lot.shipping - Money(1, "EUR"))
    assert bid(lot, anna, 1000, shipping_seen=lot.shipping).leads


def test_the_extension_follows_the_lots_own_copy_of_the_terms(app):
    lot = a_lot(terms=Terms(soft_close_seconds=300, soft_close_cap_minutes=5))
    at = lot.ends_at - timedelta(seconds=100)
    a_bid(lot, maximum=1000, at=at)
    assert now_of(lot).ends_at == at + timedelta(seconds=300)
    at = now_of(lot).ends_at - timedelta(seconds=1)
    a_bid(lot, maximum=2000, at=at)
    assert now_of(lot).ends_at == lot.scheduled_end_at + timedelta(minutes=5)


def test_on_each_lot_a_member_goes_by_another_name_and_keeps_it_there(app):
    group = a_group()
    lots = [a_lot(an_item(group=group)) for _ in range(30)]
    anna = a_member(group)
    for lot in lots:
        a_bid(lot, anna, 1000)
        a_bid(lot, anna, 2000)
    names = db.session.scalars(select(Alias.name).where(Alias.person_id == anna.id)).all()
    assert len(names) == len(lots)
    assert len(set(names)) > 10, "a name says nothing about a person"


def test_after_the_last_name_there_are_more(app, monkeypatch):
    monkeypatch.setattr(aliases, "NAMES", ("Ash", "Elm"))
    lot = a_lot()
    for number in range(5):
        a_bid(lot, maximum=1000 * (number + 1))
    names = set(db.session.scalars(select(Alias.name).where(Alias.lot_id == lot.id)))
    assert {"Ash", "Elm", "Ash 2", "Elm 2"} < names


def statements_of(deed):
    """How often `deed` asks the database."""
    said = []

    def listen(*arguments):
        said.append(arguments[2])

    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        deed()
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    return len(said)


def test_a_bid_costs_the_same_after_many_as_after_few(app):
    lot = a_lot()
    anna, ben = (a_member(db.session.get_one(Group, lot.group_id)) for _bidder in range(2))
    for number in range(4):
        a_bid(lot, (anna, ben)[number % 2], 1000 * (number + 1))
    early = statements_of(lambda: bid(lot, anna, 10_000, key="an-early-bid"))
    for number in range(20):
        a_bid(lot, (ben, anna)[number % 2], 1000 * (number + 20))
    assert statements_of(lambda: bid(lot, ben, 90_000, key="a-later-bid")) == early


# ---- several bids in one commit ----


def asked(lot, by, maximum, key=None):
    return bidding.Asked(
        lot.id, by.id, Money(maximum, lot.currency), key or f"key-{by.id}-{maximum}", confirmed=True, shipping_seen=None
    )


def test_bids_that_share_a_commit_count_in_the_order_they_came(app, told):
    group = a_group()
    lot, other = a_lot(an_item(group=group), opening=500), a_lot(an_item(group=group), opening=500)
    anna, ben, cleo = a_member(group), a_member(group), a_member(group)
    stranger = a_person()
    outcomes = bidding.place_bids([
        asked(lot, anna, 1000), asked(lot, ben, 2000), asked(lot, anna, 1500), asked(lot, cleo, 600),
        asked(lot, stranger, 9000), asked(lot, ben, 2000), asked(other, stranger, 9000), asked(lot, anna, 3000),
    ])  # fmt: skip
    assert [type(outcome) for outcome in outcomes] == [
        bidding.Placed, bidding.Placed, bidding.Placed, RuleBroken, NotFound, bidding.Placed, NotFound,
        bidding.Placed,
    ]  # fmt: skip
    assert outcomes[1] == outcomes[5]
    after = now_of(lot)
    assert (after.leader_id, after.leader_maximum_minor, after.second_maximum_minor) == (anna.id, 3000, 2000)
    history = db.session.scalars(select(Bid).where(Bid.lot_id == lot.id).order_by(Bid.id)).all()
    assert [(b.bidder_id, b.maximum_minor, b.price_minor, b.leads) for b in history] == [
        (anna.id, 1000, 500, True), (ben.id, 2000, 1050, True), (anna.id, 1500, 1550, False),
        (anna.id, 3000, 2050, True),
    ]  # fmt: skip
    moments = [b.placed_at for b in history]
    assert moments == sorted(set(moments))
    assert [fact.person_id for fact in told if isinstance(fact, Outbid)] == [anna.id, ben.id]
    assert now_of(other).leader_id is None
    assert db.session.get_one(Item, lot.item_id).frozen_at is not None
    assert db.session.get_one(Item, other.item_id).frozen_at is None
    lines = db.session.scalars(select(AuditLine.actor_id).where(AuditLine.what == "place bid").order_by(AuditLine.id))
    assert list(lines) == [anna.id, ben.id, anna.id, anna.id]


def test_twenty_bids_in_one_commit_ask_the_database_hardly_more_often_than_one(app):
    group = a_group()
    lots = [a_lot(an_item(group=group)) for _lot in range(21)]
    anna, ben = a_member(group), a_member(group)
    for lot in lots:
        a_bid(lot, anna, 1000)
    bids = [asked(lot, ben, 2000) for lot in lots]
    one = statements_of(lambda: bidding.place_bids(bids[:1]))
    twenty = statements_of(lambda: bidding.place_bids(bids[1:]))
    assert twenty <= one + 2


def test_sixteen_who_bid_at_once_in_one_process_all_count(app):
    group = a_group()
    lot = a_lot(an_item(group=group), opening=500)
    bidders = [a_member(group) for _bidder in range(16)]
    deeds = [
        functools.partial(
            bidding.place_bid, lot_id=lot.id, by=by.id, maximum=Money(1000 + 1000 * number, "EUR"),
            client_key=f"key-of-bid-{number}", confirmed=True,
        )
        for number, by in enumerate(bidders)
    ]  # fmt: skip
    wrong = at_once(app, *deeds)
    assert all(isinstance(error, RuleBroken) for error in wrong)
    after = now_of(lot)
    assert (after.leader_id, after.leader_maximum_minor) == (bidders[-1].id, 16_000)
    kept = db.session.scalars(select(Bid).where(Bid.lot_id == lot.id)).all()
    assert len(kept) == 16 - len(wrong)
    assert after.second_maximum_minor == sorted(b.maximum_minor for b in kept)[-2]


# ---- a member goes ----


def test_a_member_who_goes_takes_his_bids_along_and_the_history_stays(app, told):
    lot = a_lot(opening=500)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = a_member(group), a_member(group), a_member(group)
    a_bid(lot, anna, 1000)
    a_bid(lot, ben, 9000)
    a_bid(lot, cleo, 5000)
    following.void_bids_of(person_id=ben.id, group_id=group.id, reason="sold fakes", by=None)
    after = now_of(lot)
    assert (after.leader_id, after.price_minor, after.bid_count) == (cleo.id, 1050, 2)
    voided = db.session.scalars(select(Bid).where(Bid.voided_at.is_not(None))).all()
    assert [(b.bidder_id, b.void_reason) for b in voided] == [(ben.id, "sold fakes")]
    assert db.session.scalar(select(func.count()).select_from(Bid)) == 3
    fact = next(fact for fact in told if isinstance(fact, BidsVoided))
    assert (fact.person_id, fact.new_leader_id, fact.price) == (ben.id, cleo.id, Money(1050, "EUR"))
    following.void_bids_of(person_id=ben.id, group_id=group.id, reason="again", by=None)
    assert len([fact for fact in told if isinstance(fact, BidsVoided)]) == 1


def test_who_led_all_along_is_no_new_leader_when_others_bids_are_void(app, told):
    lot = a_lot(opening=500)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    a_bid(lot, anna, 9000)
    a_bid(lot, ben, 1000)
    following.void_bids_of(person_id=ben.id, group_id=group.id, reason="", by=None)
    assert [fact.new_leader_id for fact in told if isinstance(fact, BidsVoided)] == [None]


def test_bids_on_a_lot_whose_time_is_over_stand(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    a_bid(lot, anna, 1000)
    with clock.at(lot.ends_at):
        following.void_bids_of(person_id=anna.id, group_id=lot.group_id, reason="", by=None)
    assert now_of(lot).leader_id == anna.id


def test_a_seller_who_goes_leaves_lots_with_bids_running_and_takes_the_others(app, told):
    group = a_group()
    seller = a_member(group)
    bare, scheduled, bidden = (
        a_lot(an_item(seller, group)),
        a_lot(an_item(seller, group), starts_at=clock.now() + timedelta(days=1)),
        a_lot(an_item(seller, group)),
    )
    a_bid(bidden)
    following.void_bids_of(person_id=seller.id, group_id=group.id, reason="left", by=None)
    assert [now_of(lot).state for lot in (bare, scheduled, bidden)] == ["withdrawn", "withdrawn", "running"]
    assert len([fact for fact in told if isinstance(fact, LotWithdrawn)]) == 2


def test_only_the_group_that_he_leaves_is_touched(app):
    here, there = a_group(), a_group(name="The Escapement")
    anna = a_person()
    lots = [a_lot(an_item(group=group)) for group in (here, there)]
    for group, lot in zip((here, there), lots, strict=True):
        a_bid(lot, a_member(group, person=anna), 1000)
    following.void_bids_of(person_id=anna.id, group_id=here.id, reason="", by=None)
    assert [now_of(lot).leader_id for lot in lots] == [None, anna.id]


def test_whoever_is_removed_or_leaves_is_voided_at_once(app):
    lot = a_lot()
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = a_member(group), a_member(group), a_member(group)
    for bidder, maximum in ((anna, 1000), (ben, 2000), (cleo, 3000)):
        a_bid(lot, bidder, maximum)
    members.remove_member(by=group.founded_by, group_id=group.id, person_id=cleo.id, reason="Never paid")
    assert (now_of(lot).leader_id, now_of(lot).price_minor) == (ben.id, 1050)
    members.leave_group(by=ben.id, group_id=group.id)
    assert (now_of(lot).leader_id, now_of(lot).price_minor) == (anna.id, 500)


def test_an_owner_who_closes_his_group_does_not_win_by_it(app):
    owner = a_person()
    group = a_group(owner)
    a_member(group, Role.TREASURER)
    lot = a_lot(an_item(group=group), opening=500)
    anna = a_member(group)
    a_bid(lot, owner, 90_00)
    founding.close_group(by=owner.id, group_id=group.id)
    assert a_bid(lot, anna, 100_00).leads


def test_who_left_with_his_bids_does_not_bid_on_that_lot_again(app):
    group = a_group(join_policy=JoinPolicy.OPEN)
    lot, other = (a_lot(an_item(group=group)) for _lot in range(2))
    anna = a_member(group)
    a_bid(lot, anna, 1000)
    members.leave_group(by=anna.id, group_id=group.id)
    joining.ask_to_join(by=anna.id, group_id=group.id, answers=[], agreed_version=1)
    with pytest.raises(NotAllowed, match="taken back when you left"):
        bid(lot, anna, 2000, key="another-key")
    with pytest.raises(NotAllowed, match="taken back when you left"):
        bidding.try_bid(lot_id=lot.id, by=anna.id, maximum=Money(2000, "EUR"))
    assert now_of(lot).leader_id is None
    assert bid(other, anna, 1000).leads


def test_the_same_bid_sent_twice_at_the_same_moment_is_one(app):
    lot = a_lot()
    asked = {
        "lot_id": lot.id, "by": a_member(db.session.get_one(Group, lot.group_id)).id, "maximum": Money(1000, "EUR"),
        "client_key": "pressed-four-times", "confirmed": True,
    }  # fmt: skip
    assert at_once(app, *[lambda: bidding.place_bid(**asked) for _click in range(4)]) == []
    assert db.session.scalar(select(func.count()).select_from(Bid)) == 1


def test_after_a_void_bidding_goes_on_by_the_same_law(app):
    lot = a_lot(opening=500)
    group = db.session.get_one(Group, lot.group_id)
    anna, ben = a_member(group), a_member(group)
    a_bid(lot, anna, 1000)
    following.void_bids_of(person_id=anna.id, group_id=group.id, reason="", by=None)
    assert now_of(lot).price_minor == 500
    assert a_bid(lot, ben, 500).leads
    assert now_of(lot).bid_count == 1
