"""A table of text (CSV) as spreadsheets and banks write it: read into cells, and written so that no spreadsheet runs a
cell. What the columns mean is the affair of whoever reads them."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO

from marketplace.kernel.errors import RuleBroken

MOST_BYTES = 2 * 1024 * 1024
SEPARATORS = ",;\t"
FIELD = "table"
"""The form field that a table is sent in."""

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), the wide forms included.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_SEPARATOR_LINE = re.compile(r"sep=([,;\t])\r?\n?", re.IGNORECASE)
_LOOKED_AT = 200
"""So many bytes of a file tell whether it is wide."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `number` is the one that a spreadsheet shows beside it; the first is number 1."""

    number: int
    cells: tuple[str, ...]


def text_of(content: bytes) -> str:
    """What a file says: UTF-8, with its mark or without, else what Windows writes: "Unicode text", or its western code
    page. Raises RuleBroken at form field "table"."""
    if len(content) > MOST_BYTES:
        raise RuleBroken("This file is larger than 2 MB. Split it, and send one part after the other.", field=FIELD)
    for encoding in _encodings(content):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RuleBroken("This is not a file of text. Save the table as CSV (UTF-8), then send that.", field=FIELD)


def told_separator(text: str) -> tuple[str, str | None]:
    """The table without Excel's line about the separator, and the separator that this line told, if it is there."""
    told = _SEPARATOR_LINE.match(text)
    return (text[told.end() :], told[1]) if told else (text, None)


def rows_of(text: str, separator: str) -> Iterator[Row]:
    """Every line in which something stands. Raises RuleBroken at form field "table" where one cannot be read."""
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


def folded(name: str) -> str:
    """A name without what people vary in it: case, spaces, hyphens, dots."""
    return "".join(char for char in unicodedata.normalize("NFKC", name).casefold() if char.isalnum())


# ---- Sums ----

_MARKS = {".": r"\.", ",": ","}
_BETWEEN = (r"\.", ",", "[ \u00a0\u202f\u2009]", "['’]")
_FIGURES = tuple(
    (mark, re.compile(rf"([1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+|[0-9]+)(?:{decimal}([0-9]+))?"))
    for mark, decimal in _MARKS.items()
    for between in _BETWEEN
    if between != decimal
)
_LONGEST_SUM = 30  # no sum that we accept is longer


def readings_of(text: str) -> Iterator[tuple[str, Decimal]]:
    """Every way to read these figures: which mark stands before the decimals, and what they are then. Without a sign,
    and some more than once."""
    if len(text) > _LONGEST_SUM:
        return
    for mark, figures in _FIGURES:
        if read := figures.fullmatch(text):
            yield mark, Decimal(re.sub(r"[^0-9]", "", read[1]) + (f".{read[2]}" if read[2] else ""))


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    head = content[:_LOOKED_AT]
    if head.count(b"\0") * 3 > len(head):  # without a mark; a stray one makes no file wide
        return ("utf-16-le" if content[1:2] == b"\0" else "utf-16-be",)
    return "utf-8-sig", "cp1252"
