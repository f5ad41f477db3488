"""The database's schema: which revision it has, and bringing it up to the newest of migrations/."""

from __future__ import annotations

from functools import lru_cache

import flask_migrate
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


@lru_cache(maxsize=1)
def _scripts(directory: str) -> ScriptDirectory:
    return ScriptDirectory(directory)
