"""The record of an auction: the law goes through it line by line, and finds whatever is not as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from marketplace.auctions import bid_rules, rules
from marketplace.auctions.record_rules import Line, Record, Sealed, examine, is_opened, missing
from marketplace.auctions.rules import Lot, SoftClose, State
from marketplace.auctions.seal_rules import What, seal
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOT = Lot(
    state=State.RUNNING, seller_id=0, opening=Money(500, "EUR"), reserve=None, starts_at=NOON - 24 * HOUR,
    scheduled_end_at=NOON, ends_at=NOON, soft_close=SoftClose(timedelta(minutes=2), timedelta(minutes=60)),
)  # fmt: skip
BIDS = (("Heron", 20_00, 5), ("Larch", 30_00, 4), ("Heron", 25_00, 3), ("Larch", 90_00, 2), ("Wren", 60_00, 1))
"""Who, his maximum, hours before the end."""


def opened(what, minor, salt="5a17"):
    amount = Money(minor, "EUR")
    return Sealed(seal(what, amount, salt), amount, salt)


def closed(sealed):
    return Sealed(sealed.seal)


def record_of(bids=BIDS, *, reserve=None, voids=()):
    """How an honest house would tell of these bids: (who, maximum, when). `voids`: (who, when)."""
    lot = replace(LOT, reserve=None if reserve is None else Money(reserve, "EUR"))
    names, lines, waiting = {}, [], sorted(voids, key=lambda each: each[1])

    def take_back(before):
        nonlocal lot, lines
        while waiting and waiting[0][1] < before:
            who, at = waiting.pop(0)
            lines = [replace(each, voided_at=each.voided_at or at) if each.bidder == who else each for each in lines]
            counting = [each for each in lines if each.voided_at is None]
            lot = bid_rules.retaken(lot, [(names[each.bidder], each.maximum.amount) for each in counting])

    for who, minor, hours in bids:
        at = hours if isinstance(hours, datetime) else NOON - hours * HOUR
        take_back(at)
        number = names.setdefault(who, len(names) + 1)
        try:
            verdict = bid_rules.judge_bid(lot, bidder_id=number, maximum=Money(minor, "EUR"), now=at)
        except RuleBroken:
            continue
        lot = verdict.lot
        lines.append(Line(who, at, opened(What.BID, minor), verdict.price, verdict.leads))
    take_back(NOON + 24 * HOUR)
    state = State.SOLD if rules.is_sold_at_the_end(lot) else State.PASSED
    leader = next((name for name, number in names.items() if number == lot.leader_id), "")
    price = bid_rules.price(lot)
    highest = max([price, *(line.price for line in lines)])
    lines = [
        line
        if is_opened(maximum=line.maximum.amount, by_leader=line.bidder == leader, highest=highest, state=state)
        else replace(line, maximum=closed(line.maximum))
        for line in lines
    ]
    sealed = None if reserve is None else opened(What.RESERVE, reserve)
    return Record(LOT, sealed, tuple(lines), state, price, leader, lot.ends_at)


def changed(record, place, **changes):
    lines = list(record.lines)
    lines[place] = replace(lines[place], **changes)
    return replace(record, lines=tuple(lines))


def sentences(record):
    return [(finding.line, finding.sentence) for finding in examine(record)]


# ---- what is kept and what is opened ----


def test_the_winner_keeps_his_maximum_and_everybody_else_shows_his():
    record = record_of()
    assert [(line.bidder, line.maximum.amount and line.maximum.amount.minor) for line in record.lines] == [
        ("Heron", 20_00), ("Larch", 30_00), ("Heron", 25_00), ("Larch", None), ("Wren", 60_00),
    ]  # fmt: skip
    assert (record.leader, record.price) == ("Larch", Money(61_00, "EUR"))
    assert not examine(record)


def test_a_winners_maximum_that_set_the_price_is_shown():
    record = record_of((("Heron", 20_00, 2), ("Larch", 20_10, 1)))
    assert record.price == record.lines[1].maximum.amount == Money(20_10, "EUR")
    assert not examine(record)


def test_a_lot_that_passed_shows_all_and_its_reserve():
    record = record_of((("Heron", 20_00, 2),), reserve=50_00)
    assert (record.state, record.reserve.amount) == (State.PASSED, Money(50_00, "EUR"))
    assert not examine(record)


def test_a_lot_without_a_bid_is_right_too():
    assert not examine(record_of(()))


def test_bids_in_the_last_minutes_move_the_end_by_the_law():
    record = record_of((("Heron", 20_00, NOON - timedelta(seconds=30)), ("Larch", 30_00, NOON + timedelta(seconds=60))))
    assert record.ends_at == NOON + timedelta(seconds=180)
    assert not examine(record)


def test_a_running_lot_shows_seals_alone_and_only_their_form_is_checked():
    ended = record_of()
    lines = tuple(replace(line, maximum=closed(line.maximum)) for line in ended.lines)
    running = replace(ended, state=State.RUNNING, lines=lines)
    assert not examine(running)
    assert not missing(running.lines, ended.lines)


# ---- what is found ----


@pytest.mark.parametrize("place", [0, 1, 2, 4])
def test_another_maximum_does_not_bear_the_seal(place):
    record = record_of()
    forged = replace(record.lines[place].maximum, amount=Money(59_00, "EUR"))
    assert sentences(changed(record, place, maximum=forged)) == [
        (place + 1, "The maximum is not the one that was sealed when the bid was placed.")
    ]


def test_another_reserve_does_not_bear_the_seal():
    record = record_of(reserve=50_00)
    assert sentences(replace(record, reserve=replace(record.reserve, amount=Money(40_00, "EUR"))))[0] == (
        None, "The reserve is not the one that was sealed when the lot was listed.",
    )  # fmt: skip


@pytest.mark.parametrize(("what", "sentence"), [
    ({"price": Money(62_00, "EUR")}, "The price at the end was EUR 61.00, not EUR 62.00."),
    ({"leader": "Wren"}, "At the end Larch led, not Wren."),
    ({"leader": ""}, "At the end Larch led, not nobody."),
    ({"state": State.PASSED}, "By the law the lot was sold."),
    ({"ends_at": NOON + HOUR}, "By the law it ended at 2030-01-01T12:00:00+00:00, not 2030-01-01T13:00:00+00:00."),
])  # fmt: skip
def test_another_outcome_is_found(what, sentence):
    record = record_of()
    record = changed(record, 3, maximum=opened(What.BID, 90_00))  # else his secret would be found first
    assert (None, sentence) in sentences(replace(record, **what))


def test_a_leader_who_never_bid_is_found():
    assert (None, "At the end nobody led, not Wren.") in sentences(replace(record_of(()), leader="Wren"))


def test_only_the_winner_may_keep_a_secret():
    record = record_of()
    assert sentences(changed(record, 4, maximum=closed(record.lines[4].maximum))) == [
        (5, "The maximum is kept secret, but only the winner's may be.")
    ]
    reserved = record_of(reserve=50_00)
    assert sentences(replace(reserved, reserve=closed(reserved.reserve))) == [
        (None, "The reserve is kept secret, but the auction has ended.")
    ]


def test_a_bid_that_was_left_out_gives_other_prices():
    record = record_of()
    found = sentences(replace(record, lines=record.lines[:4]))
    assert found == [(None, "The price at the end was EUR 26.00, not EUR 61.00.")]


def test_a_bid_that_the_law_refuses_is_found():
    record = record_of()
    assert sentences(changed(record, 4, maximum=opened(What.BID, 26_00))) == [
        (5, "The law refuses this bid: The next bid is EUR 27.00 or more. Raise your maximum.")
    ]
    assert sentences(changed(record, 4, placed_at=NOON))[0][1].startswith("The law refuses this bid: Bidding on this")


def test_lines_in_another_order_are_found():
    record = record_of()
    lines = (record.lines[1], record.lines[0], *record.lines[2:])
    assert (2, "This bid is older than the one before it.") in sentences(replace(record, lines=lines))


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"price": Money(22_00, "EUR")}, "The price after this bid was EUR 20.50, not EUR 22.00."),
    ({"leads": False}, "After this bid its bidder led."),
])  # fmt: skip
def test_another_course_is_found(changes, sentence):
    assert (2, sentence) in sentences(changed(record_of(), 1, **changes))


def test_a_bid_that_an_earlier_copy_had_is_missed():
    record = record_of()
    without = replace(record, lines=record.lines[:2] + record.lines[3:])
    assert [finding.line for finding in missing(record.lines, without.lines)] == [3]
    turned = (record.lines[1], record.lines[0], *record.lines[2:])
    assert [finding.line for finding in missing(record.lines, turned)] == [2]
    assert not missing(record.lines[:3], record.lines)


# ---- whatever was bid ----

MINOR = st.integers(1, 300).map(lambda each: each * 50)
STORY = st.lists(st.tuples(st.sampled_from(["Heron", "Larch", "Wren"]), MINOR), max_size=12)


@settings(max_examples=300)
@given(
    story=STORY,
    reserve=st.none() | st.integers(500, 20_000),
    gone=st.lists(st.sampled_from(["Heron", "Larch", "Wren"]), unique=True, max_size=2),
    minutes=st.lists(st.integers(1, 600), min_size=14, max_size=14, unique=True),
)
def test_what_an_honest_house_tells_is_always_found_right(story, reserve, gone, minutes):
    moments = [NOON - 12 * HOUR + timedelta(minutes=each) for each in sorted(minutes)]
    bids = [(who, minor, at) for (who, minor), at in zip(story, moments, strict=False)]
    left = [(who, moments[-1 - place] + timedelta(seconds=1)) for place, who in enumerate(gone)]
    bids = [bid for bid in bids if not any(bid[0] == who and bid[2] > at for who, at in left)]
    bidders = {who for who, _minor, _at in bids}
    assert not examine(record_of(bids, reserve=reserve, voids=[each for each in left if each[0] in bidders]))


@settings(max_examples=300)
@given(story=STORY, at=st.integers(0, 11), other=MINOR)
def test_a_maximum_that_was_made_another_is_always_found(story, at, other):
    record = record_of([(who, minor, 12 - place) for place, (who, minor) in enumerate(story)])
    shown = [place for place, line in enumerate(record.lines) if line.maximum.amount is not None]
    if not shown:
        return
    place = shown[at % len(shown)]
    maximum = record.lines[place].maximum
    forged = changed(record, place, maximum=replace(maximum, amount=Money(other, "EUR")))
    assert bool(examine(forged)) == (other != maximum.amount.minor)
