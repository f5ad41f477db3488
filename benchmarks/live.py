"""What open pages cost, and how soon they hear of a bid.

    python -m benchmarks.live [--pages 500] [--seconds 30]

Starts the product as it is deployed, with its demo, on SQLite and two web processes; opens the live lines of so many
pages, spread over the running lots; and prints which part of a core the web processes need while nothing happens, then
how long it takes from the commit of a bid to its coming over the lines.
"""

from __future__ import annotations

import argparse
import select
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select as wanted

from benchmarks.auctions import serving
from marketplace.app import create_app
from marketplace.auctions import bid_rules, bidding
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.rules import State
from marketplace.config import read_settings
from marketplace.groups.models import Group
from marketplace.kernel.database import db, unit_of_work

PER_ADDRESS = 100  # of the 120 a minute that one address may open
BIDS = 20
PATIENCE_SECONDS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description="What open pages cost.")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    port = serving.free_port()
    with tempfile.TemporaryDirectory(prefix="earnest-live-") as folder:
        environ = {
            "EARNEST_DATA": folder, "EARNEST_BASE_URL": f"http://127.0.0.1:{port}", "EARNEST_LOG_LEVEL": "ERROR"
        }  # fmt: skip
        with serving.demo(environ, port) as pid:
            app = create_app(read_settings(environ | {"EARNEST_DEMO": "1"}))
            measure(app, port, web_server_of(pid), pages=asked.pages, seconds=asked.seconds)
    return 0


def measure(app: Flask, port: int, web: int, *, pages: int, seconds: float) -> None:
    """Open so many pages, wait so long, bid; prints."""
    with app.app_context():
        lots = public_lots()
        before = sum(each.resident for each in serving.memory_of_web_processes(web))
        lines = [opened(port, lots[n % len(lots)][1], n) for n in range(pages)]
        listening = {line for line in lines if b"text/event-stream" in line.recv(4096)}
        time.sleep(3)
        print(f"{pages} pages opened, {len(listening)} of them on a line that stays open")
        now = sum(each.resident for each in serving.memory_of_web_processes(web))
        print(f"web processes: {before:.0f} MiB before, {now:.0f} MiB now, together")
        began = serving.processor_seconds(web)
        time.sleep(seconds)
        part = (serving.processor_seconds(web) - began) / seconds
        print(f"while nothing happens they use {100 * part:.2f} % of one core")
        heard = [latency(each, listening & set(lines[at :: len(lots)])) for each, at in bid_on(lots)]
    print(f"from a bid's commit to the last page of its lot: median {1000 * statistics.median(heard):.0f} ms, "
          f"at most {1000 * max(heard):.0f} ms, of {len(heard)} bids")  # fmt: skip


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


def web_server_of(pid: int) -> int:
    """The one of the children of `flask serve` that has started the web processes."""
    return next(each for each in serving.children_of(pid) if len(serving.children_of(each)) == serving.WEB_PROCESSES)


if __name__ == "__main__":
    sys.exit(main())
