"""The database, and the one way to change it.

Outside a unit of work the database is read-only and every read of one request sees the same
snapshot; inside, rows are locked and written. SQLite (WAL) and PostgreSQL behave alike.
"""

from __future__ import annotations

import functools
import random
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from psycopg.pq import TransactionStatus
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    Text,
    event,
    insert,
)
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, SessionTransaction
from sqlalchemy.types import TypeDecorator

P = ParamSpec("P")
T = TypeVar("T")

# PostgreSQL: serialization failure, deadlock. https://www.postgresql.org/docs/current/errcodes-appendix.html
_RETRIED_SQLSTATES = {"40001", "40P01"}
_TRIES = 6
_SQLITE_WAIT_MS = 15_000
_ASKED_AFTER_SECONDS = 30

Rows = list[dict[str, Any]]
_Gathered = dict[Callable[[Rows], None], Rows]

_work: ContextVar[_Gathered | None] = ContextVar("the open unit of work: what it writes at its end", default=None)
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
        if is_working() or not isinstance(bind, Engine):
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


@functools.lru_cache(maxsize=8)
def _alone(engine: Engine) -> Engine:
    return (
        _reader_of(engine)
        if engine.dialect.name == "sqlite"
        else engine.execution_options(isolation_level="AUTOCOMMIT")
    )


def glance(statement: Select[Any], values: Mapping[str, object]) -> Row[Any] | None:
    """The one row of a statement that stands alone and needs no snapshot with others: a single round trip."""
    with _alone(db.engine).connect() as connection:
        return connection.execute(statement, values).one_or_none()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """All of what happens inside is kept, or none of it. Inside another, joins it.

    Use `use_case` on service functions: it also tries again after a deadlock.
    """
    if is_working():
        yield
        return
    db.session.rollback()  # what was read before is forgotten: decisions rest on what is read under the lock
    gathered: _Gathered = {}
    token = _work.set(gathered)
    queue = _sqlite_writers if db.engine.dialect.name == "sqlite" else threading.RLock()
    try:
        with queue:
            try:
                yield
                write_gathered()
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
    finally:
        _work.reset(token)


def gather(write: Callable[[Rows], None], row: dict[str, Any]) -> None:
    """Keep a row until the end of the open unit of work, then hand all such rows to `write`, in the order they came.

    For what is only added and read by nobody meanwhile: one statement for all of it.
    """
    gathered = _work.get()
    assert gathered is not None, "rows are gathered in a unit of work"  # noqa: S101 - a mistake in the code
    gathered.setdefault(write, []).append(row)


def add_rows(model: type[Base], rows: Rows) -> None:
    """Add rows that nobody asks for as objects meanwhile; what they leave out has the defaults of its columns."""
    if rows:
        db.session.connection().execute(insert(model), rows)


def write_gathered() -> None:
    """Write now what was gathered: at the end, and before something that must find it."""
    gathered = _work.get()
    while gathered:
        write, rows = gathered.popitem()
        write(rows)


def is_working() -> bool:
    """Whether a unit of work is open here."""
    return _work.get() is not None


def in_snapshot() -> dict[Any, Any]:
    """What was read in the snapshot at hand, for who may ask it again: nothing there changes until it ends.

    In a unit of work it is empty each time, for there the answer may be another one.
    """
    snapshot = None if is_working() else db.session().get_transaction()
    return {} if snapshot is None else _read_in.setdefault(snapshot, {})


_read_in: WeakKeyDictionary[SessionTransaction, dict[Any, Any]] = WeakKeyDictionary()


def let_go() -> None:
    """End what was only read, so that no snapshot of the database is held. Inside a unit of work, nothing ends."""
    if not is_working():
        db.session.rollback()


def use_case(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` as one unit of work; a deadlock or a serialization failure runs it again from the start."""

    @functools.wraps(function)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        if is_working():
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
    if error.connection_invalidated and error.statement is not None:  # the line broke, and not in a commit
        return True
    return "database is locked" in str(error.orig)


class _Connection(psycopg.Connection[Any]):
    """After a ROLLBACK the driver forgets which statements the server knows, and what is only read ends in one."""

    def rollback(self) -> None:
        if self.read_only and self.info.transaction_status == TransactionStatus.INTRANS:
            self.commit()
        else:
            super().rollback()


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, _record: object, words: Sequence[Any], options: dict[str, Any]) -> Any:
    return _Connection.connect(*words, **options) if dialect.name == "postgresql" else None


@event.listens_for(Engine, "connect")
def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    if type(dbapi_connection).__module__ != "sqlite3":
        return
    dbapi_connection.isolation_level = None  # the driver begins nothing by itself: `_begin` below does
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_SQLITE_WAIT_MS}"):
        dbapi_connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "checkin")
def _put_away(_dbapi_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _see_that_it_lives(dbapi_connection: Any, record: Any, _proxy: object) -> None:
    """A connection may have died in the pool. To ask the server each time would cost every unit of work a round trip.

    A server that goes says so on the line, and nothing else does unasked. One whose line was cut says nothing: after a
    while it is asked.
    """
    if type(dbapi_connection).__module__ == "sqlite3":
        return
    poll = select.poll()
    poll.register(dbapi_connection, select.POLLIN)
    try:
        if poll.poll(0) or time.monotonic() - record.info.get("used_at", 0) > _ASKED_AFTER_SECONDS:
            dbapi_connection.execute("SELECT 1")
            dbapi_connection.rollback()
    except Exception as error:
        raise InvalidatePoolError from error


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    reads = connection.get_execution_options().get("earnest_reads", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
