"""What Stripe tells: who is believed, what is kept, and what becomes of that which cannot be acted on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.payments import chargebacks, incoming, sellers, stripe_client, sweeping
from marketplace.payments.events import (
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    MovementConfirmed,
    SellerPayoutFailed,
)
from marketplace.payments.incoming import NotStripes
from marketplace.payments.stripe_models import GatewayEvent
from marketplace.payments.stripe_rules import MOST_EVENT_TRIES, Bank
from marketplace.playmoney import accounts, charges, checkout, disputes
from marketplace.playmoney.server import StandIn
from tests.at_once import at_once
from tests.factories.payments import eur
from tests.factories.stripe import (
    CONNECT,
    PLATFORM,
    a_checkout,
    a_paid_order,
    a_seller,
    a_signature,
    act,
    hear,
    pays,
    told,
)


def an_event(here: StandIn) -> dict[str, Any]:
    pays(here, a_checkout())
    return here.till.all("event", type="checkout.session.completed")[0]


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(GatewayEvent)) or 0


def only_event() -> GatewayEvent:
    db.session.rollback()
    return db.session.scalars(select(GatewayEvent)).one()


@pytest.mark.parametrize("secret", [PLATFORM, "whsec_old"])
def test_each_secret_of_a_roll_is_believed(here: StandIn, secret: str) -> None:
    body = json.dumps(an_event(here)).encode()
    incoming.receive(body, a_signature(body, secret), of_accounts=False)
    assert kept() == 1


def forged(body: bytes) -> list[tuple[bytes, str]]:
    good = a_signature(body, PLATFORM)
    return [
        (body, ""),
        (body, "nonsense"),
        (body, "t=1,v1=00"),
        (body, good.replace("v1=", "v0=")),
        (body, a_signature(body, "whsec_other")),
        (body, a_signature(body, CONNECT)),
        (body, a_signature(body, PLATFORM, age_seconds=301)),
        (body.replace(b"completed", b"complete!"), good),
        (body + b" ", good),
        (b"\xff\xfe", good),
    ]


def test_what_is_forged_or_stale_leaves_no_trace(here: StandIn) -> None:
    for body, signature in forged(json.dumps(an_event(here)).encode()):
        with pytest.raises(NotStripes):
            incoming.receive(body, signature, of_accounts=False)
    assert kept() == 0


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"7", b'{"id": 7}', b"not json", b"[" * 5000])
def test_what_is_signed_and_no_event_is_refused(here: StandIn, body: bytes) -> None:
    with pytest.raises(NotStripes):
        incoming.receive(body, a_signature(body, PLATFORM), of_accounts=False)


@pytest.mark.parametrize(
    "change",
    [{"livemode": True}, {"type": "invoice.paid"}, {"type": "payment_intent.payment_failed"}, {"account": "acct_1"}],
)
def test_what_is_not_for_us_is_heard_and_leaves_nothing(here: StandIn, change: dict[str, object]) -> None:
    body = json.dumps(an_event(here) | change).encode()
    incoming.receive(body, a_signature(body, PLATFORM), of_accounts=False)
    assert kept() == 0


def test_without_secrets_nobody_is_believed(app: Flask, here: StandIn) -> None:
    assert incoming.has_secrets(of_accounts=False)
    app.extensions["earnest_stripe"] = None
    assert not incoming.has_secrets(of_accounts=False)
    body = json.dumps({"id": "evt_1"}).encode()
    with pytest.raises(NotStripes):
        incoming.receive(body, a_signature(body, PLATFORM), of_accounts=False)


def test_an_event_told_by_many_at_once_acts_once(app: Flask, here: StandIn, heard: list[object]) -> None:
    event = an_event(here)

    def tell() -> None:
        told(event)
        act()

    assert at_once(app, *[tell] * 6) == []
    act()
    assert [type(fact) for fact in heard].count(MovementConfirmed) == 1
    assert kept() == 1


def test_a_stripe_that_is_down_costs_an_event_none_of_its_tries(here: StandIn, heard: list[object]) -> None:
    told(an_event(here))
    here.weather.is_down = True
    for _hour in range(30):
        act()
        clock.move(timedelta(minutes=2))
    assert only_event().tries == 0
    here.weather.is_down = False
    stripe = stripe_client.here()
    assert stripe is not None
    stripe.circuit.closed_until = 0
    act()
    assert only_event().done_at is not None
    assert MovementConfirmed in {type(fact) for fact in heard}


def test_what_cannot_be_acted_on_is_tried_for_hours_then_parked_and_can_be_tried_again(here: StandIn) -> None:
    event = an_event(here)
    event["data"]["object"]["id"] = "cs_test_nowhere"
    told(event)
    for _try in range(MOST_EVENT_TRIES):
        act()
        clock.move(timedelta(hours=3))
    (parked,) = incoming.parked_events()
    assert "No such" in parked.trouble
    assert parked.due_at is None
    incoming.try_event_again(event_id=parked.id, by=parked.id)
    assert only_event().due_at is not None
    assert incoming.parked_events() == []


def test_a_refund_made_by_hand_at_stripe_is_for_people_to_look_at(here: StandIn) -> None:
    paid = a_paid_order(here)
    charges.refund(here.till, {"charge": paid.charge_id, "amount": 10_00})
    hear(here)
    assert "outside of Earnest" in incoming.parked_events()[0].trouble


def test_what_no_webhook_told_is_found_in_the_list(here: StandIn, heard: list[object]) -> None:
    pays(here, a_checkout())
    sweeping.sweep_events()
    act()
    assert MovementConfirmed in {type(fact) for fact in heard}
    before = kept()
    clock.move(timedelta(minutes=6))
    sweeping.sweep_events()
    assert kept() == before


# ---- chargebacks ----


def claims(heard: list[object]) -> list[object]:
    return [fact for fact in heard if isinstance(fact, ChargebackOpened | ChargebackWon | ChargebackLost)]


@pytest.mark.parametrize(("verdict", "end"), [("won", ChargebackWon), ("lost", ChargebackLost)])
def test_a_chargeback_is_announced_once_at_each_step(
    here: StandIn, heard: list[object], verdict: str, end: type
) -> None:
    paid = a_paid_order(here)
    dispute = disputes.open_(here.till, str(paid.charge_id), reason="product_not_received")
    hear(here)
    hear(here)
    (opened,) = claims(heard)
    assert isinstance(opened, ChargebackOpened)
    assert (opened.order_id, opened.amount, opened.fee) == (7, eur(100_00), eur(15_00))
    assert (opened.is_inquiry, opened.reason, opened.reference) == (False, "product_not_received", dispute["id"])
    assert opened.evidence_due_at is not None
    disputes.decide(here.till, dispute["id"], verdict)
    hear(here)
    hear(here)
    assert [type(fact) for fact in claims(heard)] == [ChargebackOpened, end]


def test_one_that_is_heard_of_only_at_its_end_was_opened_first(here: StandIn, heard: list[object]) -> None:
    paid = a_paid_order(here)
    dispute = disputes.open_(here.till, str(paid.charge_id))
    disputes.decide(here.till, dispute["id"], "lost")
    for event in here.till.all("event"):
        told(event)
        act()
    assert [type(fact) for fact in claims(heard)] == [ChargebackOpened, ChargebackLost]


def test_one_that_is_heard_of_before_the_payment_brings_the_payment_first(here: StandIn, heard: list[object]) -> None:
    pays(here, a_checkout(), card=checkout.CONTESTED)
    told(here.till.all("event", type="charge.dispute.created")[0])
    act()
    kinds = [type(fact) for fact in heard]
    assert kinds.index(MovementConfirmed) < kinds.index(ChargebackOpened)


def test_an_inquiry_takes_nothing_and_may_end_so(here: StandIn, heard: list[object]) -> None:
    paid = a_paid_order(here)
    dispute = disputes.open_(here.till, str(paid.charge_id), is_inquiry=True)
    hear(here)
    disputes.decide(here.till, dispute["id"], "lost")
    hear(here)
    opened, closed = claims(heard)
    assert isinstance(opened, ChargebackOpened)
    assert (opened.is_inquiry, opened.fee) == (True, eur(0))
    assert isinstance(closed, ChargebackWon)
    assert [each.state for each in chargebacks.of_order(7)] == [Bank.WON]


def test_a_bank_that_asked_about_all_of_it_may_take_a_part(here: StandIn, heard: list[object]) -> None:
    paid = a_paid_order(here)
    dispute = disputes.open_(here.till, str(paid.charge_id), is_inquiry=True)
    hear(here)
    disputes.escalate(here.till, dispute["id"], amount=60_00)
    hear(here)
    disputes.decide(here.till, dispute["id"], "lost")
    hear(here)
    (kept,) = chargebacks.of_order(7)
    assert (kept.state, kept.amount) == (Bank.LOST, eur(60_00))
    assert [fact.amount for fact in heard if isinstance(fact, ChargebackLost)] == [eur(60_00)]


# ---- sellers ----


def test_an_account_that_is_restricted_later_is_known_to_be(here: StandIn) -> None:
    seller = a_seller(here)
    account = sellers.account_of(seller)
    assert account is not None
    assert account.is_active
    accounts.become(here.till, str(account.account_id), wanted=["individual.verification.document"])
    hear(here)
    db.session.rollback()
    account = sellers.account_of(seller)
    assert account is not None
    assert (account.is_active, account.wanted) == (False, ["individual.verification.document"])


def test_who_cuts_us_off_has_no_account_here_any_more(here: StandIn) -> None:
    seller = a_seller(here)
    account = sellers.account_of(seller)
    assert account is not None
    accounts.deauthorise(here.till, str(account.account_id))
    hear(here)
    db.session.rollback()
    assert sellers.account_of(seller) is None


def test_a_seller_whose_bank_refuses_is_told_and_a_stranger_is_not(here: StandIn, heard: list[object]) -> None:
    seller = a_seller(here)
    account = sellers.account_of(seller)
    assert account is not None
    payout = {"id": "po_1", "object": "payout"}
    for account_id in (str(account.account_id), "acct_of_nobody"):
        here.till.emit("payout.failed", payout, account=account_id)
    hear(here)
    assert [fact for fact in heard if isinstance(fact, SellerPayoutFailed)] == [SellerPayoutFailed(seller, "po_1")]
