"""`flask serve` brings up the house, keeps it up, and closes it in order."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from marketplace.worker import serve
from marketplace.worker.errors import CannotDo
from marketplace.worker.serve import ROOT, Address, Child

KEY = "a-key-of-the-tests-that-is-long-enough-0123456789"
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EARNEST_", "DATABASE_URL"))}
    return {**inherited, "EARNEST_DATA": str(tmp_path / "var"), "EARNEST_SECRET_KEY": KEY, "PYTHONUNBUFFERED": "1"}


def get(port: int, path: str) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        if holds():
            return True
        time.sleep(0.1)
    return False


def is_ready(port: int) -> bool:
    try:
        status, body = get(port, "/readyz")
    except OSError:
        return False
    return status == 200 and json.loads(body) == {"ready": True, "wrong": {}}


def children(pid: int) -> dict[int, str]:
    """The children of a process and how each was called, from Linux's own books."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in pids}


def worker_of(pid: int) -> int:
    """The pid of the worker, or 0 while there is none."""
    return next((child for child, words in children(pid).items() if words.strip().endswith("worker")), 0)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def house(port: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`flask serve`, open; killed at the end if it did not close."""
    words = [*FLASK, "serve", "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"Earnest is open: http://127.0.0.1:{port}\n"
            yield process
        finally:
            process.kill()


def test_what_is_loaded_is_looked_through_for_garbage_no_more_and_what_comes_is(environ: dict[str, str]) -> None:
    words = "import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    said = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["True", "True"]


def test_it_opens_survives_a_dead_worker_and_closes_in_order(
    port: int, environ: dict[str, str], tmp_path: Path
) -> None:
    with house(port, environ) as process:
        assert eventually(lambda: is_ready(port))
        assert (tmp_path / "var" / "earnest.sqlite3").stat().st_mode & 0o077 == 0, "for its own user alone"
        first = worker_of(process.pid)
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: worker_of(process.pid) not in {0, first})
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert eventually(lambda: is_free(port)), "a process whose first thread has ended may have others, and the port"


def test_when_it_is_killed_no_child_keeps_the_port(port: int, environ: dict[str, str]) -> None:
    with house(port, environ) as process:
        process.kill()
        process.wait(10)
        assert eventually(lambda: is_free(port))


def test_a_taken_port_is_one_sentence_and_nothing_is_begun(environ: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        done = subprocess.run(
            [*FLASK, "serve", "--port", str(number)], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    what_to_do = "choose another one with --port, as in PORT=8100 make run."
    assert done.stderr == f"Error: Port {number} cannot be used (address already in use): {what_to_do}\n"
    assert done.stdout == ""
    assert not (tmp_path / "var" / "earnest.sqlite3").exists()


def test_the_demo_listens_on_this_machine_only(environ: dict[str, str]) -> None:
    done = subprocess.run(
        [*FLASK, "serve", "--host", "0.0.0.0"],
        cwd=ROOT, env={**environ, "EARNEST_DEMO": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "its passwords are known to all" in done.stderr


def test_what_is_in_flight_is_answered_before_the_web_server_ends(port: int) -> None:
    address = Address("127.0.0.1", port, f"http://127.0.0.1:{port}")
    web = Child("web server", serve.web_command(address, 1, 0, "tests.worker.slow_app:app"), os.environ)
    assert eventually(address.answers)
    answers: list[tuple[int, str]] = []
    visitor = threading.Thread(target=lambda: answers.append(get(port, "/slow")))
    visitor.start()
    time.sleep(0.5)
    web.end(signal.SIGTERM)
    assert web.process.wait(20) == 0
    visitor.join(10)
    assert answers == [(200, "finished")]


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that has ended and waits to be noticed does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def visits(port: int) -> None:
    """Somebody who waits for an answer, and may be cut off."""
    with suppress(OSError, http.client.HTTPException):
        get(port, "/slow")


def test_play_money_is_served_beside_a_demo_and_ends_with_it(port: int, tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from marketplace.worker.serve import Address, serve\n"
        f"serve(Address('127.0.0.1', {port}, 'http://127.0.0.1:{port}'), 1, live_streams=1,"
        f" application='tests.worker.slow_app:app', play_money=Path({str(tmp_path / 'play-money.json')!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as process:
        try:
            assert eventually(lambda: len(children(process.pid)) == 3)
            words = next(words for words in children(process.pid).values() if "playmoney" in words)
            its_port = int(words.split("--port ")[1].split()[0])
            assert eventually(lambda: not is_free(its_port))
            assert get(its_port, "/pay/of-nobody")[0] == 410
            process.send_signal(signal.SIGTERM)
            process.wait(40)
            assert is_free(its_port)
        finally:
            process.kill()


def test_play_money_takes_the_next_port_or_another_if_that_is_taken() -> None:
    with socket.socket() as neighbour:
        neighbour.bind(("127.0.0.1", 0))
        neighbour.listen()
        taken: int = neighbour.getsockname()[1]
        assert serve._free_port_near(taken - 1) != taken
    assert serve._free_port_near(65535) != 65536


def test_who_does_not_wait_leaves_no_process_behind(port: int) -> None:
    address = Address("127.0.0.1", port, f"http://127.0.0.1:{port}")
    web = Child("web server", serve.web_command(address, 1, 0, "tests.worker.slow_app:app"), os.environ)
    assert eventually(address.answers)
    servers = children(web.process.pid)
    assert servers, "granian serves from a process of its own"
    visitor = threading.Thread(target=visits, args=(port,))
    visitor.start()
    time.sleep(0.5)
    hurry = threading.Event()
    hurry.set()
    serve._end([web], hurry)
    web.process.wait(10)
    visitor.join(10)
    assert eventually(lambda: not any(map(is_alive, servers)), seconds=10)
    assert eventually(lambda: is_free(port)), "a process whose first thread has ended may have others, and the port"


def test_a_child_that_dies_again_and_again_is_started_less_and_less_often(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("web server", [sys.executable, "-c", "raise SystemExit(3)"], os.environ)
    for _death in range(3):
        child.process.wait(10)
        child.look_after()
        child.start_again_at = 0.0
        child.look_after()
    child.process.wait(10)
    pauses = [line.rpartition("in ")[2] for line in capsys.readouterr().err.splitlines()]
    assert pauses == ["0.5 s.", "1 s.", "2 s."]


def test_a_port_that_may_not_be_used_is_a_sentence() -> None:
    with pytest.raises(CannotDo, match="Port 80 cannot be used"):
        Address("192.0.2.1", 80, "http://192.0.2.1").refuse_if_taken()
