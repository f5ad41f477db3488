"""Deeds that wait in one process share a unit of work, and each gets what is his."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.kernel import clock
from marketplace.kernel.database import db, is_working, unit_of_work, use_case
from marketplace.kernel.errors import EarnestError, RuleBroken
from marketplace.kernel.heartbeat import WorkerHeartbeat
from marketplace.kernel.sharing import MOST, shares_a_commit
from tests.at_once import at_once

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class House:
    """Writes a row for each name; "refused" is refused, "broken" breaks down. It can be held up at the first one."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()
        self.write = shares_a_commit(self._write_all)

    @use_case
    def _write_all(self, names: Sequence[str]) -> list[str | EarnestError]:
        self.batches.append(list(names))
        self.has_begun.set()
        self.may_go_on.wait(10)
        outcomes: list[str | EarnestError] = []
        for name in names:
            if name == "broken":
                raise ZeroDivisionError
            if name == "refused":
                outcomes.append(RuleBroken("No."))
                continue
            db.session.add(WorkerHeartbeat(name=name, beaten_at=NOON))
            outcomes.append(f"{name} is written")
        return outcomes

    def all_at_once(self, app: Flask, *names: str) -> dict[str, object]:
        """What became of each: the first is held up until all the others wait."""
        became: dict[str, object] = {}

        def write(name: str) -> None:
            if name != names[0]:
                self.has_begun.wait(10)
            try:
                became[name] = self.write(name)
            except Exception as error:
                became[name] = error

        let_go = threading.Timer(0.5, self.may_go_on.set)
        let_go.start()
        assert not at_once(app, *[lambda name=name: write(name) for name in names])
        return became


def names() -> set[str]:
    return set(db.session.scalars(select(WorkerHeartbeat.name)))


def test_those_who_come_meanwhile_are_done_together_and_each_hears_of_his_own(app: Flask) -> None:
    house = House()
    became = house.all_at_once(app, "first", "second", "refused", "third")
    assert house.batches[0] == ["first"]
    assert sorted(house.batches[1]) == ["refused", "second", "third"]
    assert len(house.batches) == 2
    refusal = became.pop("refused")
    assert isinstance(refusal, RuleBroken)
    assert became == {name: f"{name} is written" for name in ("first", "second", "third")}
    assert names() == {"first", "second", "third"}


def test_one_that_breaks_down_takes_no_other_with_it(app: Flask) -> None:
    house = House()
    became = house.all_at_once(app, "first", "second", "broken", "third")
    assert isinstance(became.pop("broken"), ZeroDivisionError)
    assert became == {name: f"{name} is written" for name in ("first", "second", "third")}
    assert names() == {"first", "second", "third"}


def test_no_more_than_a_few_share_a_commit(app: Flask) -> None:
    house = House()
    many = [f"number {number}" for number in range(MOST + 5)]
    became = house.all_at_once(app, *many)
    assert became == {name: f"{name} is written" for name in many}
    assert max(map(len, house.batches)) <= MOST
    assert names() == set(many)


def test_what_is_left_undone_is_never_taken_for_done(app: Flask) -> None:
    @use_case
    def forget_one(asked: Sequence[str]) -> list[str]:
        return list(asked)[1:]

    with pytest.raises(ValueError, match="argument 2 is shorter"):
        shares_a_commit(forget_one)("mine")


def test_who_waits_holds_no_snapshot(app: Flask) -> None:
    house = House()
    house.may_go_on.set()
    assert names() == set()
    house.write("mine")
    assert names() == {"mine"}


def test_a_deed_inside_a_unit_of_work_is_part_of_it(app: Flask) -> None:
    house = House()
    house.may_go_on.set()
    with pytest.raises(ZeroDivisionError), unit_of_work():
        house.write("mine")
        assert is_working()
        raise ZeroDivisionError
    assert names() == set()


def test_who_was_told_the_time_does_his_alone(app: Flask) -> None:
    moments = []

    @use_case
    def note_all(asked: Sequence[str]) -> list[str]:
        moments.append(clock.now())
        return list(asked)

    with clock.at(NOON):
        assert shares_a_commit(note_all)("a replay") == "a replay"
    assert moments == [NOON]
