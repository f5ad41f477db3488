"""An order of 600.00 that comes in and goes out by two officers: neither could do it alone, and the books agree."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.escrow import proving
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.ledger import audit
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.escrow import an_order, fresh, lapse, receive, release, ship
from tests.factories.groups import a_group, a_member
from tests.factories.proposals import the_proposal

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def enters(officer: FlaskClient, path: str, **fields: str) -> None:
    slip = {**fields, "bank_reference": f"line of {path}", "proof": (BytesIO(a_picture()), "slip.jpg")}
    page = officer.post(path, data=slip, follow_redirects=True).text
    assert "Nothing is confirmed yet" in page


def approves(officer: FlaskClient) -> None:
    """From what waits for him to the slip, and on to the button."""
    path = f"/proposals/{the_proposal().id}"
    assert path in officer.get("/").text
    assert officer.get(f"{path}/proof").status_code == 200
    page = officer.post(f"{path}/approve", follow_redirects=True).text
    assert "Approved. It is confirmed" in page
    assert path not in officer.get("/").text


def reads(client: FlaskClient, order: Order) -> str:
    return str(client.get(f"/orders/{order.id}").text)


def test_600_come_in_and_go_out_by_two_officers(app: Flask, client_of: ClientOf) -> None:
    hedwig = a_person(name="Hedwig Amsel", second_factor=True)
    group = a_group(hedwig, terms=Terms(fee_basis_points=500))
    agnes = a_member(group, Role.TREASURER, person=a_person(name="Agnes Thaler", second_factor=True))
    order = an_order(State.PAYMENT_CLAIMED, group=group, hammer=590_00)
    first, second = client_of(agnes), client_of(hedwig)

    enters(first, f"/orders/{order.id}/payment", amount="600.00")
    assert fresh(order).state == State.PAYMENT_CLAIMED
    approves(second)
    assert (fresh(order).state, fresh(order).held_minor) == (State.HELD, 600_00)

    ship(order)
    receive(order)
    release(order)
    lapse()
    assert fresh(order).state == State.PAYING_OUT
    enters(first, f"/orders/{order.id}/payouts/seller")
    assert fresh(order).owed_seller_minor == 570_50
    approves(second)
    assert fresh(order).state == State.CLOSED

    for client in (first, second):
        assert reads(client, order).count("Entered by Agnes Thaler, approved by Hedwig Amsel") == 2
    assert list(proving.held_findings()) == []
    assert list(audit.findings()) == []
