"""The worker does each duty when it is due, survives one that fails, and finishes what it has begun."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask, has_app_context

from marketplace.kernel import heartbeat
from marketplace.kernel.database import db
from marketplace.worker import loop
from marketplace.worker.duties import TIMETABLE, Duty


def nothing() -> int:
    return 0


def counted(done: list[str], name: str, results: list[int]) -> Callable[[], int]:
    """A duty that notes each call and gives `results` one after the other, then nothing."""

    def act() -> int:
        assert has_app_context()
        done.append(name)
        return results.pop(0) if results else 0

    return act


def fail() -> int:
    raise RuntimeError("the mail server is on fire")


@pytest.mark.one_database
def test_once_does_all_that_is_due_and_ends(app: Flask) -> None:
    done: list[str] = []
    duties = [Duty("close lots", 1, counted(done, "lots", [3, 1])), Duty("send mail", 1, counted(done, "mail", []))]
    assert loop.run_once(app, duties)
    assert done.count("lots") == 3
    assert "mail" in done


@pytest.mark.one_database
def test_a_duty_that_fails_does_not_hold_up_the_others_and_is_reported(app: Flask) -> None:
    done: list[str] = []
    assert not loop.run_once(app, [Duty("broken", 1, fail), Duty("send mail", 1, counted(done, "mail", [1]))])
    assert done.count("mail") == 2


@pytest.mark.one_database
def test_a_duty_that_fails_is_tried_less_and_less_often(app: Flask) -> None:
    turn = loop.Turn(Duty("broken", 1, fail))
    pauses = []
    for _failure in range(8):
        turn.act(app)
        pauses.append(round(turn.due_at - time.monotonic()))
    assert pauses == [2, 4, 8, 16, 30, 30, 30, 30]


@pytest.mark.one_database
def test_after_a_success_it_is_as_if_it_had_never_failed(app: Flask) -> None:
    turn = loop.Turn(Duty("moody", 1, fail))
    turn.act(app)
    turn.duty = Duty("moody", 1, nothing)
    turn.act(app)
    assert turn.failures == 0
    assert turn.due_at <= time.monotonic() + 1


@pytest.mark.one_database
def test_stopping_waits_for_the_duty_at_hand_and_starts_no_other(app: Flask) -> None:
    stop, begun, done = threading.Event(), threading.Event(), []

    def slow() -> int:
        begun.set()
        time.sleep(0.5)
        done.append("slow")
        return 0

    duties = [Duty("slow", 60, slow), Duty("next", 60, counted(done, "next", []))]
    worker = threading.Thread(target=loop.run, args=(app, duties, stop))
    worker.start()
    assert begun.wait(10)
    stop.set()
    worker.join(10)
    assert done == ["slow"]


@pytest.mark.one_database
@pytest.mark.parametrize("how", [{"calls_outside": True}, {"calls_outside": True, "takes_long": True}])
def test_nothing_waits_for_what_takes_long(app: Flask, how: dict[str, bool]) -> None:
    stop, others = threading.Event(), threading.Event()
    waited: list[bool] = []

    def slow() -> int:
        waited.append(others.wait(10))
        stop.set()
        return 0

    def other() -> int:
        others.set()
        return 0

    beside = Duty("other", 60, other, calls_outside=how != {"calls_outside": True})
    worker = threading.Thread(target=loop.run, args=(app, [Duty("slow", 60, slow, **how), beside], stop))
    worker.start()
    worker.join(30)
    assert waited == [True]


def test_it_gives_a_sign_of_life_that_names_what_fails(app: Flask) -> None:
    assert heartbeat.age_of_last_beat() is None
    stop = threading.Event()
    duties = [Duty("send mail", 60, fail), Duty("stop", 0.2, lambda: seen_beating(stop))]
    worker = threading.Thread(target=loop.run, args=(app, duties, stop))
    worker.start()
    worker.join(20)
    db.session.rollback()  # what was read before is of another moment
    beat = db.session.query(heartbeat.WorkerHeartbeat).one()
    assert beat.note == "2 duties, failing: send mail"
    age = heartbeat.age_of_last_beat()
    assert age is not None
    assert age.total_seconds() < 20


def seen_beating(stop: threading.Event) -> int:
    if heartbeat.age_of_last_beat() is not None:
        stop.set()
    return 0


def test_the_timetable_names_each_duty_once() -> None:
    names = [duty.name for duty in TIMETABLE]
    assert len(names) == len(set(names))
    assert all(duty.every_seconds > 0 for duty in TIMETABLE)
