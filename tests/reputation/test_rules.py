"""What standing says, and what it refuses to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kernel.errors import RuleBroken, TooLate
from marketplace.reputation.rules import (
    FIRST_SHARE,
    Grade,
    Opinion,
    Record,
    Risk,
    Share,
    check_feedback,
    group_share,
    opinion,
    standing,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD, FAIR, POOR = Grade.GOOD, Grade.FAIR, Grade.POOR
NEW_GROUP = group_share(bad=0, deals=0)


@pytest.mark.parametrize(
    ("grades", "comes_to"),
    [
        ((GOOD, GOOD, GOOD), Opinion.POSITIVE),
        ((GOOD, FAIR, GOOD), Opinion.POSITIVE),
        ((FAIR, FAIR, GOOD), Opinion.MIXED),
        ((FAIR, FAIR, FAIR), Opinion.MIXED),
        ((GOOD, GOOD, POOR), Opinion.NEGATIVE),
    ],
)
def test_three_grades_come_to_one_opinion(grades: tuple[Grade, ...], comes_to: Opinion) -> None:
    assert opinion(grades) is comes_to


def test_nobody_is_asked_before_the_order_is_closed() -> None:
    with pytest.raises(RuleBroken, match="opens when the order is closed"):
        check_feedback(until=None, has_spoken=False, now=NOW)


def test_what_was_said_stays() -> None:
    with pytest.raises(RuleBroken, match="stays as you said it"):
        check_feedback(until=NOW + timedelta(days=1), has_spoken=True, now=NOW)


def test_after_the_last_second_it_is_too_late_to_speak() -> None:
    check_feedback(until=NOW, has_spoken=False, now=NOW - timedelta(seconds=1))
    with pytest.raises(TooLate):
        check_feedback(until=NOW, has_spoken=False, now=NOW)


@pytest.mark.parametrize(
    ("deals", "level"),
    [(0, 0), (1, 1), (2, 1), (3, 2), (9, 2), (10, 3), (29, 3), (30, 4), (99, 4), (100, 5), (5000, 5)],
)
def test_evidence_is_the_number_of_closed_deals_in_six_steps(deals: int, level: int) -> None:
    assert standing(Record(sales=deals), share=NEW_GROUP).evidence == level


def test_of_somebody_without_a_deal_nothing_is_known() -> None:
    assert standing(Record(), share=0.9).risk is Risk.UNKNOWN


@pytest.mark.parametrize(
    ("bad", "deals", "risk"),
    [
        (0, 1, Risk.SOME),
        (0, 3, Risk.LOW),
        (1, 1, Risk.HIGH),
        (1, 10, Risk.SOME),
        (1, 30, Risk.LOW),
        (3, 10, Risk.HIGH),
        (10, 10, Risk.HIGH),
    ],
)
def test_risk_weighs_what_went_badly_against_all_deals(bad: int, deals: int, risk: Risk) -> None:
    assert standing(Record(purchases=deals, bad=bad), share=FIRST_SHARE).risk is risk


def test_risk_never_falls_when_one_more_deal_goes_badly() -> None:
    ladder = [Risk.LOW, Risk.SOME, Risk.HIGH]
    for deals in range(1, 60):
        words = [standing(Record(sales=deals, bad=bad), share=FIRST_SHARE).risk for bad in range(deals + 1)]
        assert words == sorted(words, key=ladder.index)


def test_a_newcomer_is_taken_for_what_the_group_is_like() -> None:
    one_good_deal = Record(sales=1)
    assert standing(one_good_deal, share=group_share(bad=1, deals=500)).risk is Risk.LOW
    assert standing(one_good_deal, share=group_share(bad=200, deals=500)).risk is Risk.HIGH


def test_a_deal_whose_money_went_back_is_evidence_too() -> None:
    record = Record(sales=1, purchases=1, undone=1)
    assert record.deals == 3


def test_a_share_of_nothing_is_no_percentage() -> None:
    assert Share(0, 0).percent is None
    assert Share(2, 3).percent == 66
    assert Share(3, 3).percent == 100
