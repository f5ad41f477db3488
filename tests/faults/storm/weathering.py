"""Leads the whole of it: people act in threads, and here time moves and things go wrong, until every order has ended.

Three acts. While people act, hours go by. Then days go by until the clock has done its part. Both in bad weather; then
it clears up, and what was begun is finished.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import func, select

from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.escrow.rules import ENDED
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.payments.models import Movement
from marketplace.payments.rules import State as MovementState
from marketplace.payments.stripe_models import GatewayEvent
from marketplace.playmoney import checkout
from tests.faults.storm import tricks
from tests.faults.storm.plan import Plan, Trick
from tests.faults.storm.stage import Deal, Stage, open_deals
from tests.faults.storm.visiting import Answered, NoPage
from tests.faults.storm.walking import Walk, is_done, take_a_step

_WALKERS = 8
_LOOKS_EVERY_SECONDS = 0.4
_PAUSE_SECONDS = 0.5
"""After a step of an order, before the next."""
_ACTS_WITHIN = timedelta(hours=36)
"""Of the moved clock: half of the time that an order gives people. The longer they need, the slower it goes."""
_HURRIES_BY_SECONDS = 180.0
_LEAPS_BY = {"days": 2}
_LEAPS, _SECONDS_PER_LEAP = 8, 1.0
_PATIENCE_SECONDS = 180.0
"""From the last time that an order moved."""
_BANK_TAKES_SECONDS = 600
"""Of the moved clock, until a bank debit comes to something."""


@dataclass
class Storm:
    """What is going on, and what came of it."""

    stage: Stage
    plan: Plan
    deals: list[Deal]
    states: dict[int, State] = field(default_factory=dict)
    """Where each order stood when it was looked at last."""
    answers: list[Answered] = field(default_factory=list)
    played: Counter[Trick] = field(default_factory=Counter)
    troubles: list[BaseException] = field(default_factory=list)
    """What a walker died of."""
    pages: Counter[str] = field(default_factory=Counter)


def weather(stage: Stage, plan: Plan, *, say: Callable[[str], None] = lambda words: None) -> Storm:
    """Let every order come to its end. Raises AssertionError where one is stuck."""
    storm = Storm(stage, plan, open_deals(stage, plan.parts))
    say(f"{len(storm.deals)} orders are open")
    bad = _bad_weather(storm)
    let_people_act(storm, bad, until=lambda: set(storm.played) == set(plan.possible))
    say("people have done their part")
    let_the_clock_act(storm, bad)
    say("the clock has done its part")
    settle(storm)
    say("all is settled")
    return storm


def calm() -> Iterator[None]:
    """Nothing goes wrong."""
    while True:
        yield


def let_people_act(storm: Storm, goes_wrong: Iterator[None], *, until: Callable[[], bool] = lambda: True) -> None:
    """Until nobody has anything more to do but wait for the clock."""
    ends_at = storm.stage.moved + _ACTS_WITHIN

    def hurry() -> None:
        storm.stage.move(seconds=(ends_at - storm.stage.moved) / _ACTS_WITHIN * _HURRIES_BY_SECONDS)

    with _walkers(storm) as walks:
        _until(storm, lambda: _all_done(storm, walks) and until(), goes_wrong, hurry, "people have done their part")


def let_the_clock_act(storm: Storm, goes_wrong: Iterator[None]) -> None:
    """Days go by, until every deadline is over."""
    for _leap in range(_LEAPS):
        storm.stage.move(**_LEAPS_BY)
        lands_at = time.monotonic() + _SECONDS_PER_LEAP
        _until(storm, partial(_has_landed, storm, lands_at), goes_wrong, lambda: None, "the clock has acted")


def _has_landed(storm: Storm, lands_at: float) -> bool:
    return time.monotonic() > lands_at and storm.stage.ask(_overdue) == 0


def settle(storm: Storm) -> None:
    """It clears up, and what was begun is finished."""
    tricks.clear_up(storm.stage)
    storm.stage.here.wait_for_web()
    _until(storm, lambda: _is_settled(storm), calm(), partial(storm.stage.move, minutes=20), "everything is settled")


def _until(
    storm: Storm, holds: Callable[[], bool], goes_wrong: Iterator[None], hurry: Callable[[], None], what: str
) -> None:  # fmt: skip
    look(storm)
    seen, give_up_at = dict(storm.states), time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if seen != storm.states:
            seen, give_up_at = dict(storm.states), time.monotonic() + _PATIENCE_SECONDS
        assert not storm.troubles, repr(storm.troubles[0])
        assert time.monotonic() < give_up_at, f"waited in vain until {what}: {_stuck(storm)}"
        next(goes_wrong)
        storm.stage.look_after()
        hurry()
        time.sleep(_LOOKS_EVERY_SECONDS)
        look(storm)


def look(storm: Storm) -> None:
    """Where every order stands; and banks answer in time."""
    found = storm.stage.ask(lambda: db.session.execute(select(Order.id, Order.state)).all())
    storm.states.update({order_id: State(state) for order_id, state in found})
    till = storm.stage.stripe.till
    with till.lock:
        for intent in till.all("payment_intent", status="processing"):
            if intent["created"] <= till.now() - _BANK_TAKES_SECONDS:
                checkout.settle(till, till.all("checkout.session", payment_intent=intent["id"])[0]["id"])


def _bad_weather(storm: Storm) -> Iterator[None]:
    """Each time it is asked, what is due goes wrong. Who is killed has come back before, and has worked for as long as
    that took him: on a slow machine nobody would get to anything else."""
    for pause, trick in storm.plan.tricks():
        yield from _wait(pause)
        began = time.monotonic()
        while not tricks.is_ready(trick, storm.stage):
            yield
        yield from _wait(time.monotonic() - began)
        tricks.play(trick, storm.stage)
        storm.played[trick] += 1


def _wait(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield


# ---- people ----


@contextmanager
def _walkers(storm: Storm) -> Iterator[list[Walk]]:
    """Everybody at once, each at one order after another, until the block ends."""
    walks = [Walk(storm.stage, deal, storm.answers) for deal in storm.deals]
    waiting: queue.PriorityQueue[tuple[float, int]] = queue.PriorityQueue()
    for number in range(len(walks)):
        waiting.put((0.0, number))
    over = threading.Event()
    threads = [threading.Thread(target=_walk, args=(storm, walks, waiting, over)) for _each in range(_WALKERS)]
    for thread in threads:
        thread.start()
    try:
        yield walks
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _walk(
    storm: Storm, walks: list[Walk], waiting: queue.PriorityQueue[tuple[float, int]], over: threading.Event
) -> None:  # fmt: skip
    while not over.is_set():
        try:
            due, number = waiting.get(timeout=0.2)
        except queue.Empty:
            continue
        over.wait(max(0.0, due - time.monotonic()))
        try:
            _step(storm, walks[number])
        except BaseException as trouble:
            trouble.add_note(f"at order {walks[number].deal.id}, {walks[number].deal.part}")
            storm.troubles.append(trouble)
            return
        waiting.put((time.monotonic() + _PAUSE_SECONDS, number))


def _step(storm: Storm, walk: Walk) -> None:
    state = storm.states.get(walk.deal.id)
    if state is None or is_done(walk.deal.part.end, state, walk):
        return
    try:
        take_a_step(walk.deal.part.end, state, walk)
    except NoPage as why:
        storm.pages[type(why.__cause__).__name__ if why.__cause__ else str(why)] += 1


def _all_done(storm: Storm, walks: list[Walk]) -> bool:
    return all(is_done(walk.deal.part.end, storm.states[walk.deal.id], walk) for walk in walks)


# ---- the end ----


def _is_settled(storm: Storm) -> bool:
    if any(state not in ENDED for state in storm.states.values()):
        return False
    return storm.stage.ask(_unfinished) == 0 and storm.stage.stripe.hooks.wait(0)


def _overdue() -> int:
    """How many orders the clock has still to act on."""
    late = select(func.count()).select_from(Order).where(Order.deadline <= clock.now(), Order.state.not_in(ENDED))
    return db.session.scalar(late) or 0


def _unfinished() -> int:
    """How many movements and events are still to come to something."""
    going = (MovementState.INTENDED, MovementState.ASKED)
    movements = db.session.scalar(select(func.count()).select_from(Movement).where(Movement.state.in_(going)))
    events = select(func.count()).select_from(GatewayEvent).where(GatewayEvent.done_at.is_(None))
    return (movements or 0) + (db.session.scalar(events) or 0)


def _stuck(storm: Storm) -> str:
    """What has not come to its end, for whoever reads that the test failed."""
    parts = {deal.id: deal.part for deal in storm.deals}
    open_ones = [f"{at} {state} ({parts[at].end.name})" for at, state in storm.states.items() if state not in ENDED]
    going = select(Movement).where(Movement.state.in_((MovementState.INTENDED, MovementState.ASKED)))
    movements = storm.stage.ask(
        lambda: [
            f"{each.kind} of {each.order_id} {each.state}, {each.tries} tries, due {each.due_at}, {each.waits_for}"
            for each in db.session.scalars(going)
        ]
    )
    log = storm.stage.here.log.read_text()[-2000:]
    now, ended = storm.stage.ask(clock.now), dict(storm.stage.ended)
    return f"{open_ones}; {movements} at {now}; ended by themselves: {ended}; {dict(storm.pages)}; {log}"
