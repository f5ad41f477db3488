"""The bank's statement of a group whose treasurer moves its money: what was imported, and what each line is."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.accounts.models import Person
from marketplace.kernel.database import Base
from marketplace.kernel.money import Money
from marketplace.payments import bank_matching_rules as rules
from marketplace.payments.bank_matching_rules import LineState, Own, Part
from marketplace.payments.models import Movement


class StatementState(StrEnum):
    SENT = "sent"
    """Looked at, and not kept yet: nothing of it counts."""
    KEPT = "kept"


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class BankBook(Base):
    """One group's bank account. Its row is the queue for whatever changes what lines are."""

    __tablename__ = "bank_books"

    group_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str]
    time_zone: Mapped[str]
    """The group's, in which a day begins."""
    other_minor: Mapped[int] = mapped_column(default=0)
    """What lay in the account before the first line and is not in Earnest's books."""
    other_note: Mapped[str] = mapped_column(default="")
    other_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id), index=True)
    other_at: Mapped[datetime | None]


class BankStatement(Base):
    """One file of the bank. The file itself is forgotten when it is kept, or after a day."""

    __tablename__ = "bank_statements"
    __table_args__ = (
        UniqueConstraint("sent_by", "client_key"),
        Index("ix_bank_statements_group_id_state_last_day", "group_id", "state", "last_day"),
        Index("ix_bank_statements_ends_at", "ends_at"),
        CheckConstraint(_one_of("state", StatementState), "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    sent_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    client_key: Mapped[str]
    """Of the page's key and the file: a form sent twice is one statement."""
    sent_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    """While it is not kept: when it is forgotten."""
    state: Mapped[str] = mapped_column(default=StatementState.SENT.value)
    content: Mapped[bytes | None]
    headings_key: Mapped[str]
    """Of the names of its columns: the next file like it is read in the same way."""
    columns: Mapped[dict[str, Any]] = mapped_column(JSON)
    """bank_table_rules.Columns, as the officer left them."""

    kept_at: Mapped[datetime | None]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    closing_minor: Mapped[int | None]
    """The bank's balance after its last line: of the file, or as the officer typed it."""
    new_lines: Mapped[int] = mapped_column(default=0)
    known_lines: Mapped[int] = mapped_column(default=0)
    """That an earlier file had brought."""


class BankLine(Base):
    """One payment as the bank tells it. What it says never changes; what it is taken for does."""

    __tablename__ = "bank_lines"
    __table_args__ = (
        UniqueConstraint("group_id", "key"),
        Index("ix_bank_lines_group_id_state_day", "group_id", "state", "day"),
        Index("ix_bank_lines_group_id_day_id", "group_id", "day", "id"),
        CheckConstraint(_one_of("state", LineState), "state"),
        CheckConstraint(_one_of("own", Own), "own"),
        CheckConstraint("amount_minor <> 0", "amount_is_something"),
        CheckConstraint("(state = 'own') = (own IS NOT NULL)", "own_is_said"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int]
    statement_id: Mapped[int] = mapped_column(ForeignKey(BankStatement.id), index=True)
    day: Mapped[date]
    amount_minor: Mapped[int]
    """What came is positive."""
    currency: Mapped[str]
    text: Mapped[str]
    about: Mapped[list[str]] = mapped_column(JSON)
    """What its text names, as in bank_matching_rules.Line."""
    key: Mapped[str]
    state: Mapped[str] = mapped_column(default=LineState.OPEN.value)
    own: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
    difference_minor: Mapped[int] = mapped_column(default=0)
    """What it has more than the payments that an officer matched with it."""
    is_by_hand: Mapped[bool] = mapped_column(default=False)
    """An officer undid a match: the program leaves it alone from then on."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey(Person.id), index=True)
    """None where the program matched it."""
    decided_at: Mapped[datetime | None]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def facts(self) -> rules.Line:
        return rules.Line(self.id, self.day, self.amount_minor, self.text, frozenset(self.about))


class BankMatch(Base):
    """A movement stands on a line: on one at the most, for its key is the movement's."""

    __tablename__ = "bank_matches"
    __table_args__ = (CheckConstraint(_one_of("part", Part), "part"),)

    movement_id: Mapped[int] = mapped_column(ForeignKey(Movement.id), primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey(BankLine.id), index=True)
