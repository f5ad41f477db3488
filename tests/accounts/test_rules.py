"""The law of the doors: five tries, a pause, and what is said; when new payout details are used; labels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.accounts import rules
from marketplace.accounts.rules import PAUSE, TRIES, TRIES_COUNT_FOR, Door, Tries
from marketplace.kernel.errors import RuleBroken

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failed(times: int, at: datetime = NOON) -> Tries:
    tries = rules.fresh_tries(at)
    for _ in range(times):
        tries = rules.after_failure(tries, at)
    return tries


@pytest.mark.parametrize("times", range(TRIES))
def test_before_the_fifth_failure_the_door_is_open(times: int) -> None:
    rules.judge_try(failed(times), NOON)


def test_the_fifth_failure_shuts_the_door_for_fifteen_minutes() -> None:
    with pytest.raises(rules.TooManyTries) as refusal:
        rules.judge_try(failed(TRIES), NOON + PAUSE - SECOND)
    assert str(refusal.value) == "That was tried too often. Wait one minute, then try again."
    rules.judge_try(failed(TRIES), NOON + PAUSE)


def test_what_is_left_of_the_pause_is_said_in_whole_minutes_rounded_up() -> None:
    with pytest.raises(rules.TooManyTries, match="Wait 15 minutes"):
        rules.judge_try(failed(TRIES), NOON + SECOND)


def test_failures_are_forgotten_fifteen_minutes_after_the_first() -> None:
    tries = failed(4)
    assert rules.counted(tries, NOON + TRIES_COUNT_FOR - SECOND) == tries
    assert rules.counted(tries, NOON + TRIES_COUNT_FOR).failures == 0


def test_after_the_pause_the_count_begins_anew() -> None:
    tries = failed(TRIES)
    assert rules.counted(tries, NOON + PAUSE - SECOND) == tries
    assert rules.counted(tries, NOON + PAUSE) == rules.fresh_tries(NOON + PAUSE)


def test_a_pause_that_began_late_lasts_its_whole_length() -> None:
    late = rules.after_failure(failed(TRIES - 1), NOON + timedelta(minutes=14))
    assert late.paused_until == NOON + timedelta(minutes=29)
    assert rules.counted(late, NOON + timedelta(minutes=20)) == late


@pytest.mark.parametrize("door", Door)
def test_every_refusal_says_how_many_tries_are_left(door: Door) -> None:
    said = [str(rules.refusal(door, failed(times))) for times in range(1, TRIES + 1)]
    assert [f"{left} tries left" in sentence for left, sentence in zip((4, 3, 2), said, strict=False)] == [True] * 3
    assert "One try left" in said[3]
    assert "the last try" in said[4]


def test_payout_details_wait_seventy_two_hours() -> None:
    assert rules.usable_from(NOON) == datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_change_of_payout_details_is_taken_back_until_it_is_used() -> None:
    later = rules.usable_from(NOON)
    rules.judge_taking_back(later, None, later - SECOND)
    rules.judge_taking_back(later, NOON, later)
    with pytest.raises(RuleBroken, match="in use by now"):
        rules.judge_taking_back(later, None, later)


@pytest.mark.parametrize(
    ("minutes", "is_fresh"), [(0, True), (14, True), (15, False), (60, False), (-1, False)], ids=str
)
def test_a_proof_is_fresh_for_fifteen_minutes_and_never_comes_from_the_future(minutes: int, is_fresh: bool) -> None:
    assert rules.is_fresh(NOON, NOON + timedelta(minutes=minutes)) is is_fresh


@pytest.mark.parametrize(("minutes", "is_fresh"), [(0, True), (44, True), (45, False), (-1, False)], ids=str)
def test_a_form_that_was_opened_in_time_may_be_sent_for_half_an_hour_longer(minutes: int, is_fresh: bool) -> None:
    assert rules.is_fresh(NOON, NOON + timedelta(minutes=minutes), sends_form=True) is is_fresh


@pytest.mark.parametrize(
    ("typed", "can_be"),
    [
        ("", False),
        ("collect-honestly", True),
        ("漆器与瓷器与漆器与瓷器", True),
        ("nul\x00nul-nul", False),
        ("x" * 513, False),
    ],
)
def test_what_can_be_somebodys_password(typed: str, can_be: bool) -> None:
    assert rules.can_be_password(typed) is can_be


def test_a_label_has_no_empty_lines() -> None:
    label = rules.label(
        recipient="Marta Lind", street="Lindengasse 12\nTür 4", town=" Wien", region="", country="Austria", phone=""
    )
    assert label == "Marta Lind\nLindengasse 12\nTür 4\nWien\nAustria"
