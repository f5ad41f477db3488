"""The rounds: each measures everything once, so that a noisy moment strikes all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from flask import Flask

from benchmarks.auctions import plain, serving, world
from benchmarks.auctions.bids import Bidders
from benchmarks.auctions.load import Answer, Ask, Line, Measured, drive, get
from marketplace.web.sheets import SETTLED_AFTER

SPREAD = 10_000
CATALOGUE = 50_000
_ALONE = 60
"""Bids that nobody else disturbs, for the unloaded latency."""

# What we aim at: our rate as a part of the other's.
GOALS = {
    "bids on one hot lot / plain bids on one row": 0.6,
    "bids on 10,000 lots / plain bids on 10,000 rows": 0.20,
    "lot page, signed in / bare page": 0.05,
    "lot page, anonymous / bare page": 0.08,
    "lot page, signed in, unchanged / bare page": 0.15,
    "lot page, anonymous, unchanged / bare page": 0.4,
    "first catalogue page, signed in / bare page": 0.04,
}
_MOST_TIMES_SLOWER = 25


@dataclass(frozen=True)
class Bench:
    """The product on its database, and the world in it."""

    app: Flask
    world: world.World
    environ: dict[str, str]
    port: int
    folder: Path

    @property
    def is_postgresql(self) -> bool:
        return self.environ["DATABASE_URL"].startswith("postgresql")

    def add_lots(self, many: int) -> range:
        with self.app.app_context():
            return world.add_lots(self.world, many)


class Pages:
    """The pages that are measured."""

    def __init__(self, bench: Bench, bidders: Bidders, lot: int) -> None:
        self._port, self._bidders = bench.port, bidders
        self.catalogue = f"/g/{bench.world.slug}/lots"
        self.lot = self.path_of(lot)

    def path_of(self, lot: int) -> str:
        return f"{self.catalogue}/{lot}"

    def whole(self, path: str, *, signed_in: bool, seconds: float, connections: int = world.SESSIONS) -> Measured:
        def ask(session: int) -> bytes:
            return get(self._port, path, self._bidders.cookie(session) if signed_in else "")

        return drive(self._port, ask, _is(HTTPStatus.OK), connections=connections, seconds=seconds)

    def unchanged(self, path: str, *, signed_in: bool, seconds: float) -> Measured:
        cookies = [self._bidders.cookie(each) if signed_in else "" for each in range(world.SESSIONS)]
        requests = [get(self._port, path, cookie, self._tag(path, cookie)) for cookie in cookies]
        ask: Ask = requests.__getitem__
        # Where something has changed, the time left or what else waits for its reader, it does not count.
        look = _is(HTTPStatus.NOT_MODIFIED, else_left_out=HTTPStatus.OK)
        return drive(self._port, ask, look, connections=world.SESSIONS, seconds=seconds)

    def _tag(self, path: str, cookie: str) -> str:
        line = Line(self._port)
        answer = line.ask(get(self._port, path, cookie))
        line.close()
        return answer.headers["etag"]


def measure(bench: Bench, *, rounds: int, seconds: float) -> dict[str, object]:
    """All rounds; prints medians and ratios, and returns every figure."""
    spread, catalogue = bench.add_lots(SPREAD), bench.add_lots(CATALOGUE - SPREAD)
    bare_port = serving.free_port()
    found: list[dict[str, float]] = []
    with serving.product(bench.environ, bench.port) as pid, serving.bare_page(bare_port):
        bidders = Bidders(bench.world, bench.port)
        pages = Pages(bench, bidders, catalogue[-1])
        database = _database(bench, spread, catalogue)
        for number in range(rounds):
            hot, quiet = catalogue[number], catalogue[-2 - number]
            one = {
                "bare page": drive(bare_port, lambda _each: get(bare_port, "/"), _is(HTTPStatus.OK),
                                   connections=world.SESSIONS, seconds=seconds).rate,
                **_bids(bench.port, bidders, hot=hot, quiet=quiet, spread=spread, seconds=seconds),
                **database(seconds),
                **_pages(pages, hot, seconds),
            }  # fmt: skip
            found.append(one)
            print(f"round {number + 1} of {rounds}: " + ", ".join(f"{name} {rate:.4g}" for name, rate in one.items()))
        sizes = serving.memory_of_web_processes(pid)
        print("memory of the web processes: " + ", ".join(f"{own:.0f} MiB (RSS {whole:.0f})" for own, whole in sizes))
    return _told(found)


def _bids(
    port: int, bidders: Bidders, *, hot: int, quiet: int, spread: Sequence[int], seconds: float
) -> dict[str, float]:
    lots = bidders.on(spread)

    def run(which: Callable[[], int], *, connections: int = world.SESSIONS, most: int = 0) -> Measured:
        return drive(
            port, lambda session: bidders.bid(session, which()), bidders.is_accepted,
            connections=connections, seconds=seconds, most=most,
        )  # fmt: skip

    alone, one, many = run(lambda: quiet, connections=1, most=_ALONE), run(lambda: hot), run(lambda: next(lots))
    return {
        "bids on one hot lot": one.rate,
        "bids on 10,000 lots": many.rate,
        "overtaken on the hot lot": one.left_out / max(1, one.answers + one.left_out),
        "p99 of a bid under load / unloaded bid": many.quantile(0.99) / alone.quantile(0.5),
    }


def _database(bench: Bench, spread: range, catalogue: range) -> Callable[[float], dict[str, float]]:
    """What pgbench measures in a round."""
    if not bench.is_postgresql:
        return lambda _seconds: {}
    pgbench = plain.Pgbench(bench.environ["DATABASE_URL"], bench.folder)
    ids = {number: world.id_of(bench.app, bench.world, number) for number in (spread[0], spread[-1], catalogue[-100])}
    lot_id = ids[catalogue[-100]]
    sent = plain.statements_of_a_bid(bench.app, lot_id=lot_id, by=bench.world.people[0], maximum=10**6)
    on_one = plain.script_of(sent, lot_id=lot_id)
    on_many = plain.script_of(sent, lot_id=lot_id, instead=(ids[spread[0]], ids[spread[-1]]))

    def measured(seconds: float) -> dict[str, float]:
        return {
            "plain bids on one row": pgbench.plain(is_hot=True, seconds=seconds),
            "plain bids on 10,000 rows": pgbench.plain(is_hot=False, seconds=seconds),
            "our statements on one lot, by pgbench": pgbench.rate(on_one, seconds=seconds),
            "our statements on 10,000 lots, by pgbench": pgbench.rate(on_many, seconds=seconds),
        }

    return measured


def _pages(pages: Pages, hot: int, seconds: float) -> dict[str, float]:
    time.sleep(SETTLED_AFTER.total_seconds() + 1)  # pages have tags once nothing has happened for so long
    return {
        "lot page, signed in": pages.whole(pages.lot, signed_in=True, seconds=seconds).rate,
        "lot page, its bidders": pages.whole(pages.path_of(hot), signed_in=True, seconds=seconds).rate,
        "lot page, anonymous": pages.whole(pages.lot, signed_in=False, seconds=seconds).rate,
        "lot page, signed in, unchanged": pages.unchanged(pages.lot, signed_in=True, seconds=seconds).rate,
        "lot page, anonymous, unchanged": pages.unchanged(pages.lot, signed_in=False, seconds=seconds).rate,
        "first catalogue page, signed in": pages.whole(pages.catalogue, signed_in=True, seconds=seconds).rate,
        "first catalogue page, anonymous": pages.whole(pages.catalogue, signed_in=False, seconds=seconds).rate,
    }


def _is(status: HTTPStatus, *, else_left_out: HTTPStatus | None = None) -> Callable[[int, Answer], bool]:
    def look(_session: int, answer: Answer) -> bool:
        assert answer.status in {status, else_left_out}, (answer.status, answer.body[:2000])
        return answer.status == status

    return look


def _told(found: Sequence[dict[str, float]]) -> dict[str, object]:
    medians = {name: statistics.median(one[name] for one in found) for name in found[0]}
    print("\nmedians, a second:")
    for name, median in medians.items():
        print(f"  {median:10.4g}  {name}")
    print("\nratios, medians of the rounds:")
    ratios: dict[str, float] = {}
    for name, goal in GOALS.items():
        ours, _, other = name.partition(" / ")
        if other in medians:
            ratios[name] = statistics.median(one[ours] / one[other] for one in found)
            print(f"  {ratios[name]:10.3f}  {name} (goal: at least {goal})")
    print(f"  {medians['p99 of a bid under load / unloaded bid']:10.1f}  p99 of a bid under load / unloaded bid "
          f"(goal: below {_MOST_TIMES_SLOWER})")  # fmt: skip
    return {"medians": medians, "ratios": ratios, "rounds": list(found)}
