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

from marketplace.worker.serve import USUAL_ENVIRON, Address, web_command

WEB_PROCESSES = 2
_PATIENCE_SECONDS = 60
_PROC, _TICKS = Path("/proc"), os.sysconf("SC_CLK_TCK")


@contextmanager
def product(environ: Mapping[str, str], port: int) -> Iterator[int]:
    """The process id of the web server while it serves; one worker runs beside it."""
    with (
        _running(web_command(Address("127.0.0.1", port, ""), WEB_PROCESSES, 250, "benchmarks.auctions.product:app"),
                 {**USUAL_ENVIRON, **environ}) as web,
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
def demo(environ: Mapping[str, str], port: int) -> Iterator[int]:
    """The process id of `flask serve` with its demo, once that is made and the web server answers."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--port", str(port)]
    with _running([*command, "--web-processes", str(WEB_PROCESSES)], {**environ, "EARNEST_DEMO": "1"}) as served:
        _wait_for(port, served, patience=10 * _PATIENCE_SECONDS)
        yield served.pid


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
    for pid in children_of(parent):
        lines = (line.split() for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:])
        kib = {line[0]: int(line[1]) for line in lines}
        sizes.append(Memory(kib["Pss:"] / 1024, kib["Rss:"] / 1024))
    return sizes


def processor_seconds(parent: int) -> float:
    """What its web processes have needed so far, together."""
    fields = [_stat(_PROC / str(pid)) for pid in children_of(parent)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS


def children_of(parent: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for process in _PROC.glob("[0-9]*"):
        try:
            if int(_stat(process)[1]) == parent:
                found.append(int(process.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def _stat(process: Path) -> list[str]:
    """What the kernel counts of a process, behind its name."""
    return (process / "stat").read_text().rpartition(")")[2].split()


@contextmanager
def _running(command: list[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env={**os.environ, **environ})  # noqa: S603 - our own programs
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], *, patience: float = _PATIENCE_SECONDS) -> None:
    give_up_at = time.monotonic() + patience
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("the web server does not start")
