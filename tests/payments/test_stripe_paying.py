"""Buyers pay in sessions at Stripe: what is believed, and what becomes of second, late and other payments."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.kernel.errors import RuleBroken
from marketplace.payments import checkouts, queries, seeing
from marketplace.payments.events import FeeTaken, MovementConfirmed, MovementFailed, PaymentSubmitted
from marketplace.payments.rules import State
from marketplace.payments.seeing import DoesNotAgree
from marketplace.payments.stripe_rules import LONGEST_SESSION, Paying
from marketplace.playmoney import checkout
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.weather import Fault
from tests.factories.payments import eur
from tests.factories.stripe import BACK, a_checkout, act, hear, now_of, pays, told


def kinds(heard: list[object]) -> list[type]:
    return [type(fact) for fact in heard]


def test_a_payment_is_confirmed_by_what_stripe_shows_and_its_fee_told_once(here: StandIn, heard: list[object]) -> None:
    session = a_checkout()
    pays(here, session)
    assert queries.movement(session.movement_id).state != State.CONFIRMED, "nobody has told us yet"
    hear(here)
    hear(here)
    movement = queries.movement(session.movement_id)
    kept = now_of(session.id)
    assert (movement.state, movement.moved, movement.confirmed_by) == (State.CONFIRMED, eur(100_00), None)
    assert movement.bank_reference == kept.charge_id
    assert (kept.state, kept.due_at) == (Paying.PAID, None)
    assert kinds(heard) == [MovementConfirmed, FeeTaken]
    fee = heard[1]
    assert isinstance(fee, FeeTaken)
    assert (fee.fee, fee.order_id) == (eur(1_75), 7)


def test_events_in_any_order_come_to_the_same(here: StandIn, heard: list[object]) -> None:
    session = a_checkout()
    pays(here, session)
    for event in here.till.all("event"):  # the last first, each twice
        told(event)
        told(event)
        act()
    assert sorted(kind.__name__ for kind in kinds(heard)) == ["FeeTaken", "MovementConfirmed"]
    assert now_of(session.id).state == Paying.PAID


def test_news_that_never_came_is_found_by_looking(here: StandIn, heard: list[object]) -> None:
    session = a_checkout()
    pays(here, session)
    assert checkouts.look_again(session.id)
    assert not checkouts.look_again(session.id)
    assert kinds(heard) == [MovementConfirmed, FeeTaken]


def test_a_session_told_of_before_our_own_answer_was_kept_is_known_by_its_mark(
    here: StandIn, heard: list[object]
) -> None:
    here.weather.order(Fault.LOST, "POST /v1/checkout/sessions$")
    with pytest.raises(RuleBroken, match="does not answer"):
        a_checkout()
    session = here.till.all("checkout.session")[0]
    checkout.pay(here.till, session["id"])
    hear(here)
    assert kinds(heard) == [MovementConfirmed, FeeTaken]
    (kept,) = checkouts.of_order(7)
    assert kept.session_id == session["id"]


def test_a_lost_answer_gives_the_same_session_again(here: StandIn) -> None:
    here.weather.order(Fault.LOST, "POST /v1/checkout/sessions$")
    with pytest.raises(RuleBroken, match="press the button again"):
        a_checkout(person_id=None)
    (kept,) = checkouts.of_order(7)
    checkouts.open_session(kept.id, title="Clock", **BACK)
    assert now_of(kept.id).session_id == here.till.all("checkout.session")[0]["id"]
    assert len(here.till.all("checkout.session")) == 1


def test_an_open_session_is_given_again_and_another_sum_takes_its_place(here: StandIn) -> None:
    first = a_checkout()
    assert a_checkout(person_id=first.person_id).id == first.id
    second = a_checkout(eur(90_00), person_id=first.person_id)
    assert second.id != first.id
    assert now_of(first.id).state == Paying.EXPIRED
    assert queries.movement(first.movement_id).state == State.WITHDRAWN
    assert [each["status"] for each in here.till.all("checkout.session")] == ["open", "expired"]


def test_two_payments_are_two_that_are_heard_of(here: StandIn, heard: list[object]) -> None:
    """Even of a session that was closed, should Stripe take it all the same. The second is for whoever asked for it."""
    first = a_checkout()
    second = a_checkout(eur(90_00), person_id=first.person_id)
    here.till.find("checkout.session", str(first.session_id))["status"] = "open"
    pays(here, second)
    pays(here, first)
    hear(here)
    amounts = [fact.amount for fact in heard if isinstance(fact, MovementConfirmed)]
    assert sorted(amounts) == [eur(90_00), eur(100_00)]


def test_who_has_paid_meanwhile_is_not_given_another_session(here: StandIn, heard: list[object]) -> None:
    first = a_checkout()
    here.weather.order(Fault.BROKEN, "POST /v1/checkout/sessions/.*/expire", times=9)
    with pytest.raises(RuleBroken, match="does not answer"):
        a_checkout(eur(90_00), person_id=first.person_id)
    here.weather.orders.clear()
    pays(here, first)
    second = checkouts.of_order(7)[-1]
    assert checkouts.open_session(second.id, title="Clock", **BACK) is None
    assert kinds(heard) == [MovementConfirmed, FeeTaken]
    assert len(here.till.all("checkout.session")) == 1


@pytest.mark.parametrize(
    ("card", "last"), [(checkout.BANK_DEBIT, MovementConfirmed), (checkout.BANK_DEBIT_FAILS, MovementFailed)]
)
def test_a_slow_payment_is_submitted_first(here: StandIn, heard: list[object], card: str, last: type) -> None:
    session = a_checkout()
    pays(here, session, card=card)
    hear(here)
    assert kinds(heard) == [PaymentSubmitted]
    assert now_of(session.id).state == Paying.SUBMITTED
    checkout.settle(here.till, str(session.session_id))
    hear(here)
    assert kinds(heard)[:2] == [PaymentSubmitted, last]


def test_a_declined_card_is_nothing_final(here: StandIn, heard: list[object]) -> None:
    session = a_checkout()
    with pytest.raises(checkout.Declined):
        pays(here, session, card=checkout.DECLINED)
    hear(here)
    assert heard == []
    pays(here, session)
    hear(here)
    assert kinds(heard) == [MovementConfirmed, FeeTaken]


def test_an_expired_session_asks_for_nothing_more(here: StandIn, heard: list[object]) -> None:
    session = a_checkout()
    checkout.expire(here.till, str(session.session_id))
    hear(here)
    assert queries.movement(session.movement_id).state == State.WITHDRAWN
    assert now_of(session.id).due_at is None
    assert heard == []


@pytest.mark.parametrize(
    "other",
    [
        {"minor": 99_99},
        {"currency": "USD"},
        {"reference": "8"},
        {"reference": None},
        {"is_live": True},
        {"charge_id": None},
    ],
)
def test_what_is_not_as_we_asked_changes_nothing(here: StandIn, heard: list[object], other: dict[str, object]) -> None:
    session = a_checkout()
    pays(here, session)
    seen = seeing.Seen(Paying.PAID, 100_00, "EUR", "7", False, "pi_1", "ch_1")
    with pytest.raises(DoesNotAgree):
        seeing.take(session.id, replace(seen, **other))  # type: ignore[arg-type]
    assert heard == []
    assert now_of(session.id).state == Paying.OPEN


def test_less_than_stripe_takes_is_refused_before_anything_is_asked(here: StandIn) -> None:
    with pytest.raises(RuleBroken, match="at least"):
        a_checkout(eur(49))
    assert here.door.log == []


def test_what_stripe_refused_is_asked_again_under_another_key(
    here: StandIn, heard: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps a refusal under its key for a day: the buyer need not wait so long."""
    with monkeypatch.context() as mends, pytest.raises(RuleBroken, match="would not begin"):
        mends.setattr(checkout, "_LEAST", 200_00)
        a_checkout()
    (refused,) = checkouts.of_order(7)
    assert refused.state == Paying.EXPIRED
    assert queries.movement(refused.movement_id).state == State.WITHDRAWN
    again = a_checkout(person_id=refused.person_id)
    assert again.id != refused.id
    assert again.session_id is not None


