"""The application on both databases, clients that are signed in, and a wipe between tests.

A test that takes `app` runs on SQLite and on a real PostgreSQL that this session starts itself. One that takes
`sqlite_app` or is marked `one_database` runs on SQLite alone: for pages, where the database makes no difference.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cachetools import TTLCache
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from marketplace.config import Settings, read_settings
from marketplace.kernel.database import Base, db
from marketplace.web import early, gaps, live, sight, waiting
from tests import postgres
from tests.factories import accounts as people_factory
from tests.haste import pytest_collection_finish  # noqa: F401 - a hook, and SQLite that waits for no disk
from tests.installations import built
from tests.required import pytest_terminal_summary  # noqa: F401 - a hook: it says what was not run
from tests.schema import make_schema

KEY = "a-key-of-the-tests-that-is-long-enough-0123456789"


class Browser(FlaskClient):
    """Each request runs in a context of its own, as on a server; Flask would share the test's, and with it who signed
    in. What the test has read of the database is forgotten, so that it sees what the request did."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():  # a redirect that is followed
            return super().open(*args, **kwargs)
        db.session.rollback()
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        db.session.rollback()
        return answer


_LONG = ("tests/faults/", "tests/auctions/test_replay.py", "tests/worker/test_demo.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes comes first: at the end one process would be at it while the others have nothing left."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("one_database")
        metafunc.parametrize("database", ["sqlite"] if marked else ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def settings_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Settings for a test application: a folder of its own, tests may move time."""

    def make(**environ: str) -> Settings:
        folder = tmp_path_factory.mktemp("data")
        return read_settings(
            {
                "EARNEST_DATA": str(folder),
                "EARNEST_SECRET_KEY": KEY,
                "EARNEST_TESTING": "1",
                "EARNEST_LOG_LEVEL": "ERROR",
                **environ,
            }
        )

    return make


@pytest.fixture(scope="session")
def sqlite_application(settings_of: Callable[..., Settings]) -> Flask:
    return _prepared(built(settings_of()))


@pytest.fixture(scope="session")
def postgres_application(settings_of: Callable[..., Settings], worker_id: str) -> Iterator[Flask]:
    with postgres.database(f"earnest_{worker_id}") as url:
        app = _prepared(built(settings_of(DATABASE_URL=url)))
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(database: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application, inside an application context, on an empty database."""
    application: Flask = request.getfixturevalue(
        "sqlite_application" if database == "sqlite" else "postgres_application"
    )
    with application.app_context():
        yield application
        db.session.remove()
        _wipe(db.engine)
        for pages_kept in (sight, live, application.extensions["earnest_early"]):
            pages_kept.forget()  # the next test has another database, and its first lot may look like this one's


@pytest.fixture(autouse=True)
def always_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages count what waits anew each time, but for the test of its being kept."""
    monkeypatch.setattr(waiting, "counted", waiting.counted.__wrapped__)
    monkeypatch.setattr(waiting, "last_count", lambda _person_id: None)
    monkeypatch.setattr(gaps, "around", gaps.around.__wrapped__)


@pytest.fixture(autouse=True)
def nothing_shared_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers see each change at once, but for the tests of what they share."""
    remember = early.remember
    monkeypatch.setattr(sight, "_of_this_second", TTLCache(maxsize=1, ttl=0))
    monkeypatch.setattr(early, "remember", lambda *said: remember(*said) if said[2] is not None else None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def client_of(app: Flask) -> Callable[..., FlaskClient]:
    """A browser of the given person, signed in: `client_of(marta)`; `fresh=False` for one signed in long ago."""

    def make(person: Any, **how: Any) -> FlaskClient:
        client = app.test_client()
        people_factory.sign_in(client, person, **how)
        return client

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real auctions and ratings, where they are at hand; they are not the project's to carry."""
    folder = Path(os.environ.get("EARNEST_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"NO DATA: {folder} is not there (set EARNEST_SHARED_DATA)")
    return folder


def _prepared(app: Flask) -> Flask:
    app.test_client_class = Browser
    with app.app_context():
        make_schema()
    return app


def _wipe(engine: Engine) -> None:
    """Empty every table. Triggers that guard the books are put aside: only a test's database lets them be."""
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            deletes = ";".join(f'DELETE FROM "{table}"' for table in tables)
            connection.execute(text(f"SET LOCAL session_replication_role = replica;{deletes}"))
            return
        triggers = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _sql in triggers:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        for table in tables:
            connection.exec_driver_sql(f'DELETE FROM "{table}"')
        connection.exec_driver_sql("INSERT INTO item_words(item_words) VALUES ('rebuild')")  # no trigger told it
        for _name, sql in triggers:
            connection.exec_driver_sql(sql)
