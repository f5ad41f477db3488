"""Whether a bid, the lot page and the first catalogue page cost the same with a thousand times as much beside them."""

from __future__ import annotations

import statistics

from benchmarks.auctions import plans, serving, world
from benchmarks.auctions.bids import Bidders
from benchmarks.auctions.load import drive
from benchmarks.auctions.rounds import Bench, Pages

FEW, MANY = 1_000, 1_000_000
_GOAL = 1.2
_SAMPLES = 100


def measure(bench: Bench, *, rounds: int) -> dict[str, object]:
    """Medians of one visitor's waiting, in seconds, with few lots and with many; prints and returns them."""
    few = _costs(bench, _grown(bench, FEW), rounds)
    many = _costs(bench, _grown(bench, MANY - FEW), rounds)
    print(f"with {MANY:,} lots and bids, against {FEW:,} (goal: at most {_GOAL} times):")
    for name in few:
        print(f"  {many[name] / few[name]:6.2f}  {name}: {1000 * few[name]:.1f} ms, then {1000 * many[name]:.1f} ms")
    scans = plans.scans_of(bench)
    print("sequential scans of big tables: " + (", ".join(scans) or "none"))
    return {"few": few, "many": many, "sequential scans": scans}


def _grown(bench: Bench, many: int) -> range:
    lots = bench.add_lots(many)
    with bench.app.app_context():
        world.add_bids(bench.world, lots)
    return lots


def _costs(bench: Bench, lots: range, rounds: int) -> dict[str, float]:
    with serving.product(bench.environ, bench.port):
        bidders = Bidders(bench.world, bench.port)
        pages, turn = Pages(bench, bidders, lots[len(lots) // 2]), bidders.on(lots)
        found: dict[str, list[float]] = {"a bid": [], "the lot page": [], "the first catalogue page": []}
        for _each in range(rounds + 1):
            bids = drive(
                bench.port, lambda session: bidders.bid(session, next(turn)), bidders.is_accepted,
                connections=1, most=_SAMPLES,
            )  # fmt: skip
            found["a bid"].append(bids.quantile(0.5))
            for name, path in (("the lot page", pages.lot), ("the first catalogue page", pages.catalogue)):
                found[name].append(pages.whole(path, signed_in=True, seconds=2, connections=1).quantile(0.5))
    return {name: statistics.median(each[1:]) for name, each in found.items()}  # the first round warms up
