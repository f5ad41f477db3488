"""Watching lots, on both databases: the list, and being told once before the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.auctions import lists, service, watching
from marketplace.auctions.events import WatchedLotEnds
from marketplace.auctions.models import Watch
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, TooLate
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member


@pytest.fixture
def told(monkeypatch):
    heard = []
    monkeypatch.setattr(watching, "announce", heard.append)
    return heard


def member_of(lot):
    return a_member(db.session.get_one(Group, lot.group_id))


def watched(person, *, open_only=True):
    return [entry.lot.id for entry in lists.watched_by(person.id, open_only=open_only)]


def tell(lot, *, before_end):
    with clock.at(lot.ends_at - before_end):
        return watching.tell_watchers()


MINUTES = timedelta(minutes=1)


def test_what_one_watches_is_on_ones_list_until_one_stops(app):
    lot = a_lot()
    anna = member_of(lot)
    for _twice in range(2):
        watching.watch(lot_id=lot.id, by=anna.id)
    assert watched(anna) == [lot.id]
    for _twice in range(2):
        watching.stop_watching(lot_id=lot.id, by=anna.id)
    assert watched(anna) == []
    watching.watch(lot_id=lot.id, by=anna.id)
    assert watched(anna) == [lot.id]
    assert db.session.scalar(select(func.count()).select_from(Watch)) == 1


def test_the_list_has_what_ended_apart_and_goes_on_after_a_key(app):
    group, anna = a_group(), a_person()
    a_member(group, person=anna)
    lots = [a_lot(an_item(group=group)) for _each in range(3)]
    for lot in lots:
        watching.watch(lot_id=lot.id, by=anna.id)
    for lot in lots[1:]:
        service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    assert watched(anna) == [lots[0].id]
    assert watched(anna, open_only=False) == [lots[2].id, lots[1].id]
    first = lists.watched_by(anna.id, open_only=False, limit=1)[0]
    assert [entry.lot.id for entry in lists.watched_by(anna.id, open_only=False, before=first.key)] == [lots[1].id]


def test_many_clicks_at_once_are_one_watch(app):
    lot = a_lot()
    asked = {"lot_id": lot.id, "by": member_of(lot).id}
    assert at_once(app, *[lambda: watching.watch(**asked)] * 6) == []
    assert db.session.scalar(select(func.count()).select_from(Watch)) == 1


def test_one_watches_neither_ones_own_lot_nor_one_that_has_ended(app):
    lot = a_lot()
    with pytest.raises(NotAllowed, match="your own lot"):
        watching.watch(lot_id=lot.id, by=lot.seller_id)
    anna = member_of(lot)
    with clock.at(lot.ends_at), pytest.raises(TooLate, match="nothing left to watch"):
        watching.watch(lot_id=lot.id, by=anna.id)
    service.withdraw_lot(lot_id=lot.id, by=lot.seller_id)
    with pytest.raises(TooLate):
        watching.watch(lot_id=lot.id, by=anna.id)


def test_members_alone_watch(app):
    lot = a_lot()
    with pytest.raises(NotFound):
        watching.watch(lot_id=lot.id, by=a_person().id)
    with pytest.raises(NotFound):
        watching.stop_watching(lot_id=lot.id, by=a_person().id)


def test_who_sees_a_public_catalogue_is_told_to_join_first(app):
    group = a_group(is_catalogue_public=True)
    lot = a_lot(an_item(group=group))
    with pytest.raises(NotAllowed, match="Join the group first"):
        watching.watch(lot_id=lot.id, by=a_person().id)


def test_an_hour_before_the_end_he_is_told_once(app, told):
    lot = a_lot()
    anna = member_of(lot)
    watching.watch(lot_id=lot.id, by=anna.id)
    assert tell(lot, before_end=61 * MINUTES) == 0
    assert tell(lot, before_end=60 * MINUTES) == 1
    assert tell(lot, before_end=30 * MINUTES) == 0
    (fact,) = told
    assert isinstance(fact, WatchedLotEnds)
    assert (fact.lot_id, fact.person_id, fact.price, fact.ends_at) == (lot.id, anna.id, lot.price, lot.ends_at)


def test_operators_see_how_many_wait_to_be_told_and_how_many_too_long(app, told):
    lot = a_lot()
    watching.watch(lot_id=lot.id, by=member_of(lot).id)
    waiting = {minutes: watching.to_tell(lot.ends_at - minutes * MINUTES) for minutes in (61, 58, 50)}
    assert waiting == {61: (0, 0), 58: (1, 0), 50: (1, 1)}
    tell(lot, before_end=50 * MINUTES)
    assert watching.to_tell(lot.ends_at - 50 * MINUTES) == (0, 0)


def test_who_begins_in_the_last_hour_knows_when_it_ends(app, told):
    lot = a_lot()
    anna = member_of(lot)
    with clock.at(lot.ends_at - 50 * MINUTES):
        assert not watching.watch(lot_id=lot.id, by=anna.id)
    assert tell(lot, before_end=40 * MINUTES) == 0


def test_nobody_is_told_who_has_stopped_or_left_nor_of_a_lot_that_is_gone(app, told):
    lot, withdrawn = a_lot(), a_lot()
    group = db.session.get_one(Group, lot.group_id)
    stopped, left = a_member(group), a_member(group)
    for person in (stopped, left):
        watching.watch(lot_id=lot.id, by=person.id)
    watching.stop_watching(lot_id=lot.id, by=stopped.id)
    members.leave_group(by=left.id, group_id=group.id)
    watching.watch(lot_id=withdrawn.id, by=member_of(withdrawn).id)
    service.withdraw_lot(lot_id=withdrawn.id, by=withdrawn.seller_id)
    assert tell(lot, before_end=30 * MINUTES) == 0
    assert tell(lot, before_end=-1 * MINUTES) == 0
    assert told == []


def test_two_workers_tell_nobody_twice(app, told):
    lot = a_lot()
    for _each in range(5):
        watching.watch(lot_id=lot.id, by=member_of(lot).id)
    soon = lot.ends_at - 30 * MINUTES

    def look() -> None:
        with clock.at(soon):
            watching.tell_watchers()

    assert at_once(app, look, look, look) == []
    assert len(told) == len({fact.person_id for fact in told}) == 5
