"""Statements of a group's bank, made up, and what becomes of them."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.bankbook import importing
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.payments.bank_models import BankLine, BankStatement
from tests.factories.groups import a_member

_keys = itertools.count(1)
Told = tuple[int, str, int]
"""How many days from today, the text, and the sum in cents."""


def today(days: int = 0) -> date:
    """In Vienna, where the groups of the tests are."""
    return clock.now().astimezone(ZoneInfo("Europe/Vienna")).date() + timedelta(days=days)


def a_file(*lines: Told, balance: int | None = None) -> bytes:
    """A bank's file, oldest first; `balance` is what lay there before the first line."""
    headings = "Date;Text;Amount" + (";Balance" if balance is not None else "")
    rows, lies = [headings], balance or 0
    for days, text, minor in lines:
        lies += minor
        sums = [minor] if balance is None else [minor, lies]
        rows.append(";".join([today(days).isoformat(), text, *(f"{each / 100:.2f}" for each in sums)]))
    return "\n".join(rows).encode()


def treasurer_in(group: Group) -> Person:
    """The group's treasurer; made, if it has none."""
    from_before = groups.officers(group.id, (Role.TREASURER,))
    if from_before:
        return db.session.get_one(Person, from_before[0].person_id)
    return a_member(group, Role.TREASURER, name="Theo Treasurer")


def sent(group: Group, content: bytes, *, by: Person | None = None) -> BankStatement:
    person = by or treasurer_in(group)
    return importing.send(by=person.id, group_id=group.id, client_key=f"key-of-file-{next(_keys)}", content=content)


def kept(
    group: Group, *lines: Told, balance: int | None = None, closing: int | None = None, by: Person | None = None
) -> BankStatement:
    """A statement with these lines, kept by the treasurer."""
    person = by or treasurer_in(group)
    statement = sent(group, a_file(*lines, balance=balance), by=person)
    money = None if closing is None else Money(closing, group.currency)
    return importing.keep(statement_id=statement.id, by=person.id, group_id=group.id, closing=money)


def lines_in(group: Group) -> list[BankLine]:
    """As they stand in the database now, oldest first."""
    db.session.rollback()
    return list(db.session.scalars(select(BankLine).where(BankLine.group_id == group.id).order_by(BankLine.id)))
