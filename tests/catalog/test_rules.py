"""The law of an item: what it needs before others see it, and that it is fixed once somebody has bid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from marketplace.catalog.rules import (
    LAW,
    MOST_REMARKS,
    Action,
    Category,
    Claim,
    Condition,
    Incomplete,
    Listing,
    State,
    Sureness,
    check_photo_removal,
    check_remark,
    judge,
    lacks,
    open_to,
)
from marketplace.kernel.errors import RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
COMPLETE = Listing(
    state=State.DRAFT,
    title="Pocket watch",
    description="It runs.",
    category=Category.WATCHES,
    condition=Condition.USED,
    shipping=Money(980, "EUR"),
    shipping_to="Austria",
    pickup_possible=False,
    photos=1,
    frozen_at=None,
)
EMPTY = replace(
    COMPLETE, title="", description="", category=None, condition=None, shipping=None, shipping_to="", photos=0
)


def test_a_complete_draft_is_published() -> None:
    assert judge(COMPLETE, Action.PUBLISH) is State.PUBLISHED


def test_every_state_can_be_left_and_come_back_to() -> None:
    assert {given for given, _ in LAW} == set(State)
    assert set(LAW.values()) == {State.PUBLISHED, State.WITHDRAWN}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_what_the_law_does_not_name_is_refused(state: State, action: Action) -> None:
    item = replace(COMPLETE, state=state)
    assert (action in open_to(item)) is ((state, action) in LAW)
    if (state, action) not in LAW:
        with pytest.raises(RuleBroken):
            judge(item, action)


def test_publishing_an_empty_draft_names_all_that_is_missing_in_the_order_of_the_form() -> None:
    with pytest.raises(Incomplete) as refusal:
        judge(EMPTY, Action.PUBLISH)
    assert [each.field for each in refusal.value.missing] == [
        "title",
        "category",
        "condition",
        "description",
        "shipping",
        "photos",
    ]
    assert refusal.value.field == "title"


def test_a_thing_that_is_only_picked_up_needs_no_shipping() -> None:
    assert not list(lacks(replace(COMPLETE, shipping=None, shipping_to="", pickup_possible=True)))


def test_a_thing_that_is_sent_says_where_to() -> None:
    assert [each.field for each in lacks(replace(COMPLETE, shipping_to=""))] == ["shipping_to"]


def test_shipping_may_be_free() -> None:
    assert not list(lacks(replace(COMPLETE, shipping=Money(0, "EUR"))))


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_after_the_first_bid_nothing_is_open(state: State, action: Action) -> None:
    item = replace(COMPLETE, state=state, frozen_at=NOON)
    assert not open_to(item)
    with pytest.raises(TooLate, match="Add a remark"):
        judge(item, action)


def test_what_a_moderator_hid_is_left_alone_by_its_seller() -> None:
    hidden = replace(COMPLETE, is_hidden=True)
    assert not open_to(hidden)
    with pytest.raises(RuleBroken, match="moderator"):
        judge(hidden, Action.PUBLISH)


def test_a_published_item_keeps_its_last_photograph_and_a_draft_does_not() -> None:
    check_photo_removal(COMPLETE)
    check_photo_removal(replace(COMPLETE, state=State.PUBLISHED, photos=2))
    with pytest.raises(RuleBroken, match="one photograph"):
        check_photo_removal(replace(COMPLETE, state=State.PUBLISHED))


def test_remarks_begin_with_the_first_bid_and_have_an_end() -> None:
    check_remark(replace(COMPLETE, frozen_at=NOON), already=MOST_REMARKS - 1)
    with pytest.raises(TooEarly):
        check_remark(COMPLETE, already=0)
    with pytest.raises(RuleBroken):
        check_remark(replace(COMPLETE, frozen_at=NOON), already=MOST_REMARKS)


def test_what_is_certain_or_likely_is_promised_and_what_is_unknown_is_not() -> None:
    promised = {sureness for sureness in Sureness if Claim("Crown", "original", sureness).is_promised}
    assert promised == {Sureness.CERTAIN, Sureness.LIKELY}
