"""Transfers, refunds and reversals at Stripe: each once, whatever gets lost between the two of us."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
import stripe
from flask import Flask

from marketplace.kernel import clock
from marketplace.payments import queries, sellers
from marketplace.payments.events import MovementBounced, MovementConfirmed, MovementFailed, MovementWaits
from marketplace.payments.rules import Kind, State
from marketplace.playmoney import accounts, charges, disputes, transfers
from marketplace.playmoney.server import StandIn
from marketplace.playmoney.weather import Fault
from tests.factories.accounts import a_person
from tests.factories.payments import eur
from tests.factories.stripe import (
    a_checkout,
    a_paid_order,
    a_payout,
    a_seller,
    hear,
    later_is_now,
    pays,
    work,
)


def state_of(movement_id: int) -> str:
    return queries.movement(movement_id).state


def of_kind(heard: list[object], *kinds: type) -> list[object]:
    return [fact for fact in heard if isinstance(fact, kinds)]


def test_a_payout_is_a_transfer_out_of_the_orders_own_charge(here: StandIn) -> None:
    paid = a_paid_order(here)
    seller = a_seller(here)
    movement = a_payout(seller)
    work()
    (transfer,) = here.till.all("transfer")
    assert state_of(movement.id) == State.CONFIRMED
    assert queries.movement(movement.id).bank_reference == transfer["id"]
    assert (transfer["amount"], transfer["source_transaction"]) == (95_00, paid.charge_id)
    account = sellers.account_of(seller)
    assert account is not None
    assert (transfer["destination"], transfer["transfer_group"]) == (account.account_id, "order:7")


@pytest.mark.parametrize(
    "fault", [Fault.LOST, Fault.BROKEN_AFTER, Fault.BROKEN, Fault.TOO_MANY, Fault.BUSY, Fault.DOWN]
)
@pytest.mark.parametrize("kind", [Kind.PAYOUT, Kind.REFUND])
def test_whatever_happens_to_a_call_it_is_carried_out_once(here: StandIn, fault: Fault, kind: Kind) -> None:
    a_paid_order(here)
    movement = a_payout(a_seller(here), kind=kind)
    here.weather.order(fault, "POST /v1/(transfers|refunds)$")
    work()
    assert state_of(movement.id) == State.INTENDED, "the outcome is not known"
    later_is_now()
    work()
    assert state_of(movement.id) == State.CONFIRMED
    assert len(here.till.all("transfer" if kind is Kind.PAYOUT else "refund")) == 1


def test_after_a_day_the_key_is_worth_nothing_and_the_movement_is_looked_up(here: StandIn) -> None:
    a_paid_order(here)
    movement = a_payout(a_seller(here))
    here.weather.order(Fault.LOST, "POST /v1/transfers$")
    work()
    here.till.answers.clear()  # as Stripe forgets them
    later_is_now()
    work()
    assert state_of(movement.id) == State.CONFIRMED
    assert len(here.till.all("transfer")) == 1


def test_news_of_a_transfer_can_be_faster_than_our_own_call(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    movement = a_payout(a_seller(here))
    here.weather.order(Fault.LOST, "POST /v1/transfers$")
    work()
    hear(here)
    assert state_of(movement.id) == State.CONFIRMED
    later_is_now()
    work()
    confirmed = [fact for fact in heard if isinstance(fact, MovementConfirmed) and fact.kind is Kind.PAYOUT]
    assert len(confirmed) == 1


def test_a_seller_without_an_account_waits_and_is_paid_when_it_is_ready(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    seller = a_seller(here, is_ready=False)
    movement = a_payout(seller)
    work()
    kept = queries.movement(movement.id)
    assert (kept.state, kept.attempt) == (State.INTENDED, 2)
    assert kept.due_at is not None
    assert kept.due_at > clock.now() + timedelta(minutes=4)
    waits = of_kind(heard, MovementWaits)
    assert len(waits) == 1
    later_is_now()
    work()
    assert of_kind(heard, MovementWaits) == waits, "the same reason is not told again"
    account = sellers.account_of(seller)
    assert account is not None
    accounts.become(here.till, str(account.account_id))
    hear(here)
    work()
    assert state_of(movement.id) == State.CONFIRMED
    keys = [key for line, key in here.door.log if line == "POST /v1/transfers"]
    own = f"order:7:payout:seller:1:{queries.movement(movement.id).mark}"
    assert keys == [own, f"{own}~2", f"{own}~3"]


def test_another_installation_with_the_same_account_is_not_taken_for_this_one(here: StandIn) -> None:
    """Its orders have the same numbers, and the keys of its movements but for the mark."""
    paid = a_paid_order(here)
    movement = a_payout(a_seller(here))
    theirs = {"movement": "order:7:payout:seller:1:0123456789abcdef", "order_id": "7"}
    account = here.till.all("account")[0]["id"]
    transfers.create(here.till, {"amount": 1, "currency": "eur", "destination": account, "metadata": theirs,
                                 "source_transaction": paid.charge_id})  # fmt: skip
    hear(here)
    assert state_of(movement.id) == State.INTENDED
    work()
    assert state_of(movement.id) == State.CONFIRMED


def test_who_has_never_been_at_stripe_waits_too(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    movement = a_payout(a_person().id)
    work()
    assert state_of(movement.id) == State.INTENDED
    assert len(of_kind(heard, MovementWaits)) == 1


def test_who_has_cut_us_off_waits_though_no_news_of_it_came(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    seller = a_seller(here)
    movement = a_payout(seller)
    account = sellers.account_of(seller)
    assert account is not None
    accounts.deauthorise(here.till, str(account.account_id))
    work()
    assert state_of(movement.id) == State.INTENDED
    (waits,) = of_kind(heard, MovementWaits)
    assert "no longer connected" in str(waits)


def test_no_more_is_refunded_than_came(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    movement = a_payout(a_person().id, 100_01, Kind.REFUND)
    work()
    assert state_of(movement.id) == State.FAILED
    assert len(of_kind(heard, MovementFailed)) == 1
    assert here.till.all("refund") == []


def test_a_split_is_a_refund_in_part_and_a_transfer_of_the_rest(here: StandIn) -> None:
    a_paid_order(here)
    seller = a_seller(here)
    back, on = a_payout(a_person().id, 40_00, Kind.REFUND), a_payout(seller, 55_00)
    work()
    assert {state_of(back.id), state_of(on.id)} == {State.CONFIRMED}
    assert [each["amount"] for each in here.till.all("refund")] == [40_00]
    assert [each["amount"] for each in here.till.all("transfer")] == [55_00]


def test_a_refund_that_fails_days_later_has_come_back(here: StandIn, heard: list[object]) -> None:
    a_paid_order(here)
    movement = a_payout(a_person().id, 50_00, Kind.REFUND)
    work()
    hear(here)
    charges.fail_refund(here.till, here.till.all("refund")[0]["id"])
    hear(here)
    hear(here)
    assert state_of(movement.id) == State.FAILED
    assert len(of_kind(heard, MovementBounced)) == 1


def test_a_refund_that_failed_before_its_answer_was_heard_has_failed(here: StandIn, heard: list[object]) -> None:
    """Asked again under its key, Stripe would say what it said first: that it was made."""
    a_paid_order(here)
    movement = a_payout(a_person().id, 40_00, Kind.REFUND)
    here.weather.order(Fault.LOST, "POST /v1/refunds$")
    work()
    charges.fail_refund(here.till, here.till.all("refund")[0]["id"])
    later_is_now()
    work()
    assert state_of(movement.id) == State.FAILED
    assert of_kind(heard, MovementFailed)
    assert len(here.till.all("refund")) == 1


def test_a_key_that_may_not_pay_refuses_no_payout(here: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again under the same key once somebody has given the key its permissions."""
    a_paid_order(here)
    movement = a_payout(a_seller(here))
    with monkeypatch.context() as mends:
        error = stripe.PermissionError("The key has not the permissions for this.")
        mends.setattr(stripe.TransferService, "create", Mock(side_effect=error))
        work()
        assert state_of(movement.id) == State.INTENDED
    later_is_now()
    work()
    assert state_of(movement.id) == State.CONFIRMED


