"""Whoever changes the books by hand is found out, and the row is named.

The hand is that of somebody who owns the database: he drops the triggers first.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from marketplace.kernel.database import db
from marketplace.ledger import audit, guards, rules
from marketplace.ledger.audit import Finding
from marketplace.ledger.models import Transfer
from marketplace.ledger.rules import Move
from marketplace.worker import ledger_commands
from tests.factories.ledger import a_transfer, eur, paid_in, released


def change(statement: str, **values: object) -> Any:
    """Run a statement by hand: no trigger asks, no foreign key holds. Gives what it returns first, if anything."""
    database = _sqlite() if db.engine.dialect.name == "sqlite" else _postgresql()
    with database as run:
        changed = run(statement, values)
    db.session.rollback()  # what was read before is of the past
    return changed


@contextmanager
def _postgresql() -> Iterator[Callable[[str, dict[str, object]], Any]]:
    with db.engine.begin() as connection:
        for table in guards.STATEMENTS:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))

        def run(statement: str, values: dict[str, object]) -> Any:
            result = connection.execute(text(statement), values)
            return result.scalar() if result.returns_rows else None

        yield run
        for table in guards.STATEMENTS:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))


@contextmanager
def _sqlite() -> Iterator[Callable[[str, dict[str, object]], Any]]:
    with closing(sqlite3.connect(str(db.engine.url.database))) as connection, connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in triggers:
            connection.execute(f"DROP TRIGGER {name}")

        def run(statement: str, values: dict[str, object]) -> Any:
            row = connection.execute(statement, values).fetchone()
            return row and row[0]

        yield run
        for _name, sql in triggers:
            connection.execute(sql)


def found() -> list[tuple[str, int | None, int | None, int | None]]:
    """What is found, as kind, group, number and row."""
    return [(each.what, each.group_id, each.number, each.transfer_id) for each in audit.findings()]


@pytest.fixture
def chain(app: Flask) -> list[Transfer]:
    """Five transfers of group 1, two of group 2."""
    for order_id in (8, 9):
        a_transfer(paid_in(50_00, group_id=2, order_id=order_id), group_id=2, order_id=order_id)
    mine = [a_transfer(), a_transfer(released()), *(a_transfer(order_id=order_id) for order_id in (11, 12, 13))]
    assert list(audit.findings()) == []
    return mine


@pytest.mark.parametrize(
    "assignment",
    [
        "memo = 'Payment refunded'",
        "reference = 'order:99:hold'",
        "order_id = 99",
        "order_id = NULL",
        "posted_at = '2029-12-31 23:59:59.000000'",
        "reverses = 1",
        f"hash = '{'a' * 64}'",
    ],
)
def test_a_transfer_that_was_changed_is_named(chain: list[Transfer], assignment: str) -> None:
    change(f"UPDATE ledger_transfers SET {assignment} WHERE group_id = 1 AND number = 3")
    assert ("changed", 1, 3, chain[2].id) in found()
    assert {number for _what, _group, number, _row in found()} <= {3, 4}


@pytest.mark.parametrize(
    "assignment", ["amount_minor = 1", "account = 'payable:1:66'", "side = 'credit'", "currency = 'USD'"]
)
def test_an_entry_that_was_changed_names_its_transfer(chain: list[Transfer], assignment: str) -> None:
    change(f"UPDATE ledger_entries SET {assignment} WHERE transfer_id = :row AND number = 1", row=chain[2].id)
    assert ("changed", 1, 3, chain[2].id) in found()


def test_sums_that_were_changed_on_both_sides_are_found(chain: list[Transfer]) -> None:
    change("UPDATE ledger_entries SET amount_minor = 99 WHERE transfer_id = :row", row=chain[3].id)
    assert found() == [("changed", 1, 4, chain[3].id)]


def test_debits_without_credits_are_found(chain: list[Transfer]) -> None:
    change("DELETE FROM ledger_entries WHERE transfer_id = :row AND number = 2", row=chain[3].id)
    assert ("unbalanced", 1, 4, chain[3].id) in found()


def test_entries_that_were_added_to_a_transfer_are_found(chain: list[Transfer]) -> None:
    add = "INSERT INTO ledger_entries (transfer_id, number, account, side, amount_minor, currency) VALUES "
    change(
        f"{add} (:row, 3, 'gateway:1', 'debit', 5, 'EUR'), (:row, 4, 'payable:1:66', 'credit', 5, 'EUR')",
        row=chain[0].id,
    )
    assert found() == [("changed", 1, 1, chain[0].id)]


def forge(transfer: Transfer) -> None:
    """Give a transfer the seal of what it now says."""
    seal = db.session.get_one(Transfer, transfer.id).page().seal(transfer.previous_hash)
    change("UPDATE ledger_transfers SET hash = :hash WHERE id = :row", hash=seal, row=transfer.id)


def test_a_forged_seal_does_not_fit_the_next_transfer(chain: list[Transfer]) -> None:
    change("UPDATE ledger_entries SET amount_minor = 1 WHERE transfer_id = :row", row=chain[2].id)
    forge(chain[2])
    assert found() == [("broken", 1, 4, chain[3].id)]
    assert "transfer 3" in next(audit.findings()).sentence


def test_a_forged_seal_of_the_last_transfer_does_not_fit_the_head(chain: list[Transfer]) -> None:
    change("UPDATE ledger_transfers SET memo = 'forged' WHERE id = :row", row=chain[4].id)
    forge(chain[4])
    assert found() == [("broken", 1, 5, chain[4].id)]


def cut(transfer: Transfer) -> None:
    row = transfer.id
    change("DELETE FROM ledger_entries WHERE transfer_id = :row", row=row)
    change("DELETE FROM ledger_transfers WHERE id = :row", row=row)


def test_a_transfer_that_was_taken_out_is_missed(chain: list[Transfer]) -> None:
    cut(chain[2])
    assert found() == [("missing", 1, 4, chain[3].id)]
    assert "transfer 3 is missing" in next(audit.findings()).sentence


def test_a_tail_that_was_cut_off_is_missed(chain: list[Transfer]) -> None:
    cut(chain[4])
    cut(chain[3])
    assert found() == [("missing", 1, 5, None)]
    assert "transfers 4 to 5 are missing at the end" in next(audit.findings()).sentence


def test_books_that_were_emptied_are_missed(chain: list[Transfer]) -> None:
    change("DELETE FROM ledger_entries")
    change("DELETE FROM ledger_transfers")
    assert found() == [("missing", 1, 5, None), ("missing", 2, 2, None)]


def test_entries_that_were_left_behind_are_found(chain: list[Transfer]) -> None:
    row = chain[4].id
    change("DELETE FROM ledger_transfers WHERE id = :row", row=row)
    assert found() == [("missing", 1, 5, None), ("orphan", None, None, row)]


def test_a_transfer_that_was_put_at_the_end_is_found(chain: list[Transfer]) -> None:
    """Even one whose seal is right: the head has not heard of it."""
    last, seal = chain[4], replace(chain[4].page(), number=6, reference="forged").seal(chain[4].hash)
    row = change(
        "INSERT INTO ledger_transfers (group_id, number, reference, memo, order_id, posted_at, previous_hash, hash) "
        "SELECT group_id, 6, 'forged', memo, order_id, posted_at, hash, :seal FROM ledger_transfers "
        "WHERE id = :last RETURNING id",
        seal=seal,
        last=last.id,
    )
    change(
        "INSERT INTO ledger_entries (transfer_id, number, account, side, amount_minor, currency) "
        "SELECT :row, number, account, side, amount_minor, currency FROM ledger_entries WHERE transfer_id = :last",
        row=row,
        last=last.id,
    )
    assert found() == [("unknown", 1, 6, row)]


def test_a_head_that_was_taken_away_is_missed(chain: list[Transfer]) -> None:
    change("DELETE FROM ledger_heads WHERE group_id = 1")
    assert found() == [("unknown", 1, 5, chain[4].id)]


def test_another_currency_is_found(chain: list[Transfer]) -> None:
    change("UPDATE ledger_heads SET currency = 'USD' WHERE group_id = 2")
    assert found() == [("currency", 2, None, None)]


def test_an_account_that_owes_less_than_nothing_is_found(chain: list[Transfer]) -> None:
    a_transfer([Move(rules.payable(1, 9), rules.gateway(1), eur(5_00))])
    assert found() == [("overdrawn", 1, None, None)]
    assert "payable:1:9 is EUR 5.00 below nothing" in next(audit.findings()).sentence


@pytest.mark.one_database
def test_what_no_program_of_ours_could_write_is_found_too(chain: list[Transfer]) -> None:
    """SQLite lets any value stand in any column."""
    change("UPDATE ledger_transfers SET posted_at = 'yesterday' WHERE id = :row", row=chain[0].id)
    change("UPDATE ledger_entries SET amount_minor = 'a lot' WHERE transfer_id = :row", row=chain[1].id)
    change("UPDATE ledger_entries SET account = 'pocket' WHERE transfer_id = :row", row=chain[2].id)
    assert [each[:3] for each in found()] == [("changed", 1, number) for number in (1, 2, 3)]


@pytest.mark.one_database
@pytest.mark.parametrize("column", ["number", "group_id"])
def test_a_transfer_without_a_place_is_named_and_the_others_are_audited(chain: list[Transfer], column: str) -> None:
    change(f"UPDATE ledger_transfers SET {column} = 'x' WHERE id = :row", row=chain[2].id)
    change("UPDATE ledger_transfers SET memo = 'forged' WHERE id = :row", row=chain[0].id)
    assert ("changed", chain[2].id) in {(what, row) for what, _group, _number, row in found()}
    assert {("changed", 1, 1, chain[0].id), ("missing", 1, 4, chain[3].id)} <= set(found())


@pytest.mark.one_database
def test_an_end_of_a_chain_that_is_no_number_is_named(chain: list[Transfer]) -> None:
    change("UPDATE ledger_heads SET number = 'x' WHERE group_id = 2")
    assert found() == [("changed", 2, None, None)]


def test_damage_in_one_group_accuses_no_other(chain: list[Transfer]) -> None:
    change("UPDATE ledger_transfers SET memo = 'forged' WHERE group_id = 2 AND number = 1")
    assert {group_id for _what, group_id, _number, _row in found()} == {2}


# ---- the command ----


def verify_command(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(ledger_commands.ledger, ["verify", *options])


@pytest.fixture(autouse=True)
def only_the_books(monkeypatch: pytest.MonkeyPatch) -> None:
    """These books are of no orders: what the floors above audit is tested there."""
    monkeypatch.setattr(ledger_commands, "EXTRA_CHECKS", ())


def test_sound_books_are_said_to_be_sound(app: Flask, chain: list[Transfer]) -> None:
    plain = verify_command(app)
    assert (plain.exit_code, plain.output) == (0, "The books are sound: 7 transfers.\n")
    machine = verify_command(app, "--json")
    assert json.loads(machine.output) == {"ok": True, "transfers": 7, "findings": []}


def test_the_command_names_the_row_and_fails(app: Flask, chain: list[Transfer]) -> None:
    change("UPDATE ledger_transfers SET memo = 'forged' WHERE id = :row", row=chain[2].id)
    machine = verify_command(app, "--json")
    report = json.loads(machine.output)
    assert machine.exit_code == 1
    assert (report["ok"], report["transfers"]) == (False, 7)
    [finding] = report["findings"]
    assert (finding["what"], finding["group_id"], finding["number"]) == ("changed", 1, 3)
    assert finding["transfer_id"] == chain[2].id
    plain = verify_command(app)
    assert plain.exit_code == 1
    assert f"transfer 3 (row {chain[2].id}) was changed by hand" in plain.output


def test_an_audit_that_cannot_go_on_is_a_finding_and_the_others_are_made(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("held", "Order 6 is shipped, and nothing is held for it.")
        raise ValueError("no such word")

    after = Finding("held", "Order 7 is shipped, and nothing is held for it.")
    monkeypatch.setattr(ledger_commands, "EXTRA_CHECKS", (broken, lambda: [after]))
    result = verify_command(app, "--json")
    assert result.exit_code == 1
    assert [each["what"] for each in json.loads(result.output)["findings"]] == ["held", "unreadable", "held"]


def test_other_floors_add_their_own_checks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_held = Finding("held", "Order 7 is shipped, and nothing is held for it.", group_id=1)
    monkeypatch.setattr(ledger_commands, "EXTRA_CHECKS", (lambda: [nothing_held],))
    result = verify_command(app)
    assert (result.exit_code, result.output) == (1, "Order 7 is shipped, and nothing is held for it.\n")
