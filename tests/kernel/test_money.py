"""Money is exact: nothing is made, lost or rounded in secret."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision, list_currencies
from hypothesis import given, strategies as st

from marketplace.kernel.money import CurrencyMismatch, Money, NotExact, exponent, zero

# Currencies of the past and funds codes, where the tables of ISO 4217 and of Babel (CLDR) have their own views.
TRADED = """
AUD BHD BRL CAD CHF CLP CNY CZK DKK EUR GBP HUF ILS INR ISK JOD JPY KRW KWD MXN NOK NZD OMR PLN SEK TND USD VND
""".split()


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_a_split_loses_nothing(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "EUR").split(*weights)
    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_share_is_rounded_down(minor: int, basis_points: int) -> None:
    share = Money(minor, "EUR").share(basis_points)
    assert share.minor * 10_000 <= minor * basis_points < (share.minor + 1) * 10_000


def test_currencies_do_not_mix() -> None:
    for act in (Money.__add__, Money.__sub__, Money.__lt__):
        with pytest.raises(CurrencyMismatch):
            act(Money(1, "EUR"), Money(1, "USD"))
    assert Money(1, "EUR") != Money(1, "USD")


def test_a_float_is_no_money() -> None:
    with pytest.raises(TypeError):
        Money(1.0, "EUR")  # type: ignore[arg-type]


@pytest.mark.parametrize("currency", TRADED)
def test_decimals_are_those_of_the_currency(currency: str) -> None:
    assert exponent(currency) == get_currency_precision(currency)


def test_every_currency_of_today_is_known_to_babel() -> None:
    assert set(TRADED) <= list_currencies()


@pytest.mark.parametrize(
    ("typed", "currency", "minor"), [("12.50", "EUR", 1250), ("12", "JPY", 12), ("1.234", "KWD", 1234), ("0", "EUR", 0)]
)
def test_what_a_person_types_becomes_minor_units(typed: str, currency: str, minor: int) -> None:
    money = Money.of(Decimal(typed), currency)
    assert money == Money(minor, currency)
    assert money.amount == Decimal(typed)


@pytest.mark.parametrize(("typed", "currency"), [("12.505", "EUR"), ("12.5", "JPY"), ("1.2345", "KWD")])
def test_more_decimals_than_the_currency_has_are_refused(typed: str, currency: str) -> None:
    with pytest.raises(NotExact):
        Money.of(Decimal(typed), currency)


def test_zero_is_false_and_anything_else_is_true() -> None:
    assert not zero("EUR")
    assert Money(-1, "EUR")


@pytest.mark.parametrize("weights", [(), (0,), (0, 0), (1, -1), (-1, 2)])
def test_weights_that_share_nothing_are_refused(weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(10, "EUR").split(*weights)
