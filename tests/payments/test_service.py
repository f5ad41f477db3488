"""A movement from the intent to the outcome, whoever brings the news."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.payments import queries, service
from marketplace.payments.asking import ask_gateways
from marketplace.payments.events import MovementBounced, MovementConfirmed, MovementFailed
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State
from marketplace.payments.service import KeyTaken
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.payments import a_movement, eur

pytestmark = pytest.mark.usefixtures("heard")


def state_of(movement: Movement) -> State:
    return State(queries.movement(movement.id).state)


def asked(kind: Kind = Kind.PAYOUT, **how: object) -> Movement:
    """A movement that stands in the treasurer's queue."""
    movement = a_movement(kind, **how)  # type: ignore[arg-type]
    ask_gateways()
    assert state_of(movement) is State.ASKED
    return movement


def deeds() -> list[str]:
    return list(db.session.scalars(select(AuditLine.what).order_by(AuditLine.id)))


def test_the_same_intent_twice_is_one_movement(app: Flask) -> None:
    marta = a_person()
    first = a_movement(person_id=marta.id, key="order:7:payout:seller")
    assert a_movement(person_id=marta.id, key="order:7:payout:seller").id == first.id
    with pytest.raises(KeyTaken):
        a_movement(Kind.PAYOUT, eur(95_01), person_id=marta.id, key="order:7:payout:seller")
    assert db.session.scalar(select(func.count()).select_from(Movement)) == 1


def test_an_intent_is_kept_with_what_caused_it_or_not_at_all(app: Flask) -> None:
    marta = a_person()
    with pytest.raises(ZeroDivisionError), unit_of_work():
        a_movement(person_id=marta.id)
        raise ZeroDivisionError
    assert ask_gateways() == 0


@pytest.mark.parametrize("minor", [0, -5])
def test_nobody_intends_to_move_nothing(app: Flask, minor: int) -> None:
    with pytest.raises(IntegrityError):
        a_movement(Kind.PAYOUT, eur(minor))


def test_a_treasurer_confirms_what_he_paid(app: Flask, heard: list[object]) -> None:
    seller, treasurer = a_person("Marta"), a_person("Theo")
    movement = asked(person_id=seller.id, key="order:7:payout:seller")
    service.confirm(movement_id=movement.id, by=treasurer.id, bank_reference="SEPA 4711", proof_key="proofs/1")
    kept = queries.movement(movement.id)
    assert (kept.state, kept.moved, kept.bank_reference, kept.proof_key) == (
        State.CONFIRMED,
        eur(95_00),
        "SEPA 4711",
        "proofs/1",
    )
    assert kept.confirmed_by == treasurer.id
    assert kept.confirmed_at is not None
    assert heard == [
        MovementConfirmed(
            movement_id=movement.id,
            group_id=1,
            kind=Kind.PAYOUT,
            amount=eur(95_00),
            person_id=seller.id,
            purpose="order:7:payout",
            order_id=7,
            key="order:7:payout:seller",
            gateway="treasurer",
            by=treasurer.id,
        )
    ]
    assert deeds() == ["confirm movement"]


def test_a_double_click_confirms_once(app: Flask, heard: list[object]) -> None:
    movement, theo = asked(), a_person("Theo")
    for _ in range(2):
        service.confirm(movement_id=movement.id, by=theo.id, bank_reference="SEPA 4711")
    with pytest.raises(RuleBroken, match="confirmed already"):
        service.confirm(movement_id=movement.id, by=theo.id, bank_reference="SEPA 4712")
    assert len(heard) == 1


def test_two_officers_who_confirm_at_once_confirm_once(app: Flask, heard: list[object]) -> None:
    movement, officers = asked(), [a_person(name) for name in ("Theo", "Oda", "Ruth", "Kim")]

    def confirm(officer_id: int) -> None:
        service.confirm(movement_id=movement_id, by=officer_id, bank_reference=f"SEPA {officer_id}")

    movement_id, ids = movement.id, [officer.id for officer in officers]
    failures = at_once(app, *(lambda officer_id=officer_id: confirm(officer_id) for officer_id in ids))
    assert [type(failure) for failure in failures] == [RuleBroken] * 3
    assert len(heard) == 1


@pytest.mark.parametrize("minor", [50_00, 120_00])
def test_what_came_in_may_be_less_or_more_than_was_asked_for(app: Flask, heard: list[object], minor: int) -> None:
    movement = asked(Kind.COLLECT, amount=eur(95_00))
    service.confirm(movement_id=movement.id, by=a_person().id, bank_reference="x", amount=eur(minor))
    [fact] = heard
    assert isinstance(fact, MovementConfirmed)
    assert fact.amount == eur(minor)


