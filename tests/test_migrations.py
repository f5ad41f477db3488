"""The migrations make exactly what the models say, on both databases, the guards of the books included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from marketplace.catalog.text_models import NOT_IN_THE_METADATA
from marketplace.config import Settings
from marketplace.kernel.database import Base, db, unit_of_work
from tests.installations import installation

TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
    "postgresql": """
        SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname""",
}


def guards(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute(text(TRIGGERS[connection.dialect.name])).all()
    return [(name, " ".join(words.split())) for name, words in rows]


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_the_migrations_make_what_the_models_say(settings_of: Callable[..., Settings], where: str) -> None:
    with installation(settings_of, where), unit_of_work():
        ours = {"compare_type": False, "include_name": lambda name, *_: name not in NOT_IN_THE_METADATA}
        context = MigrationContext.configure(db.session.connection(), opts=ours)
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_the_books_are_guarded_as_the_models_say(settings_of: Callable[..., Settings], where: str) -> None:
    with installation(settings_of, where), unit_of_work():
        migrated = guards(db.session.connection())
        Base.metadata.drop_all(db.session.connection())
        Base.metadata.create_all(db.session.connection())
        assert guards(db.session.connection()) == migrated != []
