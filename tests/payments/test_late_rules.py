"""Who hears, and who sees, that something was not paid out in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kernel.money import Money
from marketplace.payments.late_rules import LAW, Payout, Reader, Stage, Whose, judge, next_look, sees
from marketplace.payments.rules import Kind, Through

SINCE = datetime(2026, 11, 20, 9, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BY_HAND = Payout(
    movement_id=1, group_id=1, order_id=7, person_id=3, purpose="order:7:payout:seller", kind=Kind.PAYOUT,
    gateway=Through.TREASURER, amount=Money(120_00, "EUR"), since=SINCE, payable_from=SINCE - 9 * DAY,
)  # fmt: skip
BY_CARD = replace(BY_HAND, gateway=Through.STRIPE)
NOBODY, PAYEE, BOTH = frozenset(), {Reader.PAYEE}, {Reader.PAYEE, Reader.OFFICERS}
WITHOUT_DETAILS = replace(BY_HAND, payable_from=None)
CAME_LATE = replace(BY_HAND, payable_from=SINCE + 4 * DAY)

# Of which payout, how long after it is owed: how late it is, and who sees it.
SEEN = [
    (BY_HAND, 2 * DAY - MINUTE, None, NOBODY),
    (BY_HAND, 2 * DAY, Stage.LATE, BOTH),
    (BY_HAND, 5 * DAY - MINUTE, Stage.LATE, BOTH),
    (BY_HAND, 5 * DAY, Stage.VERY_LATE, set(Reader)),
    (BY_HAND, 90 * DAY, Stage.VERY_LATE, set(Reader)),
    (BY_CARD, 2 * DAY - MINUTE, None, NOBODY),
    (BY_CARD, 2 * DAY, Stage.LATE, BOTH),
    (BY_CARD, 5 * DAY, Stage.VERY_LATE, set(Reader)),
    # What waits for the payee is never the group's affair, however long.
    (WITHOUT_DETAILS, 2 * DAY - MINUTE, None, NOBODY),
    (WITHOUT_DETAILS, 2 * DAY, Stage.FOR_PAYEE, PAYEE),
    (WITHOUT_DETAILS, 90 * DAY, Stage.FOR_PAYEE, PAYEE),
    (replace(BY_CARD, payable_from=None), 90 * DAY, Stage.FOR_PAYEE, PAYEE),
    # Who could be paid only later is waited for from then on.
    (CAME_LATE, 3 * DAY, None, NOBODY),
    (CAME_LATE, 4 * DAY, None, NOBODY),
    (CAME_LATE, 6 * DAY - MINUTE, None, NOBODY),
    (CAME_LATE, 6 * DAY, Stage.LATE, BOTH),
    (CAME_LATE, 9 * DAY, Stage.VERY_LATE, set(Reader)),
]


@pytest.mark.parametrize(("payout", "after", "stage", "seen_by"), SEEN)
def test_who_sees_what_when(payout: Payout, after: timedelta, stage: Stage | None, seen_by: set[Reader]) -> None:
    clause = judge(payout, SINCE + after)
    assert (clause.stage if clause else None) == stage
    assert {reader for reader in Reader if sees(reader, clause)} == seen_by


@pytest.mark.parametrize(("payout", "after", "stage", "seen_by"), SEEN)
def test_a_look_in_time_finds_every_change(
    payout: Payout, after: timedelta, stage: Stage | None, seen_by: set[Reader]
) -> None:
    """Looked at whenever the law says, it is never later than a day that a stage is found."""
    at, found = SINCE, None
    while True:
        look = next_look(payout, at)
        if look is None or look > SINCE + after:
            break
        assert look > at
        at = look
        found = judge(payout, at) or found
    expected = judge(payout, SINCE + after)
    assert expected is None or (found is not None and found.stage is expected.stage)


def test_every_line_is_reached() -> None:
    assert {stage for _payout, _after, stage, _seen in SEEN if stage} == {clause.stage for clause in LAW}
    assert {whose for clause in LAW for whose in clause.whose} == set(Whose)


def test_nobody_is_told_what_he_may_not_see() -> None:
    assert all(clause.told <= clause.seen_by for clause in LAW)


def test_after_the_last_stage_it_is_not_looked_at_again() -> None:
    assert next_look(BY_HAND, SINCE + 5 * DAY) is None
