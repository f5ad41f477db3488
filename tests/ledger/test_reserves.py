"""Once a day what is owed is sealed; each member's own money is in it, and nobody changes it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.ledger import audit, reserves, rules, service
from marketplace.ledger.models import DailyRoot
from marketplace.ledger.reserve_rules import BEFORE_THE_FIRST_ROOT, Node, examine
from marketplace.ledger.rules import Move
from tests.at_once import at_once
from tests.factories.ledger import NOON, a_transfer, eur, paid_in, released
from tests.ledger.test_audit import change


def taken_on(days: int) -> DailyRoot:
    with clock.at(NOON + timedelta(days=days)):
        root = reserves.take_root(group_id=1)
    assert root is not None
    return root


def found() -> list[tuple[str, str]]:
    return [(each.what, each.sentence) for each in reserves.root_findings()]


def queries_of(read: Callable[[], object]) -> int:
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return sum(statement.startswith("SELECT") for statement in asked)


def test_a_root_holds_all_that_is_owed_and_what_is_held(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    a_transfer(released())
    a_transfer(paid_in(40_00, order_id=8), order_id=8)
    root = taken_on(1).root()
    assert (root.owed, root.held, root.elsewhere, root.number) == (eur(140_00), eur(140_00), eur(0), 3)
    accounts = {rules.payable(1, 2), rules.escrow(8), rules.escrow(7), rules.deposit(1, 2)}
    proven = reserves.proven(1, accounts)
    assert proven is not None
    assert {proof.leaf.account: proof.leaf.minor for proof in proven.proofs} == {
        "payable:1:2": 95_00,
        "escrow:8": 40_00,
    }
    assert examine(proven.taken.root(), proven.taken.seal, proven.proofs) == []
    assert found() == []


def test_what_comes_later_changes_no_earlier_root(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    first = taken_on(1)
    a_transfer(released())
    second = taken_on(2)
    assert second.previous == first.seal
    assert first.previous == BEFORE_THE_FIRST_ROOT
    of_first = reserves.proven(1, {rules.escrow(7)}, day=first.day)
    assert of_first is not None
    assert [proof.leaf.minor for proof in of_first.proofs] == [100_00]
    assert examine(of_first.taken.root(), first.seal, of_first.proofs) == []
    assert examine(second.root(), second.seal, [], earlier=first.root()) == []
    assert [taken.day for taken in reserves.roots(1)] == [second.day, first.day]
    assert [taken.day for taken in reserves.roots(1, before=second.day)] == [first.day]


def test_the_duty_takes_one_root_a_day_for_each_group_with_books(app: Flask) -> None:
    a_transfer(group_id=1, order_id=7)
    a_transfer(paid_in(group_id=2, order_id=8), group_id=2, order_id=8)
    with clock.at(NOON):
        assert reserves.take_due_roots() == 2
        assert reserves.take_due_roots() == 0
    with clock.at(NOON + timedelta(days=1)):
        assert reserves.take_due_roots() == 2
    assert reserves.proven(3, set()) is None


def test_two_workers_take_it_once(app: Flask) -> None:
    a_transfer()
    taken = []
    deed = lambda: taken.append(reserves.take_root(group_id=1) is not None)  # noqa: E731 - one line, twice
    assert at_once(app, deed, deed) == []
    assert sorted(taken) == [False, True]


def test_losses_and_debts_of_others_are_said_to_be_elsewhere(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    a_transfer([Move(rules.losses(1), rules.gateway(1), eur(30_00))])
    root = taken_on(1).root()
    assert (root.owed, root.held, root.elsewhere) == (eur(100_00), eur(70_00), eur(30_00))
    assert root.agrees


@pytest.mark.parametrize("statement", ["UPDATE ledger_roots SET owed_minor = 1", "DELETE FROM ledger_roots"])
def test_the_database_itself_refuses_to_change_a_root(app: Flask, statement: str) -> None:
    a_transfer()
    taken_on(1)
    with pytest.raises(DBAPIError, match="only added to"), unit_of_work():
        db.session.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE ledger_roots SET held_minor = 1 WHERE day = '2030-01-03'", "was changed by hand"),
        ("DELETE FROM ledger_roots WHERE day = '2030-01-02'", "does not name the one before it"),
    ],
)
def test_a_root_changed_by_hand_is_named(app: Flask, statement: str, sentence: str) -> None:
    a_transfer()
    for days in (1, 2, 3):
        taken_on(days)
    change(statement)
    assert [what for what, _sentence in found()] == ["root"]
    assert sentence in found()[0][1]
    assert "2030-01-03" in found()[0][1]


def test_a_forged_root_is_not_what_the_books_owed(app: Flask) -> None:
    """Whoever seals a smaller sum anew is found by the books, and by whom the rest is owed to."""
    a_transfer(paid_in(100_00))
    root = taken_on(1).root()
    forged = replace(root, tree=Node("0" * 64, 60_00), held_minor=60_00).seal()
    change(
        "UPDATE ledger_roots SET tree_hash = :tree, owed_minor = 6000, held_minor = 6000, seal = :seal",
        tree="0" * 64, seal=forged,
    )  # fmt: skip
    assert "is not what the books held and owed then" in found()[0][1]
    proven = reserves.proven(1, {rules.escrow(7)})
    assert proven is not None
    assert examine(proven.taken.root(), forged, proven.proofs) == ["EUR 100.00 on escrow:7 are not in the root."]


def test_a_root_over_other_books_is_found(app: Flask) -> None:
    a_transfer()
    taken_on(1)
    change("UPDATE ledger_transfers SET hash = :hash", hash="0" * 64)
    assert "seals other books" in found()[0][1]
    assert list(audit.findings())


def test_what_is_held_cannot_be_passed_off_as_lying_elsewhere(app: Flask) -> None:
    """The sum is the same, and the seal is right: only the books know that nothing was lost."""
    a_transfer(paid_in(100_00))
    forged = replace(taken_on(1).root(), held_minor=60_00, elsewhere_minor=40_00)
    change("UPDATE ledger_roots SET held_minor = 6000, elsewhere_minor = 4000, seal = :seal", seal=forged.seal())
    assert forged.agrees
    assert "is not what the books held and owed then" in found()[0][1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET account = 'nonsense:1' WHERE account = 'escrow:7'",
        "UPDATE ledger_entries SET side = 'debit' WHERE account = 'escrow:7'",
        "DELETE FROM ledger_entries WHERE account IN ('gateway:1', 'escrow:7')",
    ],
)
def test_books_that_cannot_be_reckoned_are_named_and_keep_no_other_group_s_from_it(app: Flask, statement: str) -> None:
    a_transfer(paid_in(100_00))
    a_transfer(paid_in(group_id=2, order_id=8), group_id=2, order_id=8)
    with clock.at(NOON + timedelta(days=1)):
        assert reserves.take_due_roots() == 2
    change(statement)
    assert [sentence for _what, sentence in found()] == [
        "Group 1: the root of 2030-01-02 is not what the books held and owed then."
    ]


def test_no_root_hides_that_somebody_is_owed_less_than_nothing(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    a_transfer(released(120_00, fee=0))
    with pytest.raises(ValueError, match="no amount that is owed"):
        taken_on(1)
    with clock.at(NOON + timedelta(days=1, hours=2)):
        assert reserves.take_due_roots() == 0
        assert reserves.to_take(clock.now()).late == 1, "the operator's page shows it"


def test_books_without_a_transfer_have_no_root(app: Flask) -> None:
    with unit_of_work():
        service.lock(1, currency="EUR")
    assert reserves.take_root(group_id=1) is None


def test_the_audit_asks_as_much_of_forty_days_as_of_three(app: Flask) -> None:
    """And finds what is wrong in the oldest of them and in the newest."""
    for number in range(1, 4):
        a_transfer(paid_in(order_id=number), order_id=number)
        taken_on(number)
    assert queries_of(found) == 2
    for number in range(4, 41):
        a_transfer(paid_in(order_id=number), order_id=number)
        taken_on(number)
    assert queries_of(found) == 2
    assert found() == []
    change("UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE account = 'escrow:40'")
    assert [sentence[:32] for _what, sentence in found()] == ["Group 1: the root of 2030-02-10 "]
