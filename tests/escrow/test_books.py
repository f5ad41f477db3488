"""The books say what is held for whom; the audit finds every order that says something else."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from marketplace.escrow import books, proving
from marketplace.escrow.books import Filter, Kind
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import service as ledger
from marketplace.ledger.rules import Move, escrow, gateway, payable
from marketplace.worker import ledger_audit, ledger_commands
from tests.factories.escrow import an_order, lapse, pay_out
from tests.factories.groups import a_group, a_member
from tests.factories.statements import statements


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def rows(group: Group, **wanted: object) -> list[books.Row]:
    db.session.rollback()
    return books.rows_of(group.id, "EUR", Filter(**wanted))  # type: ignore[arg-type]


def test_both_sides_are_summed_up_and_agree(app: Flask) -> None:
    group = a_group()
    an_order(State.HELD, group=group)
    an_order(State.SHIPPED, group=group, hammer=50_00)
    an_order(State.PAYING_OUT, group=group)
    an_order(State.CLOSED, group=group)
    an_order(State.HELD)
    found = books.balance_of(group.id, "EUR")
    assert found.agrees
    assert (found.held, found.held_for) == (eur(142_00 + 60_00), 2)
    assert (found.owed, found.owed_to) == (eur(135_40), 1)
    assert found.fees == eur(2 * 6_60)
    assert found.gateway == found.claims == eur(142_00 + 60_00 + 135_40 + 13_20)
    assert found.transfers == 1 + 1 + 2 + 3
    assert len(found.seal) == 64


def test_a_group_without_a_transfer_holds_and_owes_nothing(app: Flask) -> None:
    group = a_group()
    found = books.balance_of(group.id, "EUR")
    assert found.agrees and not found.assets and not found.transfers and not found.seal
    assert rows(group) == []
    assert books.first_posted_at(group.id) is None


def test_the_statement_runs_newest_first_with_what_lay_there_after_each(app: Flask) -> None:
    group = a_group()
    an_order(State.CLOSED, group=group)
    an_order(State.HELD, group=group, hammer=50_00)
    found = rows(group)
    assert [(row.came.minor, row.went.minor, row.balance.minor) for row in found] == [
        (60_00, 0, 66_60),
        (0, 135_40, 6_60),
        (0, 0, 142_00),
        (142_00, 0, 142_00),
    ]
    assert [row.line.action if row.line else None for row in found] == [
        "confirm_payment", "confirm_payout", "confirm_receipt", "confirm_payment",
    ]  # fmt: skip


def test_the_statement_is_read_on_by_number(app: Flask) -> None:
    group = a_group()
    for _ in range(3):
        an_order(State.HELD, group=group)
    first = books.rows_of(group.id, "EUR", Filter(), limit=2)
    then = books.rows_of(group.id, "EUR", Filter(), before=first[-1].number, limit=2)
    assert [row.number for row in [*first, *then]] == [3, 2, 1]
    assert [row.balance.minor for row in [*first, *then]] == [426_00, 284_00, 142_00]


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        (Kind.PAYMENTS, ["confirm_payment"]),
        (Kind.PAYOUTS, ["confirm_payout"]),
        (Kind.DECISIONS, ["confirm_receipt"]),
        (Kind.FEES, ["confirm_receipt"]),
    ],
)
def test_transfers_of_a_kind(app: Flask, kind: Kind, actions: list[str]) -> None:
    group = a_group()
    an_order(State.CLOSED, group=group)
    assert [row.line.action for row in rows(group, kind=kind) if row.line] == actions


def test_transfers_of_an_order_a_number_a_month_a_party(app: Flask) -> None:
    group = a_group()
    mine, other = an_order(State.CLOSED, group=group), an_order(State.HELD, group=group)
    assert {row.order_id for row in rows(group, order_id=mine.id)} == {mine.id}
    assert [row.number for row in rows(group, number=2)] == [2]
    assert {row.order_id for row in rows(group, party_id=other.buyer_id)} == {other.id}
    now = clock.now()
    assert len(rows(group, month=(now - timedelta(days=1), now + timedelta(days=1)))) == 4
    assert rows(group, month=(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC))) == []
    assert books.totals_of(group.id, "EUR", Filter(order_id=mine.id)) == (eur(142_00), eur(135_40))


def test_another_groups_books_are_not_shown(app: Flask) -> None:
    group = a_group()
    other = an_order(State.CLOSED)
    assert rows(group) == [] and rows(group, order_id=other.id) == []


def test_where_one_took_part_one_may_read_the_other_name(app: Flask) -> None:
    mine, other = an_order(State.HELD), an_order(State.HELD)
    assert list(books.took_part_in(mine.buyer_id, {mine.id, other.id})) == [mine.id]


# ---- The audit ----


def findings() -> list[tuple[str, str]]:
    db.session.rollback()
    return [(found.what, found.sentence) for found in proving.held_findings()]


def test_sound_books_have_no_findings_in_any_state(app: Flask) -> None:
    group = a_group()
    for state in State:
        an_order(state, group=group)
    assert findings() == []
    lapse()
    assert findings() == []


@pytest.mark.parametrize(
    "changes",
    [{"held_minor": 1}, {"held_minor": 0}, {"state": State.CANCELLED}, {"hammer_minor": 131_00}],
)
def test_an_order_that_was_changed_by_hand_is_named(app: Flask, changes: dict[str, object]) -> None:
    order = an_order(State.HELD)
    with unit_of_work():
        db.session.execute(update(Order).where(Order.id == order.id).values(**changes))
    what, sentence = findings()[0]
    assert what == "held" and f"Order {order.id} " in sentence


@pytest.mark.parametrize(
    ("state", "changes", "what", "says"),
    [
        (State.SHIPPED, {"state": State.INSPECTING}, "changed", "is inspecting, and by its history it is shipped"),
        (State.AWAITING_PAYMENT, {"state": State.CANCELLED}, "changed", "by its history it is awaiting_payment"),
        (State.AWAITING_PAYMENT, {"currency": "USD"}, "currency", "is in USD, and its group in EUR"),
        (State.CLOSED, {"paid_seller_minor": 135_39}, "paid", "paid its seller EUR 135.39 by its own row"),
        (State.CLOSED, {"paid_buyer_minor": 1}, "paid", "and EUR 0.00 by the books"),
    ],
)
def test_an_order_that_says_something_else_than_its_history_is_named(
    app: Flask, state: State, changes: dict[str, object], what: str, says: str
) -> None:
    order = an_order(state)
    with unit_of_work():
        db.session.execute(update(Order).where(Order.id == order.id).values(**changes))
    [(found, sentence)] = findings()
    assert found == what and f"Order {order.id} " in sentence and says in sentence


@pytest.mark.parametrize("side", ["buyer_id", "seller_id"])
def test_an_order_that_was_given_to_somebody_else_is_named(app: Flask, side: str) -> None:
    order = an_order(State.CLOSED)
    assert list(ledger_audit.party_findings()) == []
    stranger = a_member(db.session.get_one(Group, order.group_id))
    with unit_of_work():
        db.session.execute(update(Order).where(Order.id == order.id).values({side: stranger.id}))
    db.session.rollback()
    assert [found.what for found in ledger_audit.party_findings()] == ["party"]
    [(what, sentence)] = findings()
    assert what == "party" and f"of order {order.id} " in sentence


def test_many_orders_are_audited_with_as_many_queries_as_few(app: Flask) -> None:
    group = a_group()

    def count() -> int:
        with statements() as sent:
            assert findings() == []
        return len(sent)

    an_order(State.CLOSED, group=group)
    few = count()
    for _ in range(3):
        an_order(State.CLOSED, group=group)
    assert count() == few


@pytest.mark.one_database
@pytest.mark.parametrize(
    "assignment", ["state = 'foo'", "held_minor = 'abc'", "terms = '{'", "since = 'yesterday'", "hammer_minor = 1.5"]
)
def test_a_row_that_no_program_of_ours_could_write_is_named(app: Flask, assignment: str) -> None:
    """SQLite lets any value stand in any column."""
    order, other = an_order(State.HELD), an_order(State.HELD)
    order_id, other_id = order.id, other.id
    db.session.rollback()
    with closing(sqlite3.connect(str(db.engine.url.database))) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(f"UPDATE orders SET {assignment} WHERE id = ?", (order_id,))
        connection.execute("UPDATE orders SET held_minor = 1 WHERE id = ?", (other_id,))
    result = app.test_cli_runner().invoke(ledger_commands.ledger, ["verify", "--json"])
    report = json.loads(result.output)
    sentences = [each["sentence"] for each in report["findings"]]
    assert (result.exit_code, report["ok"]) == (1, False)
    assert f"Order {order_id} was changed by hand: its row cannot be read." in sentences
    assert any(f"Order {other_id} " in sentence for sentence in sentences)


def test_a_payable_that_no_order_explains_is_named(app: Flask) -> None:
    order = an_order(State.PAYING_OUT)
    with unit_of_work():
        db.session.execute(update(Order).where(Order.id == order.id).values(owed_seller_minor=1))
    ((what, sentence),) = findings()
    assert what == "owed" and payable(order.group_id, order.seller_id) in sentence


def test_money_held_for_an_order_that_is_not_there_is_named(app: Flask) -> None:
    group = a_group()
    member = a_member(group)
    for number, account in ((1, escrow(999)), (2, payable(group.id, member.id))):
        ledger.post(
            group_id=group.id, moves=[Move(gateway(group.id), account, eur(5))], reference=f"by hand {number}",
            memo="By hand", at=clock.now(),
        )  # fmt: skip
    assert sorted(what for what, _sentence in findings()) == ["held", "owed"]


def test_what_was_paid_out_is_not_owed_any_more(app: Flask) -> None:
    order = an_order(State.SPLIT)
    lapse()
    pay_out(order)
    assert findings() == []
