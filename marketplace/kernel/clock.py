"""The time, asked for in one place.

It is the database's own clock, read when asked (not when the transaction began), so that web servers whose clocks
differ agree on what is late. SQLite has no server: there it is the clock of the process, which is on the same machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from marketplace.kernel.database import Base, UtcDateTime, db, unit_of_work


class reading(FunctionElement[datetime]):  # noqa: N801 - stands in a statement, as the database's own functions do
    """The database's clock as a column of a statement that is asked anyway; see `as_read`."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(reading)
def _of_a_server(_element: reading, _compiler: object, **_words: object) -> str:
    return "clock_timestamp()"


@compiles(reading, "sqlite")
def _of_no_server(_element: reading, _compiler: object, **_words: object) -> str:
    return "NULL"


_DATABASE_TIME = select(reading())
_told: ContextVar[datetime | None] = ContextVar("the moment that a replay or the demo says it is", default=None)


class ClockOffset(Base):
    """One row: how far tests have moved time, in milliseconds. Honoured only where EARNEST_TESTING is set."""

    __tablename__ = "clock_offset"

    id: Mapped[int] = mapped_column(primary_key=True)
    milliseconds: Mapped[int] = mapped_column(default=0)


_OFFSET = select(ClockOffset.milliseconds)


def now() -> datetime:
    """The present moment, aware, in UTC. Ask after the row is locked: who waited does not act in the past."""
    told = _told.get()
    return told if told is not None else as_read(_database_time())


def as_read(moment: datetime | None) -> datetime:
    """What `now` would say, from a column `reading`."""
    told = _told.get()
    return told if told is not None else (moment or datetime.now(UTC)) + _offset()


def is_told() -> bool:
    """Whether somebody said what moment it is."""
    return _told.get() is not None


def running() -> Callable[[], datetime]:
    """The clock, read once and then carried on by the process's own measure, for several deeds under one lock."""
    began, told, read_at = now(), is_told(), time.perf_counter()
    return lambda: began if told else began + timedelta(seconds=time.perf_counter() - read_at)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, it is `moment`: for replays of the past and for the demo's history."""
    token = _told.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _told.reset(token)


def move(by: timedelta) -> None:
    """Move time for every process on this database. Refused unless EARNEST_TESTING is set."""
    if not current_app.config.get("EARNEST_TESTING"):
        raise RuntimeError("time moves only in tests")
    with unit_of_work():
        row = db.session.get(ClockOffset, 1) or ClockOffset(id=1, milliseconds=0)
        row.milliseconds += int(by / timedelta(milliseconds=1))
        db.session.add(row)


def _database_time() -> datetime | None:
    return None if db.engine.dialect.name == "sqlite" else db.session.connection().scalar(_DATABASE_TIME)


def _offset() -> timedelta:
    if not current_app.config.get("EARNEST_TESTING"):
        return timedelta()
    return timedelta(milliseconds=db.session.connection().scalar(_OFFSET) or 0)
