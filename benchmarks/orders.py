"""How many orders go through their whole life in a second, and which part of that time is the database's.

    python -m benchmarks.orders [--database postgresql://…] [--orders 200] [--rounds 3] [--json FILE]

The database is an empty one, which the benchmark fills and leaves so; without it, an SQLite file that is thrown away.
One thread does everything that people and the worker do to an order, one order after another, through the services that
pages call, pages themselves not counted: the lot is sold, the buyer pays, the treasurer finds it, the seller ships, the
buyer has it and confirms, the clock goes on to the payout, and the treasurer confirms that. The database's part is the
time in statements and commits, as the driver's caller sees it: for PostgreSQL with the way there and back. Needs what
the tests need (`make test` fetches it). What is printed are medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, inspect

from marketplace.app import create_app
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State as LotState
from marketplace.config import read_settings
from marketplace.escrow import service
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock, schema
from marketplace.kernel.database import db
from marketplace.payments.asking import ask_gateways
from marketplace.worker import ledger_commands
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.escrow import an_address, confirm, lapse, pay_out, receive, release, say_sent, ship
from tests.factories.groups import a_group, a_member

_HAMMER, _SHIPPING = 132_00, 10_00
Figures = dict[str, dict[str, float]]


@dataclass
class Stopwatch:
    """Seconds in the database, and how many statements and commits."""

    seconds: float = 0.0
    statements: int = 0
    commits: int = 0
    _began: list[float] = field(default_factory=list)

    @contextmanager
    def watching(self, engine: Engine) -> Iterator[None]:
        """Everything that goes through this engine."""
        dialect: Any = engine.dialect
        commit = dialect.do_commit
        dialect.do_commit = self._timed(commit)  # no event ends with a commit
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", self._begin)
            event.remove(engine, "after_cursor_execute", self._end)
            dialect.do_commit = commit

    def _begin(self, *_told: Any) -> None:
        self._began.append(time.perf_counter())

    def _end(self, *_told: Any) -> None:
        self.seconds += time.perf_counter() - self._began.pop()
        self.statements += 1

    def _timed(self, commit: Callable[[Any], None]) -> Callable[[Any], None]:
        def timed(connection: Any) -> None:
            began = time.perf_counter()
            commit(connection)
            self.seconds += time.perf_counter() - began
            self.commits += 1

        return timed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description="How fast orders go their way.")
    parser.add_argument("--database", default="", help="an empty database; without it an SQLite file")
    parser.add_argument("--orders", type=int, default=200, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        environ = {"EARNEST_DATA": folder, "EARNEST_LOG_LEVEL": "ERROR", "DATABASE_URL": asked.database,
                   "EARNEST_SECRET_KEY": "a-key-of-the-benchmark-0123456789-ABCDEFGH"}  # fmt: skip
        app = create_app(read_settings(environ))
        with app.app_context():
            if inspect(db.engine).get_table_names():
                raise SystemExit("The database of --database must be an empty one: the benchmark fills it.")
            schema.upgrade()
            figures = measure(app, orders=asked.orders, rounds=asked.rounds)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(app: Flask, *, orders: int, rounds: int) -> Figures:
    """By step and for the whole: milliseconds of an order, the database's part of them, and its statements; prints."""
    group_id = a_group().id
    a_member(db.session.get_one(Group, group_id), Role.TREASURER)
    _round(group_id, 5)  # warms up
    found = [_round(group_id, orders) for _each in range(rounds)]
    _check()
    figures: Figures = {
        step: {name: statistics.median(each[step][name] for each in found) for name in found[0][step]}
        for step in found[0]
    }
    whole = figures["whole life"]
    print(f"{app.config['EARNEST'].database_url.partition(':')[0]}: {1000 / whole['milliseconds']:.1f} orders a second")
    print("      ms   database  statements  commits")
    for step, each in figures.items():
        numbers = f"{each['milliseconds']:8.2f}  {each['database']:8.0%}  {each['statements']:10.1f}"
        print(f"{numbers}  {each['commits']:7.1f}  {step}")
    return figures


STEPS: dict[str, Callable[[Order], object]] = {
    "the buyer says that he paid": say_sent,
    "the treasurer finds it": confirm,
    "the seller ships": ship,
    "the buyer has it": receive,
    "the buyer confirms": release,
    "the worker goes on to the payout": lambda order: _work(),
    "the treasurer pays the seller": pay_out,
}


def _round(group_id: int, many: int) -> Figures:
    """So many orders, each through all of it."""
    lots = [_sold_lot(group_id) for _each in range(many)]
    watches = {step: Stopwatch() for step in ("the lot is sold", *STEPS)}
    spent = dict.fromkeys(watches, 0.0)

    def timed(step: str, deed: Callable[[], Any]) -> Any:
        db.session.rollback()
        with watches[step].watching(db.engine):
            began = time.perf_counter()
            done = deed()
            spent[step] += time.perf_counter() - began
        return done

    for lot in lots:
        order = timed("the lot is sold", partial(_open, lot))
        for step, deed in STEPS.items():
            timed(step, partial(deed, order))
    figures = {step: _figure(spent[step], watch, many) for step, watch in watches.items()}
    whole = Stopwatch(
        *(sum(getattr(w, name) for w in watches.values()) for name in ("seconds", "statements", "commits"))
    )
    return figures | {"whole life": _figure(sum(spent.values()), whole, many)}


def _figure(seconds: float, watch: Stopwatch, many: int) -> dict[str, float]:
    return {
        "milliseconds": 1000 * seconds / many, "database": watch.seconds / seconds,
        "statements": watch.statements / many, "commits": watch.commits / many,
    }  # fmt: skip


def _work() -> None:
    """What is due for the order, and for its payout."""
    lapse()
    while ask_gateways():
        pass


def _sold_lot(group_id: int) -> int:
    """A lot that a member has won, with where his parcel goes. Its number."""
    group = db.session.get_one(Group, group_id)
    seller, buyer = a_member(group), a_member(group)
    an_address(buyer.id)
    now = clock.now()
    return a_lot(
        an_item(seller, group, shipping_minor=_SHIPPING), opening=_HAMMER, state=LotState.SOLD, leader_id=buyer.id,
        leader_maximum_minor=_HAMMER, bid_count=1, ends_at=now, shipping_minor=_SHIPPING,
    ).id  # fmt: skip


def _open(lot_id: int) -> Order:
    lot = db.session.get_one(Lot, lot_id)
    assert lot.leader_id is not None
    return service.open_order(
        lot_id=lot.id, group_id=lot.group_id, item_id=lot.item_id, number=lot.number, title=lot.title,
        seller_id=lot.seller_id, buyer_id=lot.leader_id, hammer=lot.price, shipping=lot.shipping, terms=lot.terms,
        sold_at=clock.now(),
    )  # fmt: skip


def _check() -> None:
    """What was measured was the whole of it: every order is closed, and the books are sound."""
    states = set(db.session.scalars(db.select(Order.state)))
    findings = [finding.sentence for check in ledger_commands.EXTRA_CHECKS for finding in check()]
    if states != {State.CLOSED} or findings:
        raise SystemExit(f"This measures nothing: {states}, {findings[:3]}")


if __name__ == "__main__":
    sys.exit(main())
