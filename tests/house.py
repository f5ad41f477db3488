"""The product as it is deployed: its web server and its worker as processes, on a database and a folder of their own.

    with house(folder) as here:             # `flask serve`, as `make run` and compose.yaml start it
        …                                   # pages at here.url; mails in here.mails_to("marta@example.org")
        here.move(days=3)                   # time moves for every process

The test looks at the same database through `here.inside()`, to put people and items there, and to look at the end.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask

from marketplace.app import create_app
from marketplace.config import read_settings
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.worker.serve import Address, web_command
from tests.fakes.smtp import FakeMailServer, free_port

ROOT = Path(__file__).parents[1]
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
KEY = "a-key-of-the-tests-that-is-long-enough-0123456789"
PATIENCE_SECONDS = 60.0
# Should the tests be killed, Linux ends what they have started (1 is PR_SET_PDEATHSIG of linux/prctl.h).
LEASH = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])
"""

T = TypeVar("T")


@dataclass
class House:
    """One installation, and what a test does to it from outside."""

    url: str
    app: Flask
    environ: dict[str, str]
    mail: FakeMailServer
    log: Path
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    web_processes: int = 1

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The database as it stands now, for factories, queries and services."""
        with self.app.app_context():
            try:
                yield
            finally:
                db.session.remove()

    def ask(self, question: Callable[[], T]) -> T:
        """The answer of a query."""
        with self.inside():
            return question()

    def move(self, **span: float) -> None:
        """Time goes on for everybody: `move(days=3)`."""
        with self.inside():
            clock.move(timedelta(**span))

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the shell, as an operator types it."""
        return subprocess.run(
            [*FLASK, *words], cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )

    # ---- mails ----

    def mails_to(self, address: str) -> list[EmailMessage]:
        """What reached this mailbox, oldest first."""
        return [mail for mail in list(self.mail.mails) if mail["To"] == address]

    def mail_to(self, address: str, about: str) -> str:
        """The text of the newest mail to `address` whose subject or text has `about` in it; waited for."""
        found: list[str] = []

        def has_come() -> bool:
            texts = [f"{mail['Subject']}\n{mail.get_content()}" for mail in self.mails_to(address)]
            found[:] = [text for text in texts if about in text]
            return bool(found)

        try:
            wait_until(has_come, f"a mail to {address} about “{about}”", 75)
        except AssertionError as vain:
            vain.add_note(f"There came: {[mail['Subject'] for mail in self.mails_to(address)]}")
            raise
        return found[-1]

    def link_to(self, address: str, about: str) -> str:
        """The path of the last link into the product in that mail."""
        links = re.findall(rf"{re.escape(self.url)}(/\S*)", self.mail_to(address, about))
        assert links, f"there is no link in the mail about “{about}”"
        return str(links[-1])

    # ---- processes ----

    def start(self, name: str, command: Sequence[str]) -> None:
        with self.log.open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-c", LEASH, *command], cwd=ROOT, env=self.environ, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip

    def start_web(self) -> None:
        """The web server alone."""
        address = Address("127.0.0.1", int(self.url.rpartition(":")[2]), self.url)
        self.start("web", web_command(address, self.web_processes, 0))

    def start_worker(self) -> None:
        """A worker alone."""
        self.start("worker", [*FLASK, "worker"])

    def kill(self, name: str) -> None:
        """`kill -9`: the process has no chance to put anything in order."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL, f"{name} had ended by itself; see {self.log}"

    def close(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
        self.processes.clear()

    def wait_for_web(self) -> None:
        """Until the web server answers."""
        wait_until(self.answers, f"the web server, see {self.log}:\n{self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        """Whether the web server does."""
        line = http.client.HTTPConnection(self.url.partition("://")[2], timeout=5)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def faults(self) -> list[str]:
        """What the product itself calls an error in its log, and stack traces."""
        lines = self.log.read_text().splitlines()
        return [line for line in lines if '"level": "error"' in line or line.startswith("Traceback")]


def wait_until(holds: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again until it holds."""
    give_up_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up_at, f"waited in vain for {what}"
        time.sleep(0.05)


@contextmanager
def house(folder: Path, **environ: str) -> Iterator[House]:
    """`flask serve` on an empty installation in `folder`. At the end the log is looked through for faults."""
    with _built(folder, environ) as here:
        here.start("serve", [*FLASK, "serve", "--port", here.url.rpartition(":")[2]])
        here.wait_for_web()
        yield here
    assert not here.faults(), here.log.read_text()


@contextmanager
def house_in_parts(folder: Path, *, web_processes: int = 1, **environ: str) -> Iterator[House]:
    """A web server and a worker as processes of their own, as on several machines: they can be killed one by one."""
    with _built(folder, environ) as here:
        here.web_processes = web_processes
        done = here.flask("db", "upgrade")
        assert done.returncode == 0, done.stderr
        here.start_web()
        here.start_worker()
        here.wait_for_web()
        yield here


@contextmanager
def _built(folder: Path, environ: dict[str, str]) -> Iterator[House]:
    with FakeMailServer() as mail:
        url = f"http://127.0.0.1:{free_port()}"
        settings = {
            "EARNEST_DATA": str(folder),
            "EARNEST_BASE_URL": url,
            "EARNEST_SECRET_KEY": KEY,
            "EARNEST_SMTP_URL": mail.url,
            "EARNEST_TESTING": "1",
            "EARNEST_LOG_LEVEL": "WARNING",
            **environ,
        }
        inherited = {n: value for n, value in os.environ.items() if not n.startswith(("EARNEST_", "DATABASE_URL"))}
        folder.mkdir(parents=True, exist_ok=True)
        here = House(url, create_app(read_settings(settings)), {**inherited, **settings}, mail, folder / "log.txt")
        try:
            yield here
        finally:
            here.close()
            with here.inside():
                db.engine.dispose()