def test_a_refund_that_waits_for_money_is_made_when_it_comes(app: Flask, here: StandIn, heard: list[object]) -> None:
    here.till.settles_after = 10**6
    a_paid_order(here)
    movement = a_payout(a_person().id, 100_00, Kind.REFUND)
    work()
    hear(here)
    assert state_of(movement.id) == State.ASKED
    charges.settle_refund(here.till, here.till.all("refund")[0]["id"])
    hear(here)
    assert state_of(movement.id) == State.CONFIRMED


def test_a_second_payment_is_refunded_out_of_itself(here: StandIn) -> None:
    """The first stays whole for the seller."""
    first = a_paid_order(here)
    second = a_checkout(person_id=first.person_id)
    pays(here, second)
    hear(here)
    a_payout(a_person().id, 100_00, Kind.REFUND)
    seller = a_seller(here)
    a_payout(seller, 95_00)
    work()
    assert here.till.all("refund")[0]["charge"] != first.charge_id
    assert here.till.all("transfer")[0]["source_transaction"] == first.charge_id


@pytest.mark.parametrize("taken", [0, 1])
def test_of_two_payments_the_one_that_a_bank_took_back_is_not_drawn_on(here: StandIn, taken: int) -> None:
    payments = [a_paid_order(here), a_paid_order(here)]
    charge_ids = [str(each.charge_id) for each in payments]
    dispute = disputes.open_(here.till, charge_ids[taken])
    disputes.decide(here.till, dispute["id"], "lost")
    hear(here)
    a_payout(a_person().id, 100_00, Kind.REFUND)
    work()
    assert [each["charge"] for each in here.till.all("refund")] == [charge_ids[1 - taken]]


