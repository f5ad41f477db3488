"""How long the books take to prove themselves, against reading the same rows.

    python -m benchmarks.ledger [--database postgresql://…] [--transfers 100000] [--rounds 3] [--json FILE]

The database is an empty one, which the benchmark fills with the demo and with copies of two of its orders, and leaves
so; without it, an SQLite file that is thrown away. One was paid, released and paid out, and for every fiftieth the
money is still held. A copy has all that its order has: deeds, movements, and transfers with true seals, so that the
books are sound, and each audit has as much to look at as in a group that grew in years. The measure is a plain SELECT
of all transfers and entries. Ratios are taken round by round; what is printed are medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, insert, inspect, select, text

from marketplace.app import create_app
from marketplace.config import read_settings
from marketplace.escrow import books
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import State
from marketplace.kernel import clock, schema
from marketplace.kernel.database import Base, db, unit_of_work
from marketplace.ledger import audit, reserves
from marketplace.ledger.models import Entry, Head, Transfer
from marketplace.ledger.rules import Line, Page
from marketplace.payments.models import Movement
from marketplace.worker import demo, ledger_commands

_HELD_OF = 50
_AT_ONCE = 1_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """An order with all that it has, as rows to copy."""

    order: Row
    lines: list[Row]
    movements: list[Row]
    transfers: list[Row]
    entries: dict[int, list[Row]]
    """By their transfer."""


@dataclass
class End:
    """Of the chain, while it grows."""

    group_id: int
    number: int
    hash: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description="What proof of the books costs.")
    parser.add_argument("--database", default="", help="an empty database; without it an SQLite file")
    parser.add_argument("--transfers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        environ = {"EARNEST_DATA": folder, "EARNEST_DEMO": "1", "EARNEST_LOG_LEVEL": "ERROR",
                   "EARNEST_BASE_URL": "http://127.0.0.1:8000", "DATABASE_URL": asked.database}  # fmt: skip
        app = create_app(read_settings(environ))
        with app.app_context():
            if inspect(db.engine).get_table_names():
                raise SystemExit("The database of --database must be an empty one: the benchmark fills it.")
            schema.upgrade()
            demo.ensure(app)
            group_id, buyer_id = grow(asked.transfers)
            figures = measure(group_id, buyer_id, rounds=asked.rounds)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def grow(many: int) -> tuple[int, int]:
    """Copy the demo's orders until there are so many transfers. The group, and somebody whose money is held in it."""
    query = select(Order.id).where(Order.state == State.CLOSED, Order.parcel_id.is_(None), Order.paid_seller_minor > 0)
    paid_out = _model(query)
    held = _model(select(Order.id).where(Order.state == State.HELD, Order.group_id == paid_out.order["group_id"]))
    numbers = count(1)
    while (left := many - audit.count()) > 0:
        with unit_of_work():
            _copy_some(paid_out, held, numbers, min(_AT_ONCE, -(-left // len(paid_out.transfers))))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)" if connection.dialect.name == "postgresql" else "ANALYZE"))
    return paid_out.order["group_id"], held.order["buyer_id"]


def measure(group_id: int, buyer_id: int, *, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds, and times a plain SELECT, by what was done; prints and returns them."""
    days = count(1)
    accounts = books.accounts_of(group_id, buyer_id)
    deeds: dict[str, Callable[[], object]] = {
        "a plain SELECT of all transfers and entries": _read_all,
        "flask ledger verify, whole": lambda: _sound(audit.findings, *ledger_commands.EXTRA_CHECKS),
        "  of it the seals and sums": lambda: _sound(audit.findings),
        "  of it orders, movements and parcels": lambda: _sound(ledger_commands.EXTRA_CHECKS[0]),
        "  of it the daily roots": lambda: _sound(reserves.root_findings),
        "the root of a day": lambda: _take_root(group_id, next(days)),
        "a member's proof": lambda: reserves.proven(group_id, accounts),
    }
    found: dict[str, list[float]] = {name: [] for name in deeds}
    for _each in range(31):  # a month of roots, as the audit sums it up again
        _take_root(group_id, next(days))
    for _each in range(rounds + 1):
        for name, deed in deeds.items():
            db.session.rollback()
            began = time.perf_counter()
            deed()
            found[name].append(time.perf_counter() - began)
    plain, *_others = measured = [each[1:] for each in found.values()]  # the first round warms up
    figures = {
        name: {
            "seconds": statistics.median(each),
            "ratio": statistics.median(one / other for one, other in zip(each, plain, strict=True)),
        }
        for name, each in zip(found, measured, strict=True)
    }
    print(f"{audit.count():,} transfers")
    for name, figure in figures.items():
        print(f"  {figure['seconds']:8.2f} s  {figure['ratio']:6.1f}  {name}")
    return figures


def _read_all() -> None:
    for model in (Transfer, Entry):
        db.session.execute(select(*model.__table__.columns)).all()


def _sound(*checks: Callable[[], Any]) -> None:
    found = [finding.sentence for check in checks for finding in check()]
    if found:
        raise SystemExit("The books are not sound, so this measures nothing: " + found[0])


def _take_root(group_id: int, days: int) -> None:
    with clock.at(clock.now() + timedelta(days=days)):
        if reserves.take_root(group_id=group_id) is None:
            raise SystemExit("There was a root of that day.")


def _model(query: Select[int]) -> Model:
    """The first of these orders to which nothing happened but that it was paid, and perhaps released and paid out."""
    order_id = db.session.scalars(query.order_by(Order.line_count, Order.id)).first()
    if order_id is None:
        raise SystemExit("The demo has no such order any more.")
    transfers = _rows(Transfer, Transfer.order_id == order_id)
    entries = {each["id"]: _rows(Entry, Entry.transfer_id == each["id"]) for each in transfers}
    model = Model(
        _rows(Order, Order.id == order_id)[0], _rows(OrderLine, OrderLine.order_id == order_id),
        _rows(Movement, Movement.order_id == order_id), transfers, entries,
    )  # fmt: skip
    db.session.rollback()
    return model


def _rows(model: Any, which: Any) -> list[Row]:
    return [dict(row._mapping) for row in db.session.execute(select(*model.__table__.columns).where(which))]


def _copy_some(paid_out: Model, held: Model, numbers: Iterator[int], many: int) -> None:
    """So many more orders, in one unit of work."""
    head = db.session.get_one(Head, paid_out.order["group_id"], with_for_update=True)
    end = End(head.group_id, head.number, head.hash)
    new_order, new_transfer = _ids(Order), _ids(Transfer)
    made: dict[type[Base], list[Row]] = {model: [] for model in (Order, OrderLine, Movement, Transfer, Entry)}
    for number in [next(numbers) for _each in range(many)]:
        model, order_id = held if number % _HELD_OF == 0 else paid_out, next(new_order)
        made[Order].append(model.order | {"id": order_id, "attempt": model.order["attempt"] + number})
        made[OrderLine] += [_without_id(line) | {"order_id": order_id} for line in model.lines]
        made[Movement] += [
            _without_id(each) | _renamed(each, model, order_id, "purpose")
            | {"order_id": order_id, "idempotency_key": f"copy:{order_id}:{place}", "mark": None}
            for place, each in enumerate(model.movements)
        ]  # fmt: skip
        for transfer in model.transfers:
            row, entries = _posted(transfer, model, order_id, next(new_transfer), end)
            made[Transfer].append(row)
            made[Entry] += entries
    for model_class, rows in made.items():
        db.session.execute(insert(model_class), rows)
    move_on = "UPDATE ledger_heads SET number = :number, hash = :hash WHERE group_id = :group_id"
    db.session.execute(text(move_on), made[Transfer])  # by one at a time: no guard of the books lets it leap


def _posted(transfer: Row, model: Model, order_id: int, row_id: int, end: End) -> tuple[Row, list[Row]]:
    """The next transfer of the chain, with its seal."""
    row = transfer | _renamed(transfer, model, order_id, "reference") | {
        "id": row_id, "number": end.number + 1, "previous_hash": end.hash, "order_id": order_id
    }  # fmt: skip
    entries = [each | _renamed(each, model, order_id, "account") | {"transfer_id": row_id}
               for each in model.entries[transfer["id"]]]  # fmt: skip
    page = Page(
        group_id=end.group_id, number=row["number"], reference=row["reference"], memo=row["memo"], order_id=order_id,
        reverses=None, posted_at=row["posted_at"],
        lines=tuple(Line(each["account"], each["side"], each["amount_minor"], each["currency"]) for each in entries),
    )  # fmt: skip
    row["hash"] = page.seal(end.hash)
    end.number, end.hash = row["number"], row["hash"]
    return row, entries


def _renamed(row: Mapping[str, Any], model: Model, order_id: int, column: str) -> Row:
    """What names the order in this column names the copy: "order:7:3", "escrow:7"."""
    of_model = str(model.order["id"])
    first, *parts = str(row[column]).split(":")
    if first in ("order", "escrow") and parts and parts[0] == of_model:
        parts[0] = str(order_id)
    return {column: ":".join([first, *parts])}


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


def _ids(model: type[Order | Transfer]) -> Iterator[int]:
    return count((db.session.scalar(select(func.max(model.id))) or 0) + 1)


if __name__ == "__main__":
    sys.exit(main())
