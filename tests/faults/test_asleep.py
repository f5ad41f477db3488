"""The worker sleeps, for a day and for eight: nothing is done twice when it wakes, and nothing stays where it was.

It falls asleep at the worst moment: Stripe has paid and refunded, and nobody has heard of it. After a day Stripe has
forgotten the keys under which that was asked, and would do it again.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.escrow.order_rules import State
from marketplace.kernel.database import db
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind
from marketplace.playmoney import checkout
from marketplace.playmoney.weather import Fault
from tests.faults.storm.plan import End, Part, Plan
from tests.faults.storm.reckoning import account_of, faults_of
from tests.faults.storm.stage import Deal, Stage, open_deals
from tests.faults.storm.visiting import NoPage
from tests.faults.storm.walking import Walk, take_a_step
from tests.faults.storm.weathering import Storm, calm, let_people_act, let_the_clock_act, look, settle
from tests.house import wait_until

S = State
# How far each order has come when the worker falls asleep; the last deed is done as it does.
UNTIL = {
    End.CONFIRMED: S.INSPECTING,
    End.CANCELLED: S.HELD,
    End.PARTED: S.AWAITING_PAYMENT,
    End.REFUNDED: S.SHIPPED,
    End.NEVER_CONFIRMED: S.INSPECTING,
    End.NEVER_SHIPPED: S.HELD,
    End.NEVER_PAID: S.AWAITING_PAYMENT,
    End.BANK_WON: S.SHIPPED,
}
TRIES_OF_STRIPES_CLIENT = 3


@pytest.mark.parametrize(
    ("calm_stage", "span"),
    [("sqlite", timedelta(days=8)), ("postgresql", timedelta(hours=25))],
    ids=["sqlite, 8 days", "postgresql, 25 hours"],
    indirect=["calm_stage"],
)
def test_a_worker_that_wakes_does_nothing_twice_and_leaves_nothing(calm_stage: Stage, span: timedelta) -> None:
    parts = tuple(Part(number, end, checkout.FINE, 132_00, 10_00, 42_00) for number, end in enumerate(UNTIL))
    storm = Storm(calm_stage, Plan(0, parts, calm_stage.server is not None), open_deals(calm_stage, parts))
    walks = {deal.part.end: Walk(calm_stage, deal, storm.answers) for deal in storm.deals}
    for end, state in UNTIL.items():
        walk_to(storm, walks[end], state)
    fall_asleep(storm, walks)
    calm_stage.move(seconds=span.total_seconds())
    calm_stage.here.start_worker()
    let_people_act(storm, calm())
    let_the_clock_act(storm, calm())
    settle(storm)
    assert faults_of(storm) == []


def fall_asleep(storm: Storm, walks: dict[End, Walk]) -> None:
    """Stripe does what the worker asks, and the answers are lost; then the worker is no more. A buyer pays, a bank asks
    its money back: the web server keeps what Stripe tells of it."""
    stage = storm.stage
    stage.stripe.weather.lost = 1.0
    for end, kind, path in ((End.CONFIRMED, Kind.PAYOUT, "transfers"), (End.CANCELLED, Kind.REFUND, "refunds")):
        stage.stripe.weather.order(Fault.LOST, f"POST /v1/{path}", times=TRIES_OF_STRIPES_CLIENT)
        look(storm)
        take_a_step(end, storm.states[walks[end].deal.id], walks[end])
        wait_until(lambda: has_gone_unheard(stage, walks[end].deal, kind), f"{kind} without an answer")  # noqa: B023
    stage.here.kill("worker")
    stage.stripe.weather.lost = 0.0
    take_a_step(End.PARTED, S.AWAITING_PAYMENT, walks[End.PARTED])
    take_a_step(End.BANK_WON, S.SHIPPED, walks[End.BANK_WON])
    assert stage.stripe.hooks.wait()
    for end in (End.CONFIRMED, End.CANCELLED):
        assert len(account_of(stage.stripe.till, walks[end].deal.id).marks) == 1


def has_gone_unheard(stage: Stage, deal: Deal, kind: Kind) -> bool:
    """Stripe did it, its answers to all tries are lost, and the worker does not know."""
    there = account_of(stage.stripe.till, deal.id).marks
    tries = select(Movement.tries).where(Movement.order_id == deal.id, Movement.kind == kind)
    is_lost = not any(order.times for order in stage.stripe.weather.orders)
    return bool(there) and is_lost and stage.ask(lambda: db.session.scalar(tries)) == 1


def walk_to(storm: Storm, walk: Walk, state: State) -> None:
    """As people do it, until the order is there."""

    def is_there() -> bool:
        look(storm)
        now = storm.states[walk.deal.id]
        if now is not state:
            with suppress(NoPage):
                take_a_step(walk.deal.part.end, now, walk)
        return now is state

    wait_until(is_there, f"{walk.deal.part.end} to be {state}", 120)
