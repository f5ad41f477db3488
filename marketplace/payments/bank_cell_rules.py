"""Days and sums as banks write them. A whole column is read in one way: a cell alone could be two days or two sums."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.kernel.money import LARGEST_MINOR, Money, NotExact
from marketplace.kernel.table_rules import readings_of


class Order(StrEnum):
    """In which order a day is written."""

    YEAR_FIRST = "ymd"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


_NUMBERS = re.compile(r"(\d{1,4})\s?([./\-年])\s?(\d{1,2})\s?[./\-月]\s?(\d{1,4})日?\.?(?:[T ,].*)?", re.DOTALL)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WITH_NAME = re.compile(r"(\d{1,2})[ \-./]([A-Za-z]{3})[a-z]*[ \-./,]{1,2}(\d{2}|\d{4})")
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WHOLE_YEAR = 4
_FIRST_YEAR = 2000


def days_in(cell: str) -> dict[Order, date]:
    """Every way to read a cell as a day; what cannot be one is none."""
    text = cell.strip()
    if read := _COMPACT.fullmatch(text):
        return _only({Order.YEAR_FIRST: (read[1], read[2], read[3])})
    if (read := _WITH_NAME.fullmatch(text)) and read[2].lower() in _MONTHS:
        return _only(dict.fromkeys(Order, (read[3], str(_MONTHS[read[2].lower()]), read[1])))
    read = _NUMBERS.fullmatch(text)
    if read is None:
        return {}
    one, mark, two, three = read.groups()
    if len(one) == _WHOLE_YEAR:
        return _only({Order.YEAR_FIRST: (one, two, three)})
    ways = {Order.DAY_FIRST: (three, two, one)}
    if mark != ".":  # nobody writes the month first before a point
        ways[Order.MONTH_FIRST] = (three, one, two)
    return _only(ways)


def orders_of(cells: Sequence[str], *, today: date) -> frozenset[Order]:
    """The orders in which every cell that is a day at all can be read, and none as one to come. Several: ask. They say
    the same of a column in which each day is its own month's number, and then the first of them is given."""
    read = [days for days in map(days_in, cells) if days]
    fit = [order for order in Order if read and all(order in days and days[order] <= today for days in read)]
    if not fit:
        fit = [order for order in Order if read and all(order in days for days in read)]
    if len({tuple(days[order] for days in read) for order in fit}) == 1:
        fit = fit[:1]
    return frozenset(fit)


def _only(ways: dict[Order, tuple[str, str, str]]) -> dict[Order, date]:
    return {order: day for order, parts in ways.items() if (day := _day(*parts)) is not None}


def _day(year: str, month: str, day: str) -> date | None:
    if len(year) not in (2, _WHOLE_YEAR):
        return None
    number = int(year) + (_FIRST_YEAR if len(year) < _WHOLE_YEAR else 0)
    try:
        return date(number, int(month), int(day)) if number >= _FIRST_YEAR else None
    except ValueError:
        return None


# ---- Sums ----


@dataclass(frozen=True, slots=True)
class Sum:
    """A cell with a sum in it: its sign, and the figures still as they are written."""

    sign: int
    """Minus one, or one; what has no sign has one."""
    figures: str
    currency: str = ""
    """Three letters, where they stand beside it."""


_SYMBOLS = re.compile(r"[€$£¥元]|zł|Ft")
_CURRENCY = re.compile(r"^[A-Za-z]{3}(?=[\s\d+\-−(.,])|(?<=[\s\d)+\-−.,])[A-Za-z]{3}$")
_MINUS, _PLUS = "-−–", "+"
_LETTERS = {"S": -1, "D": -1, "DR": -1, "H": 1, "C": 1, "CR": 1}


def sum_in(cell: str) -> Sum | None:
    """What a cell says; none where it holds no figure. “-12,50 EUR”, “12.50-”, “(12.50)”, “12,50 S” are all out."""
    text, sign = _SYMBOLS.sub("", cell.strip()).strip(), 1
    named = _CURRENCY.search(text)
    text = _CURRENCY.sub("", text).strip()
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1
    if tail := re.fullmatch(r"(.*\d)\s*([A-Za-z]{1,2})", text, re.DOTALL):
        if tail[2].upper() not in _LETTERS:
            return None
        text, sign = tail[1], _LETTERS[tail[2].upper()]
    if text[:1] and text[:1] in _MINUS + _PLUS:
        text, sign = text[1:].strip(), -sign if text[0] in _MINUS else sign
    elif text[-1:] and text[-1] in _MINUS + _PLUS:
        text, sign = text[:-1].strip(), -sign if text[-1] in _MINUS else sign
    text = f"0{text}" if text[:1] in (".", ",") else text
    currency = named[0].upper() if named else ""
    return Sum(sign, text, currency) if any(char.isdigit() for char in text) else None


def minors_of(figures: str, currency: str) -> dict[str, int]:
    """Every way to read these figures in a currency: by the mark before the decimals, in minor units."""
    found = {}
    for mark, value in readings_of(figures):
        try:
            minor = Money.of(value, currency).minor
        except NotExact:
            continue
        if minor <= LARGEST_MINOR:
            found[mark] = minor
    return found


def marks_of(figures: Sequence[str], currency: str) -> frozenset[str]:
    """The marks by which all of these can be read. Several only where they could be two sums: ask."""
    read = [each for each in (minors_of(text, currency) for text in figures) if each]
    fit = [mark for mark in (".", ",") if all(mark in each for each in read)]
    if len({tuple(each[mark] for each in read) for mark in fit}) == 1:
        fit = fit[:1]
    return frozenset(fit)
