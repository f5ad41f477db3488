"""Who attests a month's balance, when, and when he is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from marketplace.bankbook.attesting_rules import (
    Check,
    Officers,
    Say,
    call_of,
    check_difference,
    check_month,
    check_of,
    months_before,
)
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly
from marketplace.kernel.money import Money

OWNER, TREASURER, MODERATOR, OUTSIDER = 1, 2, 3, 9
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
ZONE = "Europe/Vienna"


def officers(*everybody: int, confirmed: tuple[int, ...] = (), imported: int | None = None) -> Officers:
    return Officers(frozenset(everybody), frozenset(confirmed), imported)


@pytest.mark.parametrize(
    ("of", "allowed"),
    [
        (officers(OWNER, TREASURER, confirmed=(TREASURER,), imported=TREASURER), {OWNER: Check.INDEPENDENT}),
        (
            officers(OWNER, TREASURER, MODERATOR, confirmed=(TREASURER,)),
            {OWNER: Check.INDEPENDENT, MODERATOR: Check.INDEPENDENT},
        ),
        (officers(OWNER, TREASURER, confirmed=(OWNER, TREASURER), imported=TREASURER), {OWNER: Check.CONFIRMED}),
        (officers(OWNER, TREASURER, confirmed=(OWNER,), imported=TREASURER), {OWNER: Check.CONFIRMED}),
        (
            officers(OWNER, TREASURER, confirmed=(OWNER, TREASURER)),
            {OWNER: Check.CONFIRMED, TREASURER: Check.CONFIRMED},
        ),
        (officers(OWNER, confirmed=(OWNER,), imported=OWNER), {OWNER: Check.ALONE}),
        (officers(OWNER), {OWNER: Check.ALONE}),
        (officers(OWNER, TREASURER), {OWNER: Check.INDEPENDENT, TREASURER: Check.INDEPENDENT}),
    ],
)
def test_a_second_officer_looks_wherever_there_is_one(of: Officers, allowed: dict[int, Check]) -> None:
    for person in (OWNER, TREASURER, MODERATOR, OUTSIDER):
        if person in allowed:
            assert check_of(person, of) is allowed[person]
        else:
            with pytest.raises(NotAllowed):
                check_of(person, of)
    assert of.may == allowed.keys()


def at(day: int, month: int = 12, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


def test_a_month_is_attested_when_it_is_over_in_the_groups_time() -> None:
    with pytest.raises(TooEarly):
        check_month(NOVEMBER, first=NOVEMBER, now=at(30, 11, 22), zone=ZONE)
    start, end = check_month(NOVEMBER, first=NOVEMBER, now=at(30, 11, 23), zone=ZONE)  # midnight in Vienna
    assert (start.astimezone(UTC), end.astimezone(UTC)) == (at(31, 10, 23), at(30, 11, 23))
    for month, first in ((date(2025, 11, 1), date(2025, 1, 1)), (NOVEMBER, DECEMBER)):
        with pytest.raises(RuleBroken):
            check_month(month, first=first, now=at(5), zone=ZONE)


def test_a_difference_needs_a_word() -> None:
    check_difference(Money(0, "EUR"), "")
    check_difference(Money(-5, "EUR"), "Charges of November.")
    for minor, word in ((5, "more"), (-5, "less")):
        with pytest.raises(RuleBroken, match=word) as refused:
            check_difference(Money(minor, "EUR"), "")
        assert refused.value.field == "note"


def test_months_go_back_across_the_year() -> None:
    assert months_before(at(5, 2, year=2027), ZONE, most=3) == [JANUARY, DECEMBER, NOVEMBER]
    assert months_before(at(31, 12, 23), ZONE, most=1) == [DECEMBER]


@pytest.mark.parametrize(
    ("is_second", "now", "say", "month", "then_second"),
    [
        (False, at(30, 11, 22), None, NOVEMBER, False),
        (False, at(30, 11, 23), Say.FIRST, NOVEMBER, True),
        (False, at(7, 12, 22), Say.FIRST, NOVEMBER, True),
        (False, at(8), Say.FIRST, DECEMBER, False),  # the worker came late: it is asked for once
        (False, at(3, 1, year=2027), None, DECEMBER, False),
        (True, at(7, 12, 22), None, NOVEMBER, True),
        (True, at(7, 12, 23), Say.SECOND, DECEMBER, False),
        (True, at(30, 12), Say.SECOND, DECEMBER, False),
        (True, at(3, 1, year=2027), None, DECEMBER, False),
    ],
)
def test_it_is_asked_for_on_the_first_and_on_the_eighth(
    is_second: bool, now: datetime, say: Say | None, month: date, then_second: bool
) -> None:
    call = call_of(NOVEMBER, is_second=is_second, now=now, zone=ZONE)
    assert (call.say, call.month, call.is_second) == (say, month, then_second)
    assert call.due_at.astimezone(UTC) > now or call.month != NOVEMBER


def test_a_calendar_says_each_thing_once_however_often_it_is_looked_at() -> None:
    month, is_second, said = NOVEMBER, False, []
    for hour in range(24 * 60):
        now = datetime.fromtimestamp(at(25, 11).timestamp() + hour * 3600, UTC)
        call = call_of(month, is_second=is_second, now=now, zone=ZONE)
        said += [(call.say, month)] if call.say else []
        month, is_second = call.month, call.is_second
    assert said == [(say, each) for each in (NOVEMBER, DECEMBER) for say in (Say.FIRST, Say.SECOND)]
