"""Every member reads the group's books, and nobody else's name in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger import service as ledger
from marketplace.ledger.rules import BEFORE_THE_FIRST, Move, gateway, guarantee_fund
from marketplace.web.books import escaped
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def rows(text: str) -> list[str]:
    return re.findall(r"T-(\d{6}), seal", text)


def path_of(group: Group) -> str:
    return f"/g/{group.slug}/books"


def test_what_is_held_and_owed_stands_on_top_and_agrees(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    an_order(State.HELD, group=group)
    an_order(State.PAYING_OUT, group=group)
    page = client_of(a_member(group)).get(path_of(group)).text.replace("\u00a0", " ")
    assert "The two sides agree to the cent." in page
    assert "Held for 1 open order" in page and "To be paid out to 1 member" in page
    assert page.count('value="284.00"') >= 2


def test_names_are_shown_only_where_one_took_part(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    mine = an_order(State.HELD, group=group, seller=a_member(group, name="Seller Mine"))
    an_order(State.HELD, group=group, seller=a_member(group, name="Seller Other"))
    page = client_of(db.session.get_one(Person, mine.buyer_id)).get(path_of(group)).text
    assert "Seller Mine" in page and f"/orders/{mine.id}" in page
    assert "Seller Other" not in page
    assert "Seller Mine" not in client_of(a_member(group)).get(path_of(group)).text


def test_only_members_read_them(app: Flask, client_of: ClientOf) -> None:
    group = a_group(is_catalogue_public=True)
    order = an_order(State.HELD, group=group)
    for path in (path_of(group), f"{path_of(group)}.csv"):
        assert client_of(db.session.get_one(Person, order.buyer_id)).get(path).status_code == 200
        assert client_of(a_person()).get(path).status_code == 404
        assert client_of(a_member(a_group())).get(path).status_code == 404
        assert app.test_client().get(path).status_code == 302


def test_transfers_are_filtered(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    order = an_order(State.CLOSED, group=group)
    an_order(State.HELD, group=group)
    client = client_of(db.session.get_one(Person, order.buyer_id))

    def shown(**asked: str) -> list[str]:
        answer = client.get(path_of(group), query_string=asked)
        assert answer.status_code == 200
        return rows(answer.text)

    assert shown() == ["000004", "000003", "000002", "000001"]
    assert shown(k="payments") == ["000004", "000001"]
    assert shown(k="payouts") == ["000003"]
    assert shown(r=str(order.id)) == shown(r=order.reference) == shown(mine="1") == ["000003", "000002", "000001"]
    assert shown(r="T-000002") == shown(r="t2") == ["000002"]
    assert shown(m=f"{clock.now():%Y-%m}") == shown()
    assert shown(m="2020-01") == shown(r="nonsense") == shown(r="9" * 60) == []
    assert shown(m="x", k="\x00", before="abc") == shown()
    assert shown(before="3") == ["000002", "000001"]


def test_a_months_sums_stand_below(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    order = an_order(State.CLOSED, group=group)
    client = client_of(db.session.get_one(Person, order.buyer_id))
    page = client.get(path_of(group), query_string={"m": f"{clock.now():%Y-%m}"}).text
    foot = page[page.index("<tfoot>") :]
    assert 'value="142.00"' in foot and 'value="135.40"' in foot


def test_every_month_since_the_books_began_can_be_chosen(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    clock.move(timedelta(days=70))
    group = db.session.get_one(Group, order.group_id)
    page = client_of(a_member(group)).get(path_of(group)).text
    assert len(re.findall(r'<option value="20\d\d-\d\d"', page)) in (3, 4)


def test_a_new_group_has_an_empty_book(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    assert "Nothing was paid yet." in client_of(a_member(group)).get(path_of(group)).text


# ---- The file ----


def the_file(client: FlaskClient, group: Group) -> list[list[str]]:
    answer = client.get(f"{path_of(group)}.csv")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_the_file_holds_every_move_and_what_is_held_for_which_order(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    closed, held = an_order(State.CLOSED, group=group), an_order(State.HELD, group=group)
    lines = the_file(client_of(a_member(group)), group)
    split = lines.index([])
    moves, holds = lines[1:split], lines[split + 2 :]
    assert [move[3] for move in moves] == [str(closed.id)] * 4 + [str(held.id)]
    assert sum(Decimal(move[6]) for move in moves if move[4].startswith("gateway:")) == 142 + 142
    assert holds == [[str(held.id), "142.00", "EUR"]]


def test_the_seals_in_the_file_hang_together(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    an_order(State.CLOSED, group=group)
    lines = the_file(client_of(a_member(group)), group)
    seals = {line[0]: (line[9], line[10]) for line in lines[1 : lines.index([])]}
    assert seals["1"][0] == BEFORE_THE_FIRST
    assert seals["2"][0] == seals["1"][1] and seals["3"][0] == seals["2"][1]


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_taken_for_a_formula(app: Flask, client_of: ClientOf, begins: str) -> None:
    group = a_group()
    memo = f'{begins}HYPERLINK("https://evil.example")'
    ledger.post(
        group_id=group.id, moves=[Move(gateway(group.id), guarantee_fund(group.id), Money(5, "EUR"))],
        reference=f"{begins}1", memo=memo, at=clock.now(),
    )  # fmt: skip
    (line,) = the_file(client_of(a_member(group)), group)[1:2]
    assert line[2] == f"'{memo}" and line[8] == f"'{begins}1"
    assert escaped(memo) == f"'{memo}" and escaped("plain") == "plain"


def test_books_that_were_changed_by_hand_are_not_called_sound(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    order: Order = an_order(State.HELD, group=group)
    with unit_of_work():
        connection = db.session.connection()
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        kept = [
            connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE name = '{name}'").scalar_one()
            for name in names
        ]
        for name in names:
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        connection.exec_driver_sql("UPDATE ledger_entries SET amount_minor = 1 WHERE side = 'credit'")
        for sql in kept:
            connection.exec_driver_sql(sql)
    page = client_of(db.session.get_one(Person, order.buyer_id)).get(path_of(group)).text
    assert "The two sides do not agree." in page
    assert "agree to the cent" not in page
