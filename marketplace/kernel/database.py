"""The database, and the one way to change it.

Outside a unit of work the database is read-only and every read of one request sees the same
snapshot; inside, rows are locked and written. SQLite (WAL) and PostgreSQL behave alike.
"""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Engine, Integer, MetaData, Text, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

P = ParamSpec("P")
T = TypeVar("T")

# PostgreSQL: serialization failure, deadlock. https://www.postgresql.org/docs/current/errcodes-appendix.html
_RETRIED_SQLSTATES = {"40001", "40P01"}
_TRIES = 6
_SQLITE_WAIT_MS = 15_000

_working: ContextVar[bool] = ContextVar("a unit of work is open", default=False)
# SQLite has one writer at a time and lets waiting ones starve: the writers of one process queue here first.
_sqlite_writers = threading.RLock()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. A naive one is refused: it has no meaning."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Big = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Every table of the product. Columns are typed by their annotation: int is 64 bits, str is text without a cap."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: Big, str: Text(), datetime: UtcDateTime()}


class _Session(FlaskSession):
    """Reads go through an engine that cannot write; a unit of work gets the one that can."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        bind = super().get_bind(*args, **kwargs)
        if _working.get() or not isinstance(bind, Engine):
            return bind
        return _reader_of(bind)

    def get(self, entity: Any, ident: Any, *, with_for_update: Any = None, **kwargs: Any) -> Any:
        """As SQLAlchemy's; but a row that is locked is read anew, or the decision would rest on what it was before."""
        if with_for_update and kwargs.get("populate_existing") is None:
            kwargs["populate_existing"] = True
        return super().get(entity, ident, with_for_update=with_for_update, **kwargs)


db = SQLAlchemy(session_options={"class_": _Session})


@functools.lru_cache(maxsize=8)
def _reader_of(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        return engine.execution_options(earnest_reads=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """All of what happens inside is kept, or none of it. Inside another, joins it.

    Use `use_case` on service functions: it also tries again after a deadlock.
    """
    if _working.get():
        yield
        return
    db.session.rollback()  # what was read before is forgotten: decisions rest on what is read under the lock
    token = _working.set(True)
    queue = _sqlite_writers if db.engine.dialect.name == "sqlite" else threading.RLock()
    try:
        with queue:
            try:
                yield
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
    finally:
        _working.reset(token)


def is_working() -> bool:
    """Whether a unit of work is open here."""
    return _working.get()


def let_go() -> None:
    """End what was only read, so that no snapshot of the database is held. Inside a unit of work, nothing ends."""
    if not _working.get():
        db.session.rollback()


def use_case(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` as one unit of work; a deadlock or a serialization failure runs it again from the start."""

    @functools.wraps(function)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        if _working.get():
            return function(*args, **kwargs)
        for tries_left in reversed(range(_TRIES)):
            try:
                with unit_of_work():
                    return function(*args, **kwargs)
            except DBAPIError as error:
                if not tries_left or not _is_worth_another_try(error):
                    raise
                time.sleep(random.uniform(0, 0.05) * (_TRIES - tries_left))  # noqa: S311 - spreads rivals, guards nothing
        raise AssertionError("unreachable")

    return whole


def _is_worth_another_try(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in _RETRIED_SQLSTATES:
        return True
    return "database is locked" in str(error.orig)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    if type(dbapi_connection).__module__ != "sqlite3":
        return
    dbapi_connection.isolation_level = None  # the driver begins nothing by itself: `_begin` below does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_SQLITE_WAIT_MS}"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    reads = connection.get_execution_options().get("earnest_reads", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
