"""A member reads, prints and takes home what became his in a month."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.escrow.order_rules import State
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def test_the_page_and_the_file_say_the_same(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    order = an_order(State.CLOSED, group=group)
    client = client_of(db.session.get_one(Person, order.seller_id))
    page = client.get(f"/g/{group.slug}/statement").text.replace("\u00a0", " ")
    assert f"Statement of {clock.now():%B %Y}" in page
    for amount in ("142.00", "6.60", "135.40"):
        assert f'value="{amount}"' in page
    assert order.title in page
    answer = client.get(f"/g/{group.slug}/statement.csv")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["what"] for row in rows] == [
        "owed at the beginning",
        f"Released to the seller, order {order.id}",
        f"Paid out, order {order.id}",
        "owed at the end",
    ]
    assert (rows[1]["paid_by_buyer"], rows[1]["fee"], rows[1]["to_you"]) == ("142.00", "6.60", "135.40")
    assert (rows[2]["paid_out"], rows[3]["owed_after"]) == ("135.40", "0.00")
    assert rows[2]["bank_reference"]


def test_nobody_sees_the_statement_of_another(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    an_order(State.CLOSED, group=group)
    page = client_of(a_member(group)).get(f"/g/{group.slug}/statement").text
    assert "Nothing became yours in this month" in page


@pytest.mark.parametrize("asked", ["2020-01", "2026-13", "nonsense", ""])
def test_any_month_may_be_asked_for(app: Flask, client_of: ClientOf, asked: str) -> None:
    group = a_group()
    order = an_order(State.CLOSED, group=group)
    client = client_of(db.session.get_one(Person, order.seller_id))
    for path in ("statement", "statement.csv"):
        assert client.get(f"/g/{group.slug}/{path}?m={asked}").status_code == 200
