"""The pages of orders whose money a payment processor carries."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.escrow import chargebacks
from marketplace.escrow.order_rules import State
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import unit_of_work
from marketplace.payments.events import ChargebackLost
from marketplace.payments.rules import Through
from tests.factories.accounts import sign_in
from tests.factories.escrow import an_order, comes, fresh, lapse, receive, release, ship
from tests.web.order_pages import an_officer, buyer_of, group_of, seller_of

CARD = Terms(gateway=Through.STRIPE)


def page_of(app: Flask, order_id: int, person: object) -> str:
    client = app.test_client()
    sign_in(client, person)  # type: ignore[arg-type]
    answer = client.get(f"/orders/{order_id}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.one_database
def test_both_sides_and_the_officers_see_what_the_bank_says(app: Flask) -> None:
    order = an_order(State.CHARGEBACK)
    officer = an_officer(group_of(order))
    for person in (buyer_of(order), seller_of(order), officer):
        text = page_of(app, order.id, person)
        assert "The buyer’s bank asks the money back" in text
        assert text.count("The card’s owner says that he did not make this payment") == 2
        assert "fraudulent" not in text, "that is the processor's word"
        assert "The bank has not decided" in text


@pytest.mark.one_database
def test_where_the_bank_decided_for_the_buyer_nothing_is_said_to_be_paid_out(app: Flask) -> None:
    order = an_order(State.CHARGEBACK)
    with unit_of_work():
        total = order.facts().total
        chargebacks.lost(ChargebackLost(order.group_id, order.id, f"dp_{order.id}", total, clock.now()))
    for person, words in (
        (buyer_of(order), "Your bank decided for you and keeps"), (seller_of(order), "decided for him and keeps"),
    ):  # fmt: skip
        text = page_of(app, order.id, person)
        assert words in text and "the buyer’s bank" in text
        assert "Everything is paid out" not in text and "Paid out to" not in text
        assert ("What you owe the group now" in text) is (person == seller_of(order)), "what it is, its own page says"


@pytest.mark.one_database
def test_the_seller_sees_the_fees_and_that_it_is_paid_by_itself(app: Flask) -> None:
    order = an_order(terms=CARD)
    for step in (comes, ship, receive, release):
        step(fresh(order))
    lapse()
    text = page_of(app, order.id, seller_of(order))
    assert "It is paid by itself" in text and "came in, and is held" in text
    assert "Pay it out" not in text


@pytest.mark.one_database
@pytest.mark.parametrize("state", [State.CANCELLED, State.UNPAID, State.CHARGEBACK])
def test_no_officer_is_asked_for_a_card_payment_that_comes_after_the_end(app: Flask, state: State) -> None:
    order = an_order(state, terms=CARD)
    if state is State.CHARGEBACK:
        with unit_of_work():
            of = (order.group_id, order.id, f"dp_{order.id}", order.facts().total, clock.now())
            chargebacks.lost(ChargebackLost(*of))
    assert "Confirm what came in" not in page_of(app, order.id, an_officer(group_of(order)))
    assert "as soon as it is found" not in page_of(app, order.id, buyer_of(order))
