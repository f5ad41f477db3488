"""The worker's loop: does each duty when it is due, survives those that fail, stops between two of them."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

import structlog
from flask import Flask

from marketplace.kernel import heartbeat
from marketplace.worker.duties import Duty

log = structlog.get_logger()

BEAT_EVERY_SECONDS = 5.0
LONGEST_SLEEP_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 30.0
# `worker --once` does what is due and ends; a duty that always finds more must not keep it for ever.
_MOST_ROUNDS = 1000


class Turn:
    """One duty, and when it is due next. `now` is time.monotonic(): moving the product's clock changes no rhythm."""

    def __init__(self, duty: Duty) -> None:
        self.duty = duty
        self.due_at = 0.0
        self.failures = 0
        """How often it failed in a row."""

    def act(self, app: Flask) -> int:
        """Do the duty in a context of its own. How much was done; a failure is logged, and tried again later."""
        try:
            with app.app_context(), structlog.contextvars.bound_contextvars(duty=self.duty.name):
                done = self.duty.act()
        except Exception:
            # Whatever a duty dies of, the others are still due: nothing that it meets may end the worker.
            self.failures += 1
            self.due_at = time.monotonic() + self.back_off_seconds
            log.exception("duty failed", duty=self.duty.name, failures=self.failures)
            return 0
        self.failures = 0
        self.due_at = time.monotonic() + (0 if done else self.duty.every_seconds)
        if done:
            log.info("duty done", duty=self.duty.name, done=done)
        return done

    @property
    def back_off_seconds(self) -> float:
        return float(min(self.duty.every_seconds * 2 ** min(self.failures, 10), LONGEST_BACK_OFF_SECONDS))


def run(app: Flask, timetable: Sequence[Duty], stop: threading.Event) -> None:
    """Work until `stop` is set; the duty at hand is finished first. What calls outside keeps nothing else waiting."""
    turns = [Turn(duty) for duty in timetable]
    turns.append(Turn(Duty("heartbeat", BEAT_EVERY_SECONDS, lambda: _beat(turns))))
    lanes: defaultdict[tuple[bool, bool], list[Turn]] = defaultdict(list)
    for turn in turns:
        lanes[turn.duty.calls_outside, turn.duty.takes_long].append(turn)
    threads = [threading.Thread(target=_keep_on, args=(app, lane, stop)) for lane in lanes.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _keep_on(app: Flask, turns: Sequence[Turn], stop: threading.Event) -> None:
    """One thread's rounds."""
    while not stop.is_set():
        for turn in turns:
            if turn.due_at <= time.monotonic() and not stop.is_set():
                turn.act(app)
        next_at = min(turn.due_at for turn in turns)
        stop.wait(min(max(next_at - time.monotonic(), 0), LONGEST_SLEEP_SECONDS))


def run_once(app: Flask, timetable: Sequence[Duty]) -> bool:
    """Do all that is due now. Whether nothing failed."""
    turns = [Turn(duty) for duty in timetable]
    failed: set[str] = set()
    for _round in range(_MOST_ROUNDS):
        done = sum(turn.act(app) for turn in turns if turn.duty.name not in failed)
        failed |= {turn.duty.name for turn in turns if turn.failures}
        if not done:
            break
    return not failed


def _beat(turns: Sequence[Turn]) -> int:
    failing = ", ".join(turn.duty.name for turn in turns if turn.failures)
    note = f"{len(turns) - 1} duties" + (f", failing: {failing}" if failing else "")
    heartbeat.beat(f"{socket.gethostname()}:{os.getpid()}", note)
    return 0
