"""The law of bidding, held against a slow model that reads the whole history. The law of a lot, walked completely."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings, strategies as st

from marketplace.auctions import bid_rules, rules
from marketplace.auctions.bid_rules import judge_bid, price
from marketplace.auctions.increment_rules import increment, increments, plus_increment
from marketplace.auctions.rules import LAW, Action, Lot, Party, SoftClose, State, When, judge, open_to
from marketplace.groups.term_rules import Ladder
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SELLER, ANNA, BEN, CLEO = 1, 2, 3, 4


def eur(minor):
    return Money(minor, "EUR")


def a_lot(**changes):
    """A lot that opens at EUR 5.00 and ends at noon."""
    lot = Lot(
        state=State.RUNNING, seller_id=SELLER, opening=eur(500), reserve=None, starts_at=NOON - timedelta(days=7),
        scheduled_end_at=NOON, ends_at=NOON, soft_close=SoftClose(timedelta(minutes=2), timedelta(minutes=60)),
    )  # fmt: skip
    return replace(lot, **changes)


def after(lot, *bids, at=NOON - timedelta(hours=1)):
    """The lot after these bids: bidder, maximum."""
    for bidder, maximum in bids:
        lot = judge_bid(lot, bidder_id=bidder, maximum=eur(maximum), now=at).lot
    return lot


# ---- price and leader ----


def test_nobody_has_bid_and_the_price_is_the_opening_price():
    assert price(a_lot()) == eur(500)


def test_the_only_bidder_pays_the_opening_price_however_high_he_goes():
    assert price(after(a_lot(), (ANNA, 90_00))) == eur(500)


def test_the_leader_pays_one_increment_over_the_best_of_the_others():
    assert price(after(a_lot(), (ANNA, 90_00), (BEN, 10_00))) == eur(10_50)


def test_the_leader_never_pays_more_than_his_maximum():
    lot = after(a_lot(), (ANNA, 10_00), (BEN, 10_10))
    assert (lot.leader_id, price(lot)) == (BEN, eur(10_10))


def test_of_equal_bids_the_earlier_leads_at_that_amount():
    lot = after(a_lot(), (ANNA, 10_00), (BEN, 10_00))
    assert (lot.leader_id, price(lot)) == (ANNA, eur(10_00))


def test_the_best_of_the_others_is_never_an_earlier_bid_of_the_leader():
    lot = after(a_lot(), (ANNA, 10_00), (ANNA, 50_00))
    assert (lot.second_maximum, price(lot)) == (None, eur(500))


def test_a_leader_who_raises_himself_does_not_move_the_price():
    before = after(a_lot(), (ANNA, 10_00), (BEN, 20_00))
    verdict = judge_bid(before, bidder_id=BEN, maximum=eur(50_00), now=NOON - timedelta(hours=1))
    assert verdict.price == price(before)
    assert verdict.is_quiet
    assert verdict.lot.bid_count == before.bid_count


def test_a_price_capped_by_the_leaders_old_maximum_tops_up_when_he_raises_it():
    capped = after(a_lot(), (ANNA, 10_00), (BEN, 10_10))
    verdict = judge_bid(capped, bidder_id=BEN, maximum=eur(30_00), now=NOON - timedelta(hours=1))
    assert verdict.price == eur(10_50)
    assert not verdict.is_quiet


def test_a_rival_need_not_beat_the_leader_by_a_whole_increment():
    lot = after(a_lot(), (ANNA, 100_00), (BEN, 100_01))
    assert (lot.leader_id, price(lot)) == (BEN, eur(100_01))


def test_a_rival_bids_the_price_and_one_increment_at_least():
    lot = after(a_lot(), (ANNA, 90_00), (BEN, 10_00))
    assert bid_rules.least_bid(lot) == eur(11_00)
    with pytest.raises(RuleBroken) as refusal:
        after(lot, (CLEO, 10_99))
    assert refusal.value.details["least"] == eur(11_00)
    assert after(lot, (CLEO, 11_00)).leader_id == ANNA


def test_the_first_bid_is_the_opening_price_at_least():
    with pytest.raises(RuleBroken):
        after(a_lot(), (ANNA, 499))
    assert after(a_lot(), (ANNA, 500)).leader_id == ANNA


@pytest.mark.parametrize("lower", [9_99, 10_00])
def test_a_leader_raises_his_maximum_and_never_lowers_it(lower):
    with pytest.raises(RuleBroken):
        after(a_lot(), (ANNA, 10_00), (ANNA, lower))


def test_a_reserve_that_the_leader_reaches_lifts_the_price_to_it():
    assert price(after(a_lot(reserve=eur(20_00)), (ANNA, 30_00))) == eur(20_00)
    assert price(after(a_lot(reserve=eur(20_00)), (ANNA, 19_99))) == eur(500)


def test_a_raise_that_reaches_the_reserve_lifts_the_price():
    lot = after(a_lot(reserve=eur(20_00)), (ANNA, 15_00), (BEN, 10_00))
    assert price(after(lot, (ANNA, 25_00))) == eur(20_00)


def test_the_seller_does_not_bid_on_his_own_lot():
    with pytest.raises(NotAllowed):
        after(a_lot(), (SELLER, 10_00))


def test_nobody_bids_before_the_start_at_the_end_or_after_it():
    with pytest.raises(TooEarly):
        after(a_lot(state=State.SCHEDULED), (ANNA, 10_00))
    with pytest.raises(TooLate):
        after(a_lot(), (ANNA, 10_00), at=NOON)
    with pytest.raises(TooLate):
        after(a_lot(state=State.SOLD), (ANNA, 10_00), at=NOON)
    assert after(a_lot(), (ANNA, 10_00), at=NOON - timedelta(microseconds=1)).leader_id == ANNA


def test_five_times_the_price_is_asked_for_twice():
    assert bid_rules.needs_second_look(eur(500), eur(25_00))
    assert not bid_rules.needs_second_look(eur(500), eur(24_99))


# ---- the same, from the whole history ----


@dataclass(frozen=True)
class Entry:
    bidder: int
    maximum: int


def model(history, opening, reserve):
    """Leader and price as the README of the data says, computed from all bids. Slow, plain, and sharing no code."""
    best = {}
    for order, entry in enumerate(history):
        if entry.maximum > best.get(entry.bidder, (0, 0))[0]:
            best[entry.bidder] = (entry.maximum, order)
    if not best:
        return None, opening
    leader = min(best, key=lambda bidder: (-best[bidder][0], best[bidder][1]))
    others = [maximum for bidder, (maximum, _) in best.items() if bidder != leader]
    table = ((100, 5), (500, 25), (2500, 50), (10000, 100), (25000, 250), (50000, 500), (100000, 1000), (250000, 2500),
             (500000, 5000), (float("inf"), 10000))  # fmt: skip
    asked = opening
    if others:
        asked = max(others) + next(step for below, step in table if max(others) < below)
    if reserve is not None and best[leader][0] >= reserve:
        asked = max(asked, reserve)
    return leader, min(asked, best[leader][0])


amounts = st.one_of(st.integers(1, 3000), st.sampled_from([99, 100, 499, 500, 2499, 2500]), st.integers(1, 10**6))
histories = st.lists(st.builds(Entry, st.integers(ANNA, 6), amounts), max_size=25)


@settings(max_examples=400, deadline=None)
@given(histories, st.integers(1, 3000), st.one_of(st.none(), st.integers(1, 5000)))
def test_what_the_row_carries_gives_what_the_whole_history_gives(bids, opening, extra):
    reserve = None if extra is None else opening + extra
    lot = a_lot(opening=eur(opening), reserve=None if reserve is None else eur(reserve))
    accepted = []
    for bid in bids:
        before = price(lot)
        try:
            lot = after(lot, (bid.bidder, bid.maximum))
        except RuleBroken:
            continue
        accepted.append(bid)
        assert (lot.leader_id, price(lot).minor) == model(accepted, opening, reserve)
        assert before <= price(lot) <= lot.leader_maximum, "the price never falls, nobody pays over his maximum"
    assert rules.is_sold_at_the_end(lot) == bool(accepted and max(b.maximum for b in accepted) >= (reserve or 0))


@settings(max_examples=200, deadline=None)
@given(histories, st.sets(st.integers(ANNA, 6)))
def test_voided_bids_leave_the_lot_as_if_they_had_never_come(bids, gone):
    lot, accepted = a_lot(opening=eur(1), reserve=eur(1500)), []
    for bid in bids:
        try:
            lot = after(lot, (bid.bidder, bid.maximum))
        except RuleBroken:
            continue
        accepted.append(bid)
    remaining = [bid for bid in accepted if bid.bidder not in gone]
    lot = bid_rules.retaken(lot, ((bid.bidder, eur(bid.maximum)) for bid in remaining))
    assert (lot.leader_id, price(lot).minor) == model(remaining, 1, 1500)
    assert (lot.bid_count == 0) == (not remaining)


# ---- the end and its extension ----


def test_a_bid_in_the_window_resets_the_time_left_to_it():
    at = NOON - timedelta(seconds=30)
    assert after(a_lot(), (ANNA, 10_00), at=at).ends_at == at + timedelta(minutes=2)


def test_a_bid_before_the_window_does_not():
    assert after(a_lot(), (ANNA, 10_00), at=NOON - timedelta(minutes=2, microseconds=1)).ends_at == NOON


def test_the_window_opens_exactly_so_long_before_the_end():
    assert after(a_lot(), (ANNA, 10_00), at=NOON - timedelta(minutes=2)).ends_at == NOON
    almost = NOON - timedelta(minutes=2) + timedelta(microseconds=1)
    assert after(a_lot(), (ANNA, 10_00), at=almost).ends_at == almost + timedelta(minutes=2)


def test_the_leader_who_raises_himself_extends_nothing():
    lot = after(a_lot(), (ANNA, 10_00))
    assert after(lot, (ANNA, 20_00), at=NOON - timedelta(seconds=30)).ends_at == NOON


def test_a_leader_who_tops_up_a_capped_price_extends_nothing():
    lot = after(a_lot(), (BEN, 10_00), (ANNA, 10_10))
    raised = after(lot, (ANNA, 20_00), at=NOON - timedelta(seconds=30))
    assert price(raised) != price(lot)
    assert raised.ends_at == NOON


def test_a_rival_who_only_drives_the_price_up_extends():
    lot = after(a_lot(), (ANNA, 90_00))
    assert after(lot, (BEN, 10_00), at=NOON - timedelta(seconds=30)).ends_at > NOON


def test_no_lot_runs_longer_than_the_cap_past_its_scheduled_end():
    late = a_lot(ends_at=NOON + timedelta(minutes=59))
    assert after(late, (ANNA, 10_00), at=NOON + timedelta(minutes=58)).ends_at == NOON + timedelta(minutes=60)


def test_a_window_of_nothing_closes_hard():
    hard = a_lot(soft_close=SoftClose(timedelta(0), timedelta(minutes=60)))
    assert after(hard, (ANNA, 10_00), at=NOON - timedelta(microseconds=1)).ends_at == NOON


@given(st.lists(st.integers(0, 7200), max_size=20))
def test_an_end_never_comes_earlier(seconds):
    lot, bidder = a_lot(opening=eur(100)), ANNA
    for at in sorted(NOON - timedelta(minutes=10) + timedelta(seconds=second) for second in seconds):
        before, bidder = lot, BEN if bidder == ANNA else ANNA
        try:
            lot = judge_bid(lot, bidder_id=bidder, maximum=bid_rules.least_bid(lot), now=at).lot
        except RuleBroken:
            continue
        assert NOON <= before.ends_at <= lot.ends_at <= NOON + timedelta(minutes=60)


# ---- the law of a lot ----


def in_every_situation(state):
    """Lots in this state: with and without bids, above and below the reserve, undone or not, hidden or not."""
    for leader_maximum in (None, eur(10_00), eur(30_00)):
        for fell, is_hidden in product((False, True), repeat=2):
            yield a_lot(
                state=state, reserve=eur(20_00), leader_id=leader_maximum and ANNA, leader_maximum=leader_maximum,
                bid_count=1 if leader_maximum else 0, has_fallen_through=fell, is_hidden=is_hidden, buy_now=eur(50_00),
                is_buy_now_gone=fell,
            )  # fmt: skip


MOMENTS = [NOON + timedelta(seconds=s) for s in (-8 * 86400, -7 * 86400, -1, 0, 86400)]


def test_every_state_is_reached_and_its_clauses_do_not_contradict_one_another():
    reached = {State.SCHEDULED, State.RUNNING} | {clause.then for clause in LAW}
    assert reached == set(State)
    assert max(Counter((c.given, c.action, c.by) for c in LAW).values()) == 1


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("by", Party)
def test_a_page_offers_what_the_law_allows_and_nothing_else(state, action, by):
    clauses = [c for c in LAW if (c.given, c.action, c.by) == (state, action, by)]
    for lot in in_every_situation(state):
        for now in MOMENTS:
            if action in open_to(lot, by=by, now=now):
                assert judge(lot, action, by=by, now=now) == clauses[0].then
            else:
                with pytest.raises(RuleBroken):
                    judge(lot, action, by=by, now=now)
    if not clauses:
        assert all(action not in open_to(lot, by=by, now=now) for lot in in_every_situation(state) for now in MOMENTS)


@pytest.mark.parametrize("when", When)
def test_each_condition_is_met_in_some_situation_and_not_in_another(when):
    met = set()
    for clause in LAW:
        if clause.when is when:
            for lot in in_every_situation(clause.given):
                met |= {clause.action in open_to(lot, by=clause.by, now=now) for now in MOMENTS}
    assert met == ({True} if when is When.ANY_TIME else {True, False})


@pytest.mark.parametrize("lot", [*in_every_situation(State.RUNNING)])
def test_a_lot_whose_time_is_over_is_ended_in_one_way(lot):
    assert len(open_to(lot, by=Party.CLOCK, now=NOON)) == 1
    assert open_to(lot, by=Party.CLOCK, now=NOON) == {rules.ending(lot)}
    assert not open_to(lot, by=Party.CLOCK, now=NOON - timedelta(seconds=1))


def test_a_lot_below_its_reserve_passes():
    assert rules.ending(after(a_lot(reserve=eur(20_00)), (ANNA, 19_99))) is Action.END_UNSOLD
    assert rules.ending(after(a_lot(reserve=eur(20_00)), (ANNA, 20_00))) is Action.SELL
    assert rules.ending(a_lot()) is Action.END_UNSOLD


def test_the_seller_withdraws_before_the_first_bid_and_not_after_it():
    assert judge(a_lot(), Action.WITHDRAW, by=Party.SELLER, now=MOMENTS[1]) is State.WITHDRAWN
    with pytest.raises(TooLate):
        judge(after(a_lot(), (ANNA, 500)), Action.WITHDRAW, by=Party.SELLER, now=MOMENTS[1])


# ---- increments ----


@pytest.mark.parametrize(("at", "step"), [
    (0, 5), (99, 5), (100, 25), (499, 25), (500, 50), (2499, 50), (2500, 100), (9999, 100), (10000, 250), (24999, 250),
    (25000, 500), (49999, 500), (50000, 1000), (99999, 1000), (100000, 2500), (249999, 2500), (250000, 5000),
    (499999, 5000), (500000, 10000), (10**12, 10000),
])  # fmt: skip
def test_the_fine_steps_are_ebays(at, step):
    assert increment(eur(at), Ladder.FINE) == eur(step)
    assert plus_increment(eur(at), Ladder.FINE) == eur(at + step)


@pytest.mark.parametrize(("at", "step"), [
    (1, 1_00), (999, 1_00), (10_00, 5_00), (99_99, 5_00), (100_00, 10_00), (199_99, 10_00), (200_00, 20_00),
    (499_99, 20_00), (500_00, 50_00), (999_99, 50_00), (1_000_00, 100_00), (2_000_00, 200_00), (5_000_00, 500_00),
    (10_000_00, 1_000_00), (20_000_00, 2_000_00), (50_000_00, 5_000_00), (100_000_00, 10_000_00),
    (200_000_00, 20_000_00), (500_000_00, 50_000_00), (10**12, 50_000_00),
])  # fmt: skip
def test_the_round_steps_are_an_auction_houses(at, step):
    assert increment(eur(at), Ladder.HOUSE) == eur(step)


@pytest.mark.parametrize(("at", "step"), [(1, 1), (19, 1), (20, 1), (39, 1), (40, 2), (7_35, 36), (100_00, 5_00)])
def test_a_step_of_five_per_cent_is_rounded_down_and_never_nothing(at, step):
    assert increment(eur(at), Ladder.PERCENT) == eur(step)


@pytest.mark.parametrize(("ladder", "least"), [(Ladder.FINE, 10_50), (Ladder.HOUSE, 15_00), (Ladder.PERCENT, 10_50)])
def test_the_leader_pays_one_step_of_the_groups_ladder_over_the_next(ladder, least):
    lot = after(a_lot(opening=eur(100), ladder=ladder), (ANNA, 90_00), (BEN, 10_00))
    assert price(lot) == eur(least)
    assert bid_rules.least_bid(lot) == plus_increment(price(lot), ladder)


def test_yen_have_no_decimals_and_a_step_is_one_of_them_at_least():
    assert increment(Money(0, "JPY"), Ladder.FINE) == Money(1, "JPY")
    assert increment(Money(30, "JPY"), Ladder.FINE) == Money(1, "JPY")
    assert increment(Money(1000, "JPY"), Ladder.FINE) == Money(25, "JPY")
    assert increment(Money(1000, "JPY"), Ladder.HOUSE) == Money(100, "JPY")
    assert increment(Money(19, "JPY"), Ladder.PERCENT) == Money(1, "JPY")
    assert min(step for _, step in increments("JPY", Ladder.FINE)) == 1


def test_dinars_have_three_decimals():
    assert increment(Money(999, "KWD"), Ladder.FINE) == Money(50, "KWD")
    assert increment(Money(1000, "KWD"), Ladder.FINE) == Money(250, "KWD")


@pytest.mark.parametrize("ladder", [Ladder.FINE, Ladder.HOUSE])
@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
def test_steps_never_shrink_as_prices_grow(currency, ladder):
    table = increments(currency, ladder)
    assert table[0][0] == 0
    assert list(table) == sorted(table, key=lambda line: line[0])
    assert [step for _, step in table] == sorted(step for _, step in table)
