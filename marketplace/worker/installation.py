"""What one installation keeps: its database and its folder of files. Whether that is a demo, and how to empty it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from marketplace.config import Settings
from marketplace.kernel import schema
from marketplace.kernel.database import Base, db
from marketplace.worker.errors import CannotDo

# Rows that are there without anybody having done anything.
_ALWAYS_FILLED = {"alembic_version", "clock_offset", "worker_heartbeats"}
_PATIENCE_SECONDS = 60


def settings() -> Settings:
    here: Settings = current_app.config["EARNEST"]
    return here


def files() -> Path:
    """The folder of photographs and proofs."""
    return settings().data / "files"


def play_money_file() -> Path:
    """What a demo's stand-in for Stripe remembers."""
    return settings().data / "play-money.json"


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def sqlite_file() -> Path:
    return Path(str(db.engine.url.database))


def keep_private() -> None:
    """What people entrust to us is for no other user of this machine: every file from here on is ours alone."""
    os.umask(0o077)


def bring_up_to_date() -> None:
    """Apply the migrations that the database lacks. Raises CannotDo if there is no database to be reached."""
    try:
        schema.upgrade()
    except OperationalError as why:
        reason = str(why.orig).strip().splitlines()[-1]
        raise CannotDo(f"The database that DATABASE_URL names cannot be used: {reason}.") from None


def is_empty() -> bool:
    """Whether nobody has kept anything here yet."""
    if files().is_dir() and any(files().iterdir()):
        return False
    there = set(inspect(db.engine).get_table_names()) - _ALWAYS_FILLED
    with db.engine.connect() as connection:
        return not any(
            connection.execute(select(1).select_from(table).limit(1)).first()
            for name, table in Base.metadata.tables.items()
            if name in there
        )


def empty_database() -> None:
    """Drop every table in one step, also under a server that runs. The schema is to be made anew."""
    db.session.remove()
    if is_sqlite():
        with closing(sqlite3.connect(":memory:")) as nothing:
            write_sqlite(nothing)
    else:
        with db.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    db.engine.dispose()


def remove_files() -> None:
    """Forget every photograph and proof."""
    for child in files().iterdir():
        shutil.rmtree(child) if child.is_dir() else child.unlink()


def write_sqlite(source: sqlite3.Connection) -> None:
    """Put the content of `source` in the place of ours: all of it at once, or nothing."""
    db.engine.dispose()
    sqlite_file().parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(sqlite_file(), timeout=_PATIENCE_SECONDS)) as ours:
        source.backup(ours)
    sqlite_file().chmod(0o600)


# ---- the demo ----


def is_demo() -> bool:
    """Whether it was the demo that filled this database, and no other."""
    mark = _mark()
    return mark.is_file() and mark.read_text() == _address()


def mark_as_demo() -> None:
    """Say that what this database holds may be thrown away, and that all the world knows its passwords."""
    _mark().write_text(_address())


def unmark() -> None:
    _mark().unlink(missing_ok=True)


def _mark() -> Path:
    return settings().data / "demo.mark"


def _address() -> str:
    return make_url(settings().database_url).render_as_string(hide_password=True)