def test_what_leaves_is_exact(app: Flask, heard: list[object]) -> None:
    movement = asked()
    with pytest.raises(RuleBroken, match="Exactly"):
        service.confirm(movement_id=movement.id, by=a_person().id, bank_reference="x", amount=eur(94_00))
    assert state_of(movement) is State.ASKED
    assert heard == []


def test_news_of_the_gateway_may_come_before_our_own_note_that_we_asked(app: Flask, heard: list[object]) -> None:
    movement = a_movement()
    service.confirm(movement_id=movement.id, by=None, bank_reference="their 1")
    assert ask_gateways() == 0
    assert state_of(movement) is State.CONFIRMED


def test_what_failed_is_said_once_with_its_reason(app: Flask, heard: list[object]) -> None:
    movement, theo = asked(), a_person("Theo")
    for _ in range(2):
        service.fail(movement_id=movement.id, by=theo.id, reason="The account does not exist.")
    assert [(type(fact), fact.reason) for fact in heard] == [(MovementFailed, "The account does not exist.")]  # type: ignore[attr-defined]
    assert queries.movement(movement.id).failure == "The account does not exist."


def test_a_payout_that_came_back_keeps_what_was_said_of_it(app: Flask, heard: list[object]) -> None:
    movement, theo = asked(), a_person("Theo")
    service.confirm(movement_id=movement.id, by=theo.id, bank_reference="SEPA 4711", proof_key="proofs/1")
    service.bounce(movement_id=movement.id, by=theo.id, reason="The bank sent it back.")
    kept = queries.movement(movement.id)
    assert (kept.state, kept.moved, kept.failure) == (State.FAILED, None, "The bank sent it back.")
    assert (kept.bank_reference, kept.proof_key, kept.confirmed_by) == ("SEPA 4711", "proofs/1", theo.id)
    assert [type(fact) for fact in heard] == [MovementConfirmed, MovementBounced]
    assert deeds() == ["confirm movement", "bounce movement"]


def test_money_that_is_no_longer_asked_for_leaves_the_queue(app: Flask, heard: list[object]) -> None:
    movement = asked(Kind.COLLECT)
    for _ in range(2):
        service.withdraw(movement_id=movement.id, by=None)
    assert list(queries.to_do(1)) == []
    assert heard == []


def test_money_that_comes_late_is_confirmed_all_the_same(app: Flask, heard: list[object]) -> None:
    movement = asked(Kind.COLLECT)
    service.withdraw(movement_id=movement.id, by=None)
    service.confirm(movement_id=movement.id, by=a_person().id, bank_reference="late")
    assert [type(fact) for fact in heard] == [MovementConfirmed]


def test_a_payout_is_never_just_dropped(app: Flask) -> None:
    movement = asked()
    with pytest.raises(RuleBroken, match="on its way"):
        service.withdraw(movement_id=movement.id, by=None)


def test_a_payout_that_the_gateway_may_have_heard_of_is_not_withdrawn(app: Flask) -> None:
    movement = a_movement()
    with unit_of_work():
        db.session.get_one(Movement, movement.id).tries = 1
    with pytest.raises(RuleBroken, match="right now"):
        service.withdraw(movement_id=movement.id, by=None)


def test_there_is_no_movement_that_nobody_intended(app: Flask) -> None:
    with pytest.raises(NotFound):
        service.confirm(movement_id=404, by=None, bank_reference="x")
    with pytest.raises(NotFound):
        queries.movement(404)


def test_the_treasurer_s_queue_is_his_group_s_and_the_oldest_stands_first(app: Flask) -> None:
    first, second = a_movement(), a_movement(Kind.COLLECT)
    a_movement(group_id=2)
    assert list(queries.to_do(1)) == []
    assert ask_gateways() == 3
    assert [movement.id for movement in queries.to_do(1)] == [first.id, second.id]
    service.confirm(movement_id=first.id, by=a_person().id, bank_reference="x")
    assert [movement.id for movement in queries.to_do(1)] == [second.id]


def test_an_order_s_movements_are_found_together(app: Flask) -> None:
    mine, yours = a_movement(order_id=7), a_movement(order_id=8)
    a_movement(order_id=None)
    assert [movement.id for movement in queries.of_order(7)] == [mine.id]
    found = queries.of_orders([7, 8, 9])
    assert {order_id: [movement.id for movement in movements] for order_id, movements in found.items()} == {
        7: [mine.id],
        8: [yours.id],
        9: [],
    }