def test_who_has_paid_and_presses_again_is_led_back_though_stripe_then_falls_silent(here: StandIn) -> None:
    session = a_checkout()
    pays(here, session)
    here.weather.order(Fault.LOST, "GET /v1/checkout/sessions/", times=9, after=1)
    assert checkouts.open_session(session.id, title="Clock", **BACK) is None
    assert now_of(session.id).state == Paying.OPEN, "what became of it is looked at later"


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.BROKEN_AFTER])
def test_after_something_broke_at_stripe_the_buyer_can_pay_at_once(here: StandIn, fault: Fault) -> None:
    """Stripe keeps a 500 under its key for a day: the same question would get the same answer until then."""
    here.weather.order(fault, "POST /v1/checkout/sessions$")
    with pytest.raises(RuleBroken, match="does not answer"):
        a_checkout()
    (broken,) = checkouts.of_order(7)
    assert (broken.state, broken.session_id) == (Paying.EXPIRED, None)
    assert queries.movement(broken.movement_id).state == State.WITHDRAWN
    again = a_checkout(person_id=broken.person_id)
    assert again.id != broken.id
    assert again.session_id is not None


def test_a_session_that_was_perhaps_never_opened_is_not_asked_for_too_late(here: StandIn) -> None:
    """Stripe opens none that is over within half an hour."""
    here.weather.order(Fault.LOST, "POST /v1/checkout/sessions$")
    with pytest.raises(RuleBroken, match="does not answer"):
        a_checkout()
    (unheard,) = checkouts.of_order(7)
    clock.move(LONGEST_SESSION - timedelta(minutes=20))
    again = checkouts.intend_checkout(
        group_id=1, order_id=7, person_id=unheard.person_id, amount=eur(100_00), purpose="order:7:payment", until=None
    )
    assert again != unheard.id


def test_a_session_that_nobody_wants_is_closed_by_the_worker(here: StandIn) -> None:
    session = a_checkout()
    checkouts.close_all_of(7)
    assert checkouts.look_at_due_checkouts() == 1
    assert now_of(session.id).state == Paying.EXPIRED
