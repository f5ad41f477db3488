"""The product as it is deployed, granian and the worker, and a bare Flask page beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from marketplace.worker.serve import Address, web_command

WEB_PROCESSES = 2
_PATIENCE_SECONDS = 60


@contextmanager
def product(environ: Mapping[str, str], port: int) -> Iterator[int]:
    """The process id of the web server while it serves; one worker runs beside it."""
    with (
        _running(web_command(Address("127.0.0.1", port, ""), WEB_PROCESSES, 250, "benchmarks.auctions.product:app"),
                 environ) as web,
        worker(environ),
    ):  # fmt: skip
        _wait_for(port, web)
        yield web.pid


@contextmanager
def worker(environ: Mapping[str, str]) -> Iterator[None]:
    """One worker, while it works."""
    with _running([sys.executable, "-m", "flask", "--app", "wsgi", "worker"], environ):
        yield


@contextmanager
def bare_page(port: int) -> Iterator[None]:
    """A Flask page that says hello, on the same server with as many processes and threads."""
    command = web_command(Address("127.0.0.1", port, ""), WEB_PROCESSES, 250, "benchmarks.auctions.bare:app")
    with _running(command, {}) as web:
        _wait_for(port, web)
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Memory(NamedTuple):
    """Of one process, in MiB."""

    own: float
    """Its own, and its part of what it shares with others (PSS)."""
    resident: float
    """What it shares with others counted whole, as `ps` does (RSS)."""


def memory_of_web_processes(parent: int) -> list[Memory]:
    """Of each web process of this server."""
    sizes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                lines = (line.split() for line in (process / "smaps_rollup").read_text().splitlines()[1:])
                kib = {line[0]: int(line[1]) for line in lines}
                sizes.append(Memory(kib["Pss:"] / 1024, kib["Rss:"] / 1024))
        except OSError:
            continue  # it has ended meanwhile
    return sizes


@contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env={**os.environ, **environ})  # noqa: S603 - our own programs
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("the web server does not start")
