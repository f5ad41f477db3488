"""Lists of lots that grow, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from marketplace.auctions import catalogue, lists, queries
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.rules import Format, State
from marketplace.auctions.search_rules import Order, Search, Stage
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member


def numbers(group, now=None, **asked):
    page = catalogue.catalogue(group.id, Search(**asked), now=now or clock.now())
    return [lot.number for lot in page.lots]


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("stage", Stage)
def test_pages_follow_one_another_without_a_gap_or_a_repetition(app, order, stage):
    group, now = a_group(), clock.now()
    columns = {
        Stage.RUNNING: {},
        Stage.SCHEDULED: {"starts_at": now + timedelta(days=1)},
        Stage.ENDED: {"state": State.SOLD, "starts_at": now - timedelta(days=30)},
    }[stage]
    for number in range(7):
        ends_at = now + timedelta(days=(-9 if stage is Stage.ENDED else 2) + number // 3)
        a_lot(an_item(group=group), opening=500 + number // 2, ends_at=ends_at, **columns)
    seen, key = [], ""
    for _page in range(4):
        page = catalogue.catalogue(group.id, Search(stage, order, after=key), now=now, limit=2)
        assert page.total == 7
        seen += page.lots
        key = page.next_key
    assert key == ""
    assert sorted(lot.number for lot in seen) == list(range(1, 8))
    sums = [lot.price_minor for lot in seen]
    assert order is not Order.PRICE or sums == sorted(sums)


def test_a_long_past_is_counted_so_far_and_no_further(app, monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_COUNTED", 2)
    group, now = a_group(), clock.now()
    for lots in (2, 3):
        while len(numbers(group)) < lots:
            a_lot(an_item(group=group))
        page = catalogue.catalogue(group.id, Search(), now=now, limit=1)
        assert (page.total, page.has_uncounted) == (2, lots > 2)


@pytest.mark.parametrize(("order", "kind"), [*((order, "") for order in Order), (Order.ENDING, "coins")])
@pytest.mark.parametrize("stage", Stage)
def test_a_page_is_read_off_an_index_and_nothing_is_sorted(app, stage, order, kind):
    group = a_group()
    search = Search(stage, order, kind, after=f"{int(clock.now().timestamp() * 1_000_000)}-1")
    plan = plans_of(lambda: catalogue.catalogue(group.id, search, now=clock.now()))[-1]
    assert "ix_lots_" in plan, plan
    assert "sort" not in plan.lower(), plan
    assert "temp b-tree" not in plan.lower(), plan


def plans_of(read):
    """How the database goes about each of the queries of `read`. Tables are small here: it is told to go by an index
    where it can."""
    asked, is_postgres = [], db.engine.dialect.name == "postgresql"

    def listen(_connection, _cursor, statement, parameters, *_more):
        asked.append((statement, parameters))

    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", listen)
    try:
        read()
    finally:
        event.remove(db.engine, "before_cursor_execute", listen)
    asked = [(statement, parameters) for statement, parameters in asked if "FROM lots" in statement]
    with unit_of_work():
        connection = db.session.connection()
        for kind in ("seqscan", "bitmapscan", "sort") if is_postgres else ():
            connection.exec_driver_sql(f"SET LOCAL enable_{kind} = off")
        explain = "EXPLAIN" if is_postgres else "EXPLAIN QUERY PLAN"
        found = [connection.exec_driver_sql(f"{explain} {statement}", values) for statement, values in asked]
        return ["\n".join(str(row[-1]) for row in plan) for plan in found]


def test_words_are_words_and_not_patterns(app):
    group = a_group()
    for title in ("100% silver", "A_B", "back\\slash", "ÖTZI"):
        a_lot(an_item(group=group, title=title))
    assert numbers(group, words="100%") == [1]
    for signs in ("%", "_", "\\", "*", '"', "§1", " AND ", "\0"):
        assert numbers(group, words=signs) == [], signs
    assert numbers(group, words="A_B") == [2]
    assert numbers(group, words="SILVER") == [1]
    assert numbers(group, words="2") == [2]
    assert numbers(group, words="'; drop table lots; --") == []


def test_a_lot_has_ended_when_its_end_has_come_whatever_the_worker_does(app):
    lot = a_lot()
    group = db.session.get_one(Group, lot.group_id)
    assert numbers(group) == [1]
    assert numbers(group, now=lot.ends_at) == []
    assert numbers(group, now=lot.ends_at, stage=Stage.ENDED) == [1]


def test_other_groups_and_hidden_lots_are_not_listed(app):
    group = a_group()
    a_lot(an_item(group=a_group(name="The Escapement")))
    a_lot(an_item(group=group), hidden_at=clock.now())
    assert numbers(group) == []


def test_my_bids_carry_my_own_maximum_and_my_sales_none(app):
    lot = a_lot()
    anna = a_member(db.session.get_one(Group, lot.group_id))
    a_bid(lot, anna, 1000)
    a_bid(lot, maximum=3000)
    (bid,) = lists.bids_of(anna.id, open_only=True)
    assert (bid.lot.id, bid.maximum) == (lot.id, Money(1000, "EUR"))
    assert lists.bids_of(anna.id, open_only=False) == []
    (sale,) = lists.sales_of(lot.seller_id, open_only=True)
    assert (sale.lot.id, sale.maximum) == (lot.id, None)


def test_what_ends_soon_is_of_ones_own_groups(app):
    group, now = a_group(), clock.now()
    later, sooner = (a_lot(an_item(group=group), ends_at=now + timedelta(hours=hours)) for hours in (5, 2))
    a_lot(an_item(group=group), ends_at=now - timedelta(seconds=1), starts_at=now - timedelta(days=1))
    a_lot()
    found = queries.ending_soon(a_member(group).id, now=now)
    assert [lot.id for lot, _group in found] == [sooner.id, later.id]
    assert queries.ending_soon(a_person().id, now=now) == []


def test_operators_see_lots_that_no_worker_moves(app):
    lot = a_lot()
    scheduled = a_lot(starts_at=clock.now() + timedelta(hours=1), ends_at=clock.now() + timedelta(days=9))
    assert queries.late_lots(clock.now()) == []
    assert [late.id for late in queries.late_lots(lot.ends_at + timedelta(minutes=1))] == [lot.id, scheduled.id]


def test_a_person_is_told_of_running_lots_on_which_somebody_else_leads(app):
    marta, ben = a_person(), a_person()
    group = a_group()
    for person in (marta, ben):
        a_member(group, person=person)
    led, outbid, ended, sealed, of_old = (a_lot(an_item(group=group)) for _each in range(5))
    for lot in (of_old, led, outbid, ended, sealed):
        a_bid(lot, marta, 900)
    for lot in (of_old, outbid, ended, sealed):
        a_bid(lot, ben, 2000)
    with unit_of_work():
        over = db.session.get_one(Lot, ended.id)
        over.scheduled_end_at = over.ends_at = clock.now() - timedelta(seconds=1)
        db.session.get_one(Lot, sealed.id).format = Format.SEALED_FIRST

    def numbers(person):
        return [lot.number for lot, _group in lists.outbid_of(person.id, now=clock.now())]

    assert numbers(marta) == [outbid.number, of_old.number], "the last he came to first"
    assert numbers(ben) == []
    assert [lists.outbid_count(each.id, now=clock.now()) for each in (marta, ben)] == [2, 0]
    at_their_end = max(lot.ends_at for lot in (outbid, of_old))
    assert lists.outbid_count(marta.id, now=at_their_end) == len(lists.outbid_of(marta.id, now=at_their_end)) == 0


def test_as_many_are_counted_as_are_shown(app):
    group, marta = a_group(), a_person()
    a_member(group, person=marta)
    for _each in range(lists.PAGE + 1):
        lot = a_lot(an_item(group=group))
        a_bid(lot, marta, 900)
        a_bid(lot, maximum=2000)
    now = clock.now()
    assert lists.outbid_count(marta.id, now=now) == len(lists.outbid_of(marta.id, now=now)) == lists.PAGE


def test_only_the_last_lots_he_came_to_are_looked_at(app):
    """However many there were in all the years."""
    group, marta = a_group(), a_person()
    a_member(group, person=marta)
    item = an_item(group=group)
    old = a_lot(item)
    a_bid(old, marta, 900)
    a_bid(old, maximum=2000)
    assert len(lists.outbid_of(marta.id, now=clock.now())) == 1
    past = [a_lot(item, state=State.PASSED) for _each in range(lists.LOOKED_BACK)]
    with unit_of_work():
        names = [Alias(lot_id=lot.id, person_id=marta.id, name="Heron", maximum_minor=900) for lot in past]
        db.session.add_all(names)
    assert lists.outbid_of(marta.id, now=clock.now()) == []
