"""A parcel's shipping is shared by one sentence: the dearest in full, every other as a further lot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from marketplace.escrow.judging_rules import judge, lapse_of
from marketplace.escrow.order_rules import Action, Deed, Order, Party, State
from marketplace.escrow.parcel_rules import Posting, allot, saving, shares, total
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooLate
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def posting(number: int, full: int, further: int | None = None) -> Posting:
    return Posting(number, eur(full), None if further is None else eur(further))


@st.composite
def postings(draw: st.DrawFn, fewest: int = 1) -> list[Posting]:
    fulls = draw(st.lists(st.integers(0, 5_000), min_size=fewest, max_size=8))
    rates = [draw(st.none() | st.integers(0, full)) for full in fulls]
    return [posting(number, full, rate) for number, (full, rate) in enumerate(zip(fulls, rates, strict=True), 1)]


@pytest.mark.parametrize(
    ("parcel", "parts"),
    [
        ([posting(1, 1000, 300), posting(2, 800, 200)], {1: 1000, 2: 200}),
        ([posting(1, 800, 200), posting(2, 1000, 300), posting(3, 500)], {1: 200, 2: 1000, 3: 500}),
        ([posting(1, 1000), posting(2, 800)], {1: 1000, 2: 800}),
        ([posting(1, 1000, 300), posting(2, 1000, 300)], {1: 1000, 2: 300}),
        ([posting(1, 1000, 0), posting(2, 1000, 300)], {1: 0, 2: 1000}),
        ([posting(1, 0, 0), posting(2, 0)], {1: 0, 2: 0}),
        ([posting(7, 640, 100)], {7: 640}),
        ([], {}),
    ],
)
def test_the_dearest_is_paid_in_full_and_every_other_as_a_further_lot(
    parcel: list[Posting], parts: dict[int, int]
) -> None:
    assert {number: part.minor for number, part in shares(parcel).items()} == parts


@given(postings())
def test_no_parcel_costs_more_than_a_parcel_for_each(parcel: list[Posting]) -> None:
    parts = shares(parcel)
    assert all(parts[each.order_id] <= each.full for each in parcel)
    assert saving(parcel).minor >= 0
    assert max(parts.values()) == max(each.full for each in parcel)


@given(postings(), st.randoms())
def test_it_does_not_matter_who_joined_first(parcel: list[Posting], chance: object) -> None:
    mixed = list(parcel)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert shares(mixed) == shares(parcel)


@given(postings(fewest=2), st.data())
def test_what_is_left_when_one_ends_never_costs_more_than_before(parcel: list[Posting], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(parcel))
    left = [each for each in parcel if each is not gone]
    assert total("EUR", shares(left).values()) <= total("EUR", shares(parcel).values())


@given(postings(fewest=2), st.data())
def test_whatever_part_is_paid_for_first_has_the_dearest_shipping(parcel: list[Posting], data: st.DataObject) -> None:
    parts = shares(parcel)
    in_turn = sorted(parcel, key=lambda each: (-parts[each.order_id].minor, each.order_id))
    paid = in_turn[: data.draw(st.integers(1, len(parcel)))]
    assert shares(paid) == {each.order_id: parts[each.order_id] for each in paid}


@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.data())
def test_a_payment_is_allotted_to_the_last_cent_and_one_order_after_the_other(
    missing: list[int], data: st.DataObject
) -> None:
    amount = data.draw(st.integers(1, sum(missing)))
    parts = [part.minor for part in allot(eur(amount), [eur(lack) for lack in missing])]
    assert sum(parts) == amount
    assert all(part <= lack for part, lack in zip(parts, missing, strict=True))
    assert sum(0 < part < lack for part, lack in zip(parts, missing, strict=True)) <= 1
    is_full = [part == lack for part, lack in zip(parts, missing, strict=True)]
    assert is_full == sorted(is_full, reverse=True)


# ---- One order of it ----

JOIN, LEAVE = Deed(Action.JOIN_PARCEL, Party.BUYER), Deed(Action.LEAVE_PARCEL, Party.BUYER)
SHORT, LAPSE = Deed(Action.FALL_SHORT, Party.TREASURER), Deed(Action.LAPSE, Party.CLOCK)


def an_order(**changes: object) -> Order:
    new = Order(
        id=7, group_id=3, state=State.AWAITING_PAYMENT, buyer_id=1, seller_id=2, hammer=eur(1000), shipping=eur(90),
        terms=Terms(), since=NOON, deadline=NOON + timedelta(days=3), held=eur(0), owed_buyer=eur(0),
        owed_seller=eur(0), paid_buyer=eur(0), paid_seller=eur(0),
    )  # fmt: skip
    return replace(new, **changes)  # type: ignore[arg-type]


def test_joining_and_leaving_give_nobody_more_time() -> None:
    later = NOON + timedelta(days=2)
    joined = judge(an_order(), JOIN, now=later).order
    assert joined.is_in_parcel
    left = judge(joined, LEAVE, now=later).order
    assert not left.is_in_parcel
    assert joined.deadline == left.deadline == an_order().deadline and joined.since == NOON


@pytest.mark.parametrize(
    "changes",
    [
        {"can_be_posted": False},
        {"is_in_parcel": True},
        {"was_not_found": True},
        {"state": State.PAYMENT_CLAIMED},
        {"state": State.HELD, "held": eur(1090)},
    ],
)
def test_what_cannot_join_is_told_why(changes: dict[str, object]) -> None:
    with pytest.raises(RuleBroken):
        judge(an_order(**changes), JOIN, now=NOON)


def test_at_the_deadline_it_is_too_late_to_join() -> None:
    with pytest.raises(TooLate):
        judge(an_order(), JOIN, now=NOON + timedelta(days=3))


def test_once_it_was_said_to_be_sent_nothing_is_taken_out() -> None:
    with pytest.raises(RuleBroken, match="stays in it"):
        judge(an_order(is_in_parcel=True, was_not_found=True), LEAVE, now=NOON)


def test_only_the_buyer_puts_it_together() -> None:
    for deed in (JOIN, LEAVE):
        with pytest.raises(NotAllowed):
            judge(an_order(is_in_parcel=True), replace(deed, by=Party.SELLER), now=NOON)


def test_an_order_for_which_nothing_was_left_waits_like_the_others_and_ends_without_a_strike() -> None:
    short = judge(an_order(is_in_parcel=True, state=State.PAYMENT_CLAIMED), SHORT, now=NOON).order
    assert (short.state, short.deadline) == (State.TOPPING_UP, NOON + timedelta(days=3))
    assert lapse_of(short) is not None
    ended = judge(short, LAPSE, now=NOON + timedelta(days=3))
    assert (ended.order.state, ended.strike, ended.moves) == (State.CANCELLED, None, [])


def test_outside_a_parcel_nothing_falls_short() -> None:
    for state in (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED):
        with pytest.raises(RuleBroken):
            judge(an_order(state=state), SHORT, now=NOON)
