"""A bank asks back what was paid by card, and is answered by the pages that people see: won and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.escrow import messages, proving
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.escrow.processor_proving import processor_findings
from marketplace.kernel.database import db
from marketplace.ledger import audit, queries as ledger
from marketplace.ledger.rules import gateway
from marketplace.payments.rules import Through
from marketplace.playmoney.server import StandIn
from tests.factories.catalog import a_picture
from tests.factories.claims import a_moderator, an_order_by_card, answer_to, asked_back, decided, send
from tests.factories.escrow import fresh
from tests.factories.stripe import hear, stripe_at

pytestmark = pytest.mark.one_database

Clients = Callable[..., FlaskClient]


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def person(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def check_books(order: Order, stripe: StandIn) -> None:
    """Sound, and to the cent what the stand-in has. What a bank asks back is the order's until it decides."""
    assert [finding.sentence for finding in (*audit.findings(), *proving.held_findings(), *processor_findings())] == []
    available, pending = stripe.till.balance()
    there = available.get("eur", 0) + pending.get("eur", 0)
    open_ones = [
        each for status in ("needs_response", "under_review") for each in stripe.till.all("dispute", status=status)
    ]
    contested = sum(each["amount"] for each in open_ones)
    assert ledger.balance(gateway(order.group_id, Through.STRIPE), "EUR").minor == there + contested


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_bank_is_shown_what_speaks_for_the_seller_and_decides(
    app: Flask, stripe: StandIn, client_of: Clients, verdict: str
) -> None:
    order = an_order_by_card(stripe, State.INSPECTING)
    order_id, group_id = order.id, order.group_id
    buyer, seller, officer = (client_of(person(each)) for each in (
        order.buyer_id, order.seller_id, a_moderator(order).id
    ))  # fmt: skip
    messages.write_message(order_id=order_id, by=order.buyer_id, text="It is here, thank you.", client_key="key-of-it")
    claim = asked_back(stripe, order)
    path = f"/chargebacks/{claim.id}"
    for reader in (buyer, seller):
        page = reader.get(f"/orders/{order_id}").text
        assert "The buyer says that it did not arrive" in page
        assert "The bank hears evidence until" in page
    assert path in seller.get(f"/orders/{order_id}").text
    assert path not in buyer.get(f"/orders/{order_id}").text
    assert buyer.get(path).status_code == 404

    answer = seller.post(
        f"{path}/words",
        data={"words": "Sent on Monday.", "is_of_parcel": "1", "alt_1": "The receipt", "client_key": "key-of-words",
              "photo_1": (BytesIO(a_picture()), "receipt.jpg")},
        follow_redirects=True,
    )  # fmt: skip
    assert "Sent on Monday." in answer.text

    assert "Answer the bank" in officer.get("/").text
    page = officer.get(path).text
    assert "It is here, thank you." in page and "Sent on Monday." in page
    (message,) = (part.split('"')[0] for part in page.split('value="message-')[1:])
    form = {"said": [f"message-{message}"], "exhibits": [], "with_address": "1", "statement": "The parcel came."}
    page = officer.post(f"{path}/check", data=form).text
    assert "Do you send the bank exactly this?" in page
    assert "Lindengasse 7" not in page, "the officer need not see where the buyer lives"
    digest = page.split('name="digest" value="')[1].split('"')[0]
    stale = officer.post(f"{path}/contest", data=form | {"digest": digest, "statement": "Something else."})
    assert stale.status_code == 422
    officer.post(f"{path}/contest", data=form | {"digest": digest})
    send()
    evidence = stripe.till.find("dispute", claim.reference)["evidence"]
    assert "It is here, thank you." in evidence["uncategorized_text"]
    assert "Lindengasse 7" in evidence["shipping_address"]
    for reader in (buyer, seller):
        assert "Viktor Fair sent the bank evidence" in reader.get(f"/orders/{order_id}").text
    assert "It cannot be changed any more." in officer.get(path).text
    assert officer.get(f"{path}/sent/{answer_to(claim).id}/parcel").status_code == 404, "nothing of it was ticked"
    assert officer.post(f"{path}/check", data=form).status_code == 422
    assert fresh(order).state == State.CHARGEBACK
    check_books(order, stripe)

    decided(stripe, claim, verdict)
    page = buyer.get(f"/orders/{order_id}").text
    assert ("Decided for the seller" if verdict == "won" else "Decided for the buyer") in page
    assert fresh(order).state == (State.INSPECTING if verdict == "won" else State.CLOSED)
    check_books(order, stripe)
    assert group_id == order.group_id


def test_an_officer_gives_it_up_and_the_bank_takes_it(app: Flask, stripe: StandIn, client_of: Clients) -> None:
    order = an_order_by_card(stripe)
    officer = client_of(a_moderator(order))
    claim = asked_back(stripe, order)
    assert "The buyer is right?" in officer.get(f"/chargebacks/{claim.id}").text
    officer.post(f"/chargebacks/{claim.id}/give-up", data={"client_key": "key-of-giving-up"})
    send()
    hear(stripe)
    assert fresh(order).state == State.CLOSED
    assert "left the money to the bank" in client_of(person(order.seller_id)).get(f"/orders/{order.id}").text
    check_books(order, stripe)


def test_who_has_shown_no_code_lately_reads_and_does_not_send(app: Flask, stripe: StandIn, client_of: Clients) -> None:
    order = an_order_by_card(stripe)
    officer = client_of(a_moderator(order))
    claim = asked_back(stripe, order)
    with officer.session_transaction() as session:
        session.pop("second_factor", None)
    page = officer.post(f"/chargebacks/{claim.id}/check", data={}).text
    assert "Show the code of your second factor first" in page
    for deed in ("contest", "give-up"):
        assert "/settings/" in (officer.post(f"/chargebacks/{claim.id}/{deed}", data={}).location or "")
