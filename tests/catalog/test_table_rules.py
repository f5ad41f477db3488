"""A table comes as any spreadsheet writes it, or as anything at all; what goes back runs nothing there."""

from __future__ import annotations

import csv
from contextlib import suppress
from io import StringIO

import pytest
from hypothesis import given, strategies as st

from marketplace.catalog.table_rules import MOST_ROWS, table_of
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import MOST_BYTES, file_of, guarded, shown, unguarded

MAESSE = "Maße;Titel\n21 × 14;Überfangglas\n"


def cells(content: bytes) -> list[tuple[str, ...]]:
    table = table_of(content)
    return [table.headings, *(row.cells for row in table.rows)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_way_to_write_letters_is_read(encoding: str) -> None:
    assert cells(MAESSE.encode(encoding)) == [("Maße", "Titel"), ("21 × 14", "Überfangglas")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("told", [True, False])
def test_every_separator_is_found_or_told(separator: str, told: bool) -> None:
    first = f"sep={separator}\r\n" if told else ""
    text = f'{first}"Title, and ""name""; all"{separator}Kind\r\n"Two\r\nlines"{separator}coins\r\n'
    assert cells(text.encode()) == [('Title, and "name"; all', "Kind"), ("Two\r\nlines", "coins")]
    assert table_of(text.encode()).separator == separator


def test_one_column_needs_no_separator() -> None:
    assert cells(b"Title\nTeapot\n") == [("Title",), ("Teapot",)]


def test_a_line_about_the_separator_that_is_none_is_a_heading() -> None:
    assert cells(b"sep=|\nx\n") == [("sep=|",), ("x",)]


def test_rows_are_numbered_as_the_spreadsheet_does_and_empty_ones_are_left_out() -> None:
    table = table_of(b'sep=;\nTitle;Kind\n"A\nB";x\n;\n\n  ; \nC;y\n')
    assert [row.number for row in table.rows] == [2, 6]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n , \n", "empty"),
        (b"Title,Kind\n", "no row"),
        (b"Title\n" + b"x\n" * (MOST_ROWS + 1), "201 rows"),
        (b"x" * (MOST_BYTES + 1), "larger than 2 MB"),
        (b",".join([b"x"] * 61) + b"\ny\n", "more than 60 columns"),
        (b'Title\nTeapot\n"Watch\nClock\n', "Row 3 cannot be read"),
        (b'Title\n"Tea"pot\n', "Row 2 cannot be read"),
        (b"Title\n" + b"x" * 200_000, "Row 2 cannot be read"),
        (b"\x81\x8d\xff", "not a file of text"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(content: bytes, sentence: str) -> None:
    with pytest.raises(RuleBroken, match=sentence) as refusal:
        table_of(content)
    assert refusal.value.field == "table"


def test_two_hundred_rows_are_read() -> None:
    assert len(table_of(b"Title\n" + b"x\n" * MOST_ROWS).rows) == MOST_ROWS


@given(st.binary(max_size=400))
def test_no_bytes_break_it(content: bytes) -> None:
    with suppress(RuleBroken):
        assert table_of(content).rows


@given(st.text(alphabet="\"',;\t\r\n\0=a", max_size=60))
def test_no_marks_break_it(text: str) -> None:
    with suppress(RuleBroken):
        assert table_of(text.encode()).headings


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''-2"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell


@given(st.text(max_size=20))
def test_what_was_guarded_comes_back_as_it_was(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(tuple("=+-@\t\r"))


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), min_size=1, max_size=12)


@given(st.lists(st.lists(_CELLS.filter(str.strip), min_size=2, max_size=2), min_size=2, max_size=5))
def test_a_file_of_ours_is_read_as_it_was_written(rows: list[list[str]]) -> None:
    content = file_of(rows[0], rows[1:], ";")
    assert cells(content) == [tuple(row) for row in rows]
    for row in csv.reader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"):
        assert not any(cell.startswith(tuple("=+-@")) for cell in row)


def test_what_is_shown_is_printable_and_short() -> None:
    assert shown(" a\0\u202eb\n" + "c" * 200) == "ab" + "c" * 118
