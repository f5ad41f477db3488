"""The law of periods: from which to which year an item was made, by what its seller wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LAST_YEAR = 2199


class Years(NamedTuple):
    """Both included."""

    first: int
    last: int


_SPAN = re.compile(r"(?<!\d)([12]\d)(\d\d)\s*[-–—/]\s*(\d\d)(?!\d)", re.ASCII)
_DECADE = re.compile(r"(?<!\d)([12]\d\d)0(?:\s?年代|(?:['’]?s|er)\b)")
_YEAR = re.compile(r"(?<!\d)([12]\d{3})(?!\d)", re.ASCII)
_CENTURY = re.compile(
    r"(?<!\d)(\d{1,2})(?:\s*(?:st|nd|rd|th)|\.)?\s*(?:centur(?:y|ies)|cent\b|c\.|jahrhundert|jh\b|世纪|世紀)",
    re.ASCII | re.IGNORECASE,
)
_MOST_CENTURIES = 21


def years_of(period: str) -> Years | None:
    """The years that a period names: "1890–1910", "1968-72", "1960s", "19th century". None where it names none."""
    spans = list(_named(period))
    if not spans:
        return None
    return Years(min(span.first for span in spans), max(span.last for span in spans))


def _named(period: str) -> Iterator[Years]:
    for century in _CENTURY.findall(period):
        if 1 <= int(century) <= _MOST_CENTURIES:
            yield Years(100 * int(century) - 99, 100 * int(century))
    for hundreds, first, last in _SPAN.findall(period):
        if int(last) >= int(first):
            yield Years(int(hundreds + first), int(hundreds + last))
    for tens in _DECADE.findall(period):
        first = int(tens) * 10
        yield Years(first, first + (99 if tens.endswith("0") else 9))
    for year in _YEAR.findall(period):
        yield Years(int(year), int(year))
