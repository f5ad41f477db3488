"""How money, moments and members' prose are written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from marketplace.kernel.errors import TooLate
from marketplace.kernel.money import Money
from marketplace.web.format import end_time, length, money, money_text, prose, sentence_of, short_end
from marketplace.web.lot_words import end_moment

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def on_a_page(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(125_000, "EUR"), "EUR\u00a01,250.00"),
        (Money(0, "EUR"), "EUR\u00a00.00"),
        (Money(1250, "JPY"), "JPY\u00a01,250"),
        (Money(1_234, "KWD"), "KWD\u00a01.234"),
    ],
)
def test_money_has_its_currency_in_front_and_the_decimals_it_has(amount: Money, text: str) -> None:
    assert money_text(amount) == text
    assert f'value="{amount.amount}"' in money(amount)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=4, hours=21, minutes=5), "4 days 21 hours"),
        (timedelta(hours=2, minutes=14), "2 hours 14 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=40), "40 seconds"),
        (timedelta(days=1), "1 day"),
        (timedelta(seconds=-5), "0 seconds"),
    ],
)
def test_time_left_is_said_in_its_two_largest_units(span: timedelta, words: str) -> None:
    assert length(span) == (words if span > timedelta() else length(timedelta()))


def test_a_members_headings_stand_below_the_pages_own() -> None:
    html = prose("# Rules\n\n## Paying\n\n###### Small print")
    assert "<h3>Rules</h3>" in html
    assert "<h4>Paying</h4>" in html
    assert "<h6>Small print</h6>" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "![x](https://elsewhere.example/pixel.png)",
        "[x](javascript:alert(1))",
        '<img src=x onerror="alert(1)">',
        "<style>body{display:none}</style>",
    ],
)
def test_prose_runs_nothing_and_loads_nothing_from_elsewhere(attack: str) -> None:
    html = prose(attack)
    for harm in ("<script", "<img", "<style", 'href="javascript'):
        assert harm not in html


def test_a_link_of_a_member_vouches_for_nothing() -> None:
    assert 'rel="nofollow noopener ugc"' in prose("[my shop](https://shop.example)")


def test_an_end_is_said_to_the_second_unless_it_is_a_full_minute() -> None:
    full = datetime(2026, 11, 21, 23, 15, tzinfo=UTC)
    moved = full + timedelta(seconds=7)
    assert ", 23:15<" in end_time(full)
    assert ", 23:15:07<" in end_time(moved)
    assert ", 23:15:07<" in short_end(moved)
    assert ", 23:15:07<" in end_moment(moved)
    assert ", 23:15<" in end_moment(full)
    assert sentence_of(TooLate("Bidding on this lot ended on %(at)s.", at=moved)).endswith("2026, 23:15:07.")
    assert sentence_of(TooLate("Bidding on this lot ended on %(at)s.", at=full)).endswith("2026, 23:15.")
