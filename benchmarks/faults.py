"""Many orders through every end, in the worst of weather; and whether anything was lost, done twice, or stuck.

    python -m benchmarks.faults [--orders 500] [--database postgresql|sqlite] [--seed N]

The product runs as it is deployed, on a PostgreSQL of its own (or an SQLite file) and with a Stripe of play money, all
thrown away at the end. People pay, ship, confirm, dispute and cancel over HTTP. Meanwhile web server and worker are
killed with `kill -9`, the database is broken off as by `pg_ctl stop -m immediate`, Stripe loses its answers, says 500
and 429 or nothing, and tells things twice, late, out of order or never. The same seed is the same plan. Needs what the
tests need (`make test` fetches it). Ends with 1 where anything is not as it ought to be, and says what.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.storm.plan import Plan, drawn
from tests.faults.storm.reckoning import faults_of
from tests.faults.storm.stage import stage
from tests.faults.storm.weathering import Storm, weather

_SEEDS = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="Orders in the worst of weather.")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--seed", type=int, default=random.randrange(_SEEDS))  # noqa: S311 - dice
    asked = parser.parse_args()
    plan = drawn(asked.seed, orders=asked.orders, has_server=asked.database == "postgresql")
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {words}", flush=True)

    say(f"seed {plan.seed}, {asked.orders} orders on {asked.database}")
    with tempfile.TemporaryDirectory(prefix="earnest-faults-") as folder, stage(
        Path(folder), on_server=plan.has_server
    ) as here:  # fmt: skip
        storm = weather(here, plan, say=say)
        faults = faults_of(storm)
    report(plan, storm, faults)
    return 1 if faults else 0


def report(plan: Plan, storm: Storm, faults: list[str]) -> None:
    """Print what happened, and what is not as it ought to be."""
    for trick in plan.possible:
        print(f"  {storm.played[trick]:4} times  {trick}")
    for name, times in storm.stage.ended.items():
        print(f"  {times:4} times  the {name} ended by itself, and was started again")
    print("\n".join(faults) or f"All {len(plan.parts)} orders are where they ought to be, to the cent.")


if __name__ == "__main__":
    sys.exit(main())
