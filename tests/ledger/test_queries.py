"""What members and officers read in the books."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.kernel.errors import NotFound
from marketplace.ledger import queries, rules
from marketplace.ledger.rules import Chart, Move
from tests.factories.ledger import a_transfer, eur, paid_in, released

OCTOBER = datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def shown(found: queries.Statement) -> list[int]:
    return [transfer.number for transfer in found.transfers]


def test_an_account_nobody_posted_to_has_nothing(app: Flask) -> None:
    assert queries.balance(rules.fees(1), "EUR") == eur(0)
    assert queries.balances_of_group(1) == {}
    assert queries.balances_of_orders([7]) == {7: {}}


def test_what_the_group_has_and_owes(app: Flask) -> None:
    a_transfer(paid_in(100_00))
    a_transfer(released(95_00, 5_00))
    a_transfer([Move(rules.payable(1, 2), rules.gateway(1), eur(95_00))])
    a_transfer([Move(rules.losses(1), rules.guarantee_fund(1), eur(3_00))])
    a_transfer(group_id=2, order_id=8)
    assert queries.balances_of_group(1) == {
        "gateway:1": eur(5_00),
        "escrow:7": eur(0),
        "payable:1:2": eur(0),
        "fees:1": eur(5_00),
        "losses:1": eur(3_00),
        "guarantee_fund:1": eur(3_00),
    }
    assert queries.balances_of_group(2, Chart.GATEWAY) == {"gateway:2": eur(100_00)}


def test_what_is_held_stands_by_order(app: Flask) -> None:
    a_transfer(paid_in(100_00, order_id=7))
    a_transfer(paid_in(30_00, order_id=8), order_id=8)
    a_transfer(released(order_id=7))
    a_transfer(group_id=2, order_id=9)
    assert queries.held(1) == {8: eur(30_00)}


def test_what_is_owed_for_one_order_is_not_what_is_owed_for_another(app: Flask) -> None:
    for order_id in (7, 8):
        a_transfer(paid_in(100_00, order_id=order_id), order_id=order_id)
        a_transfer(released(95_00, 5_00, order_id=order_id), order_id=order_id)
    a_transfer([Move(rules.payable(1, 2), rules.gateway(1), eur(95_00))], order_id=7)
    assert queries.balance(rules.payable(1, 2), "EUR") == eur(95_00)
    of_orders = queries.balances_of_orders([7, 8])
    assert of_orders[7]["payable:1:2"] == eur(0)
    assert of_orders[8] == queries.balances_of_order(8)
    assert of_orders[8]["payable:1:2"] == eur(95_00)


def test_a_statement_is_read_page_by_page_newest_first(app: Flask) -> None:
    for _ in range(5):
        a_transfer()
    first = queries.statement(1, most=2)
    assert shown(first) == [5, 4]
    second = queries.statement(1, before=first.before, most=2)
    assert shown(second) == [3, 2]
    last = queries.statement(1, before=second.before, most=2)
    assert (shown(last), last.before) == ([1], None)
    assert [transfer.number for transfer in queries.every_transfer(1)] == [1, 2, 3, 4, 5]


def test_a_statement_ends_where_the_page_is_just_full(app: Flask) -> None:
    a_transfer()
    a_transfer()
    assert queries.statement(1, most=2).before is None


def test_a_statement_shows_what_one_asks_for(app: Flask) -> None:
    a_transfer(paid_in(100_00, order_id=7), order_id=7, at=OCTOBER)
    a_transfer(paid_in(50_00, order_id=8), order_id=8, at=NOVEMBER)
    a_transfer(released(95_00, 5_00, order_id=7), order_id=7, at=NOVEMBER)
    november = rules.month_of(NOVEMBER.date(), "UTC")
    assert shown(queries.statement(1, month=november)) == [3, 2]
    assert shown(queries.statement(1, month=rules.month_of(OCTOBER.date(), "UTC"))) == [1]
    assert shown(queries.statement(1, order_id=7)) == [3, 1]
    assert shown(queries.statement(1, chart=Chart.GATEWAY)) == [2, 1]
    assert shown(queries.statement(1, chart=Chart.GATEWAY, month=november, order_id=7)) == []
    assert shown(queries.statement(2)) == []
    assert [transfer.number for transfer in queries.every_transfer(1, month=november)] == [2, 3]
    assert [transfer.number for transfer in queries.transfers_of_order(7)] == [1, 3]


def test_a_transfer_is_found_by_its_number_in_the_group(app: Flask) -> None:
    posted = a_transfer(memo="Payment of Marta for lot 7")
    assert queries.transfer(1, 1).memo == posted.memo
    with pytest.raises(NotFound):
        queries.transfer(2, 1)
