"""The treasurer's bank against the books: what nobody has explained. For the officers' page and the nightly audit."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select

from marketplace.kernel.database import db
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import gateway
from marketplace.payments import bank_booked
from marketplace.payments.bank_matching_rules import DAYS_TO_CHOOSE, LineState
from marketplace.payments.bank_models import BankBook, BankLine, BankStatement, StatementState
from marketplace.payments.bank_reconciling_rules import Facts, Unexplained, unexplained_in

_KEPT = BankStatement.state == StatementState.KEPT


def unexplained(group_id: int) -> list[Unexplained]:
    """What stays to be explained in a group; nothing where no statement was ever kept. Six queries."""
    facts = facts_of(group_id)
    return [] if facts is None else unexplained_in(facts)


def groups_with_statement() -> list[int]:
    """Those that are held against a bank's statement."""
    return list(
        db.session.scalars(select(BankStatement.group_id).where(_KEPT).distinct().order_by(BankStatement.group_id))
    )


def is_any_statement_kept() -> bool:
    """Whether there is anything to hold the books against."""
    return db.session.scalar(select(BankStatement.id).where(_KEPT).limit(1)) is not None


def line_count() -> int:
    """How many lines of banks' statements are kept."""
    return db.session.scalar(select(func.count()).select_from(BankLine)) or 0


def has_statement(group_id: int) -> bool:
    """Whether the group is held against a bank's statement at all: one was kept."""
    return db.session.scalar(select(BankLine.id).where(BankLine.group_id == group_id).limit(1)) is not None


def facts_of(group_id: int) -> Facts | None:
    """All that the rules ask of a group's bank account. None where no statement was kept yet."""
    book = db.session.get(BankBook, group_id)
    first, last = _days_of(group_id)
    if book is None or first is None or last is None:
        return None
    newest = _newest_with_balance(group_id)
    closing_day = newest.last_day if newest is not None and newest.last_day is not None else last
    own, matched_later = _sums_of(group_id, closing_day)
    return Facts(
        group_id=group_id, currency=book.currency, first_day=first, last_day=last,
        books=ledger.balance(gateway(group_id), book.currency).minor,
        lines=[line.facts() for line in open_lines(group_id)],
        booked=bank_booked.on_no_line(group_id, since=earliest(first), zone=book.time_zone),
        closing=newest.closing_minor if newest else None, closing_day=closing_day, other=book.other_minor, own=own,
        matched_later=matched_later,
    )  # fmt: skip


def open_lines(group_id: int, *, since: date | None = None) -> list[BankLine]:
    """Lines that nobody has said anything of yet, oldest first; those since a day."""
    query = select(BankLine).where(BankLine.group_id == group_id, BankLine.state == LineState.OPEN)
    if since is not None:
        query = query.where(BankLine.day >= since)
    return list(db.session.scalars(query.order_by(BankLine.day, BankLine.id)))


def earliest(first_day: date) -> datetime:
    """From when on what was confirmed may stand on a statement that begins on that day."""
    return datetime.combine(first_day, time(), UTC) - timedelta(days=DAYS_TO_CHOOSE)


def _days_of(group_id: int) -> tuple[date | None, date | None]:
    """The first and the last day of which the bank's lines are here."""
    kept = _is_kept(group_id)
    row = db.session.execute(select(func.min(BankStatement.first_day), func.max(BankStatement.last_day)).where(*kept))
    first, last = row.one()
    return first, last


def _newest_with_balance(group_id: int) -> BankStatement | None:
    query = select(BankStatement).where(*_is_kept(group_id), BankStatement.closing_minor.is_not(None))
    return db.session.scalar(query.order_by(BankStatement.last_day.desc(), BankStatement.id.desc()).limit(1))


def _is_kept(group_id: int) -> tuple[ColumnElement[bool], ...]:
    return BankStatement.group_id == group_id, _KEPT


def _sums_of(group_id: int, day: date) -> tuple[int, int]:
    """What is none of Earnest's up to that day, differences included; and what is matched after it."""
    is_own = BankLine.state == LineState.OWN
    own = func.coalesce(func.sum(BankLine.amount_minor).filter(is_own, BankLine.day <= day), 0)
    differs = func.coalesce(func.sum(BankLine.difference_minor).filter(BankLine.day <= day), 0)
    is_later = (BankLine.state == LineState.MATCHED) & (BankLine.day > day)
    later = func.coalesce(func.sum(BankLine.amount_minor - BankLine.difference_minor).filter(is_later), 0)
    row = db.session.execute(select(own, differs, later).where(BankLine.group_id == group_id)).one()
    return int(row[0]) + int(row[1]), int(row[2])
