"""The keeper of the tests' PostgreSQL. Run by tests/postgres.py as a program of its own:

    postgres_keeper.py FOLDER BINARIES OWNER_PID USER

He starts the server in FOLDER as USER (empty: as himself; without BINARIES he starts none), writes FOLDER/ready, waits
until the process OWNER_PID is no more, stops the server and removes FOLDER. What goes wrong stands in FOLDER/failed,
for those who wait.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PATIENCE_SECONDS = 60
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

# It may lose everything at a power cut: it lives for one test session.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "timezone": "UTC",
}


def main(folder: Path, binaries: Path | None, owner: int, user: str | None) -> None:
    for polite in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(polite, lambda *_: sys.exit())
    server = None
    try:
        if binaries:
            server = begin(folder, binaries, user)
            (folder / "ready").touch()
        wait_for_end_of(owner)
    except (OSError, subprocess.SubprocessError, RuntimeError) as why:
        (folder / "failed").write_text(f"{why}\n{_tail(folder / 'server.log')}")
        wait_for_end_of(owner)
    finally:
        if server is not None:
            end(server)
        shutil.rmtree(folder, ignore_errors=True)


def begin(folder: Path, binaries: Path, user: str | None) -> subprocess.Popen[bytes]:
    """Make the cluster, start the server and wait until it answers."""
    data, sockets = folder / "data", folder / "sockets"
    for private in (data, sockets):
        private.mkdir(mode=0o700)
        if user:
            shutil.chown(private, user)
    with (folder / "server.log").open("wb") as log:
        subprocess.run(
            [binaries / "initdb", "-D", data, "--username=earnest", "--auth=trust", "--encoding=UTF8",
             "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync"],
            check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **_as(user),
        )  # fmt: skip
    return launch(folder, binaries, user, SETTINGS)


def launch(folder: Path, binaries: Path, user: str | None, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the server on the cluster that `begin` made, and wait until it answers."""
    data, sockets = folder / "data", folder / "sockets"
    with (folder / "server.log").open("ab") as log:
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", sockets, *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, **_as(user),
            preexec_fn=_die_with_keeper,  # noqa: PLW1509 - safe here: this process has one thread
        )  # fmt: skip
    _wait_until_ready(server, data / "postmaster.pid")
    return server


def wait_for_end_of(pid: int) -> None:
    """Return when process `pid` has ended, killed or not."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not on this system
        while _is_alive(pid):
            time.sleep(0.2)
        return
    select.select([handle], [], [])


def end(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop at once, whoever is connected; kill it if it will not."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], pid_file: Path) -> None:
    """The eighth line of postmaster.pid says "ready" when connections are taken."""
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with status {server.returncode}")
        if pid_file.exists() and pid_file.read_text().splitlines()[7:8] == ["ready   "]:
            return
        time.sleep(0.05)
    end(server)
    raise RuntimeError("the server takes no connections")


def _as(user: str | None) -> dict[str, Any]:
    """How subprocess becomes `user` with no groups but his own."""
    return {"user": user, "group": _group_of(user), "extra_groups": []} if user else {}


def _group_of(user: str) -> int:
    return int(subprocess.run(["id", "-g", user], check=True, capture_output=True, text=True).stdout)


def _die_with_keeper() -> None:
    """Should the keeper himself be killed, Linux sends the server a SIGINT: the one for a fast stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""


if __name__ == "__main__":
    if os.fork():  # whoever sent him need not wait for him
        sys.exit()
    os.setsid()  # Ctrl-C in the tests does not end him before the server
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, int(sys.argv[3]), sys.argv[4] or None)
