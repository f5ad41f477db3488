"""What is written is written whole, by one at a time, and only inside a unit of work."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from marketplace.kernel import audit, clock, database
from marketplace.kernel.database import db, unit_of_work, use_case
from marketplace.kernel.heartbeat import WorkerHeartbeat

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def a_row(name: str = "one") -> WorkerHeartbeat:
    return WorkerHeartbeat(name=name, beaten_at=NOON)


def names() -> list[str]:
    return list(db.session.scalars(select(WorkerHeartbeat.name).order_by(WorkerHeartbeat.name)))


def test_a_unit_of_work_is_kept_whole(app: Flask) -> None:
    with unit_of_work():
        db.session.add(a_row("one"))
        db.session.add(a_row("two"))
    assert names() == ["one", "two"]


def test_what_fails_leaves_nothing(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        db.session.add(a_row())
        db.session.flush()
        raise ZeroDivisionError
    assert names() == []


def test_an_inner_unit_of_work_joins_the_outer(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        with unit_of_work():
            db.session.add(a_row())
        raise ZeroDivisionError
    assert names() == []


def test_nothing_is_written_outside_a_unit_of_work(app: Flask) -> None:
    db.session.add(a_row())
    with pytest.raises(DBAPIError):
        db.session.commit()
    db.session.rollback()
    assert names() == []


def test_one_request_reads_one_snapshot(app: Flask) -> None:
    assert names() == []

    def write() -> None:
        with app.app_context(), unit_of_work():
            db.session.add(a_row())

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert names() == [], "what others write meanwhile is not seen half-way through a page"
    db.session.rollback()
    assert names() == ["one"]


def test_a_use_case_that_met_a_deadlock_is_done_again_from_the_start(app: Flask) -> None:
    tries = []

    class Deadlock(Exception):
        sqlstate = "40P01"

    @use_case
    def deed() -> str:
        db.session.add(a_row(f"try {len(tries)}"))
        db.session.flush()
        tries.append(1)
        if len(tries) == 1:
            raise DBAPIError("", None, Deadlock())
        return "done"

    assert deed() == "done"
    assert names() == ["try 1"]


def test_many_writers_take_turns_and_none_is_lost(app: Flask) -> None:
    with unit_of_work():
        db.session.add(WorkerHeartbeat(name="count", beaten_at=NOON, note="0"))

    @use_case
    def count() -> None:
        row = db.session.get_one(WorkerHeartbeat, "count", with_for_update=True)
        row.note = str(int(row.note) + 1)

    def several() -> None:
        with app.app_context():
            for _ in range(10):
                count()

    threads = [threading.Thread(target=several) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert db.session.get_one(WorkerHeartbeat, "count").note == "80"


def test_a_row_that_is_locked_is_read_anew(app: Flask) -> None:
    with unit_of_work():
        db.session.add(a_row())
    with unit_of_work():
        row = db.session.get_one(WorkerHeartbeat, "one")
        db.session.execute(text("UPDATE worker_heartbeats SET note = 'changed meanwhile'"))
        assert row.note == ""
        assert db.session.get(WorkerHeartbeat, "one", with_for_update=True) is row
        assert row.note == "changed meanwhile"


def test_a_moment_comes_back_as_the_same_moment_in_utc(app: Flask) -> None:
    there = datetime(2030, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    with unit_of_work():
        db.session.add(WorkerHeartbeat(name="one", beaten_at=there))
    stored = db.session.get_one(WorkerHeartbeat, "one").beaten_at
    assert stored == there
    assert stored.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError), unit_of_work():
        db.session.add(WorkerHeartbeat(name="one", beaten_at=datetime(2030, 1, 1)))  # noqa: DTZ001


def test_tests_move_time_for_every_process(app: Flask) -> None:
    before = clock.now()
    clock.move(timedelta(days=3))
    assert timedelta(days=3) <= clock.now() - before < timedelta(days=3, minutes=1)


def test_time_does_not_move_where_people_trade(app: Flask) -> None:
    app.config["EARNEST_TESTING"] = False
    try:
        with pytest.raises(RuntimeError):
            clock.move(timedelta(days=3))
    finally:
        app.config["EARNEST_TESTING"] = True


def test_a_replay_says_what_time_it_is(app: Flask) -> None:
    with clock.at(NOON):
        assert clock.now() == NOON
    assert clock.now() != NOON


def test_a_deed_leaves_an_audit_line(app: Flask) -> None:
    with unit_of_work():
        audit.note("hide lot", "lot:12", by=None, group_id=None, why="fake photo")
    line = db.session.scalars(select(audit.AuditLine)).one()
    assert (line.what, line.subject, line.why) == ("hide lot", "lot:12", "fake photo")


def test_a_commit_waits_for_the_disk(tmp_path):
    """The tests turn it off for themselves (tests/haste.py); at a power cut, NORMAL would lose acknowledged bids."""
    connection = sqlite3.connect(tmp_path / "file.sqlite3")
    database._prepare_sqlite(connection, None)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    connection.close()


# ---- the line to the database ----


def kill(app: Flask, backend: int) -> None:
    """As an administrator would, or a server that goes."""
    engine = create_engine(app.config["EARNEST"].database_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})


def test_a_connection_that_died_in_the_pool_is_not_handed_out(postgres_application: Flask) -> None:
    with postgres_application.app_context():
        for _time in range(3):
            mine = db.session.scalar(text("SELECT pg_backend_pid()"))
            db.session.rollback()
            kill(postgres_application, mine)
            assert db.session.scalar(text("SELECT pg_backend_pid()")) != mine
            db.session.rollback()


def test_a_use_case_whose_line_broke_before_its_commit_is_done_again(postgres_application: Flask) -> None:
    tries = []

    @use_case
    def write() -> None:
        tries.append(db.session.scalar(text("SELECT pg_backend_pid()")))
        if len(tries) == 1:
            kill(postgres_application, tries[0])
        db.session.add(a_row())
        db.session.flush()

    with postgres_application.app_context():
        write()
        assert len(tries) == 2
        assert names() == ["one"]
        with unit_of_work():
            db.session.execute(text("DELETE FROM worker_heartbeats"))
        db.session.remove()


def test_what_is_only_read_leaves_the_server_knowing_its_statements(postgres_application: Flask) -> None:
    known = text("SELECT count(*) FROM pg_prepared_statements")
    with postgres_application.app_context():
        for _request in range(12):
            names()
            db.session.rollback()
        assert db.session.scalar(known)
        db.session.remove()


# ---- rows that are gathered until the end ----


def test_gathered_rows_are_written_together_at_the_end(app: Flask) -> None:
    written = []
    with unit_of_work():
        for number in range(3):
            database.gather(written.append, {"number": number})
        assert not written
    assert written == [[{"number": 0}, {"number": 1}, {"number": 2}]]


def test_what_fails_writes_nothing_that_was_gathered(app: Flask) -> None:
    written = []
    with pytest.raises(ZeroDivisionError), unit_of_work():
        database.gather(written.append, {"number": 0})
        raise ZeroDivisionError
    with unit_of_work():
        pass
    assert not written
