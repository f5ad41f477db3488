"""Pages around card payments: the buyer's way to Stripe, the seller's account there, the endpoints, the operator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import addresses
from marketplace.accounts.models import Person
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups import founding, queries as groups
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.payments import checkouts, incoming, queries, reconciling, sellers
from marketplace.payments.rules import State as MovementState, Through
from marketplace.payments.stripe_rules import Paying
from marketplace.playmoney import accounts, checkout
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.catalog import an_item
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.factories.stripe import CONNECT, PLATFORM, a_discrepancy, a_parked_event, a_signature, act, stripe_at

pytestmark = pytest.mark.one_database

Clients = Callable[..., FlaskClient]


@pytest.fixture
def here(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def by_card(group: Group | None = None, **how: Any) -> Order:
    group = group or a_group()
    return an_order(group=group, terms=replace(group.terms, gateway=Through.STRIPE), **how)


def buyer_of(order: Order) -> Person:
    return db.session.get_one(Person, order.buyer_id)


def an_address(order: Order) -> int:
    where = {"recipient": "Bruno", "street": "Lindengasse 7", "city": "Wien", "country": "AT"}
    return addresses.add_address(by=order.buyer_id, **where).id


def test_the_buyer_is_led_to_stripes_page_and_what_he_paid_is_confirmed_by_the_webhook(
    app: Flask, here: StandIn, client_of: Clients
) -> None:
    order = by_card()
    order_id, client, address_id = order.id, client_of(buyer_of(order)), an_address(order)
    page = client.get(f"/orders/{order_id}").text
    assert "Pay by card" in page
    assert "I have sent the money" not in page
    led = client.post(f"/orders/{order_id}/card", data={"delivery": address_id})
    (session,) = here.till.all("checkout.session")
    assert led.status_code == 200
    assert f'content="0; url={session["url"]}"' in led.text
    assert session["amount_total"] == 142_00
    assert session["success_url"].endswith(f"/orders/{order_id}/card/back")
    checkout.pay(here.till, session["id"])
    (kept,) = checkouts.of_order(order_id)
    client.get(f"/orders/{order_id}/card/back")
    db.session.rollback()
    assert queries.movement(kept.movement_id).state != MovementState.CONFIRMED, "who comes back proves nothing"
    for event in here.till.all("event"):
        body = json.dumps(event).encode()
        answer = client.post(
            "/webhooks/stripe", data=body, headers={"Stripe-Signature": a_signature(body, PLATFORM)}
        )  # fmt: skip
        assert answer.status_code == 200
    act()
    db.session.rollback()
    assert queries.movement(kept.movement_id).state == MovementState.CONFIRMED
    assert db.session.get_one(Order, order_id).address is not None


def test_pressed_twice_it_is_one_session_and_another_way_of_delivery_another_sum(
    app: Flask, here: StandIn, client_of: Clients
) -> None:
    order = by_card()
    with unit_of_work():
        db.session.get_one(Order, order.id).can_be_picked_up = True
    order_id, client, address_id = order.id, client_of(buyer_of(order)), an_address(order)
    for _press in range(2):
        client.post(f"/orders/{order_id}/card", data={"delivery": address_id})
    assert len(here.till.all("checkout.session")) == 1
    client.post(f"/orders/{order_id}/card", data={"delivery": "pick_up"})
    assert [(each["amount_total"], each["status"]) for each in here.till.all("checkout.session")] == [
        (132_00, "open"),
        (142_00, "expired"),
    ]


def test_who_presses_again_after_he_has_paid_is_told_to_wait(app: Flask, here: StandIn, client_of: Clients) -> None:
    order = by_card()
    order_id, client, address_id = order.id, client_of(buyer_of(order)), an_address(order)
    client.post(f"/orders/{order_id}/card", data={"delivery": address_id})
    checkout.pay(here.till, here.till.all("checkout.session")[0]["id"])
    again = client.post(f"/orders/{order_id}/card", data={"delivery": address_id}, follow_redirects=True)
    assert "being processed" in again.text
    assert [each.state for each in checkouts.of_order(order_id)] == [Paying.PAID]


def test_who_has_paid_is_not_led_to_pay_another_sum(app: Flask, here: StandIn, client_of: Clients) -> None:
    """He paid with shipping, then would pick it up: what he paid is read before his choice makes it another sum."""
    order = by_card()
    with unit_of_work():
        db.session.get_one(Order, order.id).can_be_picked_up = True
    order_id, client, address_id = order.id, client_of(buyer_of(order)), an_address(order)
    client.post(f"/orders/{order_id}/card", data={"delivery": address_id})
    checkout.pay(here.till, here.till.all("checkout.session")[0]["id"], card=checkout.BANK_DEBIT)
    answer = client.post(f"/orders/{order_id}/card", data={"delivery": "pick_up"}, follow_redirects=True)
    assert "being processed" in answer.text
    assert len(here.till.all("checkout.session")) == 1
    assert not db.session.get_one(Order, order_id).is_pick_up


def test_a_stripe_that_does_not_answer_is_said_and_nothing_is_lost(
    app: Flask, here: StandIn, client_of: Clients
) -> None:
    order = by_card()
    client, address_id = client_of(buyer_of(order)), an_address(order)
    here.weather.is_down = True
    answer = client.post(f"/orders/{order.id}/card", data={"delivery": address_id}, follow_redirects=True)
    assert "press the button again in a minute" in answer.text


def test_an_order_for_the_treasurer_is_not_paid_by_card_nor_one_by_card_in_a_parcel(
    app: Flask, here: StandIn, client_of: Clients
) -> None:
    order = an_order()
    address_id = an_address(order)
    answer = client_of(buyer_of(order)).post(
        f"/orders/{order.id}/card", data={"delivery": address_id}, follow_redirects=True
    )
    assert "Send the money there" in answer.text
    assert here.till.all("checkout.session") == []
    group = a_group()
    seller, buyer = a_member(group, name="Hedwig Amsel"), a_member(group, name="Marta Lind")
    one, two = (by_card(group, seller=seller, buyer=buyer) for _order in range(2))
    answer = client_of(buyer).post(
        f"/orders/{one.id}/parcel", data={"together": two.id, "client_key": "key-of-the-form"}, follow_redirects=True
    )
    assert "one order after the other" in answer.text


def test_without_a_key_nothing_speaks_of_cards(app: Flask, client_of: Clients) -> None:
    order = by_card()
    client = client_of(buyer_of(order))
    assert "Cards are not taken here at the moment" in client.get(f"/orders/{order.id}").text
    assert client.get("/settings/card-payments").status_code == 404
    assert "Being paid by card" not in client.get("/settings").text
    assert client.post("/webhooks/stripe", data=b"{}").status_code == 404


@pytest.mark.parametrize(("path", "secret"), [("/webhooks/stripe", CONNECT), ("/webhooks/stripe/connect", PLATFORM)])
def test_an_endpoint_believes_its_own_secret_alone(here: StandIn, client: FlaskClient, path: str, secret: str) -> None:
    body = b'{"id": "evt_1", "type": "charge.updated", "livemode": false, "data": {"object": {"id": "ch_1"}}}'
    answer = client.post(path, data=body, headers={"Stripe-Signature": a_signature(body, secret)})
    assert answer.status_code == 400
    assert client.post(path, data=b"x" * 300_000).status_code == 413


def test_a_seller_makes_his_account_and_reads_what_is_still_wanted(
    app: Flask, here: StandIn, client_of: Clients
) -> None:
    person = a_person()
    client = client_of(person)
    assert "You have no account yet" in client.get("/settings/card-payments").text
    led = client.post("/settings/card-payments", data={"country": "AT"})
    assert "/onboarding/" in led.text
    (account,) = here.till.all("account")
    client.get("/settings/card-payments/back")
    page = client.get("/settings/card-payments").text
    assert "You cannot be paid by card yet" in page
    assert "a bank account to pay out to" in page
    accounts.become(here.till, account["id"])
    page = client.get("/settings/card-payments/back", follow_redirects=True).text
    assert "You can be paid by card" in page
    assert "/express/" in client.post("/settings/card-payments/dashboard").text
    here.weather.is_down = True
    assert "does not answer" in client.post("/settings/card-payments/dashboard", follow_redirects=True).text


def test_in_a_group_paid_by_card_only_who_can_be_paid_lists(app: Flask, here: StandIn, client_of: Clients) -> None:
    group = a_group()
    _owner_takes_cards(group)
    seller = a_member(group)
    item = an_item(seller, group)
    path = f"/g/{group.slug}/items/{item.id}/auction"
    form = {"opening": "5.00", "ends_at": "", "client_key": "key-of-the-form", "format": "open", "days": "7"}
    client = client_of(seller)
    refused = client.post(path, data=form | {"ends_at": _in_a_week()})
    assert refused.status_code == 422
    assert "Being paid by card" in refused.text
    sellers.link_for(by=seller.id, return_url="https://e.example/r", refresh_url="https://e.example/f", country="AT")
    accounts.become(here.till, here.till.all("account")[0]["id"])
    cheap = client.post(path, data=form | {"ends_at": _in_a_week(), "opening": "0.40"})
    assert "at least" in cheap.text
    assert client.post(path, data=form | {"ends_at": _in_a_week()}).status_code == 302


def test_an_operator_sees_what_is_parked_and_tries_it_again(app: Flask, here: StandIn, client_of: Clients) -> None:
    event_id, operator = a_parked_event(), a_person(is_operator=True)
    client = client_of(operator)
    page = client.get("/operator").text
    assert "It is not ours." in page
    client.post(f"/operator/events/{event_id}/again")
    db.session.rollback()
    assert incoming.parked_events() == []


def test_an_operator_sees_what_does_not_add_up_and_explains_it(app: Flask, here: StandIn, client_of: Clients) -> None:
    order = an_order()
    owner = db.session.get_one(Person, _officers(db.session.get_one(Group, order.group_id))[0])
    operator = a_person(is_operator=True)
    client, number = client_of(operator), a_discrepancy(order.id)
    path = f"/operator/discrepancies/{number}/explained"
    page = client.get("/operator").text
    assert "1 thing does not add up between the books here and those of others." in page
    assert "Stripe has re_1, " in page and "and nobody here asked for it." in page
    assert f"Order {order.id}" in page and f'href="/orders/{order.id}"' not in page, "he may not open it"
    refused = client.post(path, data={"note": " "})
    assert (refused.status_code, "Write something here." in refused.text) == (422, True)
    assert client_of(owner).post(path, data={"note": "A gift."}).status_code == 404
    assert client.post(path, data={"note": "A gift of ours."}).status_code == 302
    page = client.get("/operator").text
    assert "does not add up between" not in page and "A gift of ours." in page
    assert client.post(path, data={"note": "Again."}).status_code == 404
    with unit_of_work():
        db.session.get_one(Person, owner.id).is_operator = True
    a_discrepancy(order.id, about="re_2")
    assert f'href="/orders/{order.id}"' in client_of(owner).get("/operator").text


def test_an_operator_sees_what_came_of_the_last_night(app: Flask, here: StandIn, client_of: Clients) -> None:
    client = client_of(a_person(is_operator=True))
    assert "Never yet." in client.get("/operator").text
    here.till.book("topup", 100_00, "eur", "tu_1")
    reconciling.reconcile()
    page = client.get("/operator").text
    assert "Everything adds up." in page
    assert "Between the platform’s own bank and there (1)" in page
    here.weather.is_down = True
    reconciling.reconcile()
    page = client.get("/operator").text
    assert "Could not be asked" in page and "Everything adds up." not in page


def test_an_order_that_is_over_is_not_paid_any_more(app: Flask, here: StandIn, client_of: Clients) -> None:
    order = by_card()
    order_id, client, address_id = order.id, client_of(buyer_of(order)), an_address(order)
    client.post(f"/orders/{order_id}/card", data={"delivery": address_id})
    seller = client_of(db.session.get_one(Person, order.seller_id))
    client.post(f"/orders/{order_id}/propose-cancel", data={"client_key": "key-of-the-form-1"})
    seller.post(f"/orders/{order_id}/agree-cancel", data={"client_key": "key-of-the-form-2"})
    db.session.rollback()
    assert db.session.get_one(Order, order_id).state == State.CANCELLED
    checkouts.look_at_due_checkouts()
    assert here.till.all("checkout.session")[0]["status"] == "expired"


def _owner_takes_cards(group: Group) -> None:
    owner = next(iter(_officers(group)))
    terms = replace(group.terms, gateway=Through.STRIPE)
    founding.change_terms(by=owner, group_id=group.id, terms=terms)


def _officers(group: Group) -> list[int]:
    return [officer.person_id for officer in groups.officers(group.id)]


def _in_a_week() -> str:
    return (clock.now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")


def test_a_link_from_elsewhere_begins_no_account(app: Flask, here: StandIn, client_of: Clients) -> None:
    """Stripe sends back who comes with a used link; who never began goes to the page that asks him."""
    client = client_of(a_person())
    assert client.get("/settings/card-payments/again").location == "/settings/card-payments"
    assert here.till.all("account") == []
    client.post("/settings/card-payments", data={"country": "AT"})
    assert 'content="0; url=' in client.get("/settings/card-payments/again").text
    assert len(here.till.all("account")) == 1
