"""`flask serve`: the web server and the worker as two child processes, kept alive, and let finish at the end."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from marketplace.config import PLAY_SECRET
from marketplace.worker.errors import CannotDo

ROOT = Path(__file__).parents[2]
"""The clone: wsgi.py and migrations/ are here."""

# What is in flight gets so long after a SIGTERM.
GRACE_SECONDS = 20
# Threads of one web process. Each may hold a connection to the database, and SQLAlchemy's pool gives 15.
_WEB_THREADS = 12
_LONGEST_BACK_OFF_SECONDS = 30.0
# glibc keeps free memory for each thread by itself, up to eight times the cores. Two such stores make a web process
# several MiB smaller, and nothing that waits for a database slower: mallopt(3).
USUAL_ENVIRON = {"MALLOC_ARENA_MAX": "2"}
# A child that lived so long was well: its next death is not held against it.
_WELL_AFTER_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class Address:
    """Where the web server listens, and under which name people know it."""

    host: str
    port: int
    base_url: str

    def refuse_if_taken(self) -> None:
        """Raise CannotDo if somebody listens there already, or nobody may."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as why:
                reason = (why.strerror or str(why)).lower()
                instead = "choose another one with --port, as in PORT=8100 make run."
                raise CannotDo(f"Port {self.port} cannot be used ({reason}): {instead}") from why

    def answers(self) -> bool:
        """Whether the web server says that it lives."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not listened on
        line = http.client.HTTPConnection(host, self.port, timeout=2)
        try:
            line.request("GET", "/healthz", headers={"Host": self.base_url.partition("://")[2]})
            return line.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()


class Child:
    """A process that is started again whenever it dies, sooner the longer it lived."""

    def __init__(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.name, self.command, self.environ = name, command, environ
        self.deaths = 0
        self.start()

    def start(self) -> None:
        # In a group of its own: Ctrl-C reaches us alone, and we tell the children.
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.command,
            cwd=ROOT,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - safe here: this process has one thread
        )
        self.started_at = time.monotonic()
        self.start_again_at: float | None = None

    def look_after(self) -> None:
        """Start it again if it died, after a pause that grows with each death in a row."""
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if self.start_again_at is None:
            self._end_orphans()
            self.deaths = 1 if now - self.started_at > _WELL_AFTER_SECONDS else self.deaths + 1
            pause = min(0.25 * 2 ** min(self.deaths, 10), _LONGEST_BACK_OFF_SECONDS)
            self.start_again_at = now + pause
            status = self.process.returncode
            click.echo(f"The {self.name} ended with status {status}; it starts again in {pause:g} s.", err=True)
        elif now >= self.start_again_at:
            self.start()

    def _end_orphans(self) -> None:
        """Processes that a killed child has left behind: they are still in its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)

    def end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """With all that it has started: they are in its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def serve(
    address: Address, web_processes: int, *, live_streams: int, application: str = "wsgi:app",
    play_money: Path | None = None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT, then wait for what is in flight. A second signal does not wait."""
    stop, hurry = threading.Event(), threading.Event()

    def on_signal(*_: object) -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    mark = tempfile.NamedTemporaryFile(prefix="earnest-serving-")  # noqa: SIM115 - closed below, before the children end
    environ = {"EARNEST_BASE_URL": address.base_url, **USUAL_ENVIRON, **os.environ, "EARNEST_SERVING": mark.name}
    beside = []
    if play_money:
        port = _free_port_near(address.port)
        environ["EARNEST_STRIPE_URL"] = f"http://127.0.0.1:{port}"
        beside = [Child("play money", play_money_command(port, play_money, address), environ)]
    children = [
        *beside,
        Child("web server", web_command(address, web_processes, live_streams, application), environ),
        Child("worker", [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], environ),
    ]
    try:
        _announce(address, children, stop)
        while not stop.wait(0.25):
            for child in children:
                child.look_after()
    finally:
        mark.close()  # from here on lines that stay open end by themselves
        _end(children, hurry)


def _announce(address: Address, children: Sequence[Child], stop: threading.Event) -> None:
    while not stop.is_set():
        if address.answers():
            click.echo(f"Earnest is open: {address.base_url}")
            return
        for child in children:
            child.look_after()
        stop.wait(0.25)


def _end(children: Sequence[Child], hurry: threading.Event) -> None:
    for child in children:
        child.end(signal.SIGTERM)
    give_up_at = time.monotonic() + GRACE_SECONDS + 5
    while any(child.process.poll() is None for child in children):
        if hurry.wait(0.05) or time.monotonic() > give_up_at:
            for child in children:
                child.kill()
            return


def web_command(address: Address, processes: int, live_streams: int, application: str = "wsgi:app") -> list[str]:
    """How the web server is called."""
    options = {
        "--interface": "wsgi",
        "--host": address.host,
        "--port": address.port,
        "--workers": processes,
        "--blocking-threads": _WEB_THREADS + live_streams,  # an open page holds one, asleep
        "--workers-kill-timeout": GRACE_SECONDS,
        "--log-level": "error",  # at "warning" it complains about the number of threads on small machines
    }
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *words, "--respawn-failed-workers", "--no-ws", application]


def play_money_command(port: int, file: Path, address: Address) -> list[str]:
    """How the stand-in for Stripe is called: it keeps itself in `file`, and tells the web server what happens."""
    here = f"{address.base_url}/webhooks/stripe"
    hooks = ["--hook", here, PLAY_SECRET, "--account-hook", f"{here}/connect", PLAY_SECRET]
    return [sys.executable, "-m", "marketplace.playmoney", "--port", str(port), "--file", str(file), *hooks]


def _free_port_near(port: int) -> int:
    """The port after this one, or another one if somebody listens there."""
    for wanted in (port + 1, 0):
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    raise CannotDo("This machine has no port left on 127.0.0.1.")


def _end_with_parent() -> None:
    """Should we be killed outright, Linux tells the child to end: no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
