"""What load balancers and supervisors ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from marketplace.config import Settings
from marketplace.kernel import clock, heartbeat
from marketplace.kernel.database import db
from tests import installations


@pytest.fixture
def house(settings_of: Callable[..., Settings], database: str) -> Iterator[Flask]:
    with installations.installation(settings_of, database) as app:
        yield app


def ready(app: Flask) -> tuple[int, dict[str, str]]:
    """Whether it is ready, and which parts are wrong."""
    answer = app.test_client().get("/readyz")
    assert answer.json is not None
    assert answer.json["ready"] is (answer.status_code == 200)
    return answer.status_code, answer.json["wrong"]


@pytest.mark.one_database
def test_alive_is_a_word(house: Flask) -> None:
    answer = house.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_once_a_worker_lives(house: Flask) -> None:
    assert ready(house) == (503, {"worker": "No worker has ever run: start `flask worker`."})
    heartbeat.beat("worker:1")
    assert ready(house) == (200, {})


def test_not_ready_when_the_worker_is_silent(house: Flask) -> None:
    heartbeat.beat("worker:1")
    clock.move(timedelta(seconds=29))
    assert ready(house)[0] == 200
    clock.move(timedelta(seconds=3))
    status, wrong = ready(house)
    assert status == 503
    assert wrong["worker"].startswith("The worker has been silent for 3")


def test_one_worker_of_several_is_enough(house: Flask) -> None:
    heartbeat.beat("worker:1")
    clock.move(timedelta(seconds=40))
    heartbeat.beat("worker:2")
    assert ready(house) == (200, {})


def test_not_ready_before_the_migrations_have_run(house: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    assert list(ready(house)[1]) == ["migrations"]


@pytest.mark.one_database
def test_alive_but_not_ready_without_a_database(settings_of: Callable[..., Settings]) -> None:
    with installations.installation(settings_of, "sqlite") as app:
        file = app.config["EARNEST"].data / "earnest.sqlite3"
        db.session.remove()
        db.engine.dispose()
        file.unlink()
        file.mkdir()  # a folder cannot be opened as a database
        assert app.test_client().get("/healthz").status_code == 200
        assert ready(app) == (503, {"database": "The database cannot be reached."})
        db.session.remove()


@pytest.mark.one_database
def test_workers_that_are_long_gone_are_forgotten(house: Flask) -> None:
    heartbeat.beat("worker:1")
    clock.move(timedelta(days=2))
    heartbeat.beat("worker:2")
    names = [beat.name for beat in db.session.query(heartbeat.WorkerHeartbeat)]
    assert names == ["worker:2"]
