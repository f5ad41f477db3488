"""The books are added to, each transfer once, and a mistake is taken back by another transfer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import audit, queries, rules, service
from marketplace.ledger.models import Head, Transfer
from marketplace.ledger.rules import BEFORE_THE_FIRST, Move
from marketplace.ledger.service import ReferenceTaken
from tests.at_once import at_once
from tests.factories.ledger import NOON, a_transfer, eur, paid_in, released


def numbers(group_id: int) -> list[int]:
    return list(db.session.scalars(select(Transfer.number).where(Transfer.group_id == group_id).order_by(Transfer.id)))


def test_what_is_posted_stands_on_both_accounts(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    a_transfer(released(95_00, 5_00))
    accounts = [rules.gateway(1), rules.escrow(7), rules.payable(1, 2), rules.fees(1)]
    assert list(queries.balances(accounts, "EUR").values()) == [eur(100_00), eur(0), eur(95_00), eur(5_00)]


def test_without_moves_nothing_is_posted(app: Flask) -> None:
    assert service.post(group_id=1, moves=[], reference="order:7:nothing", memo="", at=NOON) is None
    assert audit.count() == 0


def test_each_group_has_a_chain_of_its_own(app: Flask) -> None:
    first, other = a_transfer(group_id=1, order_id=7), a_transfer(group_id=2, order_id=8)
    second = a_transfer(group_id=1, order_id=7)
    assert numbers(1) == [1, 2]
    assert numbers(2) == [1]
    assert first.previous_hash == other.previous_hash == BEFORE_THE_FIRST
    assert second.previous_hash == first.hash
    head = db.session.get_one(Head, 1)
    assert (head.number, head.hash, head.currency) == (2, second.hash, "EUR")


def test_posting_twice_is_posting_once(app: Flask) -> None:
    first = a_transfer(reference="order:7:hold")
    again = a_transfer(reference="order:7:hold", at=NOON + timedelta(days=1))
    assert again.id == first.id
    assert again.posted_at == NOON
    assert queries.balance(rules.escrow(7), "EUR") == eur(100_00)


@pytest.mark.parametrize(
    "otherwise",
    [
        {"moves": paid_in(100_01)},
        {"moves": [*paid_in(), *paid_in()]},
        {"memo": "Something else"},
        {"order_id": 8, "moves": paid_in()},
        {"group_id": 2},
    ],
    ids=str,
)
def test_a_reference_stands_for_one_thing(app: Flask, otherwise: dict[str, object]) -> None:
    a_transfer(reference="order:7:hold")
    with pytest.raises(ReferenceTaken):
        a_transfer(reference="order:7:hold", **otherwise)  # type: ignore[arg-type]
    assert audit.count() == 1


def test_what_is_posted_goes_with_what_caused_it(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        a_transfer()
        raise ZeroDivisionError
    a_transfer()
    assert numbers(1) == [1]
    assert list(audit.findings()) == []


def test_several_transfers_of_one_unit_of_work_follow_each_other(app: Flask) -> None:
    with unit_of_work():
        a_transfer()
        a_transfer(released())
        a_transfer(group_id=2, order_id=8)
    assert numbers(1) == [1, 2]
    assert list(audit.findings()) == []


def test_a_group_s_books_are_in_one_currency(app: Flask) -> None:
    a_transfer()
    with pytest.raises(ValueError, match="are in EUR, not in USD"):
        a_transfer([Move(rules.gateway(1), rules.escrow(9), Money(100, "USD"))])


def test_a_mistake_is_taken_back_by_another_transfer(app: Flask) -> None:
    mistake = a_transfer(released(95_00, 5_00), memo="Released")
    undone = service.reverse(mistake, reference="order:7:release:undone", at=NOON)
    assert undone.reverses == mistake.number
    assert undone.order_id == mistake.order_id
    assert undone.memo == "Taken back: Released"
    assert not any(queries.balances([rules.escrow(7), rules.payable(1, 2), rules.fees(1)], "EUR").values())
    assert list(audit.findings()) == []


def test_a_mistake_is_taken_back_once(app: Flask) -> None:
    mistake = a_transfer()
    undone = service.reverse(mistake, reference="undone", at=NOON)
    assert service.reverse(mistake, reference="undone", at=NOON).id == undone.id
    with pytest.raises(ReferenceTaken):
        service.reverse(mistake, reference="undone again", at=NOON)
    with pytest.raises(ReferenceTaken):
        service.reverse(a_transfer(), reference="undone", at=NOON)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_transfers SET memo = 'something else'",
        "DELETE FROM ledger_transfers",
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_heads SET number = 0",
        "UPDATE ledger_heads SET number = number + 2",
        "UPDATE ledger_heads SET currency = 'USD', number = number + 1",
        "DELETE FROM ledger_heads",
    ],
)
def test_the_database_refuses_to_change_the_books(app: Flask, statement: str) -> None:
    a_transfer()
    with pytest.raises(DBAPIError, match="the books are only added to"), unit_of_work():
        db.session.execute(text(statement))
    assert list(audit.findings()) == []


TABLES = ["ledger_transfers", "ledger_entries", "ledger_heads"]


@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_to_empty_or_replace_the_books(app: Flask, database: str, table: str) -> None:
    a_transfer()
    statement = {
        "postgresql": f"TRUNCATE {table} CASCADE",
        "sqlite": f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    }
    with pytest.raises(DBAPIError, match="the books are only added to"), unit_of_work():
        db.session.execute(text(statement[database]))
    assert audit.count() == 1


def test_sixteen_who_post_at_once_leave_unbroken_chains(app: Flask) -> None:
    rounds = 12

    def post_some(writer: int) -> None:
        for turn in range(rounds):  # half of them all in group 1, the others spread over three groups
            group_id = 1 if writer % 2 else 2 + turn % 3
            a_transfer(group_id=group_id, order_id=group_id * 100, reference=f"writer:{writer}:{turn}")

    assert at_once(app, *(lambda writer=writer: post_some(writer) for writer in range(16))) == []
    assert list(audit.findings()) == []
    assert numbers(1) == list(range(1, 8 * rounds + 1))
    assert sum(len(numbers(group_id)) for group_id in (2, 3, 4)) == 8 * rounds


def test_two_who_post_the_same_at_once_post_it_once(app: Flask) -> None:
    assert at_once(app, *[lambda: a_transfer(reference="order:7:hold")] * 8) == []
    assert numbers(1) == [1]
    assert queries.balance(rules.escrow(7), "EUR") == eur(100_00)
