"""A member's statement of a month is what the books say of his own account, no more and no less."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings, strategies as st

from marketplace.accounts.models import Person
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.statements import Statement, first_line_at, statement_of
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import fees, month_of, payable
from tests.escrow.test_gateway_news import (
    a_card_order,
    a_paid_out_order,
    claims,
    decides,
    goes,
    is_lost,
    is_won,
    to_release,
)
from tests.factories.debts import a_debt
from tests.factories.escrow import an_order, comes, fresh, is_asked_back, lapse, pay_out, release, rule
from tests.factories.groups import a_group, a_member

START, END = datetime.fromisoformat("2020-01-01T00:00Z"), datetime.fromisoformat("2090-01-01T00:00Z")


def of(group: Group, person: Person | int, month: tuple[datetime, datetime] = (START, END)) -> Statement:
    person_id = person if isinstance(person, int) else person.id
    return statement_of(group.id, person_id, group.currency, month)


def test_a_sale_shows_what_the_buyer_paid_the_fee_and_what_is_the_seller_s(app: Flask) -> None:
    group = a_group()
    order = an_order(State.CLOSED, group=group)  # hammer 132.00, shipping 10.00, fee 5 %
    statement = of(group, order.seller_id)
    sale, payout = statement.lines
    assert (sale.gross.minor, sale.fee.minor, sale.row.came.minor) == (142_00, 6_60, 135_40)
    assert sale.order is not None
    assert sale.order.id == order.id
    assert (payout.row.went.minor, payout.row.balance.minor) == (135_40, 0)
    assert payout.bank_reference
    assert (statement.opening.minor, statement.came.minor, statement.went.minor, statement.closing.minor) == (
        0, 135_40, 135_40, 0,
    )  # fmt: skip


def test_a_buyer_s_refund_bears_no_fee(app: Flask) -> None:
    group = a_group()
    order = an_order(State.DISPUTED, group=group)
    rule(order, Action.REFUND)
    statement = of(group, order.buyer_id)
    assert [(line.row.came.minor, line.fee.minor) for line in statement.lines] == [(142_00, 0)]
    assert of(group, order.seller_id).lines == ()


def test_of_a_split_each_has_his_part(app: Flask) -> None:
    group = a_group()
    order = an_order(State.DISPUTED, group=group)
    rule(order, Action.DIVIDE, 42_00)
    (mine,) = of(group, order.seller_id).lines
    assert (mine.gross.minor, mine.fee.minor) == (100_00, 132_00 * 5 // 100 * 100_00 // 142_00)
    (his,) = of(group, order.buyer_id).lines
    assert (his.row.came.minor, his.fee.minor) == (42_00, 0)


def test_months_follow_from_each_other_in_the_group_s_own_time(app: Flask) -> None:
    group = a_group(time_zone="Europe/Vienna")
    order = an_order(State.INSPECTING, group=group)
    release(order)
    released = fresh(order).since
    first = month_of(released.astimezone().date(), group.time_zone)
    with clock.at(first[1] + timedelta(hours=1)):
        lapse()
        pay_out(order, Party.SELLER)
    second = month_of((first[1] + timedelta(days=5)).date(), group.time_zone)
    before, after = of(group, order.seller_id, first), of(group, order.seller_id, second)
    assert before.closing == after.opening == before.came
    assert after.closing.minor == 0
    assert [line.row.went.minor for line in after.lines] == [135_40]
    assert first_line_at(group.id, order.seller_id) == before.lines[0].row.at


def test_another_group_s_money_is_in_another_statement(app: Flask) -> None:
    here, there = a_group(), a_group()
    seller = a_member(here)
    order = an_order(State.PAYING_OUT, group=here, seller=seller)
    assert len(of(here, seller).lines) == 1
    assert of(there, seller).lines == ()
    assert of(here, order.buyer_id).lines == ()


ENDS = st.lists(
    st.tuples(st.sampled_from(["release", "refund", "divide", "leave"]), st.integers(1, 141_99), st.booleans()),
    min_size=1, max_size=4,
)  # fmt: skip


@pytest.mark.one_database
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=ENDS)
def test_the_sums_are_those_of_the_books(app: Flask, ends: list[tuple[str, int, bool]]) -> None:
    """Of every member, whatever became of his orders."""
    group = a_group()
    seller, buyer = a_member(group), a_member(group)
    for how, minor, is_paid_out in ends:
        order = an_order(State.DISPUTED, group=group, seller=seller, buyer=buyer)
        if how != "leave":
            actions = {"release": Action.RELEASE, "refund": Action.REFUND, "divide": Action.DIVIDE}
            rule(order, actions[how], minor if how == "divide" else None)
        if how != "leave" and is_paid_out:
            payees = {"release": [Party.SELLER], "refund": [Party.BUYER], "divide": [Party.SELLER, Party.BUYER]}
            lapse()
            pay_out(order, *payees[how])
    kept = 0
    for person in (seller, buyer):
        statement = of(group, person)
        assert statement.closing == ledger.balance(payable(group.id, person.id), "EUR")
        assert [line.row.balance for line in statement.lines][-1:] in ([], [statement.closing])
        kept += statement.fees.minor
    assert kept == ledger.balance(fees(group.id), "EUR").minor


def test_of_a_part_that_a_bank_leaves_only_what_it_took_is_called_taken(app: Flask) -> None:
    """It took held money, which was nobody's yet; what it left is the seller's, and pays what he owes."""
    order = a_card_order()
    comes(order)
    seller = db.session.get_one(Person, order.seller_id)
    a_debt(db.session.get_one(Group, order.group_id), seller, 30_00)
    claims(order, "dp_part", 60_00)
    decides(order, "dp_part", 60_00, won=False)
    statement = of(db.session.get_one(Group, order.group_id), seller)
    assert (statement.set_off.minor, statement.taken.minor, statement.paid_out.minor) == (30_00, 0, 0)
    assert statement.closing.minor == statement.yours.minor - 30_00 > 0


def test_what_was_taken_back_and_paid_again_became_the_seller_s_once(app: Flask) -> None:
    order = a_paid_out_order()
    is_asked_back(order, fee=0)
    goes(order)
    is_won(order)
    goes(order)
    statement = of(db.session.get_one(Group, order.group_id), order.seller_id)
    his = 142_00 - 6_60 - 4_50
    assert (statement.yours.minor, statement.came_back.minor, statement.paid_out.minor) == (his, his, 2 * his)
    assert [line.yours.minor for line in statement.lines] == [his, 0, 0, 0]
    assert statement.closing.minor == 0


def test_what_a_bank_took_was_not_paid_out_to_the_seller(app: Flask) -> None:
    order = a_card_order()
    to_release(order)
    is_asked_back(order, fee=0)
    is_lost(order)
    statement = of(db.session.get_one(Group, order.group_id), order.seller_id)
    assert (statement.paid_out.minor, statement.taken.minor) == (0, statement.yours.minor)
    assert statement.closing.minor == 0
