"""A Stripe on loopback behind the real client, and the steps that people and the worker take with it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.payments import checkouts, incoming, reconciling, sellers, stripe_client
from marketplace.payments.asking import ask_gateways
from marketplace.payments.models import Movement
from marketplace.payments.reconcile_models import Discrepancy
from marketplace.payments.rules import Kind, Through
from marketplace.payments.stripe_models import Checkout, GatewayEvent
from marketplace.playmoney import accounts, checkout
from marketplace.playmoney.hooks import signed
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.payments import a_movement, eur

KEY, PLATFORM, CONNECT = "sk_test_play", "whsec_platform", "whsec_connect"
BACK = {"paid_url": "https://earnest.example/paid", "back_url": "https://earnest.example/back"}


@contextmanager
def stripe_at(app: Flask) -> Iterator[StandIn]:
    """The application with a Stripe of its own."""
    with StandIn() as here:
        client = stripe_client.open_client(
            KEY, url=here.url, timeout_seconds=5, platform_secrets=("whsec_old", PLATFORM), connect_secrets=(CONNECT,),
            tries_more=0,
        )  # fmt: skip
        app.extensions["earnest_stripe"] = client
        yield here
        app.extensions["earnest_stripe"] = None


def a_checkout(amount: Money = eur(100_00), *, order_id: int = 7, person_id: int | None = None) -> Checkout:  # noqa: B008
    """A session that was opened for a buyer."""
    checkout_id = checkouts.intend_checkout(
        group_id=1, order_id=order_id, person_id=a_person().id if person_id is None else person_id, amount=amount,
        purpose=f"order:{order_id}:payment", until=None,
    )  # fmt: skip
    checkouts.open_session(checkout_id, title="Clock", **BACK)
    return now_of(checkout_id)


def now_of(checkout_id: int) -> Checkout:
    db.session.rollback()
    found = db.session.get(Checkout, checkout_id)
    assert found is not None
    return found


def pays(here: StandIn, session: Checkout, *, card: str = checkout.FINE) -> None:
    with here.till.lock:
        checkout.pay(here.till, str(session.session_id), card=card)


def a_paid_order(here: StandIn, *, order_id: int = 7, amount: Money = eur(100_00)) -> Checkout:  # noqa: B008
    """Paid by card, and known to be."""
    session = a_checkout(amount, order_id=order_id)
    pays(here, session)
    hear(here)
    return now_of(session.id)


def a_seller(here: StandIn, *, is_ready: bool = True) -> int:
    """A person with an account at Stripe; ready, unless told otherwise."""
    return become_seller(here, a_person().id, is_ready=is_ready)


def become_seller(here: StandIn, person_id: int, *, is_ready: bool = True) -> int:
    """He has an account at Stripe; ready, unless told otherwise."""
    sellers.link_for(by=person_id, return_url="https://e.example/r", refresh_url="https://e.example/f", country="AT")
    account = sellers.account_of(person_id)
    assert account is not None
    if is_ready:
        with here.till.lock:
            accounts.become(here.till, str(account.account_id))
        sellers.fetch(person_id)
    return person_id


def a_payout(
    person_id: int, minor: int = 95_00, kind: Kind = Kind.PAYOUT, *, key: str = "", order_id: int = 7
) -> Movement:
    side = {Kind.PAYOUT: "payout:seller", Kind.REFUND: "payout:buyer"}.get(kind, "reversal")
    return a_movement(
        kind, eur(minor), person_id=person_id, order_id=order_id, gateway=Through.STRIPE,
        key=key or f"order:{order_id}:{side}:1",
    )  # fmt: skip


def a_parked_event() -> int:
    """Something that was told and could not be acted on. Its number."""
    now = clock.now()
    with unit_of_work():
        event = GatewayEvent(
            event_id="evt_parked", type="refund.created", object_id="re_1", received_at=now, due_at=None, fence=8,
            tries=8, parked_at=now, trouble="It is not ours.",
        )  # fmt: skip
        db.session.add(event)
        db.session.flush()
        return event.id


def a_discrepancy(order_id: int | None = None, *, about: str = "re_1") -> int:
    """Something that does not add up, as a reconciliation leaves it. Its number."""
    now = clock.now()
    with unit_of_work():
        row = Discrepancy(
            key=f"{Through.STRIPE}:stranger:{about}", source=Through.STRIPE, what="stranger", about=about,
            order_id=order_id, theirs_minor=-40_00, theirs_currency="EUR", since=now, seen_at=now, note="",
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        return row.id


def hear(here: StandIn) -> int:
    """Every event that happened so far is told once, in its order, and acted on. How many."""
    events = here.till.all("event")[::-1]
    for event in events:
        told(event)
    act()
    return len(events)


def told(event: dict[str, Any]) -> None:
    """As a webhook would bring it."""
    of_accounts = "account" in event
    body = json.dumps(event).encode()
    incoming.receive(body, signed(body, CONNECT if of_accounts else PLATFORM), of_accounts=of_accounts)


def act() -> None:
    while incoming.act_on_due_events():
        pass


def work() -> None:
    while ask_gateways():
        pass


def later_is_now() -> None:
    """Whatever waits for its time is due."""
    with unit_of_work():
        db.session.execute(update(Movement).where(Movement.due_at.is_not(None)).values(due_at=Movement.intended_at))


def a_signature(body: bytes, secret: str, *, age_seconds: int = 0) -> str:
    return signed(body, secret, at=int(time.time()) - age_seconds)


def reconciled(*, is_full: bool = True) -> list[Discrepancy]:
    """What nothing explains some hours from now, when nothing is young any more."""
    db.session.rollback()
    with clock.at(clock.now() + timedelta(hours=3)):
        run = reconciling.run_of(reconciling.reconcile(is_full=is_full))
    assert run.trouble == ""
    return list(reconciling.discrepancies())
