"""How much memory a web process holds after many requests."""

from __future__ import annotations

from benchmarks.auctions import serving
from benchmarks.auctions.bids import Bidders
from benchmarks.auctions.load import drive, get
from benchmarks.auctions.rounds import Bench, Pages
from benchmarks.auctions.world import SESSIONS

REQUESTS = 100_000
_GOAL_MIB = 150


def measure(bench: Bench) -> dict[str, object]:
    """Pages and bids in turn, REQUESTS to each process; prints and returns MiB."""
    lots = bench.add_lots(1_000)
    with serving.product(bench.environ, bench.port) as pid:
        bidders = Bidders(bench.world, bench.port)
        pages, turn = Pages(bench, bidders, lots[-1]), bidders.on(lots)
        before = serving.memory_of_web_processes(pid)
        wanted = REQUESTS * serving.WEB_PROCESSES
        asked = [0]

        def ask(session: int) -> bytes:
            asked[0] += 1
            if asked[0] % 10 == 0:
                return bidders.bid(session, next(turn))
            path = pages.catalogue if asked[0] % 10 == 1 else f"{pages.catalogue}/{next(turn)}"
            return get(bench.port, path, bidders.cookie(session) if asked[0] % 2 else "")

        drive(bench.port, ask, lambda _session, answer: answer.status in {200, 302, 304, 422},
              connections=SESSIONS, most=wanted)  # fmt: skip
        after = serving.memory_of_web_processes(pid)
    most, first = max(after), max(before)
    print(
        f"a web process after {REQUESTS:,} requests: {most.own:.0f} MiB, {first.own:.0f} before"
        f" (goal: below {_GOAL_MIB}); with what it shares with others counted whole (RSS) {most.resident:.0f},"
        f" {first.resident:.0f} before"
    )
    return {"before": [each._asdict() for each in before], "after": [each._asdict() for each in after]}
