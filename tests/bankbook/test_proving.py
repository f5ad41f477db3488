"""Who changes by hand what was attested of, or what a line is matched with, is found."""

from __future__ import annotations

from datetime import UTC, date, datetime

from flask import Flask
from sqlalchemy import delete, update

from marketplace.bankbook import attesting, queries
from marketplace.bankbook.proving import bank_findings
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.payments.bank_models import BankLine, BankMatch
from marketplace.payments.models import Movement
from tests.factories.bank import kept, treasurer_in
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.ledger.test_audit import change


def found() -> list[str]:
    db.session.rollback()
    return [finding.what for finding in bank_findings()]


def test_a_line_that_was_matched_by_hand_in_the_database_is_found(app: Flask) -> None:
    order = an_order(State.HELD)
    group = db.session.get_one(Group, order.group_id)
    kept(group, (-1, order.reference, 142_00), (-1, "Dues", 3_00))
    assert found() == []
    for wrong, back in (
        (update(Movement).values(moved_minor=1_00), update(Movement).values(moved_minor=142_00)),
        (update(BankLine).values(difference_minor=5), update(BankLine).values(difference_minor=0)),
        (update(Movement).values(group_id=group.id + 1), update(Movement).values(group_id=group.id)),
    ):
        with unit_of_work():
            db.session.execute(wrong)
        assert "bank" in found()
        with unit_of_work():
            db.session.execute(back)
    with unit_of_work():
        db.session.execute(delete(BankMatch))
    assert found() == ["bank"]


def test_books_that_were_written_anew_do_not_bear_what_was_attested(app: Flask) -> None:
    group = a_group()
    a_member(group, Role.TREASURER)
    with clock.at(datetime(2026, 5, 20, tzinfo=UTC)):
        an_order(State.HELD, group=group)
    moderator = a_member(group, Role.MODERATOR)
    with clock.at(datetime(2026, 6, 3, tzinfo=UTC)):
        attesting.attest(
            by=moderator.id, group_id=group.id, month=date(2026, 5, 1), bank=Money(142_00, "EUR"), note=""
        )  # fmt: skip
    assert found() == []
    change("UPDATE ledger_entries SET amount_minor = 1")
    assert found() == ["attested"]
    change("UPDATE ledger_transfers SET hash = 'x'")
    assert found() == ["attested"]


def test_lines_are_read_on_from_page_to_page(app: Flask) -> None:
    group = a_group()
    kept(group, *[(-(number % 20) - 1, f"Dues {number}", 1_00 + number) for number in range(130)])
    by = treasurer_in(group).id
    first = queries.lines_of(group.id, by=by)
    second = queries.lines_of(group.id, by=by, before=first[queries.PAGE - 1].id)
    days = [line.day for line in first[: queries.PAGE] + second]
    assert (len(first), len(second)) == (queries.PAGE + 1, 30) and days == sorted(days, reverse=True)
