"""How fast bids are taken and pages shown, against what the database and the framework could do on the same machine.

    python -m benchmarks.auctions --database postgresql://… [--rounds 5] [--seconds 3] [--json FILE]
    python -m benchmarks.auctions --database postgresql://… --grow        # the same with 1,000,000 lots and bids
    python -m benchmarks.auctions --database postgresql://… --closing     # 1,000 lots that end in the same second
    python -m benchmarks.auctions --database postgresql://… --memory      # a web process after 100,000 requests

The database is an empty one, which the benchmark fills with the demo's public group, sixteen more members and copies of
one lot, and leaves so. The product runs as it is deployed: granian with two processes, and one worker. Sixteen
signed-in sessions send real forms, and every answer is looked at. Each round measures, one after the other, our bids
and pages, pgbench with a plain bid (begin, select the lot for update, insert the bid, update the lot, commit), pgbench
with the statements of a bid of ours, and a bare Flask page on the same server; ratios are taken round by round. Without
PostgreSQL there is no pgbench. Driver, server and database share the machine's cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.auctions import closing, growth, memory, rounds, serving, world
from marketplace.app import create_app
from marketplace.config import read_settings

_KEY = "a-key-of-the-benchmark-0123456789-ABCDEFGH"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.auctions", description="How fast the auction house is.")
    parser.add_argument(
        "--database", default="", help="an empty database; without it an SQLite file that is thrown away"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--grow", action="store_true", help="measure with 1,000 lots and bids, then with 1,000,000")
    parser.add_argument("--closing", action="store_true", help="let 1,000 lots end in the same second")
    parser.add_argument("--memory", action="store_true", help="measure a web process after 100,000 requests")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        port = serving.free_port()
        environ = {
            "EARNEST_DATA": folder, "EARNEST_SECRET_KEY": _KEY, "EARNEST_LOG_LEVEL": "ERROR",
            "EARNEST_BASE_URL": f"http://127.0.0.1:{port}", "DATABASE_URL": asked.database,
        }  # fmt: skip
        app = create_app(read_settings({**environ, "EARNEST_DEMO": "1"}))
        here = rounds.Bench(app, world.build(app), environ, port, Path(folder))
        if asked.grow:
            figures = growth.measure(here, rounds=asked.rounds)
        elif asked.closing:
            figures = closing.measure(here)
        elif asked.memory:
            figures = memory.measure(here)
        else:
            figures = rounds.measure(here, rounds=asked.rounds, seconds=asked.seconds)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
