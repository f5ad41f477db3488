"""A PostgreSQL of its own, which a test may break off in the middle of anything."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import postgres
from tests.faults.processes import ROOT
from tests.required import missing


@dataclass
class Server:
    """One server with one database."""

    url: str
    _keeper: subprocess.Popen[str]

    def break_off(self) -> None:
        """As `pg_ctl restart -m immediate`: every connection is cut, and what was not committed is gone."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.write("again\n")
        self._keeper.stdin.flush()
        self.wait()

    def wait(self) -> None:
        said = self._keeper.stdout.readline() if self._keeper.stdout else ""
        assert said == "ready\n", "PostgreSQL did not come back"


@contextmanager
def server() -> Iterator[Server]:
    """Started, and gone with its data at the end. Without PostgreSQL here the test is skipped, or fails in CI."""
    try:
        folder = postgres.reachable_temporary_folder() / f"earnest-storm-{secrets.token_hex(6)}"
        folder.mkdir()
        folder.chmod(0o755)  # whatever an application of another test keeps private in this process
        user = postgres.server_user()
        binaries = postgres.programs(folder, user)
    except postgres.NoServer as why:
        missing(f"PostgreSQL ({why})")
    with _kept(folder, binaries, user) as kept:
        yield kept


@contextmanager
def _kept(folder: Path, binaries: Path, user: str | None) -> Iterator[Server]:
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.storm.server_keeper", str(folder), str(binaries), user or ""],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with keeper:
        here = Server(postgres.url_at(folder / "sockets", "postgres"), keeper)
        here.wait()
        yield here
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(60)
