"""A treasurer falls silent: what he has not paid comes to light, and the treasury passes to another without him."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import payout_details
from marketplace.escrow import lapsing, proving
from marketplace.escrow.order_rules import State
from marketplace.groups import handover_queries, queries as groups
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.ledger import audit
from marketplace.payments import asking, lateness
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order, fresh
from tests.factories.groups import a_member
from tests.factories.handovers import a_cast
from tests.notifications.letters import kinds_told
from tests.web.groups_pages import words
from tests.web.order_pages import seller_of

DAY = timedelta(days=1)


def work() -> None:
    """The worker comes by."""
    for duty in (asking.ask_gateways, lapsing.lapse_due_orders, lateness.tell_of_late_payouts):
        while duty():
            pass


@pytest.mark.one_database
def test_from_a_late_payout_to_a_new_treasurer_who_pays_it(app: Flask, client_of: Callable[..., FlaskClient]) -> None:
    cast = a_cast()
    slug, member = cast.group.slug, a_member(cast.group, person=a_person("Mia Member"))
    order = an_order(State.PAYING_OUT, group=cast.group)
    seller = seller_of(order)
    with clock.at(clock.now() - 9 * DAY):
        payout_details.change_payout_details(by=seller.id, details="AT61 1904 3002 3457 3201")

    # Two days: the seller knows whom to ask. Five: everybody knows that something is late.
    clock.move(2 * DAY)
    work()
    assert "is not paid to you yet." in words(client_of(seller).get(f"/orders/{order.id}"))
    assert "payout is late" not in words(client_of(member).get(f"/g/{slug}/books"))
    clock.move(3 * DAY)
    work()
    books = words(client_of(member).get(f"/g/{slug}/books"))
    assert "1 payout is late" in books and f"for lot {order.lot_number}, due since" in books
    assert kinds_told(cast.owner).count("payout_late") == 2

    # The owner names another; the silent one is waited for, a week and not longer.
    path = f"/g/{slug}/treasury/handover"
    choice = {"parting_id": cast.parting.id, "successor_id": cast.successor.id}
    client_of(cast.owner).post(f"{path}/name", data=choice)
    found = handover_queries.open_in(cast.group.id)
    assert found is not None
    said = {"amount": "142.00", "reference": "statement 11 of 27 November", "note": ""}
    early = client_of(cast.owner).post(f"{path}/{found.id}/state", data=said)
    assert early.status_code == 422 and "After that you can say it in his place" in words(early)
    clock.move(7 * DAY)
    client_of(cast.owner).post(f"{path}/{found.id}/state", data=said)

    # The successor confirms what he has, and with that the roles change, and nothing of the money.
    successor = client_of(cast.successor)
    assert "late" in words(successor.get(path)) and "EUR 142.00" in words(successor.get(path))
    successor.post(f"{path}/{found.id}/confirm", data={"amount_minor": "14200", "statement": "1"})
    officers = {officer.person_id: officer.role for officer in groups.officers(cast.group.id)}
    assert officers == {cast.owner.id: Role.OWNER, cast.successor.id: Role.TREASURER}
    assert not [*audit.findings(), *proving.held_findings()]

    # The new treasurer pays what was late, and the line goes.
    slip = {"bank_reference": "line 12", "client_key": "key-of-the-page"}
    successor = client_of(cast.successor)
    assert successor.post(f"/orders/{order.id}/payouts/seller", data=slip).status_code == 303
    books = words(client_of(member).get(f"/g/{slug}/books"))
    assert "payout is late" not in books
    assert "The treasury passed from Theo Treasurer to Anna Following" in books and "Olga Owner said" in books
    assert fresh(order).state == State.CLOSED
    assert client_of(cast.parting).get(f"/g/{slug}/treasury").status_code == 403
