"""Sixty orders through every end, while web server and worker are killed, Stripe fails in every way it can, its news
come twice, late or never, and PostgreSQL is broken off: in the end all is as if nothing had happened.

`python -m benchmarks.faults` does the same with more orders and another seed each time.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from tests.faults.storm.plan import End, Plan, Trick, drawn
from tests.faults.storm.reckoning import faults_of
from tests.faults.storm.stage import stage
from tests.faults.storm.weathering import weather

ORDERS = 60
SEED = int(os.environ.get("EARNEST_STORM_SEED", "1127"))


def test_sixty_orders_come_to_their_ends_in_any_weather(database: str, tmp_path: Path) -> None:
    plan = drawn(SEED, orders=ORDERS, has_server=database == "postgresql")
    with stage(tmp_path, on_server=plan.has_server) as here:
        storm = weather(here, plan)
        assert faults_of(storm) == [], f"seed {SEED}"
    assert set(storm.played) == set(plan.possible)


def begun(plan: Plan) -> list[tuple[float, Trick]]:
    return list(islice(plan.tricks(), 50))


def test_the_same_seed_is_the_same_plan() -> None:
    one, same, other = (drawn(seed, orders=ORDERS, has_server=True) for seed in (7, 7, 8))
    assert (one.parts, begun(one)) == (same.parts, begun(same))
    assert one.parts != other.parts
    assert begun(one) != begun(other)


def test_a_plan_has_every_end_and_everything_that_can_go_wrong() -> None:
    plan = drawn(7, orders=ORDERS, has_server=True)
    assert {part.end for part in plan.parts} == set(End)
    assert {trick for _pause, trick in begun(plan)} == set(Trick)
    assert Trick.BREAK_DATABASE not in drawn(7, orders=ORDERS, has_server=False).possible
