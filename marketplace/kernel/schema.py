"""The database's schema: which revision it has, and bringing it up to the newest of migrations/."""

from __future__ import annotations

from functools import lru_cache

import flask_migrate
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app

from marketplace.kernel.database import db


def upgrade() -> None:
    """Apply the migrations that the database lacks."""
    flask_migrate.upgrade()


def revision() -> str | None:
    """The revision of the database; none if it has no schema yet."""
    return MigrationContext.configure(db.session.connection()).get_current_revision()


def newest_revision() -> str | None:
    """The revision that this version of the product works with."""
    return _scripts(current_app.extensions["migrate"].directory).get_current_head()


def knows(revision: str | None) -> bool:
    """Whether migrations/ can go on from `revision`."""
    try:
        return revision is None or bool(_scripts(current_app.extensions["migrate"].directory).get_revision(revision))
    except CommandError:
        return False


def replace_check(connection: sa.Connection, table: str, name: str, *, before: str, after: str) -> None:
    """Give a table another check of the same name, in a migration. The rows must agree with it already.

    SQLite cannot do this with ALTER TABLE, and to build the table anew would drop one that others refer to; its manual
    allows a change of the text of a table where the content stays as it is (lang_altertable.html, section 7).
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'))
        connection.execute(sa.text(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" CHECK ({after})'))
        return
    named = "CONSTRAINT {} CHECK ({})"
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (named.format(name, before), named.format(name, after), table, named.format(name, before)),
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"{table} has no check {name} that reads: {before}")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


@lru_cache(maxsize=1)
def _scripts(directory: str) -> ScriptDirectory:
    return ScriptDirectory(directory)
