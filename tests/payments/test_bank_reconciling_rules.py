"""From the books to the bank, and what stays to be explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from marketplace.payments.bank_matching_rules import Booked, Line, Part
from marketplace.payments.bank_reconciling_rules import Facts, Gap, bridge_of, unexplained_in

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def a_line(minor: int, day: int = 10, about: str = "", number: int = 1) -> Line:
    return Line(number, FIRST + timedelta(day - 1), minor, "Marta Lind, AT61", frozenset([about] if about else []))


def a_booking(minor: int, day: int = 10, about: str = "order:7", number: int = 7) -> Booked:
    return Booked(((number, Part.MOVED),), FIRST + timedelta(day - 1), minor, frozenset([about]), "x", 3)


SOUND = Facts(
    group_id=4, currency="EUR", first_day=FIRST, last_day=LAST, books=500_00, lines=(), booked=(), closing=500_00,
    closing_day=LAST, other=0, own=0, matched_later=0,
)  # fmt: skip


def kinds(facts: Facts) -> list[tuple[Gap, int]]:
    return [(found.kind, found.amount_minor) for found in unexplained_in(facts)]


def test_what_agrees_has_nothing_to_explain() -> None:
    assert unexplained_in(SOUND) == []
    bridge = bridge_of(SOUND)
    assert bridge is not None and bridge.rest == 0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(SOUND, closing=None), []),
        (replace(SOUND, closing=499_00), [(Gap.BALANCE, -1_00)]),
        (replace(SOUND, closing=498_00, own=-2_00), []),
        (replace(SOUND, closing=600_00, other=100_00), []),
        (replace(SOUND, closing=642_00, lines=(a_line(142_00),)), [(Gap.LINE, 142_00)]),
        (replace(SOUND, closing=358_00, booked=(a_booking(142_00),)), [(Gap.PAYMENT, 142_00)]),
        # of the last days it may stand on the next statement, and of before the first it lies in the first balance
        (replace(SOUND, closing=358_00, booked=(a_booking(142_00, day=27),)), []),
        (replace(SOUND, closing=358_00, booked=(a_booking(142_00, day=26),)), [(Gap.PAYMENT, 142_00)]),
        (replace(SOUND, closing=358_00, booked=(a_booking(142_00, day=35),)), []),
        (replace(SOUND, booked=(a_booking(142_00, day=0),)), []),
        # 97 came of 98 that were confirmed: one finding, not two
        (
            replace(SOUND, closing=499_00, lines=(a_line(97_00, about="order:7"),), booked=(a_booking(98_00),)),
            [(Gap.AMOUNT, -1_00)],
        ),
        # a line after the day of the balance, matched or not, is not in it
        (replace(SOUND, closing=358_00, matched_later=142_00), []),
        (replace(SOUND, closing_day=FIRST, lines=(a_line(5_00),)), [(Gap.LINE, 5_00)]),
        # what went out
        (replace(SOUND, closing=450_00, lines=(a_line(-50_00),)), [(Gap.LINE, -50_00)]),
        (replace(SOUND, closing=550_00, booked=(a_booking(-50_00),)), [(Gap.PAYMENT, -50_00)]),
    ],
)  # fmt: skip
def test_each_gap_is_found_once(facts: Facts, expected: list[tuple[Gap, int]]) -> None:
    assert kinds(facts) == expected


def test_a_finding_says_what_it_is_in_plain_words_and_names_nobody() -> None:
    facts = replace(SOUND, lines=(a_line(142_00),), booked=(a_booking(-5_00, day=3),))
    line, payment, balance = unexplained_in(facts)
    assert line.what == "EUR 142.00 went into the account on 2026-11-10, and no confirmed payment is matched."
    assert payment.what.startswith("EUR 5.00 was confirmed to have gone out on 2026-11-03 (movement 7)")
    assert balance.what == "The bank has EUR 147.00 less than the books and all that is known explain."
    assert (line.group_id, line.currency, line.since) == (4, "EUR", date(2026, 11, 10))
    assert not any("Marta" in found.what or "AT61" in found.what for found in (line, payment, balance))
