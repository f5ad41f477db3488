"""The operator's commands: what they say, what they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace.config import Settings
from marketplace.kernel import audit, schema, storage
from marketplace.kernel.database import db, unit_of_work
from marketplace.worker import commands, demo, duties, installation
from marketplace.worker.duties import Duty
from tests import installations

MakeSettings = Callable[..., Settings]


@pytest.fixture
def real(settings_of: MakeSettings, database: str) -> Iterator[Flask]:
    """An installation where people trade."""
    with installations.installation(settings_of, database) as app:
        yield app


@pytest.fixture
def demo_house(settings_of: MakeSettings, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A demo, filled by a single deed instead of the demo group."""
    with installations.installation(settings_of, database, EARNEST_DEMO="1") as app:
        monkeypatch.setattr(demo, "ensure", lambda _app: trade("demo lot") if installation.is_empty() else None)
        yield app


def trade(subject: str) -> None:
    with unit_of_work():
        audit.note("list item", subject, by=None)


def deeds() -> list[str]:
    db.session.rollback()
    return [line.subject for line in db.session.query(audit.AuditLine).order_by(audit.AuditLine.id)]


def test_demo_reset_starts_over(demo_house: Flask) -> None:
    commands._prepare()
    trade("a visitor's lot")
    storage.put("photos/1.jpg", b"a visitor's photograph")
    done = demo_house.test_cli_runner().invoke(args=["demo-reset"])
    assert (done.exit_code, done.output) == (0, "The demo is as on its first day.\n")
    assert deeds() == ["demo lot"]
    assert not any(installation.files().iterdir())
    assert schema.revision() == schema.newest_revision()


def test_a_second_start_keeps_what_the_demo_holds(demo_house: Flask) -> None:
    commands._prepare()
    trade("a visitor's lot")
    commands._prepare()
    assert deeds() == ["demo lot", "a visitor's lot"]


@pytest.mark.one_database
def test_what_people_trade_never_becomes_a_demo(demo_house: Flask) -> None:
    trade("somebody's lot")
    done = demo_house.test_cli_runner().invoke(args=["demo-reset"])
    assert done.exit_code == 1
    assert "This database is not the demo's." in done.output
    assert deeds() == ["somebody's lot"]


@pytest.mark.one_database
def test_only_a_demo_is_reset(real: Flask) -> None:
    trade("somebody's lot")
    done = real.test_cli_runner().invoke(args=["demo-reset"])
    assert done.exit_code == 1
    assert deeds() == ["somebody's lot"]


@pytest.mark.one_database
def test_backup_and_restore_by_command(real: Flask, tmp_path: Path) -> None:
    shell = real.test_cli_runner()
    archive = str(tmp_path / "monday.tar.gz")
    trade("somebody's lot")
    assert "Keep the secret key too" in shell.invoke(args=["backup", archive]).output
    refused = shell.invoke(args=["restore", archive])
    assert refused.exit_code == 1
    assert "repeat with --overwrite" in refused.output
    assert shell.invoke(args=["restore", archive, "--overwrite"]).output == f"Restored from {archive}.\n"
    assert deeds() == ["somebody's lot"]


@pytest.mark.one_database
@pytest.mark.parametrize(("outcome", "status"), [(0, 0), (None, 1)])
def test_worker_once_says_by_its_status_whether_a_duty_failed(
    real: Flask, monkeypatch: pytest.MonkeyPatch, outcome: int | None, status: int
) -> None:
    def act() -> int:
        if outcome is None:
            raise RuntimeError("the mail server is on fire")
        return outcome

    monkeypatch.setattr(duties, "TIMETABLE", (Duty("send mail", 1, act),))
    assert real.test_cli_runner().invoke(args=["worker", "--once"]).exit_code == status


@pytest.mark.one_database
def test_the_commands_explain_themselves(real: Flask) -> None:
    for name in ("serve", "worker", "backup", "restore", "demo-reset"):
        done = real.test_cli_runner().invoke(args=[name, "--help"])
        assert done.exit_code == 0
        assert "Usage:" in done.output
