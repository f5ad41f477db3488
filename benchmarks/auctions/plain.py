"""The database's own limit: pgbench with a plain bid, and with the statements that the product sends."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, event, make_url

from marketplace.auctions import bidding
from marketplace.auctions.models import Lot
from marketplace.kernel.database import db
from marketplace.kernel.money import Money

_TABLES = """
CREATE SCHEMA plain;
CREATE TABLE plain.lots (
    id bigint PRIMARY KEY, price bigint NOT NULL DEFAULT 0, leader bigint, bids int NOT NULL DEFAULT 0
);
CREATE TABLE plain.bids (
    id bigserial PRIMARY KEY, lot_id bigint NOT NULL REFERENCES plain.lots, bidder bigint NOT NULL,
    maximum bigint NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON plain.bids (lot_id);
INSERT INTO plain.lots SELECT n FROM generate_series(1, 10000) n;
INSERT INTO plain.bids (lot_id, bidder, maximum) SELECT n, 1, 1 FROM generate_series(1, 10000) n;
"""
_BID = """{lot}
BEGIN;
SELECT * FROM plain.lots WHERE id = :lot FOR UPDATE;
INSERT INTO plain.bids (lot_id, bidder, maximum) VALUES (:lot, 7, 500);
UPDATE plain.lots SET price = price + 1, bids = bids + 1, leader = 7 WHERE id = :lot;
COMMIT;
"""
_RATE = re.compile(r"tps = ([0-9.]+)")


class Pgbench:
    """Rates of scripts, in transactions a second."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._folder = folder
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_TABLES)
            connection.execute("ANALYZE plain.lots, plain.bids")

    def plain(self, *, is_hot: bool, seconds: float) -> float:
        return self.rate(_BID.format(lot="\\set lot 1" if is_hot else "\\set lot random(1, 10000)"), seconds=seconds)

    def rate(self, script: str, *, clients: int = 8, seconds: float) -> float:
        file = self._folder / "script.sql"
        file.write_text(script)
        command = [_pgbench(), "-n", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds))), "-f", str(file)]
        done = subprocess.run([*command, self._url], capture_output=True, text=True, check=False)  # noqa: S603 - ours
        found = _RATE.search(done.stdout)
        assert found, done.stdout + done.stderr
        return float(found.group(1))


def statements_of_a_bid(app: Flask, *, lot_id: int, by: int, maximum: int) -> list[str]:
    """What the product sends while it places one bid, with its values written in."""
    with app.app_context():
        seen: list[str] = []
        lot = db.session.get_one(Lot, lot_id)
        sum_, engine = Money(maximum, lot.currency), db.engine
        with _listening(engine, seen):
            bidding.place_bid(lot_id=lot_id, by=by, maximum=sum_, client_key="key-of-the-statements", confirmed=True)
        db.session.remove()
        return seen


def script_of(statements: list[str], *, lot_id: int, instead: tuple[int, int] | None = None) -> str:
    """A script that sends them again and again, for other members: who has bid on a lot has his name on it already.

    `instead` are the first and the last id of lots of which one is bid on each time, and not `lot_id`.
    """
    first, last = instead or (lot_id, lot_id)
    lines = [f"\\set person random(1, 1000000000000)\n\\set lot random({first}, {last})\nBEGIN"]
    for statement in statements:
        if statement.startswith("INSERT INTO lot_aliases"):
            continue  # one name on a lot to each member, of whom there are sixteen
        other = statement.replace("'key-of-the-statements'", "'key-' || :person")
        other = re.sub(rf"(?<![\w:]){lot_id}(?!\w)", ":lot", other)
        lines.append(" ".join(other.split()))
    return ";\n".join([*lines, "COMMIT"]) + ";\n"


@contextmanager
def _listening(engine: Engine, seen: list[str]) -> Iterator[None]:
    def before(_connection: Any, cursor: Any, statement: str, values: Any, _context: Any, is_many: bool) -> None:
        client = psycopg.ClientCursor(cursor.connection)
        seen.extend(client.mogrify(statement, each) for each in (values if is_many else [values]))

    event.listen(engine, "before_cursor_execute", before)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)


def _pgbench() -> str:
    found = shutil.which("pgbench") or next(
        (str(each) for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), reverse=True)), None
    )
    if found is None:
        raise SystemExit("pgbench is not there: it comes with PostgreSQL (Debian: postgresql).")
    return found
