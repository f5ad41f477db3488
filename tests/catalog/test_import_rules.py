"""What a row says: columns under many names, amounts that are never guessed, and nothing that is not said."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from marketplace.catalog.import_rules import (
    NAMES,
    NO,
    YES,
    Columns,
    Said,
    amount,
    columns_of,
    file_key,
    names_of,
    said_in,
    yes_or_no,
)
from marketplace.catalog.rules import UNSAID, Category, Condition, Sureness
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import folded

WORDS = {
    "category": {folded(each.value): each for each in Category} | {"watchesandclocks": Category.WATCHES},
    "condition": {folded(each.value): each for each in Condition},
    "sureness": {"certain": Sureness.CERTAIN, "likely": Sureness.LIKELY, "notknown": Sureness.UNKNOWN},
}


def said(**row: str) -> Said:
    """One row, by heading."""
    return said_in(list(row.values()), columns_of(list(row)), WORDS)


def promise(cell: str) -> tuple[str, str]:
    columns = columns_of(["Promise: Lid"])
    typed = said_in([cell], columns, WORDS).typed
    assert typed["claim_label"] == ["Lid"]
    return typed["claim_text"][0], typed["claim_sureness"][0]


# ---- Columns ----


@pytest.mark.parametrize("names", NAMES.values(), ids=list(NAMES))
def test_no_name_means_two_columns(names: tuple[str, ...]) -> None:
    assert [other for other in NAMES.values() if {*map(folded, other)} & {*map(folded, names)}] == [names]


@pytest.mark.parametrize("heading", ["TITLE", " title ", "Ti-tle", "Name", "Titel", "title:"])
def test_a_column_is_known_by_many_names(heading: str) -> None:
    assert columns_of([heading]).places == {"title": 0}


def test_what_has_no_meaning_is_told_and_harms_nothing() -> None:
    columns = columns_of(["Shelf", "Title", "", "Promise:", "\0Box\u202e"])
    assert columns.places == {"title": 1}
    assert columns.unread == ("Shelf", "Promise:", "Box")


def test_promises_are_columns_of_their_own() -> None:
    columns = columns_of(["Promise: Maker", "claim : Lid", "Versprechen:Uhrwerk"])
    assert columns.promises == (("Maker", 0), ("Lid", 1), ("Uhrwerk", 2))


@pytest.mark.parametrize("headings", [["Title", "Name"], ["photos", "Bilder"]])
def test_two_columns_that_mean_the_same_are_refused(headings: list[str]) -> None:
    with pytest.raises(RuleBroken, match="mean the same") as refusal:
        columns_of(headings)
    assert refusal.value.field == "table"


@pytest.mark.parametrize("headings", [["Shelf"], ["What to mend"], [""]])
def test_a_file_without_a_column_we_know_is_refused(headings: list[str]) -> None:
    with pytest.raises(RuleBroken, match="No column"):
        columns_of(headings)


# ---- What is not said ----


@pytest.mark.parametrize("row", [{"Title": "Teapot"}, {"Title": "Teapot", "Pickup": "", "Shipping": "  "}])
def test_what_is_missing_is_not_said(row: dict[str, str]) -> None:
    found = said(**row)
    assert found.typed.keys() == {"title", "claim_label", "claim_text", "claim_sureness"}
    assert found.unsaid == tuple(UNSAID)


def test_a_short_row_says_nothing_of_its_end() -> None:
    columns = columns_of(["Title", "Pickup", "Promise: Lid"])
    found = said_in(["Teapot"], columns, WORDS)
    assert "pickup_possible" in found.unsaid
    assert found.typed["claim_label"] == []


@pytest.mark.parametrize("cell", ["no", "Nein"])
def test_a_no_is_said(cell: str) -> None:
    found = said(Shipping=cell, Pickup=cell)
    assert found.unsaid == ()
    assert found.typed["pickup_possible"] == "0"
    assert "shipping" not in found.typed, "to the form, what is not sent is an empty field"
    assert not found.wrong


def test_shipping_for_nothing_is_no_no() -> None:
    assert said(Shipping="0").typed["shipping"] == "0"


def test_an_empty_promise_promises_nothing_and_denies_nothing() -> None:
    columns = columns_of(["Promise: Lid", "Promise: Maker"])
    typed = said_in(["", "Bow (likely)"], columns, WORDS).typed
    assert typed["claim_label"] == ["Maker"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("original (certain)", ("original", "certain")),
        ("original [LIKELY]", ("original", "likely")),
        ("no (certain)", ("no", "certain")),
        ("not known", ("", "unknown")),
        ("1890 (about)", ("1890 (about)", "")),
        ("original", ("original", "")),
        ("(likely)", ("", "likely")),
        ("two (2) lids (not known)", ("two (2) lids", "unknown")),
    ],
)
def test_how_sure_a_promise_is_stands_in_brackets(cell: str, said: tuple[str, str]) -> None:
    assert promise(cell) == said


# ---- Cells ----


@pytest.mark.parametrize("word", sorted(YES | NO))
def test_yes_and_no_in_many_words(word: str) -> None:
    assert yes_or_no(f" {word.upper()} ") is (word in YES)


@pytest.mark.parametrize("word", ["maybe", "yes!", "2", "-", "ja nein", "unknown"])
def test_what_is_neither_is_refused(word: str) -> None:
    with pytest.raises(RuleBroken, match="yes or no"):
        yes_or_no(word)
    assert said(Pickup=word).wrong[0].field == "pickup_possible"


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("12,50", "12.50"), ("12.50", "12.50"), ("12", "12"), ("12,5", "12.5"), ("0,250", "0.250"),
        ("1.250,00", "1250.00"), ("1,250.00", "1250.00"), ("1 250", "1250"), ("1\u00a0250,00", "1250.00"),
        ("1'250.00", "1250.00"), ("1.250.000", "1250000"), ("12345,678", "12345.678"), ("1.250,000", "1250.000"),
    ],
)  # fmt: skip
def test_amounts_are_read(cell: str, read: str) -> None:
    assert amount(cell) == read


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [("1.250", "1.25", "1250"), ("1,250", "1.25", "1250"), ("12.500", "12.5", "12500"), ("1.000", "1", "1000")],
)
def test_what_could_be_two_amounts_is_never_guessed(cell: str, low: str, high: str) -> None:
    with pytest.raises(RuleBroken) as refusal:
        amount(cell)
    assert f"“{cell}” could be {low} or {high}." in str(refusal.value)
    assert said(Shipping=cell).wrong[0].field == "shipping"


@pytest.mark.parametrize("cell", ["abc", "-5", "1,25,000", "1e5", "1.2.3", "", "12 50", "٣", "9" * 40])
def test_what_is_no_amount_is_left_to_the_form(cell: str) -> None:
    assert amount(cell) == cell


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from([".", ","]))
def test_two_decimals_are_the_same_under_either_mark(minor: int, mark: str) -> None:
    assert Decimal(amount(f"{minor // 100}{mark}{minor % 100:02}")) == Decimal(minor) / 100


def test_a_choice_is_its_word_or_ours_and_anything_else_is_left_to_the_form() -> None:
    assert said(Kind="Watches and Clocks").typed["category"] == "watches"
    assert said(Kind="COINS").typed["category"] == "coins"
    assert said(Condition="as new").typed["condition"] == "as_new"
    assert said(Kind="cars").typed["category"] == "cars"


def test_photographs_are_named_in_order_each_once_without_folders() -> None:
    assert names_of(r" b.jpg; C:\photos\A.JPG |b.JPG;; c.png ") == ("b.jpg", r"C:\photos\A.JPG", "c.png")
    assert {file_key(name) for name in (r"C:\x\A.JPG", "../../a.jpg", "a.jpg ", "\0a.jpg")} == {"a.jpg"}
    assert file_key("Ma\u0308rz.jpg") == file_key("März.jpg"), "as macOS and Windows write it"


def test_more_cells_than_columns_are_told() -> None:
    columns = columns_of(["Title"])
    assert "more cells" in str(said_in(["Teapot", " ", "blue"], columns, WORDS).wrong[0])
    assert not said_in(["Teapot", " ", ""], columns, WORDS).wrong


def test_endless_cells_cost_no_time() -> None:
    gap = "a" + " " * 100_000 + "b"
    assert promise(gap) == (gap, "")
    found = said(Photos="a.jpg;" * 20_000)
    assert found.photos == () and found.wrong[0].field == "photos"


@given(st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=10))
def test_no_row_breaks_it(headings: list[str], cells: list[str]) -> None:
    places = {name: place for place, name in enumerate(NAMES)}
    promises = tuple((heading, len(NAMES) + place) for place, heading in enumerate(headings))
    found = said_in(cells, Columns(places, promises, (), len(NAMES) + len(headings)), WORDS)
    assert all(isinstance(each, RuleBroken) for each in found.wrong)
    with suppress(RuleBroken):
        assert columns_of(headings).count == len(headings)
