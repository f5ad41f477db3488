"""The file that items are imported from: the names of the columns, and a row for each item."""

from __future__ import annotations

import re
from dataclasses import dataclass

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import FIELD, SEPARATORS, Row, rows_of, text_of, told_separator

MOST_ROWS = 200
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says. Rows without a word in them are left out; the headings are row number 1."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    separator: str = ","


def table_of(content: bytes) -> Table:
    """Read a file. Raises RuleBroken at form field "table" with what to do about it."""
    text, told = told_separator(text_of(content))
    separator = told or max(SEPARATORS, key=_first_line(text).count)
    lines = list(rows_of(text, separator))
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


def _first_line(text: str) -> str:
    """The headings, without what stands in quotation marks."""
    bare = re.sub(r'"[^"]*"', "", text[:10_000]).lstrip("\r\n")
    return bare.splitlines()[0] if bare else ""
