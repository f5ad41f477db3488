"""A bank's file as a table: where it begins, between the lines above and below, and what its columns are read for."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import FIELD, SEPARATORS, Row, rows_of, shown, text_of, told_separator
from marketplace.payments.bank_cell_rules import days_in, sum_in
from marketplace.payments.bank_column_rules import Role, roles_of

MOST_ROWS = 5_000
MOST_COLUMNS = 60
NOWHERE = -1
"""Where a column stands that the file has not."""
_ABOVE = 60
"""So many lines may stand above the table."""


@dataclass(frozen=True, slots=True)
class BankTable:
    """What a file says, below its headings."""

    headings: tuple[str, ...]
    """As a page shows them; “Column 3” where the file has none."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is read for what, by its place from 0, and how."""

    day: int = NOWHERE
    amount: int = NOWHERE
    debit: int = NOWHERE
    credit: int = NOWHERE
    sign: int = NOWHERE
    balance: int = NOWHERE
    currency: int = NOWHERE
    texts: tuple[int, ...] = ()
    order: str = ""
    """How days are written, where the officer said so: one of bank_cell_rules.Order."""
    mark: str = ""
    """What stands before the decimals, where he said so."""

    def stored(self) -> dict[str, Any]:
        """For a JSON column."""
        return asdict(self) | {"texts": list(self.texts)}

    @classmethod
    def of_stored(cls, stored: dict[str, Any]) -> Columns:
        return cls(**(stored | {"texts": tuple(stored["texts"])}))


def table_of(content: bytes) -> tuple[BankTable, Columns]:
    """Read a file, and guess its columns by their names. Raises RuleBroken at form field "table" with what to do."""
    text, told = told_separator(text_of(content))
    table, columns = max(_tries(text, told), key=lambda found: (found[1] != Columns(), len(found[0].headings)))
    if not table.rows:
        raise RuleBroken("There is no payment in this file. Ask the bank for its list of payments as CSV.", field=FIELD)
    if len(table.headings) > MOST_COLUMNS:
        raise RuleBroken("This file has more than %(most)s columns. Leave some out.", field=FIELD, most=MOST_COLUMNS)
    if len(table.rows) > MOST_ROWS:
        raise RuleBroken(
            "This file has %(count)s rows, and %(most)s are read at once. Ask the bank for a shorter time, and send "
            "one file after the other.",
            field=FIELD, count=len(table.rows), most=MOST_ROWS,
        )  # fmt: skip
    return table, columns


def check_columns(columns: Columns, width: int) -> None:
    """Raise the rule that a choice of columns breaks, at its form field."""
    used = [columns.day, columns.amount, columns.debit, columns.credit, columns.sign, columns.balance, columns.currency]
    if any(not NOWHERE <= place < width for place in (*used, *columns.texts)):
        raise RuleBroken("This file has no such column. Load the page again.", field="day")
    if columns.day == NOWHERE:
        raise RuleBroken("Choose the column with the day.", field="day")
    if columns.amount == NOWHERE and NOWHERE in (columns.debit, columns.credit):
        raise RuleBroken("Choose the column with the amount, or one for each of out and in.", field="amount")
    if columns.amount != NOWHERE and (columns.debit, columns.credit) != (NOWHERE, NOWHERE):
        raise RuleBroken("Choose either one column with the amount, or one for each of out and in.", field="amount")
    if not columns.texts:
        raise RuleBroken("Choose the columns with the text: the reference of a payment stands there.", field="texts")


def _tries(text: str, told: str | None) -> list[tuple[BankTable, Columns]]:
    """The table by each separator that stands in the file at all. By a wrong one quotation marks may not close."""
    found, troubles = [], []
    for separator in told or [mark for mark in SEPARATORS if mark in text] or ",":
        try:
            found.append(_cut(list(rows_of(text, separator))))
        except RuleBroken as trouble:
            troubles.append(trouble)
    if not found:
        raise troubles[-1]
    return found


def _cut(rows: list[Row]) -> tuple[BankTable, Columns]:
    """The table among the lines of a file, by the names of its columns; without names, by where the days begin."""
    for place, row in enumerate(rows[:_ABOVE]):
        below = rows[place + 1 :]
        columns = _named(roles_of(row.cells, below[0].cells if below else ()))
        if columns is not None:
            return BankTable(_headings(row.cells), tuple(below)), columns
    return _without_names(rows)


def _named(roles: dict[int, Role]) -> Columns | None:
    """The columns, if these are the names above a bank's table."""
    at = {role: place for place, role in reversed(roles.items())}
    has_sums = Role.AMOUNT in at or {Role.DEBIT, Role.CREDIT} <= at.keys()
    if Role.DAY not in at or not has_sums:
        return None
    in_one = Role.AMOUNT in at
    return Columns(
        day=at[Role.DAY], amount=at.get(Role.AMOUNT, NOWHERE), sign=at.get(Role.SIGN, NOWHERE) if in_one else NOWHERE,
        debit=NOWHERE if in_one else at[Role.DEBIT], credit=NOWHERE if in_one else at[Role.CREDIT],
        balance=at.get(Role.BALANCE, NOWHERE), currency=at.get(Role.CURRENCY, NOWHERE),
        texts=tuple(sorted(place for place, role in roles.items() if role is Role.TEXT)),
    )  # fmt: skip


def _without_names(rows: list[Row]) -> tuple[BankTable, Columns]:
    """The rows in which a day and a sum stand, and as many cells as in most of them; the row above may have names that
    we do not know. The officer says which column is which."""
    likely = [row for row in rows if any(map(days_in, row.cells)) and any(map(sum_in, row.cells))]
    if not likely:
        return BankTable((), ()), Columns()
    width = Counter(len(row.cells) for row in likely).most_common(1)[0][0]
    begins = next(row.number for row in likely if len(row.cells) == width)
    body = tuple(row for row in rows if row.number >= begins)
    above = [row for row in rows if row.number < begins and len(row.cells) == width]
    names = above[-1].cells if above else ("",) * width
    return BankTable(_headings(names), body), Columns()


def _headings(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shown(cell) or f"Column {place}" for place, cell in enumerate(cells, start=1))
