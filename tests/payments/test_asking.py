"""The worker asks the gateways. Killed, hung or cut off anywhere, nothing is lost and nothing done twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kernel import clock
from marketplace.payments import asking, queries, service
from marketplace.payments.asking import LEASE, ask_gateways
from marketplace.payments.events import MovementConfirmed, MovementFailed
from marketplace.payments.gateway import Done, Instruction, Outcome, Refused
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State
from tests.at_once import at_once
from tests.factories.payments import Processor, a_movement, eur

pytestmark = pytest.mark.usefixtures("heard")


@pytest.fixture
def processor() -> Processor:
    return Processor()


def work(processor: Processor, limit: int = 20) -> int:
    return ask_gateways(limit, {processor.name: processor})


def with_processor(kind: Kind = Kind.PAYOUT, key: str = "order:7") -> Movement:
    return a_movement(kind, key=key, gateway="processor")


def now_of(movement: Movement) -> Movement:
    return queries.movement(movement.id)


def test_the_treasurer_is_asked_by_a_line_in_his_queue(app: Flask) -> None:
    movement = a_movement()
    assert ask_gateways() == 1
    kept = now_of(movement)
    assert (kept.state, kept.due_at) == (State.ASKED, None)
    assert kept.asked_at is not None
    assert ask_gateways() == 0


@pytest.mark.parametrize(
    ("kind", "verb"),
    [(Kind.COLLECT, "collect"), (Kind.REFUND, "refund"), (Kind.PAYOUT, "pay_out"), (Kind.REVERSAL, "reverse")],
)
def test_each_kind_has_its_verb(app: Flask, processor: Processor, kind: Kind, verb: str) -> None:
    movement = with_processor(kind)
    work(processor)
    assert processor.heard == [(verb, "order:7")]
    assert now_of(movement).gateway_reference == "their:order:7"


def test_a_gateway_is_told_all_it_must_know(app: Flask, processor: Processor) -> None:
    told: list[Instruction] = []

    def answer(instruction: Instruction) -> Outcome:
        told.append(instruction)
        return Done("their 1")

    processor.answer = answer
    movement = with_processor()
    person_id = movement.person_id
    work(processor)
    assert told == [Instruction("order:7", Kind.PAYOUT, eur(95_00), 1, person_id, "order:7:payout", 7)]


def test_a_gateway_that_is_done_at_once_confirms(app: Flask, processor: Processor, heard: list[object]) -> None:
    processor.answer = lambda _: Done("their 1")
    movement = with_processor()
    work(processor)
    kept = now_of(movement)
    assert (kept.state, kept.moved, kept.bank_reference, kept.confirmed_by) == (
        State.CONFIRMED,
        eur(95_00),
        "their 1",
        None,
    )
    assert [type(fact) for fact in heard] == [MovementConfirmed]


def test_a_gateway_that_refuses_fails_it(app: Flask, processor: Processor, heard: list[object]) -> None:
    processor.answer = lambda _: Refused("The account is closed.")
    movement = with_processor()
    work(processor)
    assert (now_of(movement).state, now_of(movement).failure) == (State.FAILED, "The account is closed.")
    assert [type(fact) for fact in heard] == [MovementFailed]
    assert work(processor) == 0


def test_an_answer_that_was_lost_is_looked_up_before_anything_is_tried_again(app: Flask, processor: Processor) -> None:
    processor.loses_answers = True
    movement = with_processor()
    assert work(processor) == 1
    assert now_of(movement).state == State.INTENDED
    assert work(processor) == 0, "it is this worker's until his time has run out"
    clock.move(LEASE)
    assert work(processor) == 1
    assert processor.heard == [("pay_out", "order:7"), ("look_up", "order:7")]
    assert now_of(movement).state == State.ASKED


def test_a_no_is_looked_into_for_a_client_asks_again_by_itself(app: Flask, processor: Processor) -> None:
    """What it asked first was done, its answer was lost, and the key forgotten since: the no is to the second time."""
    movement = with_processor()

    def answer(instruction: Instruction) -> Outcome:
        processor.carried_out[instruction.key] = Done("their 1")
        return Refused("The money is gone already.")

    processor.tell = answer
    work(processor)
    assert (now_of(movement).state, now_of(movement).bank_reference) == (State.CONFIRMED, "their 1")
    assert processor.heard == [("pay_out", "order:7"), ("look_up", "order:7")]


def test_a_no_that_cannot_be_looked_into_is_concluded_from_later(app: Flask, processor: Processor) -> None:
    movement = with_processor()

    def answer(_instruction: Instruction) -> Outcome:
        processor.is_down = True
        return Refused("The money is gone already.")

    processor.tell = answer
    work(processor)
    assert now_of(movement).state == State.INTENDED
    processor.is_down = False
    processor.tell = lambda _instruction: Refused("The money is gone already.")
    clock.move(LEASE)
    work(processor)
    assert (now_of(movement).state, now_of(movement).failure) == (State.FAILED, "The money is gone already.")


def test_what_never_arrived_is_sent_again_under_the_same_key(app: Flask, processor: Processor) -> None:
    processor.is_down = True
    movement = with_processor()
    work(processor)
    processor.is_down = False
    clock.move(LEASE)
    work(processor)
    assert processor.heard == [("look_up", "order:7"), ("pay_out", "order:7")]
    assert now_of(movement).state == State.ASKED


def test_a_worker_killed_before_he_asked_loses_nothing(app: Flask, processor: Processor) -> None:
    movement = with_processor()
    assert asking._take_on(["processor"]) is not None  # and then the power goes
    assert work(processor) == 0
    clock.move(LEASE)
    assert work(processor) == 1
    assert now_of(movement).state == State.ASKED
    assert list(processor.carried_out) == ["order:7"]


def test_a_gateway_that_stays_silent_is_asked_ever_more_rarely(app: Flask, processor: Processor) -> None:
    processor.is_down = True
    movement = with_processor()
    waits = []
    for _ in range(8):
        assert work(processor) == 1
        due_at = now_of(movement).due_at
        assert due_at is not None
        waits.append((due_at - clock.now()) / LEASE)
        clock.move(due_at - clock.now() + timedelta(seconds=1))
    most = [1, 2, 4, 8, 16, 32, 32, 32]
    assert all(0.85 * longest <= wait <= longest for wait, longest in zip(waits, most, strict=True)), waits
    assert [each.id for each in queries.stuck()] == [movement.id]


def test_who_comes_back_too_late_writes_nothing(app: Flask, processor: Processor, heard: list[object]) -> None:
    movement = with_processor()
    slow = asking._take_on(["processor"])
    assert slow is not None
    clock.move(LEASE)
    work(processor)
    asking._write_down(slow, Refused("timed out"))
    assert now_of(movement).state == State.ASKED
    assert heard == []


def test_the_outcome_of_one_try_is_not_taken_for_another_s(app: Flask, processor: Processor) -> None:
    movement = with_processor(key="order:7:payout:seller:9")
    slow = asking._take_on(["processor"])
    assert slow is not None
    service.fail(movement_id=movement.id, by=None, reason="Refused.")
    again = with_processor(key="order:7:payout:seller:10")
    asking._write_down(slow, Done("of the first try"))
    assert (now_of(movement).state, now_of(again).state) == (State.FAILED, State.INTENDED)
    work(processor)
    assert processor.heard == [("pay_out", "order:7:payout:seller:10")]


def test_one_that_cannot_be_asked_does_not_hold_up_the_others(app: Flask, processor: Processor) -> None:
    processor.answer = lambda instruction: Done("ok") if instruction.key == "second" else _broken()
    first, second = with_processor(key="first"), with_processor(key="second")
    assert work(processor) == 2
    assert (now_of(first).state, now_of(second).state) == (State.INTENDED, State.CONFIRMED)


def _broken() -> Outcome:
    raise KeyError("an adapter's own fault")


def test_a_worker_asks_no_more_than_he_is_told_to(app: Flask, processor: Processor) -> None:
    for number in range(3):
        with_processor(key=f"order:{number}")
    assert queries.to_ask(clock.now()).due == 3
    assert work(processor, limit=2) == 2
    assert work(processor, limit=2) == 1
    assert queries.to_ask(clock.now()).due == 0


def test_many_workers_ask_for_each_movement_once(app: Flask, processor: Processor) -> None:
    keys = [f"order:{number}" for number in range(30)]
    for key in keys:
        with_processor(key=key)
    assert at_once(app, *[lambda: work(processor, limit=30)] * 8) == []
    work(processor)  # what one of them could not see while another held it
    assert sorted(key for _verb, key in processor.heard) == sorted(keys)
