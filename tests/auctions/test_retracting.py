"""Taking bids back, on both databases: what goes, what stays, who is told, and what is shown of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.auctions import queries, records, retracting, service
from marketplace.auctions.models import Alias, Bid, Lot, Watch
from marketplace.auctions.record_rules import examine
from marketplace.auctions.retraction_rules import Cause, LotGone, Reason, Refusal, check_reason, goes_from
from marketplace.auctions.rules import Party, State
from marketplace.catalog import service as catalog
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooLate
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from tests.at_once import at_once
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member

HOUR = timedelta(hours=1)


@pytest.fixture
def lot(app):
    """Ends in a day; Anna bid up to 10.00, Ben up to 90.00, Cleo up to 50.00."""
    return a_lot(opening=500)


@pytest.fixture
def people(lot):
    group = db.session.get_one(Group, lot.group_id)
    anna, ben, cleo = (a_member(group) for _each in range(3))
    for bidder, maximum in ((anna, 1000), (ben, 9000), (cleo, 5000)):
        a_bid(lot, bidder, maximum)
    return anna, ben, cleo


def retract(lot, person, *, reason=Reason.TYPO, corrected=None, key="key-of-the-form", confirmed=True):
    most = None if corrected is None else Money(corrected, lot.currency)
    return retracting.retract(
        lot_id=lot.id, by=person.id, reason=reason, corrected=most, client_key=key, confirmed=confirmed
    )


def stands(lot):
    """Leader and price as they are now."""
    row = db.session.get_one(Lot, lot.id, populate_existing=True)
    return row.leader_id, row.price_minor


def name_of(lot, person):
    return db.session.scalars(select(Alias.name).where(Alias.lot_id == lot.id, Alias.person_id == person.id)).one()


def kinds_told(person):
    wanted = select(Notice.kind).where(Notice.person_id == person.id).order_by(Notice.id)
    return [kind for kind in db.session.scalars(wanted) if kind != "outbid"]


def test_who_retracts_a_day_before_the_end_is_out_with_all_his_bids(lot, people):
    _anna, ben, cleo = people
    retract(lot, ben)
    assert stands(lot) == (cleo.id, 1050)
    assert (kinds_told(cleo), kinds_told(ben)) == (["lead_again"], [])
    bid = db.session.scalars(select(Bid).where(Bid.bidder_id == ben.id)).one()
    assert (bid.void_cause, bid.void_reason, bid.maximum_minor) == (Cause.RETRACTED, Reason.TYPO, 9000)
    with pytest.raises(NotAllowed, match="You have retracted a bid"):
        a_bid(lot, ben, 9500)
    with pytest.raises(NotAllowed, match="already"):
        retract(lot, ben, key="another-form-of-his")


def test_the_corrected_bid_comes_in_the_same_form_and_counts_once(lot, people):
    _anna, ben, cleo = people
    placed = retract(lot, ben, corrected=6000)
    assert (placed.leads, placed.maximum) == (True, Money(6000, "EUR"))
    assert stands(lot) == (ben.id, 5100)
    assert kinds_told(cleo) == [], "he never led in between"
    assert retract(lot, ben, corrected=6000) == placed
    with pytest.raises(NotAllowed, match="You have retracted a bid"):
        a_bid(lot, ben, 9500)
    assert queries.taken_back_by(ben.id, lot.group_id, now=clock.now()) == queries.TakenBack(1, 0)


def test_a_corrected_bid_that_is_refused_leaves_everything_as_it_was(lot, people):
    _anna, ben, _cleo = people
    with pytest.raises(RuleBroken, match="The next bid is"):
        retract(lot, ben, corrected=1000)
    assert stands(lot) == (ben.id, 5100)
    assert db.session.scalars(select(Bid.voided_at)).all() == [None] * 3


@pytest.mark.parametrize(("left", "gone"), [(24 * HOUR, 2), (13 * HOUR, 2), (11 * HOUR, 1)])
def test_in_the_last_twelve_hours_only_the_bids_of_the_last_hour_go(app, left, gone):
    lot = a_lot(opening=500)
    anna = a_member(db.session.get_one(Group, lot.group_id))
    now = lot.ends_at - left
    with unit_of_work():
        db.session.get_one(Lot, lot.id).starts_at = now - 9 * HOUR
    a_bid(lot, anna, 1000, at=now - 2 * HOUR)
    a_bid(lot, anna, 9000, at=now - HOUR / 2)
    with clock.at(now):
        retract(lot, anna)
    alias = db.session.scalars(select(Alias).where(Alias.person_id == anna.id)).one()
    assert (alias.maximum_minor, alias.party) == ((None, Party.RETRACTED) if gone == 2 else (1000, Party.RETRACTED))
    assert stands(lot) == ((None, 500) if gone == 2 else (anna.id, 500))


def test_an_old_bid_stands_in_the_last_twelve_hours_and_every_bid_in_the_last(lot, people):
    anna = people[0]
    with clock.at(lot.ends_at - 11 * HOUR), pytest.raises(RuleBroken, match="only bids of the last hour"):
        retract(lot, anna)
    with clock.at(lot.ends_at - HOUR), pytest.raises(TooLate, match="ask a moderator"):
        retract(lot, anna)
    with clock.at(lot.ends_at), pytest.raises(TooLate, match="ended on"):
        retract(lot, anna)


def test_a_changed_description_is_a_reason_once_the_seller_has_remarked_on_it(lot, people):
    anna = people[0]
    with pytest.raises(RuleBroken, match="added nothing") as refusal:
        retract(lot, anna, reason=Reason.DESCRIPTION)
    assert refusal.value.field == "reason"
    catalog.add_remark(by=lot.seller_id, item_id=lot.item_id, text="It has a crack.", client_key="key-of-the-remark")
    retract(lot, anna, reason=Reason.DESCRIPTION)
    assert kinds_told(db.session.get_one(Person, lot.seller_id)) == ["bid_retracted"]


def test_a_moderator_without_part_in_it_does_it_in_the_last_hour(lot, people):
    anna, ben, cleo = people
    group = db.session.get_one(Group, lot.group_id)
    moderator, watcher = (a_member(group, Role.MODERATOR) for _each in range(2))
    with unit_of_work():
        db.session.add(Watch(lot_id=lot.id, person_id=watcher.id, watched_at=clock.now()))
    about = {"lot_id": lot.id, "bidder": name_of(lot, ben), "reason": Reason.TYPO}
    late = lot.ends_at - timedelta(minutes=5)
    a_bid(lot, ben, 20_000, at=late - timedelta(minutes=1))
    with clock.at(late):
        with pytest.raises(NotAllowed, match="watch this lot"):
            retracting.retract_for(by=watcher.id, **about)
        with pytest.raises(NotAllowed):
            retracting.retract_for(by=anna.id, **about)
        with pytest.raises(NotFound):
            retracting.retract_for(by=moderator.id, **(about | {"bidder": "Nobody"}))
        retracting.retract_for(by=moderator.id, **about)
    assert stands(lot) == (ben.id, 5100), "the older bid stands"
    assert (kinds_told(ben), kinds_told(cleo)) == (["bids_retracted"], [])


def test_a_moderator_who_has_traded_with_a_side_leaves_it_to_another(app):
    group = a_group()
    seller, bidder, moderator = a_member(group), a_member(group), a_member(group, Role.MODERATOR)
    an_order(group=group, seller=seller, buyer=moderator)
    lot = a_lot(an_item(seller, group))
    a_bid(lot, bidder, 1000)
    with pytest.raises(NotAllowed, match="traded with"):
        retracting.retract_for(lot_id=lot.id, by=moderator.id, bidder=name_of(lot, bidder), reason=Reason.TYPO)


def test_a_seller_cancels_a_members_bids_for_a_reason_and_it_is_counted(lot, people):
    anna, ben, cleo = people
    about = {"lot_id": lot.id, "bidder": name_of(lot, ben), "reason": Refusal.UNPAID}
    with pytest.raises(NotAllowed):
        retracting.cancel_bids(by=anna.id, **about)
    with clock.at(lot.ends_at - 12 * HOUR), pytest.raises(TooLate, match="twelve hours"):
        retracting.cancel_bids(by=lot.seller_id, **about)
    retracting.cancel_bids(by=lot.seller_id, **about)
    assert stands(lot) == (cleo.id, 1050)
    assert kinds_told(ben) == ["bids_cancelled"]
    assert queries.taken_back_by(lot.seller_id, lot.group_id, now=clock.now()) == queries.TakenBack(0, 1)
    with pytest.raises(NotAllowed, match="The seller cancelled your bids"):
        a_bid(lot, ben, 9500)


def test_a_seller_ends_a_lot_with_bids_for_a_reason_and_all_who_bid_hear_it(lot, people):
    with clock.at(lot.ends_at - 12 * HOUR), pytest.raises(TooLate, match="twelve hours"):
        service.cancel_lot(lot_id=lot.id, by=lot.seller_id, reason=LotGone.BROKEN)
    service.cancel_lot(lot_id=lot.id, by=lot.seller_id, reason=LotGone.BROKEN)
    row = db.session.get_one(Lot, lot.id, populate_existing=True)
    assert (row.state, row.cancelled_for) == (State.WITHDRAWN, LotGone.BROKEN)
    assert [kinds_told(person) for person in people] == [["lot_cancelled"]] * 3
    assert queries.taken_back_by(lot.seller_id, lot.group_id, now=clock.now()) == queries.TakenBack(0, 1)


def test_nothing_vanishes_and_the_record_holds(lot, people):
    anna, ben, _cleo = people
    retract(lot, ben, corrected=6000)
    with unit_of_work():
        row = db.session.get_one(Lot, lot.id, populate_existing=True)
        row.state = State.SOLD
    record = records.record_for(row, anna.id)
    assert [line.voided_at is not None for line in record.lines] == [False, True, False, False]
    assert not examine(record)


def test_two_clicks_retract_once(app, lot, people):
    lot_id, ben_id = lot.id, people[1].id

    def click():
        retracting.retract(
            lot_id=lot_id, by=ben_id, reason=Reason.TYPO, corrected=Money(6000, "EUR"), client_key="key-of-the-form",
            confirmed=True,
        )  # fmt: skip

    assert at_once(app, click, click) == []
    assert len(db.session.scalars(select(Bid).where(Bid.bidder_id == ben_id)).all()) == 2


def test_which_bids_go_and_why():
    now = clock.datetime(2030, 1, 1, 12, tzinfo=clock.UTC)
    assert goes_from(ends_at=now + 13 * HOUR, now=now) is None
    assert goes_from(ends_at=now + 12 * HOUR, now=now) == now - HOUR
    check_reason(Reason.TYPO, bid_at=now, remarked_at=None)
    check_reason(Reason.DESCRIPTION, bid_at=now, remarked_at=now + HOUR)
    for remarked_at in (None, now):
        with pytest.raises(RuleBroken):
            check_reason(Reason.DESCRIPTION, bid_at=now, remarked_at=remarked_at)