def test_a_transfer_is_taken_back_and_made_again(here: StandIn) -> None:
    a_paid_order(here)
    seller = a_seller(here)
    a_payout(seller)
    work()
    back = a_payout(seller, 95_00, Kind.REVERSAL)
    work()
    assert state_of(back.id) == State.CONFIRMED
    assert here.till.all("transfer")[0]["reversed"]
    again = a_payout(seller, 95_00, key="order:7:payout:seller:9")
    work()
    hear(here)
    assert state_of(again.id) == State.CONFIRMED


def test_what_a_seller_has_not_got_he_cannot_give_back(here: StandIn, heard: list[object]) -> None:
    """Final, so that somebody decides who bears it."""
    a_paid_order(here)
    seller = a_seller(here)
    a_payout(seller)
    work()
    account = sellers.account_of(seller)
    assert account is not None
    accounts.pay_out(here.till, str(account.account_id), "eur")
    back = a_payout(seller, 95_00, Kind.REVERSAL)
    work()
    assert state_of(back.id) == State.FAILED
    assert [fact.amount for fact in of_kind(heard, MovementFailed)] == [eur(95_00)]  # type: ignore[attr-defined]


def test_without_a_key_what_is_intended_for_stripe_waits(app: Flask, here: StandIn) -> None:
    a_paid_order(here)
    movement = a_payout(a_seller(here))
    way, app.extensions["earnest_stripe"] = app.extensions["earnest_stripe"], None
    work()
    assert (state_of(movement.id), queries.movement(movement.id).tries) == (State.INTENDED, 0)
    app.extensions["earnest_stripe"] = way
    work()
    assert state_of(movement.id) == State.CONFIRMED


def test_a_stripe_that_is_down_is_not_asked_all_the_time(app: Flask, here: StandIn) -> None:
    a_paid_order(here)
    seller = a_seller(here)
    made = [a_payout(seller, 1_00, key=f"order:7:payout:seller:{number}") for number in range(1, 9)]
    here.weather.is_down = True
    asked = len(here.door.log)
    work()
    assert app.extensions["earnest_stripe"].circuit.closed_until > 0
    here.weather.is_down = False
    app.extensions["earnest_stripe"].circuit.closed_until = 0
    later_is_now()
    work()
    assert {state_of(each.id) for each in made} == {State.CONFIRMED}
    assert len(here.till.all("transfer")) == len(made)
    assert len(here.door.log) > asked
