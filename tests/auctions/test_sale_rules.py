"""The law of a sale: how far it has come, who may do what, and when its lots end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given, strategies as st

from marketplace.auctions import sale_rules
from marketplace.auctions.sale_rules import (
    CLOSING_FROM,
    LAW,
    LONGEST_GAP_SECONDS,
    MOST_LOTS,
    SHORTEST_GAP_SECONDS,
    Action,
    Party,
    Sale,
    State,
    end_of,
    judge,
    moved,
    state_of,
)
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale, TooLate

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SALE = Sale(starts_at=NOON, first_end_at=NOON + timedelta(days=1), gap=timedelta(seconds=20))
CALLED_OFF = Sale(SALE.starts_at, SALE.first_end_at, SALE.gap, is_called_off=True)
TICK = timedelta(microseconds=1)


def test_who_may_do_what_and_until_when():
    for action, by in product(Action, Party):
        clause = next((c for c in LAW if (c.action, c.by) == (action, by)), None)
        for sale, now in product((SALE, CALLED_OFF), (NOON - TICK, NOON)):
            expected = (
                Stale if sale is CALLED_OFF else NotAllowed if clause is None else TooLate if now == NOON else None
            )
            if expected is None:
                assert judge(sale, action, by=by, now=now) is clause.then
            else:
                with pytest.raises(expected):
                    judge(sale, action, by=by, now=now)


def test_every_action_is_somebodys():
    assert {clause.action for clause in LAW} == set(Action)


@pytest.mark.parametrize(("sale", "open_lots", "now", "state"), [
    (SALE, 0, NOON - TICK, State.GATHERING),
    (SALE, 3, NOON - TICK, State.GATHERING),
    (SALE, 3, NOON, State.BIDDING),
    (SALE, 3, SALE.first_end_at - CLOSING_FROM - TICK, State.BIDDING),
    (SALE, 3, SALE.first_end_at - CLOSING_FROM, State.CLOSING),
    (SALE, 1, SALE.first_end_at + timedelta(hours=1), State.CLOSING),
    (SALE, 0, SALE.first_end_at + timedelta(hours=1), State.OVER),
    (SALE, 0, NOON, State.OVER),  # nobody put anything in
    (CALLED_OFF, 0, NOON - TICK, State.CALLED_OFF),
    (CALLED_OFF, 0, NOON + timedelta(days=9), State.CALLED_OFF),
])  # fmt: skip
def test_how_far_it_has_come(sale, open_lots, now, state):
    assert state_of(sale, open_lots=open_lots, now=now) is state


GAPS = st.integers(SHORTEST_GAP_SECONDS, LONGEST_GAP_SECONDS).map(lambda seconds: timedelta(seconds=seconds))


@given(gap=GAPS, lots=st.integers(1, MOST_LOTS))
def test_lots_end_one_after_the_other_always_the_same_gap_apart(gap, lots):
    sale = Sale(starts_at=NOON, first_end_at=NOON + timedelta(hours=1), gap=gap)
    ends = [end_of(sale, position) for position in range(1, lots + 1)]
    assert ends[0] == sale.first_end_at
    assert all(later - earlier == gap for earlier, later in pairwise(ends))


@given(order=st.lists(st.integers(1, 99), min_size=1, unique=True), data=st.data(), place=st.integers(-3, 120))
def test_a_lot_that_is_moved_stands_there_and_the_others_keep_their_order(order, data, place):
    lot = data.draw(st.sampled_from(order))
    after = moved(order, lot, place)
    assert after.index(lot) == min(max(place, 1), len(order)) - 1
    assert [each for each in after if each != lot] == [each for each in order if each != lot]
    assert moved(after, lot, place) == after


@pytest.mark.parametrize(("starts_in", "runs", "gap", "field"), [
    (0, 86_400, 20, "starts_at"),
    (61 * 86_400, 86_400, 20, "starts_at"),
    (60, 3599, 20, "first_end_at"),
    (60, -60, 20, "first_end_at"),
    (60, 30 * 86_400 + 1, 20, "first_end_at"),
    (60, 86_400, 4, "gap_seconds"),
    (60, 86_400, 601, "gap_seconds"),
])  # fmt: skip
def test_dates_that_leave_nobody_time_are_refused_at_their_field(starts_in, runs, gap, field):
    starts_at = NOON + timedelta(seconds=starts_in)
    sale = Sale(starts_at, starts_at + timedelta(seconds=runs), timedelta(seconds=gap))
    with pytest.raises(RuleBroken) as refusal:
        sale_rules.check_dates(sale, now=NOON)
    assert refusal.value.field == field


def test_dates_at_the_edge_are_fine():
    for starts_in, runs, gap in ((TICK, timedelta(hours=1), 5), (timedelta(days=60), timedelta(days=30), 600)):
        sale = Sale(NOON + starts_in, NOON + starts_in + runs, timedelta(seconds=gap))
        sale_rules.check_dates(sale, now=NOON)
