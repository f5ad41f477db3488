"""Which words an item has, and what finds it; from when to when it was made."""

from __future__ import annotations

import pytest

from marketplace.catalog.period_rules import years_of
from marketplace.catalog.text_rules import LONGEST_WORD, MOST_WORDS, says, terms_of, words_of

FINDS = [
    ("coins", "A silver coin"),
    ("coin", "Silver COINS, three"),
    ("watches", "Grandfather’s pocket watch"),
    ("grandfathers", "Grandfather’s pocket watch"),
    ("berry", "Spoons for berries"),
    ("lenses", "A lens by Zeiss"),
    ("lens", "Two lenses"),
    ("Münze", "Muenzen und Münzsammlung, Münzen"),
    ("otzi", "ÖTZI"),
    ("strasse", "Die Straße"),
    ("silver watch", "Watch, in silver"),
    ("marken", "Markenalbum"),
    ("ｓｅｉｋｏ", "Seiko"),
    ("skx007", "Seiko SKX007 diver"),
    ("瓷", "青花瓷碗"),
    ("花瓷", "青花瓷碗"),
    ("青花瓷", "青花瓷碗"),
    ("Seiko手表", "一块 Seiko 手表"),
    ("手表 seiko", "Seiko手表"),
    ("カメラ", "古いカメラです"),
    ("a_b", "A_B"),
    ('"open face" AND (watch)', "And an open-face watch"),
]
FINDS_NOT = [
    ("car", "A card"),
    ("coins", "A silver spoon"),
    ("silver watch", "A silver spoon"),
    ("瓷花", "青花瓷碗"),
    ("189", "Made in 1890"),
    ("atch", "A watch"),
    ("手表 omega", "Seiko手表"),
    ("%", "100% silver"),
    ("", "Anything"),
]


@pytest.mark.parametrize(("search", "text"), FINDS)
def test_it_finds(search: str, text: str) -> None:
    assert says(terms_of(search), words_of(text))


@pytest.mark.parametrize(("search", "text"), FINDS_NOT)
def test_it_does_not_find(search: str, text: str) -> None:
    assert not says(terms_of(search), words_of(text))


@pytest.mark.parametrize(
    "nasty", ["\0", "%_*\"'():^-+", "§1", "\u202e\ufeff", "🫖 " * 50, "x" * 100_000, "a " * 50_000]
)
def test_whatever_is_typed_terms_are_letters_and_figures(nasty: str) -> None:
    terms = terms_of(nasty)
    assert len(terms) <= MOST_WORDS
    assert all(term.text.isalnum() and len(term.text) <= LONGEST_WORD for term in terms)


def test_words_are_kept_once_and_in_order() -> None:
    assert words_of("Coins, coin and COIN", "an 1890 coin") == "1890 an and coin"


@pytest.mark.parametrize(("period", "years"), [
    ("1890–1910", (1890, 1910)), ("about 1760", (1760, 1760)), ("1968-72", (1968, 1972)), ("1960s", (1960, 1969)),
    ("1960er Jahre", (1960, 1969)), ("the 1800s", (1800, 1899)), ("19th century", (1801, 1900)),
    ("18. Jahrhundert", (1701, 1800)), ("18th–19th century", (1801, 1900)), ("20世纪", (1901, 2000)),
    ("Meiji, 1868 to 1912", (1868, 1912)), ("Biedermeier", None), ("", None), ("no. 12345", None),
    ("99th century", None), ("³¹⁹⁹", None), ("1910-1890", (1890, 1910)),
])  # fmt: skip
def test_a_period_is_from_a_year_to_a_year(period: str, years: tuple[int, int] | None) -> None:
    assert years_of(period) == years
