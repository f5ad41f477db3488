"""A table of text (CSV) as spreadsheets write it: read into cells, and written so that no spreadsheet runs a cell."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from marketplace.kernel.errors import RuleBroken

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 200
MOST_COLUMNS = 60
SEPARATORS = ",;\t"
FIELD = "table"
"""The form field that a table is sent in."""

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), the wide forms included.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `number` is the one that a spreadsheet shows beside it; the headings are number 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says. Rows without a word in them are left out."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str = ","


def table_of(content: bytes) -> Table:
    """Read a file. Raises RuleBroken at form field "table" with what to do about it."""
    if len(content) > MOST_BYTES:
        raise RuleBroken("This file is larger than 2 MB. Split it, and send one part after the other.", field=FIELD)
    text, separator = _separated(_text_of(content))
    lines = list(_lines(text, separator))
    if not lines:
        raise RuleBroken("This file is empty. Put the names of the columns into its first line.", field=FIELD)
    headings, rows = lines[0].cells, tuple(lines[1:])
    if len(headings) > MOST_COLUMNS:
        raise RuleBroken("This file has more than %(most)s columns. Leave some out.", field=FIELD, most=MOST_COLUMNS)
    if not rows:
        raise RuleBroken("Below the names of the columns stands no row. Write one for each item.", field=FIELD)
    if len(rows) > MOST_ROWS:
        raise RuleBroken(
            "This file has %(count)s rows, and %(most)s are read at once. Split it, and send one part after the other.",
            field=FIELD, count=len(rows), most=MOST_ROWS,
        )  # fmt: skip
    return Table(headings, rows, separator)


def file_of(headings: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",") -> bytes:
    """A file that spreadsheets open as it is: UTF-8 that says so, every cell in quotation marks, none a formula."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    for row in (headings, *rows):
        writer.writerow([guarded(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig", "replace")


def guarded(cell: str) -> str:
    """The cell behind an apostrophe, if a spreadsheet would take it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if _GUARDED.match(cell) else cell


def shown(text: str) -> str:
    """A heading, a title or a name of a file, as a page may show it: printable, and of some length."""
    return "".join(filter(str.isprintable, text)).strip()[:120]


def _text_of(content: bytes) -> str:
    """UTF-8, with its mark or without, else what Windows writes: "Unicode text", or its western code page."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RuleBroken("This is not a file of text. Save the table as CSV (UTF-8), then send that.", field=FIELD)


def _separated(text: str) -> tuple[str, str]:
    """The table without Excel's line about the separator, and the separator: told by that line, else found."""
    if told := _SEPARATOR_LINE.match(text):
        return text[told.end() :], told[1]
    return text, max(SEPARATORS, key=_first_line(text).count)


def _first_line(text: str) -> str:
    """The headings, without what stands in quotation marks."""
    bare = re.sub(r'"[^"]*"', "", text[:10_000]).lstrip("\r\n")
    return bare.splitlines()[0] if bare else ""


def _lines(text: str, separator: str) -> Iterator[Row]:
    """Every line in which something stands, from the headings on."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield Row(number, tuple(unguarded(cell) for cell in cells))
    except csv.Error:
        raise RuleBroken(
            "Row %(row)s cannot be read: a quotation mark in it is not closed, or a cell is far too long. Mend that "
            "row, then send the file again.",
            field=FIELD, row=number + 1,
        ) from None  # fmt: skip
