"""A statement comes in once, however often it is sent, and a bad one leaves no trace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.bankbook import importing
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments import bank_reconciling
from marketplace.payments.bank_models import BankStatement
from marketplace.payments.bank_table_rules import Columns
from tests.factories.accounts import a_person
from tests.factories.bank import a_file, kept, lines_in, sent, today, treasurer_in
from tests.factories.groups import a_group, a_member
from tests.factories.together import at_once

DUES = (-3, "Dues", 10_00)
RENT = (-2, "Rent of the hall", -40_00)


def keep(statement: BankStatement, closing: Money | None = None) -> BankStatement:
    return importing.keep(
        statement_id=statement.id, by=statement.sent_by, group_id=statement.group_id, closing=closing
    )  # fmt: skip


def test_nothing_counts_before_it_is_kept(app: Flask) -> None:
    group = a_group()
    statement = sent(group, a_file(DUES, RENT))
    report = importing.report_on(statement)
    assert len(report.new) == 2 and report.trouble is None
    assert lines_in(group) == []
    kept_one = keep(statement)
    assert (kept_one.new_lines, kept_one.known_lines, kept_one.content) == (2, 0, None)
    assert (kept_one.first_day, kept_one.last_day) == (today(-3), today(-2))
    assert [(line.amount_minor, line.text, line.state) for line in lines_in(group)] == [
        (10_00, "Dues", "open"), (-40_00, "Rent of the hall", "open"),
    ]  # fmt: skip
    keep(statement)  # a double click
    assert len(lines_in(group)) == 2


def test_the_currency_stays_once_a_statement_is_kept(app: Flask) -> None:
    group = a_group()
    assert not group.currency_fixed
    kept(group, DUES, RENT, closing=70_00)
    db.session.rollback()
    assert db.session.get_one(Group, group.id).currency_fixed


def test_what_overlaps_is_added_once(app: Flask) -> None:
    group = a_group()
    kept(group, DUES, RENT)
    again = kept(group, DUES, DUES, RENT, (-1, "Dues", 10_00))
    assert (again.new_lines, again.known_lines) == (2, 2)
    assert len(lines_in(group)) == 4
    assert kept(group, DUES).new_lines == 0
    assert kept(a_group(), DUES).new_lines == 1  # another group's bank


def test_two_who_keep_the_same_file_at_once_add_its_lines_once(app: Flask) -> None:
    group = a_group()
    owner, treasurer = a_member(group, Role.OWNER), treasurer_in(group)
    files = [sent(group, a_file(DUES, DUES, RENT), by=person) for person in (owner, treasurer)]
    places = [(each.id, each.sent_by, each.group_id) for each in files]

    def keeping(place: tuple[int, int, int]) -> int:
        statement_id, by, group_id = place
        return importing.keep(statement_id=statement_id, by=by, group_id=group_id, closing=None).new_lines

    added = at_once(app, *[lambda place=place: keeping(place) for place in places])
    assert sorted(added) == [0, 3]
    assert len(lines_in(group)) == 3


def test_the_balance_is_that_of_the_file_unless_it_is_typed(app: Flask) -> None:
    group = a_group()
    assert kept(group, DUES, RENT, balance=100_00).closing_minor == 70_00
    assert kept(group, DUES, RENT, balance=100_00, closing=71_00).closing_minor == 71_00
    assert kept(group, DUES, RENT).closing_minor is None


def test_a_line_of_a_day_to_come_makes_no_statement_the_newest_for_years(app: Flask) -> None:
    group = a_group()
    kept(group, DUES, (400, "A slip of the pen", 5_00), closing=900_00)
    kept(group, DUES, RENT, closing=70_00)
    facts = bank_reconciling.facts_of(group.id)
    assert facts is not None and (facts.closing, facts.last_day) == (70_00, today(-2))


def test_a_form_sent_twice_is_one_file(app: Flask) -> None:
    group = a_group()
    by = treasurer_in(group).id
    content = a_file(DUES)
    sending = {"by": by, "group_id": group.id, "client_key": "key-of-the-page"}
    first = importing.send(content=content, **sending).id
    assert importing.send(content=content, **sending).id == first
    assert importing.send(content=a_file(RENT), **sending).id != first


@pytest.mark.parametrize("content", [b"", b"hello", b"Date;Amount\n", b'Date;Text;Amount\n2026-11-03;"x;1'])
def test_a_bad_file_is_refused_and_loses_nothing(app: Flask, content: bytes) -> None:
    group = a_group()
    kept(group, DUES)
    with pytest.raises(RuleBroken):
        sent(group, content)
    assert len(lines_in(group)) == 1


def test_a_row_that_cannot_be_read_keeps_the_whole_file_out(app: Flask) -> None:
    group = a_group()
    statement = sent(group, a_file(DUES) + f"\n{today()};Rent;forty".encode())
    with pytest.raises(RuleBroken, match="Row 3 cannot be read, so nothing was kept"):
        keep(statement)
    assert lines_in(group) == []


def test_a_file_that_could_be_read_in_two_ways_is_kept_once_it_is_said(app: Flask) -> None:
    group = a_group()
    statement = sent(group, b"Date;Text;Amount\n03/04/2026;Dues;10.00")
    with pytest.raises(RuleBroken, match="two ways"):
        keep(statement)
    columns = Columns(day=0, amount=2, texts=(1,), order="mdy")
    importing.choose_columns(statement_id=statement.id, by=statement.sent_by, group_id=group.id, columns=columns)
    keep(statement)
    assert [line.day.isoformat() for line in lines_in(group)] == ["2026-03-04"]
    # The next file with these names is read in the same way, without being asked.
    following = sent(group, b"Date;Text;Amount\n05/06/2026;Dues;10.00")
    assert not importing.report_on(following).reading.questions  # type: ignore[union-attr]


def test_columns_without_names_are_chosen(app: Flask) -> None:
    group = a_group()
    statement = sent(group, f"{today()};Dues;10,00".encode())
    assert importing.report_on(statement).trouble is not None
    with pytest.raises(RuleBroken):
        keep(statement)
    choose = {"statement_id": statement.id, "by": statement.sent_by, "group_id": group.id}
    with pytest.raises(RuleBroken) as refused:
        importing.choose_columns(columns=Columns(day=0, amount=7, texts=(1,)), **choose)
    assert refused.value.field == "day"
    importing.choose_columns(columns=Columns(day=0, amount=2, texts=(1,)), **choose)
    assert keep(statement).new_lines == 1
    with pytest.raises(RuleBroken, match="kept already"):
        importing.choose_columns(columns=Columns(day=0, amount=2, texts=(1,)), **choose)


def test_a_file_is_thrown_away_or_forgotten_after_a_day(app: Flask) -> None:
    group = a_group()
    thrown, forgotten, stays = (sent(group, a_file((-1, word, 1_00))) for word in ("a", "b", "c"))
    keep(stays)
    where = {"by": thrown.sent_by, "group_id": group.id}
    importing.throw_away(statement_id=thrown.id, **where)
    with pytest.raises(NotFound):
        importing.sent(thrown.id, **where)
    with pytest.raises(RuleBroken, match="kept already"):
        importing.throw_away(statement_id=stays.id, **where)
    clock.move(timedelta(hours=25))
    with pytest.raises(NotFound):
        importing.sent(forgotten.id, **where)
    assert importing.forget_old_statements() == 1
    assert importing.forget_old_statements() == 0
    assert importing.sent(stays.id, **where).new_lines == 1


def test_only_who_handles_money_sends_one_and_a_draft_is_his_alone(app: Flask) -> None:
    group = a_group()
    for person, refusal in (
        (a_member(group, Role.MODERATOR), NotAllowed), (a_member(group), NotAllowed), (a_person(), NotFound),
    ):  # fmt: skip
        with pytest.raises(refusal):
            sent(group, a_file(DUES), by=person)
    owner = a_member(group, Role.OWNER)
    statement = sent(group, a_file(DUES))
    with pytest.raises(NotFound):
        importing.sent(statement.id, by=owner.id, group_id=group.id)
    with pytest.raises(NotFound):
        importing.keep(statement_id=statement.id, by=owner.id, group_id=group.id, closing=None)
    keep(statement)
    assert importing.sent(statement.id, by=owner.id, group_id=group.id).new_lines == 1
    other = a_group(owner)
    with pytest.raises(NotFound):
        importing.sent(statement.id, by=owner.id, group_id=other.id)
