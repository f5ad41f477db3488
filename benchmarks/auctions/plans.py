"""Whether PostgreSQL reads a big table from end to end for anything that a bid or a page asks."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event, make_url

from benchmarks.auctions import world
from marketplace.kernel.database import db

if TYPE_CHECKING:
    from benchmarks.auctions.rounds import Bench

BIG = frozenset("lots bids lot_aliases items item_texts photos audit_lines".split())


def scans_of(bench: Bench) -> list[str]:
    """Table and statement of each scan of a whole big table, in plans of what two pages and a bid send."""
    if not bench.is_postgresql:
        return []
    url = make_url(bench.environ["DATABASE_URL"]).set(drivername="postgresql").render_as_string(hide_password=False)
    found = []
    with psycopg.connect(url) as connection:
        for statement in sorted(_statements(bench)):
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}").fetchone()  # type: ignore[arg-type]  # our own statement
            assert row is not None
            plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
            found += [f"{table} in {statement[:120]}" for table in _scanned(plan[0]["Plan"])]
        connection.rollback()
    return found


def _scanned(plan: dict[str, Any]) -> list[str]:
    here = [plan["Relation Name"]] if plan.get("Relation Name") in BIG and _is_read_whole(plan) else []
    return here + [each for part in plan.get("Plans", ()) for each in _scanned(part)]


def _is_read_whole(plan: dict[str, Any]) -> bool:
    """Also along an index of which nothing but the order is used: what is looked for may be far, or not there."""
    has_bounds = not plan.get("Index Cond", "IS NOT NULL)").endswith("IS NOT NULL)")
    is_along_an_index = plan["Node Type"] in {"Index Scan", "Index Only Scan"}
    return plan["Node Type"] == "Seq Scan" or (is_along_an_index and not has_bounds and "Filter" in plan)


def _statements(bench: Bench) -> set[str]:
    """What the product sends for the catalogue, a lot's page and a bid on it, with the values written in."""
    seen: set[str] = set()

    def before(_connection: Any, cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            seen.add(psycopg.ClientCursor(cursor.connection).mogrify(statement, values))

    name, _, value = bench.world.cookies[0].partition("=")
    client = bench.app.test_client()
    client.set_cookie(name, value, domain="127.0.0.1")
    base = bench.environ["EARNEST_BASE_URL"]
    with bench.app.app_context():
        engine = db.engine
        lot = world.number_of(bench.world.model_id)
    event.listen(engine, "before_cursor_execute", before)
    try:
        page = client.get(f"/g/{bench.world.slug}/lots/{lot}", base_url=base).text
        client.get(f"/g/{bench.world.slug}/lots", base_url=base)
        token = re.search('name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = {
            "csrf_token": token.group(1),
            "client_key": "key-of-the-plans-read",
            "maximum": "1000",
            "confirmed": "y",
        }
        answer = client.post(f"/g/{bench.world.slug}/lots/{lot}/bid", data=form, base_url=base)
        assert answer.status_code == HTTPStatus.FOUND, answer.text
    finally:
        event.remove(engine, "before_cursor_execute", before)
    return seen
