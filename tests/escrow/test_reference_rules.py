"""A payment finds its order by what the buyer typed, and a slip of the pen finds none."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from marketplace.escrow.reference_rules import order_of, plain_code, reference_of, shown_code
from marketplace.payments.reference_rules import LETTERS


@given(st.integers(min_value=1, max_value=10**15))
def test_a_reference_names_its_order(order_id: int) -> None:
    assert order_of(reference_of(order_id)) == order_id


@pytest.mark.parametrize(
    "typed", ["{}", " {} ", "Lindengasse {} danke", "ref: {}.", "Lindengasse 7 Top {}", "Strasse 12 abc {}"]
)
def test_a_reference_is_found_in_what_the_bank_makes_of_it(typed: str) -> None:
    assert order_of(typed.format(reference_of(1187))) == 1187
    assert order_of(typed.format(reference_of(1187).lower())) == 1187
    assert order_of(typed.format(reference_of(1187).replace("-", " "))) == 1187
    assert order_of(typed.format(reference_of(1187).replace("-", ""))) == 1187


def test_a_slip_of_the_pen_is_seen() -> None:
    wrong = 0
    reference = reference_of(1187)
    for place in range(2, len(reference)):
        for char in "0123456789" + LETTERS:
            typed = reference[:place] + char + reference[place + 1 :]
            wrong += typed != reference and order_of(typed) is not None
    assert wrong == 0


@pytest.mark.parametrize("typed", ["", "E", "E-0-AAA", "1187", "E-1187", "E-" + "9" * 400, "\x00", "E-1187-" + "A" * 9])
def test_what_is_no_reference_names_nothing(typed: str) -> None:
    assert order_of(typed) is None


def test_references_have_no_letters_that_are_read_as_others() -> None:
    assert not set("0O1IL2Z5S8B") & set("".join(reference_of(number).rpartition("-")[2] for number in range(1, 2000)))


def test_a_code_is_read_out_and_typed_in_any_way() -> None:
    assert shown_code("K7Q4MX") == "K7Q-4MX"
    assert plain_code(" k7q 4mx ") == plain_code("K7Q-4MX") == "K7Q4MX"
