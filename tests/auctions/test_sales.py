"""Sales, on both databases: gathered, ordered, held, and what becomes of the lots in them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.auctions import closing, sale_queries, sales, service
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import Format, State
from marketplace.auctions.sale_models import Sale
from marketplace.auctions.sale_rules import MOST_LOTS, State as SaleState
from marketplace.groups import founding, members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate
from marketplace.kernel.money import Money
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.factories.sales import a_lot_in, a_sale, owner_of
from tests.notifications.letters import kinds_told, letters_to

GAP = timedelta(seconds=20)
TICK = timedelta(microseconds=1)


@pytest.fixture
def group(app):
    return a_group()


@pytest.fixture
def sale(group):
    return a_sale(group)


@pytest.fixture
def holder(group):
    return owner_of(group)


def now_of(row):
    return db.session.get_one(type(row), row.id, populate_existing=True)


def order_of(sale):
    """The lots in order, and how many gaps after the first end each is to end."""
    rows = sale_queries.lots_of(now_of(sale))
    return [(row.lot.id, (row.lot.scheduled_end_at - sale.first_end_at) / GAP) for row in rows]


def tally_of(sale):
    return sale_queries.tallies_of([sale.id], now=clock.now())[sale.id]


def state_of(sale):
    return sale_queries.state_of(now_of(sale), tally_of(sale), now=clock.now())


def start(sale):
    with clock.at(sale.starts_at):
        while closing.start_due_lots():
            pass


# ---- opening one, and saying anew what it is ----


def test_officers_who_keep_order_open_sales_and_nobody_else(group):
    asked = {
        "group_id": group.id, "title": "Clocks", "words": "", "starts_at": clock.now() + timedelta(days=1),
        "first_end_at": clock.now() + timedelta(days=2), "gap_seconds": 20,
    }  # fmt: skip
    moderator = a_member(group, Role.MODERATOR)
    first = sales.open_sale(by=moderator.id, client_key="key-number-1", **asked)
    assert sales.open_sale(by=moderator.id, client_key="key-number-1", **asked).id == first.id
    assert sales.open_sale(by=owner_of(group), client_key="key-number-2", **asked).number == 2
    for other in (a_member(group), a_member(group, Role.TREASURER)):
        with pytest.raises(NotAllowed):
            sales.open_sale(by=other.id, client_key="key-number-3", **asked)
    with pytest.raises(NotFound):
        sales.open_sale(by=a_person().id, client_key="key-number-3", **asked)


def test_moments_without_a_zone_are_the_groups(app):
    group = a_group(time_zone="Asia/Tokyo")
    noon = (clock.now() + timedelta(days=2)).replace(tzinfo=None, hour=12, minute=0, second=0, microsecond=0)
    sale = now_of(a_sale(group, starts_at=noon, first_end_at=noon + timedelta(hours=2)))
    assert sale.starts_at.hour == 3
    assert sale.first_end_at.hour == 5


def change(sale, by, **instead):
    asked = {name: getattr(sale, name) for name in ("title", "words", "starts_at", "first_end_at", "gap_seconds")}
    sales.change_sale(sale_id=sale.id, by=by, **(asked | instead))


def test_new_dates_go_for_its_lots_and_every_seller_is_told_once(sale, group, holder):
    seller = a_member(group)
    lots = [a_lot_in(sale, seller) for _each in range(3)]
    later = sale.starts_at + timedelta(days=1)
    for _double_click in range(2):
        change(sale, holder, starts_at=later, first_end_at=later + timedelta(hours=3), gap_seconds=60)
    assert [now_of(lot).starts_at for lot in lots] == [later] * 3
    ends = [later + timedelta(hours=3, minutes=minutes) for minutes in range(3)]
    assert [now_of(lot).ends_at for lot in lots] == [now_of(lot).scheduled_end_at for lot in lots] == ends
    assert kinds_told(seller) == ["sale_moved"]
    change(now_of(sale), holder, title="Watches")
    assert kinds_told(seller) == ["sale_moved"]
    change(now_of(sale), holder, gap_seconds=30)
    assert kinds_told(seller) == ["sale_moved"] * 2
    assert len(letters_to(seller)) == 2


def test_from_its_start_on_nothing_is_changed(sale, holder):
    lot = a_lot_in(sale)
    with clock.at(sale.starts_at):
        for deed in (
            lambda: change(sale, holder, title="Watches"),
            lambda: sales.move_lot(sale_id=sale.id, by=holder, lot=lot.number, place=1),
            lambda: sales.take_out(sale_id=sale.id, by=holder, lot=lot.number, reason="No clock."),
            lambda: sales.call_off(sale_id=sale.id, by=holder, reason="Rain."),
        ):
            with pytest.raises(TooLate):
                deed()
    assert now_of(sale).title == "Clocks"
    assert now_of(lot).state == State.SCHEDULED


# ---- putting lots in ----


def test_lots_of_many_sellers_start_together_and_end_one_after_the_other(sale):
    lots = [now_of(a_lot_in(sale)) for _each in range(3)]
    assert len({lot.seller_id for lot in lots}) == 3
    assert {(lot.state, lot.starts_at) for lot in lots} == {(State.SCHEDULED, sale.starts_at)}
    assert order_of(sale) == [(lot.id, at) for at, lot in enumerate(lots)]


def test_in_a_sale_what_was_typed_of_times_does_not_count(sale):
    lot = a_lot_in(sale, starts_at=clock.now(), ends_at=clock.now() + timedelta(minutes=1))
    assert now_of(lot).ends_at == sale.first_end_at


def test_prices_of_a_lot_in_a_sale_are_judged_like_any(sale):
    with pytest.raises(RuleBroken) as refusal:
        a_lot_in(sale, reserve=Money(100, "EUR"))
    assert refusal.value.field == "reserve"


def test_without_a_sale_an_end_is_wanted(group):
    item = an_item(group=group)
    with pytest.raises(RuleBroken) as refusal:
        service.list_lot(by=item.seller_id, item_id=item.id, opening=Money(500, "EUR"), client_key="key-number-1")
    assert refusal.value.field == "ends_at"


def test_a_lot_goes_only_into_a_sale_of_its_own_group_that_still_gathers(sale, group):
    elsewhere = a_sale(a_group())
    for _until in range(elsewhere.number, sale.number + 1):
        elsewhere = a_sale(db.session.get_one(Group, elsewhere.group_id))
    assert elsewhere.number > sale.number
    item = an_item(group=group)
    asked = {"by": item.seller_id, "item_id": item.id, "opening": Money(500, "EUR"), "client_key": "key-number-1"}
    with pytest.raises(RuleBroken) as refusal:
        service.list_lot(sale=elsewhere.number, **asked)
    assert refusal.value.field == "sale"
    with clock.at(sale.starts_at), pytest.raises(TooLate):
        service.list_lot(sale=sale.number, **asked)
    with clock.at(sale.starts_at - TICK):
        lot = service.list_lot(sale=sale.number, **asked)
    assert now_of(lot).ends_at == sale.first_end_at


def test_a_scheduled_lot_of_ones_own_is_put_in_until_bidding_on_it_begins(sale, group):
    lot = a_lot(an_item(group=group), starts_at=clock.now() + timedelta(hours=1))
    with pytest.raises(NotAllowed):
        sales.put_in(lot_id=lot.id, by=a_member(group).id, sale=sale.number)
    with pytest.raises(NotFound):
        sales.put_in(lot_id=lot.id, by=a_person().id, sale=sale.number)
    with clock.at(lot.starts_at), pytest.raises(TooLate):
        sales.put_in(lot_id=lot.id, by=lot.seller_id, sale=sale.number)
    first = a_lot_in(sale)
    for _double_click in range(2):
        sales.put_in(lot_id=lot.id, by=lot.seller_id, sale=sale.number)
    assert order_of(sale) == [(first.id, 0), (lot.id, 1)]
    assert now_of(lot).starts_at == sale.starts_at
    with pytest.raises(RuleBroken, match="another sale"):
        sales.put_in(lot_id=lot.id, by=lot.seller_id, sale=a_sale(group).number)


def test_a_lot_that_runs_is_in_no_sale_any_more(sale, group):
    running = a_lot(an_item(group=group))
    with pytest.raises(TooLate):
        sales.put_in(lot_id=running.id, by=running.seller_id, sale=sale.number)


def test_a_full_sale_takes_no_more(sale, monkeypatch):
    monkeypatch.setattr("marketplace.auctions.sale_rules.MOST_LOTS", 2)
    assert MOST_LOTS > 2
    a_lot_in(sale), a_lot_in(sale)
    with pytest.raises(RuleBroken, match="full"):
        a_lot_in(sale)


def test_sealed_bids_go_in_too_and_tell_nothing(sale, group):
    lot = a_lot_in(sale, format=Format.SEALED_SECOND)
    start(sale)
    with clock.at(sale.starts_at + timedelta(hours=1)):
        before = tally_of(sale)
        a_bid(lot, None, 9000)
        assert tally_of(sale) == before
        [row] = sale_queries.lots_of(sale)
        assert (row.leader, row.lot.price_minor) == ("", 500)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    assert sale_queries.lots_of(sale)[0].leader


# ---- ordering them ----


def test_a_moderator_orders_the_lots_and_their_ends_follow(sale, holder):
    first, second, third = (a_lot_in(sale) for _each in range(3))
    for _double_click in range(2):
        sales.move_lot(sale_id=sale.id, by=holder, lot=third.number, place=1)
    assert order_of(sale) == [(third.id, 0), (first.id, 1), (second.id, 2)]
    sales.move_lot(sale_id=sale.id, by=holder, lot=third.number, place=99)
    assert order_of(sale) == [(first.id, 0), (second.id, 1), (third.id, 2)]


def test_who_may_not_hold_a_sale_changes_nothing_in_one(sale, group):
    lot = a_lot_in(sale)
    for member, error in ((a_member(group), NotAllowed), (a_person(), NotFound)):
        for deed in (
            lambda by: sales.move_lot(sale_id=sale.id, by=by, lot=lot.number, place=1),
            lambda by: sales.take_out(sale_id=sale.id, by=by, lot=lot.number, reason="No clock."),
            lambda by: sales.call_off(sale_id=sale.id, by=by, reason="Rain."),
            lambda by: change(sale, by, title="Mine"),
        ):
            with pytest.raises(error):
                deed(member.id)


def test_a_lot_that_is_taken_out_can_be_put_up_again_and_its_seller_reads_why(sale, group, holder):
    seller = a_member(group)
    first, second = a_lot_in(sale, seller), a_lot_in(sale)
    sales.take_out(sale_id=sale.id, by=holder, lot=first.number, reason="This is no clock.")
    with pytest.raises(Stale):
        sales.take_out(sale_id=sale.id, by=holder, lot=first.number, reason="This is no clock.")
    assert order_of(sale) == [(second.id, 0)]
    assert now_of(first).state == State.WITHDRAWN
    assert kinds_told(seller) == ["lot_taken_out"]
    assert "This is no clock." in letters_to(seller)[0].body
    again = service.list_lot(
        by=seller.id, item_id=first.item_id, opening=Money(500, "EUR"), ends_at=clock.now() + timedelta(days=1),
        client_key="key-number-1",
    )  # fmt: skip
    assert now_of(again).sale_id is None


def test_a_sale_that_is_called_off_gives_all_items_back_and_tells_each_seller_once(sale, group, holder):
    seller = a_member(group)
    lots = [a_lot_in(sale, seller), a_lot_in(sale, seller), a_lot_in(sale)]
    sales.call_off(sale_id=sale.id, by=holder, reason="The hall is flooded.")
    assert {now_of(lot).state for lot in lots} == {State.WITHDRAWN}
    assert state_of(sale) is SaleState.CALLED_OFF
    assert kinds_told(seller) == ["sale_called_off"]
    assert "The hall is flooded." in letters_to(seller)[0].body
    with pytest.raises(Stale):
        sales.call_off(sale_id=sale.id, by=holder, reason="The hall is flooded.")
    with pytest.raises(Stale):
        a_lot_in(sale)


# ---- lots that go ----


def test_a_lot_that_goes_before_the_start_was_never_in_it(sale, holder):
    first, second, third = (a_lot_in(sale) for _each in range(3))
    service.withdraw_lot(lot_id=first.id, by=first.seller_id)
    service.hide_lot(lot_id=second.id, by=holder, reason="Stolen.")
    assert order_of(sale) == [(third.id, 2)]  # where it was, until a moderator lays them out anew
    fourth = a_lot_in(sale)
    assert order_of(sale) == [(third.id, 2), (fourth.id, 3)]
    sales.move_lot(sale_id=sale.id, by=holder, lot=fourth.number, place=1)
    assert order_of(sale) == [(fourth.id, 0), (third.id, 1)]


def test_a_lot_that_goes_after_the_start_leaves_a_gap(sale, holder):
    first, second, third = (a_lot_in(sale) for _each in range(3))
    start(sale)
    with clock.at(sale.starts_at + timedelta(hours=1)):
        service.withdraw_lot(lot_id=first.id, by=first.seller_id)
        service.hide_lot(lot_id=second.id, by=holder, reason="Stolen.")
        assert order_of(sale) == [(first.id, 0), (third.id, 2)]
        assert (tally_of(sale).lots, tally_of(sale).withdrawn, tally_of(sale).running) == (2, 1, 1)


def test_the_lots_of_a_member_who_goes_and_of_a_group_that_closes_go_too(sale, group, holder):
    seller = a_member(group)
    his, other = a_lot_in(sale, seller), a_lot_in(sale)
    members.remove_member(by=holder, group_id=group.id, person_id=seller.id, reason="Rude.")
    assert [lot_id for lot_id, _gaps in order_of(sale)] == [other.id]
    assert now_of(his).state == State.WITHDRAWN
    founding.close_group(by=holder, group_id=group.id)
    assert order_of(sale) == []
    with clock.at(sale.starts_at):
        assert state_of(sale) is SaleState.OVER


# ---- holding it ----


def test_thirty_lots_close_in_order_and_an_extension_moves_its_own_lot_alone(sale, group):
    seller, bidder, rival = (a_member(group) for _each in range(3))
    lots = [a_lot_in(sale, seller) for _each in range(30)]
    start(sale)
    with clock.at(sale.starts_at + timedelta(hours=1)):
        assert state_of(sale) is SaleState.BIDDING
        for lot in lots[::2]:
            a_bid(lot, bidder, 1000, at=clock.now())
    ends = [lot.ends_at for lot in lots]
    a_bid(lots[4], rival, 1200, at=ends[4] - timedelta(seconds=1))
    after = [now_of(lot).ends_at for lot in lots]
    assert after[4] > ends[5]
    assert after[:4] + after[5:] == ends[:4] + ends[5:]
    for lot in sorted(lots, key=lambda lot: lot.ends_at):
        with clock.at(lot.ends_at - TICK):
            assert state_of(sale) is SaleState.CLOSING
            assert sale_queries.next_to_close(sale, now=clock.now()).lot.id == lot.id
            assert closing.close_due_lots() == 0
        with clock.at(lot.ends_at):
            assert closing.close_due_lots() == 1
            assert now_of(lot).closed_at == lot.ends_at
    tally = tally_of(sale)
    assert (tally.sold, tally.passed, tally.open) == (15, 15, 0)
    assert tally.hammered_minor == 14 * 500 + 1050
    with clock.at(after[4]):
        assert state_of(sale) is SaleState.OVER


def test_a_worker_that_comes_late_closes_them_in_their_order(sale, holder, monkeypatch):
    lots, told = [a_lot_in(sale) for _each in range(3)], []
    sales.move_lot(sale_id=sale.id, by=holder, lot=lots[0].number, place=3)
    start(sale)
    monkeypatch.setattr(closing, "announce", told.append)
    with clock.at(sale.first_end_at + timedelta(hours=1)):
        assert closing.close_due_lots() == 3
    assert [fact.lot_id for fact in told] == [lots[1].id, lots[2].id, lots[0].id]


def test_bids_that_are_faster_than_the_worker_start_a_lot_of_a_sale(sale):
    lot = a_lot_in(sale)
    with pytest.raises(RuleBroken):
        a_bid(lot, at=sale.starts_at - TICK)
    a_bid(lot, at=sale.starts_at)
    assert now_of(lot).state == State.RUNNING


def test_a_lot_that_passed_is_listed_again_on_its_own(sale):
    lot = a_lot_in(sale)
    start(sale)
    with clock.at(sale.first_end_at):
        closing.close_due_lots()
        again = service.relist(lot_id=lot.id, by=lot.seller_id, client_key="key-number-1")
        assert now_of(again).sale_id is None
        assert now_of(again).ends_at == clock.now() + timedelta(days=1)


def test_neighbours_are_those_that_can_be_seen(sale, holder):
    first, second, third = (a_lot_in(sale) for _each in range(3))
    start(sale)
    with clock.at(sale.starts_at):
        service.hide_lot(lot_id=second.id, by=holder, reason="Stolen.")
    near = [sale_queries.place_of(now_of(lot)) for lot in (first, third)]
    assert [(place.before, place.after) for place in near] == [(None, third.number), (first.number, None)]
    assert sale_queries.place_of(a_lot()) is None


# ---- several at the same moment ----


def test_two_moderators_and_a_seller_at_once_leave_every_place_to_one_lot(app, sale, group, holder):
    lots = [a_lot_in(sale) for _each in range(4)]
    moderator, seller = a_member(group, Role.MODERATOR), a_member(group)
    numbers, sale_id, sale_number, moderator_id = [lot.number for lot in lots], sale.id, sale.number, moderator.id
    item_id, seller_id = an_item(seller, group).id, seller.id
    failures = at_once(
        app,
        lambda: sales.move_lot(sale_id=sale_id, by=holder, lot=numbers[3], place=1),
        lambda: sales.take_out(sale_id=sale_id, by=moderator_id, lot=numbers[1], reason="No clock."),
        lambda: sales.move_lot(sale_id=sale_id, by=moderator_id, lot=numbers[0], place=2),
        lambda: service.list_lot(
            by=seller_id, item_id=item_id, opening=Money(500, "EUR"), sale=sale_number, client_key="key-number-1"
        ),
    )
    assert not failures
    assert [at for _lot, at in order_of(sale)] == [0, 1, 2, 3]


def test_two_who_call_it_off_at_once_do_it_once(app, sale, group, holder):
    seller = a_member(group)
    a_lot_in(sale, seller)
    sale_id = sale.id
    failures = at_once(app, *[lambda: sales.call_off(sale_id=sale_id, by=holder, reason="Rain.")] * 2)
    assert [type(failure) for failure in failures] == [Stale]
    assert kinds_told(seller) == ["sale_called_off"]


def test_numbers_are_given_once(app, group, holder):
    group_id, tomorrow = group.id, clock.now() + timedelta(days=1)

    def opens(key):
        return lambda: sales.open_sale(
            by=holder, group_id=group_id, title="Clocks", words="", starts_at=tomorrow,
            first_end_at=tomorrow + timedelta(days=1), gap_seconds=20, client_key=key,
        )  # fmt: skip

    assert not at_once(app, opens("key-number-1"), opens("key-number-1"), opens("key-number-2"))
    assert list(db.session.scalars(select(Sale.number).order_by(Sale.number))) == [1, 2]


def test_a_place_and_a_sale_belong_together(sale):
    lot = a_lot_in(sale)
    with pytest.raises(Exception, match="sale"), unit_of_work():
        db.session.get_one(Lot, lot.id).sale_position = None
    assert db.session.scalar(select(func.count()).where(Lot.sale_position.is_not(None))) == 1
