"""Which line is which payment, and that nobody guesses."""
# ruff: noqa: E501 - a table is as wide as its columns

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from marketplace.payments.bank_matching_rules import Booked, Line, Part, Shelf, candidates_of, match_all, other_sum

DAY = date(2026, 11, 10)


def a_line(
    number: int = 1, minor: int = 142_00, text: str = "Marta Lind", about: Sequence[str] = (), days: int = 0
) -> Line:
    return Line(number, DAY + timedelta(days), minor, text, frozenset(about))


def a_booking(
    number: int = 7, minor: int = 142_00, about: Sequence[str] = ("order:7",), days: int = 0, reference: str = "none"
) -> Booked:
    parts = ((number, Part.MOVED),)
    return Booked(parts, DAY + timedelta(days), minor, frozenset(about), reference, person_id=3)


def matched(lines: Sequence[Line], booked: Sequence[Booked]) -> dict[int, list[int]]:
    found = match_all(lines, booked)
    return {line: [number for one in ones for number, _part in one.parts] for line, ones in found.items()}


ORDER, OTHER = ["order:7"], ["order:8"]

# fmt: off
CASES = {
    "named, with its sum": ([a_line(about=ORDER)], [a_booking()], {1: [7]}),
    "named, weeks apart": ([a_line(about=ORDER)], [a_booking(days=30)], {1: [7]}),
    "named, another sum": ([a_line(about=ORDER, minor=97_00)], [a_booking()], {}),
    "named, the other way": ([a_line(about=ORDER, minor=-142_00)], [a_booking()], {}),
    "named, confirmed for another order": ([a_line(about=OTHER, text="Line 99")], [a_booking(reference="Line 99")], {}),
    "named twice, confirmed once": ([a_line(1, about=ORDER), a_line(2, about=ORDER)], [a_booking()], {}),
    "named once, confirmed twice": ([a_line(about=ORDER)], [a_booking(7), a_booking(8)], {}),
    "confirmed twice, told apart by the reference":
        ([a_line(about=ORDER, text="Line 0099")], [a_booking(7), a_booking(8, reference="line 0099")], {1: [8]}),
    "two orders in one": ([a_line(about=ORDER + OTHER, minor=200_00)],
                          [a_booking(7, 140_00), a_booking(8, 60_00, OTHER)], {1: [7, 8]}),
    "two orders, one confirmed": ([a_line(about=ORDER + OTHER, minor=200_00)], [a_booking(7, 140_00)], {}),
    "two orders, not their sum": ([a_line(about=ORDER + OTHER, minor=200_00)],
                                  [a_booking(7, 140_00), a_booking(8, 70_00, OTHER)], {}),
    "unnamed, its reference, near": ([a_line(text="REF 0099 Marta")], [a_booking(reference="ref-0099", days=5)], {1: [7]}),
    "unnamed, its reference, far": ([a_line(text="REF 0099 Marta")], [a_booking(reference="ref-0099", days=6)], {}),
    "unnamed, no reference": ([a_line(text="REF 0099 Marta")], [a_booking(reference="ref-0100")], {}),
    "unnamed, a reference too short": ([a_line(text="a 99 b")], [a_booking(reference="99")], {}),
    "unnamed, two fit": ([a_line(text="REF 0099")], [a_booking(7, reference="0099"), a_booking(8, reference="0099")], {}),
    "unnamed, two lines fit": ([a_line(1, text="REF 0099"), a_line(2, text="REF 0099")], [a_booking(reference="0099")], {}),
    "the named one first": ([a_line(1, text="0099"), a_line(2, about=ORDER)], [a_booking(reference="0099")], {2: [7]}),
    "nothing": ([], [a_booking()], {}),
}
# fmt: on


@pytest.mark.parametrize("case", CASES)
def test_what_is_certain_is_matched_and_nothing_else(case: str) -> None:
    lines, booked, expected = CASES[case]
    assert matched(lines, booked) == expected
    assert matched(lines[::-1], booked[::-1]).keys() == expected.keys()


def test_an_officer_chooses_from_what_is_named_then_from_what_has_the_sum() -> None:
    line = a_line(about=ORDER)
    named, same_sum, far = a_booking(7, 10_00), a_booking(8, about=OTHER, days=3), a_booking(9, about=OTHER, days=41)
    other_way = a_booking(10, -142_00)
    found = candidates_of(line, [far, same_sum, other_way, named])
    assert [one.id for one in found] == ["7:moved", "8:moved"]
    everything = candidates_of(line, [far, same_sum, other_way, named, a_booking(11, 5_00, OTHER)], also_unlikely=True)
    assert [one.id for one in everything] == ["7:moved", "8:moved", "11:moved"]
    assert len(candidates_of(line, [a_booking(number) for number in range(1, 30)])) == 12


def test_another_sum_is_told_only_of_the_one_payment_that_is_named() -> None:
    line = a_line(about=ORDER, minor=97_00)
    assert other_sum(line, Shelf([a_booking()])) == a_booking()
    assert other_sum(line, Shelf([a_booking(minor=97_00)])) is None
    assert other_sum(line, Shelf([a_booking(7), a_booking(8)])) is None
    assert other_sum(a_line(), Shelf([a_booking()])) is None


def test_a_years_statement_is_matched_in_a_moment() -> None:
    lines = [a_line(number, 1_00 + number, about=[f"order:{number}"]) for number in range(5_000)]
    booked = [a_booking(number, 1_00 + number, about=[f"order:{number}"]) for number in range(5_000)]
    began = time.perf_counter()
    assert len(match_all(lines, booked)) == 5_000
    assert time.perf_counter() - began < 10  # each line held against each payment took minutes
