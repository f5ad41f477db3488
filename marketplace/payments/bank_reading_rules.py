"""What each row of a bank's file says, once it is known which column is which; and what is asked before it can be kept.

A row is a line of the bank, or is passed over for a reason (a heading, a total, what is not booked yet), or cannot be
read: then nothing of the file is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import Row, folded
from marketplace.payments.bank_cell_rules import Order, Sum, days_in, marks_of, minors_of, orders_of, sum_in
from marketplace.payments.bank_column_rules import is_out
from marketplace.payments.bank_table_rules import NOWHERE, BankTable, Columns

MOST_IN_TEXT = 500
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)\b", re.ASCII)


@dataclass(frozen=True, slots=True)
class BankLine:
    """One payment as the bank tells it."""

    row: int
    day: date
    minor: int
    """What came is positive."""
    text: str
    balance: int | None
    """In minor units, after it."""
    key: str
    """The same line in another file has the same: by its day, sum and text, and which of those alike on that day."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A row that is none of the bank's lines, or cannot be read."""

    row: int
    why: RuleBroken
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """All of a file."""

    lines: tuple[BankLine, ...]
    """In the order of the file."""
    passed: tuple[Passed, ...]
    questions: tuple[RuleBroken, ...]
    """What is asked of the officer, at form fields "order" and "mark"; before it is answered there are no lines."""
    closing: int | None
    """The balance after the last line, where the file has one and its lines add up to it."""

    @property
    def wrong(self) -> tuple[Passed, ...]:
        return tuple(each for each in self.passed if each.is_wrong)

    @property
    def first_day(self) -> date:
        return min(line.day for line in self.lines)

    @property
    def last_day(self) -> date:
        return max(line.day for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Way:
    """How all rows are read."""

    columns: Columns
    currency: str
    order: Order
    mark: str
    today: date


def read(table: BankTable, columns: Columns, *, currency: str, today: date) -> Reading:
    """Read every row. `today` is the last day that can be booked: what is dated later is not kept yet, or one slip of
    the pen would be the newest statement for years."""
    rows = [row for row in table.rows if _has_sum(row, columns)]
    orders = orders_of([_cell(row, columns.day) for row in rows], today=today)
    if len(orders) > 1:  # a row that is no line of the bank's may tell
        orders = orders & orders_of([_cell(row, columns.day) for row in table.rows], today=today) or orders
    marks = marks_of([each.figures for row in rows for each in _sums(row, columns)], currency)
    order, mark = columns.order or _single(orders), columns.mark or _single(marks)
    questions = tuple(_questions(order, mark, orders, marks))
    if questions:
        return Reading((), (), questions, None)
    way = _Way(columns, currency, Order(order or Order.DAY_FIRST), mark or ".", today)
    lines: list[BankLine] = []
    passed: list[Passed] = []
    alike: Counter[tuple[date, int, str]] = Counter()
    for row in table.rows:
        found = _read_row(row, way, alike)
        (lines if isinstance(found, BankLine) else passed).append(found)  # type: ignore[arg-type]
    return Reading(tuple(lines), tuple(passed), (), closing_of(lines))


def closing_of(lines: Sequence[BankLine]) -> int | None:
    """The balance after the last line. Files run either way; which, the balances tell. None where they do not agree:
    they are of another account, or lines are left out."""
    if not lines or any(line.balance is None for line in lines):
        return None
    if len(lines) == 1:
        return lines[0].balance
    for way in (lines, lines[::-1]):
        steps = pairwise(way)
        if way[0].day <= way[-1].day and all((one.balance or 0) + two.minor == two.balance for one, two in steps):
            return way[-1].balance
    return None


def without_accounts(text: str) -> str:
    """The text with what is the number of an account (IBAN, ISO 13616) cut down to its country and its end: whose it is
    the name tells, and nobody needs the rest."""
    return _IBAN.sub(lambda found: _cut(found[0]), text)


def key_of(day: date, minor: int, text: str, place: int) -> str:
    """What the same line in another file has, too: 64 hexadecimal figures. `place`: which of those alike that day."""
    return hashlib.sha256(f"{day}|{minor}|{folded(text)}|{place}".encode()).hexdigest()


def _questions(order: str, mark: str, orders: frozenset[Order], marks: frozenset[str]) -> Iterable[RuleBroken]:
    if not order and len(orders) > 1:
        yield RuleBroken(
            "The days of this file could be read in two ways. Say how your bank writes them.", field="order"
        )
    if not mark and len(marks) > 1:
        yield RuleBroken(
            "The sums of this file could be read in two ways. Say what stands before decimals.", field="mark"
        )


def _read_row(row: Row, way: _Way, alike: Counter[tuple[date, int, str]]) -> BankLine | Passed:
    columns = way.columns
    named = _cell(row, columns.currency).strip().upper()
    days, sums = days_in(_cell(row, columns.day)), _sums(row, columns, balance=False)
    has_figure = any(char.isdigit() for char in _cell(row, columns.day))
    if not has_figure or not any(_cell(row, place).strip() for place in _places_of_sums(columns)):
        return Passed(row.number, RuleBroken("No day or no amount stands in it: it is none of the bank’s lines."))
    if way.order not in days:
        return _wrong(row, "“%(cell)s” is not read as a day.", _cell(row, columns.day))
    if days[way.order] > way.today:
        return Passed(row.number, RuleBroken("It is not booked yet: its day is still to come."))
    named = next((each.currency for each in sums if each.currency), named)
    if named and named != way.currency:
        return Passed(
            row.number, RuleBroken("It is in %(other)s, and the books are in %(own)s.", other=named, own=way.currency)
        )
    minor = _minor(row, way)
    if minor is None:
        return _wrong(row, "“%(cell)s” is not read as an amount.", " ".join(_cells_of_sums(row, columns)))
    if minor == 0:
        return Passed(row.number, RuleBroken("Nothing moved: its amount is zero."))
    text = " ".join(" ".join(_cell(row, place) for place in columns.texts).split())[:MOST_IN_TEXT]
    text = "".join(filter(str.isprintable, text))
    same = (days[way.order], minor, folded(text))
    alike[same] += 1
    return BankLine(
        row=row.number, day=days[way.order], minor=minor, text=text, balance=_balance(row, way),
        key=key_of(days[way.order], minor, text, alike[same]),
    )  # fmt: skip


def _minor(row: Row, way: _Way) -> int | None:
    """What moved, with its sign; none where a cell cannot be read."""
    columns = way.columns
    if columns.amount == NOWHERE:
        out, came = (_plain(_cell(row, place), way) for place in (columns.debit, columns.credit))
        return None if out is None or came is None else abs(came) - abs(out)
    amount = _plain(_cell(row, columns.amount), way)
    if amount is None or columns.sign == NOWHERE:
        return amount
    out_of_it = is_out(_cell(row, columns.sign))
    return None if out_of_it is None else -abs(amount) if out_of_it else abs(amount)


def _plain(cell: str, way: _Way) -> int | None:
    """A cell in minor units; an empty one is zero."""
    if not cell.strip() or cell.strip() in {"-", "–"}:
        return 0
    found = sum_in(cell)
    minor = None if found is None else minors_of(found.figures, way.currency).get(way.mark)
    return None if found is None or minor is None else found.sign * minor


def _balance(row: Row, way: _Way) -> int | None:
    cell = _cell(row, way.columns.balance)
    return _plain(cell, way) if cell.strip() else None


def _wrong(row: Row, sentence: str, cell: str) -> Passed:
    return Passed(row.number, RuleBroken(sentence, cell=cell.strip()[:60]), is_wrong=True)


def _has_sum(row: Row, columns: Columns) -> bool:
    return bool(_sums(row, columns, balance=False))


def _sums(row: Row, columns: Columns, *, balance: bool = True) -> list[Sum]:
    places = [*_places_of_sums(columns), *([columns.balance] if balance else [])]
    return [found for place in places if (found := sum_in(_cell(row, place)))]


def _places_of_sums(columns: Columns) -> tuple[int, ...]:
    return (columns.debit, columns.credit) if columns.amount == NOWHERE else (columns.amount,)


def _cells_of_sums(row: Row, columns: Columns) -> list[str]:
    return [_cell(row, place) for place in (*_places_of_sums(columns), columns.sign)]


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if NOWHERE < place < len(row.cells) else ""


def _cut(number: str) -> str:
    """Written in groups, the last of them may be the next word."""
    for own in (number, number.rpartition(" ")[0]):
        plain = own.replace(" ", "")
        figures = "".join(str(int(char, 36)) for char in plain[4:] + plain[:4])
        if figures and int(figures) % 97 == 1:
            return f"{plain[:2]}…{plain[-4:]}{number[len(own) :]}"
    return number


def _single(found: Iterable[str]) -> str:
    """The only one there is; nothing where there are several, or none."""
    each = list(found)
    return str(each[0]) if len(each) == 1 else ""
