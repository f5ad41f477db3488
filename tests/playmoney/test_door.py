"""How the stand-in is spoken to: keys, checked parameters, faults; and how it tells."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from marketplace.playmoney import checkout
from marketplace.playmoney.hooks import signed
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.weather import Fault
from tests.playmoney.test_money import a_charge, a_seller, a_session

SECRET = "whsec_play"


def test_the_same_key_is_carried_out_once_and_answered_twice(client: StripeClient, stripe_here: StandIn) -> None:
    first, second = a_session(client), a_session(client)
    assert first.id == second.id
    assert second.last_response is not None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(stripe_here.till.kept["checkout.session"]) == 1


def test_the_same_key_with_other_parameters_is_refused(client: StripeClient) -> None:
    a_session(client, 100_00)
    with pytest.raises(stripe.IdempotencyError):
        a_session(client, 200_00)


def test_a_refusal_is_kept_under_its_key_and_a_malformed_request_is_not(
    client: StripeClient, stripe_here: StandIn
) -> None:
    seller = a_seller(client, stripe_here)
    asked: Any = {"amount": 50_00, "currency": "eur", "destination": seller}
    for time in range(2):
        with pytest.raises(stripe.InvalidRequestError) as why:
            client.v1.transfers.create(asked, {"idempotency_key": "release:7"})
        assert why.value.code == "balance_insufficient"
        a_charge(client, stripe_here, key=f"order:{time}")
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter"):
        client.v1.transfers.create({**asked, "colour": "red"}, {"idempotency_key": "release:8"})
    client.v1.transfers.create(asked, {"idempotency_key": "release:8"})


def test_after_a_day_a_key_is_forgotten(client: StripeClient, stripe_here: StandIn) -> None:
    first = a_session(client)
    stripe_here.till.clock = lambda: first.created + 24 * 3600 + 1.0
    assert a_session(client).id != first.id


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"mode": "barter"}, "mode"),
        ({"line_items": [{"price_data": {"currency": "eur", "unit_amount": "many"}}]}, "line_items"),
        ({"line_items": [{"quantity": 1, "prise": "x"}]}, "line_items[0][prise]"),
        ({"line_items": [{"price_data": {"unit_amount": 1}}]}, "line_items[0][price_data][currency]"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"line_items": []}, "line_items"),
    ],
)
def test_what_the_client_s_types_do_not_know_is_refused(client: StripeClient, asked: Any, name: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as why:
        a_session(client, **asked)
    assert why.value.param is not None
    assert why.value.param.startswith(name.partition("[")[0])


@pytest.mark.parametrize(("minor", "code"), [(49, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_amounts_have_bounds(client: StripeClient, minor: int, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as why:
        a_session(client, minor)
    assert why.value.code == code


def test_a_wrong_key_of_the_platform_is_refused(stripe_here: StandIn) -> None:
    client = StripeClient("sk_live_oh_no", base_addresses={"api": stripe_here.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.balance.retrieve()


def test_an_answer_that_is_lost_was_carried_out(client: StripeClient, stripe_here: StandIn) -> None:
    stripe_here.weather.order(Fault.LOST, "POST /v1/checkout")
    with pytest.raises(stripe.APIConnectionError):
        a_session(client)
    assert len(stripe_here.till.kept["checkout.session"]) == 1
    assert a_session(client).id in stripe_here.till.kept["checkout.session"]
    assert len(stripe_here.till.kept["checkout.session"]) == 1


@pytest.mark.parametrize(
    ("fault", "error", "many"),
    [
        (Fault.BROKEN, stripe.APIError, 0),
        (Fault.BROKEN_AFTER, stripe.APIError, 1),
        (Fault.TOO_MANY, stripe.RateLimitError, 0),
        (Fault.BUSY, stripe.StripeError, 0),
        (Fault.DOWN, stripe.APIConnectionError, 0),
    ],
)
def test_the_weather(
    client: StripeClient, stripe_here: StandIn, fault: Fault, error: type[Exception], many: int
) -> None:
    stripe_here.weather.order(fault)
    with pytest.raises(error):
        a_session(client)
    assert len(stripe_here.till.kept["checkout.session"]) == many


def test_a_500_after_the_effect_is_given_again_under_its_key(client: StripeClient, stripe_here: StandIn) -> None:
    stripe_here.weather.order(Fault.BROKEN_AFTER)
    for _time in range(2):
        with pytest.raises(stripe.APIError):
            a_session(client)
    assert len(stripe_here.till.kept["checkout.session"]) == 1


def test_lists_come_page_by_page_newest_first(client: StripeClient, stripe_here: StandIn) -> None:
    made = [a_session(client, key=f"order:{number}").id for number in range(5)]
    page = client.v1.checkout.sessions.list({"limit": 2})
    assert page.has_more
    assert [each.id for each in page.auto_paging_iter()] == made[::-1]
    assert not client.v1.checkout.sessions.list({"created": {"lt": 5}}).data
    with pytest.raises(stripe.InvalidRequestError) as why:
        client.v1.checkout.sessions.retrieve("cs_test_of_others")
    assert why.value.code == "resource_missing"


def test_what_it_remembers_outlives_it(tmp_path: Path) -> None:
    file = tmp_path / "till.json"
    with StandIn(file=file) as here:
        client = StripeClient("sk_test_play", base_addresses={"api": here.url})
        charge, seller = a_charge(client, here), a_seller(client, here)
    with StandIn(file=file) as here:
        client = StripeClient("sk_test_play", base_addresses={"api": here.url})
        client.v1.transfers.create(
            {"amount": 90_00, "currency": "eur", "destination": seller, "source_transaction": charge.id}
        )
        assert here.till.purse(seller, "eur") == 90_00


# ---- what it tells ----


@contextmanager
def a_listener(*statuses: int) -> Iterator[tuple[str, list[stripe.Event]]]:
    """Whoever is told: the events that bore the right signature. It answers with these statuses, then with 200."""
    heard: list[stripe.Event] = []
    answers = list(statuses)

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", heard
    finally:
        server.shutdown()
        server.server_close()


def test_events_are_told_signed_and_those_of_accounts_elsewhere(client: StripeClient, stripe_here: StandIn) -> None:
    with a_listener() as (url, heard), a_listener() as (other, of_accounts):
        stripe_here.tells(url, SECRET)
        stripe_here.tells(other, SECRET, of_accounts=True)
        checkout.pay(stripe_here.till, a_session(client).id)
        seller = a_seller(client, stripe_here)
        assert stripe_here.hooks.wait()
    assert [event.type for event in heard] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]
    assert heard[1].data.object["balance_transaction"] is None, "what was kept is known later"
    assert heard[3].data.object["balance_transaction"]
    assert [(event.type, event.account) for event in of_accounts] == [("account.updated", seller)]


def test_what_was_not_heard_is_told_again(client: StripeClient, stripe_here: StandIn) -> None:
    with a_listener(500, 302) as (url, heard):
        stripe_here.tells(url, SECRET)
        client.v1.checkout.sessions.expire(a_session(client).id)
        assert stripe_here.hooks.wait()
    assert len({event.id for event in heard}) == 1
    assert len(heard) == 3


def test_foul_weather_doubles_and_loses_and_reorders(client: StripeClient, stripe_here: StandIn) -> None:
    stripe_here.weather.doubled, stripe_here.weather.lost, stripe_here.weather.latest_seconds = 0.4, 0.3, 0.3
    with a_listener() as (url, heard):
        stripe_here.tells(url, SECRET)
        for number in range(12):
            checkout.pay(stripe_here.till, a_session(client, key=f"order:{number}").id)
        assert stripe_here.hooks.wait()
    told, kept = [event.id for event in heard], list(stripe_here.till.kept["event"])
    assert len(set(told)) < len(kept)
    assert len(set(told)) < len(told)
    assert [each for each in kept if each in told] != list(dict.fromkeys(told))
    assert len(client.v1.events.list({"limit": 100}).data) == len(kept), "asked for, all of them are there"


def test_a_signature_is_of_the_very_bytes() -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    header = signed(body, SECRET)
    assert stripe.Webhook.construct_event(body, header, SECRET).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, SECRET)
