"""What open pages cost, and how soon they hear of a bid.

    python -m benchmarks.live [--pages 500] [--seconds 30]

Starts the product as it is deployed, with its demo, on SQLite and two web processes; opens the live lines of so many
pages, spread over the running lots; and prints which part of a core the web processes need while nothing happens, then
how long it takes from the commit of a bid to its coming over the lines.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select as wanted

from marketplace.app import create_app
from marketplace.auctions import bid_rules, bidding
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.rules import State
from marketplace.config import read_settings
from marketplace.groups.models import Group
from marketplace.kernel.database import db, unit_of_work

TICKS = os.sysconf("SC_CLK_TCK")
PER_ADDRESS = 100  # of the 120 a minute that one address may open
BIDS = 20
PATIENCE_SECONDS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description="What open pages cost.")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earnest-live-") as folder, serving(Path(folder)) as (port, environ, pid):
        app = create_app(read_settings(environ))
        with app.app_context():
            lots = public_lots()
            before = memory_of(pid)
            lines = [opened(port, lots[n % len(lots)][1], n) for n in range(asked.pages)]
            listening = {line for line in lines if b"text/event-stream" in line.recv(4096)}
            time.sleep(3)
            print(f"{asked.pages} pages opened, {len(listening)} of them on a line that stays open")
            print(f"web processes: {before:.0f} MiB before, {memory_of(pid):.0f} MiB now, together")
            began = seconds_of(pid)
            time.sleep(asked.seconds)
            part = (seconds_of(pid) - began) / asked.seconds
            print(f"while nothing happens they use {100 * part:.2f} % of one core")
            heard = [latency(each, listening & set(lines[at :: len(lots)])) for each, at in bid_on(lots)]
        print(f"from a bid's commit to the last page of its lot: median {1000 * statistics.median(heard):.0f} ms, "
              f"at most {1000 * max(heard):.0f} ms, of {len(heard)} bids")  # fmt: skip
    return 0


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, dict[str, str], int]]:
    """The product with its demo: port, settings, and the process to look at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "EARNEST_DEMO": "1", "EARNEST_DATA": str(folder), "EARNEST_BASE_URL": f"http://127.0.0.1:{port}",
        "EARNEST_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--port", str(port), "--web-processes", "2"]
    served = subprocess.Popen(command, env=os.environ | environ, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        while True:
            time.sleep(0.5)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert served.poll() is None
        yield port, environ, served.pid
    finally:
        served.terminate()
        served.wait()


def public_lots() -> list[tuple[int, str]]:
    """Running lots that anybody may see, and the address of their line."""
    rows = db.session.execute(
        wanted(Lot, Group.slug).join(Group, Group.id == Lot.group_id).where(
            Lot.state == State.RUNNING, Lot.leader_id.is_not(None), Group.is_catalogue_public
        )
    ).all()  # fmt: skip
    assert rows, "the demo has a public catalogue"
    return [(lot.id, f"/g/{slug}/lots/{lot.number}/live") for lot, slug in rows]


def opened(port: int, path: str, number: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.1.{1 + number // PER_ADDRESS}", 0))
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
    return line


def bid_on(lots: list[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    for number in range(BIDS):
        place = number % len(lots)
        yield lots[place][0], place


def latency(lot_id: int, lines: set[socket.socket]) -> float:
    """Seconds from a bid's commit until every page of the lot has heard of it."""
    for line in lines:
        line.setblocking(False)
        while select.select([line], [], [], 0)[0] and line.recv(65536):
            pass
    with unit_of_work():
        lot = db.session.get_one(Lot, lot_id, populate_existing=True)
        bidders = wanted(Alias.person_id).where(Alias.lot_id == lot_id).order_by(Alias.person_id == lot.leader_id)
        bidder = db.session.scalars(bidders).first()
        assert bidder is not None
        least = bid_rules.least_bid(lot.facts(), bidder_id=bidder)
    key = f"bid-{time.monotonic_ns()}"
    bidding.place_bid(lot_id=lot_id, by=bidder, maximum=least, client_key=key, confirmed=True)
    committed, waiting = time.monotonic(), set(lines)
    while waiting:
        assert time.monotonic() - committed < PATIENCE_SECONDS, f"{len(waiting)} pages have heard nothing"
        for line in select.select(list(waiting), [], [], 1)[0]:
            if b"data:" in line.recv(65536):
                waiting.discard(line)
    db.session.rollback()
    return time.monotonic() - committed


def web_processes(pid: int) -> list[int]:
    """The web server's processes: children of children of `flask serve`."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    children = [each for each, parent in parents.items() if parent == pid]
    return [each for each, parent in parents.items() if parent in children]


def seconds_of(pid: int) -> float:
    """Processor time so far."""
    times = ((Path("/proc") / str(each) / "stat").read_text().rpartition(")")[2].split() for each in web_processes(pid))
    return sum(int(fields[11]) + int(fields[12]) for fields in times) / TICKS


def memory_of(pid: int) -> float:
    """Resident MiB."""
    pages = sum(int((Path("/proc") / str(each) / "statm").read_text().split()[1]) for each in web_processes(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    sys.exit(main())
