"""PostgreSQL's own programs for copying a database: pg_dump, pg_restore and psql."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL

from marketplace.worker.errors import CannotDo

# The objects belong to whoever restores them.
_NOBODYS = ("--no-owner", "--no-privileges")


def dump(url: URL, copy: Path) -> None:
    """Write the database, as of one moment, in pg_dump's custom format."""
    _run(url, "pg_dump", "--format=custom", *_NOBODYS, f"--file={copy}", f"--dbname={_address(url)}")


def restore(url: URL, copy: Path) -> None:
    """Put the content of `copy` in the place of ours, in one transaction. Waits a minute for open ones to end."""
    script = copy.with_suffix(".sql")
    _run(url, "pg_restore", *_NOBODYS, f"--file={script}", str(copy))
    _run(
        url, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction",
        "--command=SET lock_timeout = '60s'", "--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public",
        f"--file={script}", f"--dbname={_address(url)}",
    )  # fmt: skip


def _address(url: URL) -> str:
    """The database for these programs. Without the password: every user may read a command line."""
    return url.set(drivername="postgresql", password=None).render_as_string()


def _run(url: URL, program: str, *arguments: str) -> None:
    path = shutil.which(program)
    if path is None:
        raise CannotDo(f"{program} is missing here. Install PostgreSQL's client programs (Debian: postgresql-client).")
    environ = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(  # noqa: S603 - the programs are PostgreSQL's, the arguments ours
        [path, *arguments], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environ
    )
    if done.returncode:
        last_words = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise CannotDo(f"{program} failed: {last_words}")
