"""The bank's statement comes in: looked at as often as one likes, then kept once, and only what is new of it.

A file is sent and lies here for a day, for who sent it. Its columns are found by their names, or as the last file like
it was read, or chosen. Nothing of it counts before it is kept, and a file of which a row cannot be read is not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from marketplace.bankbook import books, matching, naming
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments.bank_models import BankLine, BankStatement, StatementState
from marketplace.payments.bank_reading_rules import BankLine as ReadLine, Reading, read, without_accounts
from marketplace.payments.bank_table_rules import BankTable, Columns, check_columns, table_of

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Report:
    """What would become of a file."""

    table: BankTable
    columns: Columns
    reading: Reading | None
    """None where the columns are to be chosen first."""
    trouble: RuleBroken | None
    known: frozenset[str]
    """Keys of lines that are here already."""
    alike: frozenset[tuple[date, int]]
    """Day and sum of lines that are here already, with whatever text."""

    @property
    def new(self) -> tuple[ReadLine, ...]:
        lines = self.reading.lines if self.reading else ()
        return tuple(line for line in lines if line.key not in self.known)


def send(*, by: int, group_id: int, client_key: str, content: bytes) -> BankStatement:
    """Keep a file for a day, to be looked at. The same form sent twice with the same file is one.

    Raises NotFound, NotAllowed, or RuleBroken at field "table".
    """
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    table, guessed = table_of(content)
    headings = hashlib.sha256("\n".join(table.headings).encode()).hexdigest()
    key = f"{client_key}-{hashlib.sha256(content).hexdigest()[:16]}"
    columns = _read_before(group_id, headings) or guessed.stored()
    return _enter(by=by, group_id=group_id, key=key, content=content, headings=headings, columns=columns)


def sent(statement_id: int, *, by: int, group_id: int) -> BankStatement:
    """A file that this officer sent, or one that was kept. Raises NotFound, NotAllowed."""
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    return _checked(db.session.get(BankStatement, statement_id), by=by, group_id=group_id)


def report_on(statement: BankStatement) -> Report:
    """What would become of each row of a file that is not kept yet. Two queries."""
    table, _guessed = table_of(statement.content or b"")
    columns = Columns.of_stored(statement.columns)
    try:
        check_columns(columns, len(table.headings))
    except RuleBroken as trouble:
        return Report(table, columns, None, trouble, frozenset(), frozenset())
    group = group_queries.group(statement.group_id)
    today = clock.now().astimezone(ZoneInfo(group.time_zone)).date()
    reading = read(table, columns, currency=group.currency, today=today)
    known, alike = _known(group.id, reading)
    return Report(table, columns, reading, None, known, alike)


@use_case
def choose_columns(*, statement_id: int, by: int, group_id: int, columns: Columns) -> None:
    """Say which column is which. Raises RuleBroken at the field of the column that is wrong."""
    statement = _locked(statement_id, by=by, group_id=group_id)
    if statement.state == StatementState.KEPT:
        raise _is_kept()
    table, _guessed = table_of(statement.content or b"")
    check_columns(columns, len(table.headings))
    statement.columns = columns.stored()
    audit.note("choose columns of a bank statement", f"bank statement:{statement.id}", by=by, group_id=group_id)


@use_case
def keep(*, statement_id: int, by: int, group_id: int, closing: Money | None) -> BankStatement:
    """Add the lines that are not here yet, and match what is certain. `closing`: the bank's balance after the last of
    them, as the officer typed it; None takes that of the file. Done again, it does nothing.

    Raises RuleBroken where something of it cannot be read.
    """
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    group = group_queries.group(group_id)
    books.locked(group)  # two who keep the same file go one after the other
    statement = _locked(statement_id, by=by, group_id=group_id)
    if statement.state == StatementState.KEPT:
        return statement
    report = report_on(statement)
    reading = _readable(report)
    _add(statement, report.new, currency=group.currency)
    statement.state, statement.content, statement.ends_at = StatementState.KEPT.value, None, None
    statement.kept_at, statement.first_day, statement.last_day = clock.now(), reading.first_day, reading.last_day
    statement.closing_minor = closing.minor if closing is not None else reading.closing
    statement.new_lines, statement.known_lines = len(report.new), len(reading.lines) - len(report.new)
    audit.note("keep a bank statement", f"bank statement:{statement.id}", by=by, group_id=group_id)
    db.session.flush()
    matching.match_open(group_id)
    return statement


@use_case
def throw_away(*, statement_id: int, by: int, group_id: int) -> None:
    """Forget a file that was not kept."""
    statement = _locked(statement_id, by=by, group_id=group_id)
    if statement.state == StatementState.KEPT:
        raise _is_kept()
    db.session.delete(statement)
    audit.note("throw a bank statement away", f"bank statement:{statement_id}", by=by, group_id=group_id)


@use_case
def forget_old_statements(limit: int = 50) -> int:
    """Files whose day is over and that nobody kept go. How many have gone."""
    due = select(BankStatement.id).where(BankStatement.ends_at <= clock.now()).order_by(BankStatement.ends_at)
    ids = list(db.session.scalars(due.limit(limit).with_for_update(skip_locked=True)))
    if ids:
        db.session.execute(delete(BankStatement).where(BankStatement.id.in_(ids)))
    return len(ids)


@use_case
def _enter(
    *, by: int, group_id: int, key: str, content: bytes, headings: str, columns: dict[str, object]
) -> BankStatement:
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    now = clock.now()
    statement = BankStatement(
        group_id=group_id, sent_by=by, client_key=key, sent_at=now, ends_at=now + KEPT_FOR,
        state=StatementState.SENT.value, content=content, headings_key=headings, columns=columns,
    )  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add(statement)
    except IntegrityError:
        same = select(BankStatement).where(BankStatement.sent_by == by, BankStatement.client_key == key)
        return db.session.scalars(same).one()
    audit.note("send a bank statement", f"bank statement:{statement.id}", by=by, group_id=group_id)
    return statement


def _add(statement: BankStatement, lines: tuple[ReadLine, ...], *, currency: str) -> None:
    named = naming.named_in(statement.group_id, [line.text for line in lines])
    db.session.add_all(
        BankLine(
            group_id=statement.group_id, statement_id=statement.id, day=line.day, amount_minor=line.minor,
            currency=currency, text=without_accounts(line.text), about=about, key=line.key,
        )
        for line, about in zip(lines, named, strict=True)
    )  # fmt: skip


def _readable(report: Report) -> Reading:
    """The reading of a file that can be kept. Raises RuleBroken."""
    reading = report.reading
    if report.trouble is not None or reading is None:
        raise report.trouble or RuleBroken("Choose the columns first.")
    if reading.questions:
        raise reading.questions[0]
    if reading.wrong:
        raise RuleBroken(
            "Row %(row)s cannot be read, so nothing was kept: %(why)s Choose the columns anew, or mend the row in the "
            "file and send it again.",
            row=reading.wrong[0].row, why=str(reading.wrong[0].why),
        )  # fmt: skip
    if not reading.lines:
        raise RuleBroken("There is no payment in this file. Look whether the columns are the right ones.")
    return reading


def _read_before(group_id: int, headings: str) -> dict[str, object] | None:
    """How the last file of these headings was read: else the same line could look like another."""
    same = select(BankStatement.columns).where(
        BankStatement.group_id == group_id, BankStatement.state == StatementState.KEPT,
        BankStatement.headings_key == headings,
    )  # fmt: skip
    return db.session.scalar(same.order_by(BankStatement.last_day.desc(), BankStatement.id.desc()).limit(1))


def _known(group_id: int, reading: Reading) -> tuple[frozenset[str], frozenset[tuple[date, int]]]:
    if not reading.lines:
        return frozenset(), frozenset()
    days = BankLine.day.between(reading.first_day, reading.last_day)
    rows = db.session.execute(
        select(BankLine.key, BankLine.day, BankLine.amount_minor).where(BankLine.group_id == group_id, days)
    ).all()
    return frozenset(row.key for row in rows), frozenset((row.day, row.amount_minor) for row in rows)


def _locked(statement_id: int, *, by: int, group_id: int) -> BankStatement:
    groups.require(by, group_id, Permission.KEEP_STATEMENT)
    return _checked(db.session.get(BankStatement, statement_id, with_for_update=True), by=by, group_id=group_id)


def _checked(found: BankStatement | None, *, by: int, group_id: int) -> BankStatement:
    is_his = found is not None and (found.state == StatementState.KEPT or found.sent_by == by)
    if found is None or found.group_id != group_id or not is_his:
        raise NotFound("There is no such statement, or its day is over. Send it again.")
    if found.ends_at is not None and found.ends_at <= clock.now():
        raise NotFound("There is no such statement, or its day is over. Send it again.")
    return found


def _is_kept() -> RuleBroken:
    return RuleBroken("This statement is kept already. Its lines stand on the bank’s page.")
