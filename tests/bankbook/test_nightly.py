"""A group's bank is held against its books at night, too: what nobody has explained is an alarm until somebody has."""

from __future__ import annotations

from flask import Flask

from marketplace.kernel.database import db
from marketplace.payments import reconciling
from marketplace.payments.bank_reconciling import line_count, unexplained
from marketplace.payments.reconcile_models import Discrepancy
from tests.factories import bank
from tests.factories.groups import a_group


def found() -> list[Discrepancy]:
    reconciling.reconcile()
    db.session.rollback()
    return list(reconciling.discrepancies())


def test_a_line_that_nobody_explained_is_an_alarm_with_its_group(app: Flask) -> None:
    group = a_group()
    bank.kept(group, (-9, "From somebody", 12_00), (-1, "Somebody else", 5_00))
    first = found()
    assert len(first) == len(unexplained(group.id)) > 0
    line = next(row for row in first if "12.00" in row.about)
    assert (line.source, line.group_id, line.about.split(":")[0]) == ("treasurer", group.id, f"Group {group.id}")
    since = line.since
    assert [row.since for row in found() if "12.00" in row.about] == [since]


def test_two_alike_are_one_alarm_that_says_so(app: Flask) -> None:
    group = a_group()
    bank.kept(group, (-9, "Alike", 12_00), (-9, "Alike", 12_00), (-1, "Somebody else", 5_00))
    (both,) = [row for row in found() if "12.00" in row.about]
    assert both.about.endswith("(2 times)")


def test_the_command_says_it_and_ends_with_one(app: Flask) -> None:
    group = a_group()
    bank.kept(group, (-9, "From somebody", 12_00), (-1, "Somebody else", 5_00))
    said = app.test_cli_runner().invoke(args=["payments", "reconcile"])
    assert said.exit_code == 1
    assert f"Group {group.id}: EUR 12.00 went into the account" in said.output
    run = reconciling.last_run()
    assert run is not None
    assert run.line_count == line_count() == 2


def test_without_a_statement_there_is_nothing_to_hold_against(app: Flask) -> None:
    a_group()
    assert reconciling.reconcile_when_due() == 0
    assert reconciling.last_run() is None
    assert found() == []
