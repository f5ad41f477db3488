"""The buyer begins to pay by card: who may, when, and once however often he presses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.escrow import card_paying
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.payments import checkouts
from marketplace.payments.rules import Through
from marketplace.playmoney.server import StandIn
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order
from tests.factories.groups import a_group
from tests.factories.stripe import stripe_at


@pytest.fixture
def here(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def by_card(**how: Any) -> Order:
    group = a_group()
    return an_order(group=group, terms=replace(group.terms, gateway=Through.STRIPE), **how)


def begin(order: Order, by: int | None = None) -> int:
    return card_paying.begin_card_payment(order_id=order.id, by=by or order.buyer_id, address_id=None)


def an_order_to_pick_up() -> Order:
    return by_card(shipping=0)


def test_the_buyer_alone_begins(app: Flask, here: StandIn) -> None:
    order = an_order_to_pick_up()
    with pytest.raises(NotAllowed):
        begin(order, order.seller_id)
    with pytest.raises(NotFound):
        begin(order, a_person().id)
    assert checkouts.of_order(order.id) == []
    begin(order)
    (checkout,) = checkouts.of_order(order.id)
    assert checkout.person_id == order.buyer_id


def test_however_often_he_presses_it_is_one_payment(app: Flask, here: StandIn) -> None:
    order = an_order_to_pick_up()
    order_id, buyer_id = order.id, order.buyer_id

    def press() -> None:
        card_paying.begin_card_payment(order_id=order_id, by=buyer_id, address_id=None)

    assert at_once(app, *[press] * 8) == []
    assert len(checkouts.of_order(order_id)) == 1


def test_the_session_ends_with_the_time_to_pay(app: Flask, here: StandIn) -> None:
    order = an_order_to_pick_up()
    assert order.deadline is not None
    clock.move(order.deadline - clock.now() - timedelta(hours=2))
    begin(order)
    (checkout,) = checkouts.of_order(order.id)
    assert checkout.expires_at == order.deadline


def test_half_an_hour_before_the_end_it_is_too_late(app: Flask, here: StandIn) -> None:
    order = an_order_to_pick_up()
    assert order.deadline is not None
    clock.move(order.deadline - clock.now() - timedelta(minutes=20))
    with pytest.raises(RuleBroken, match="Too little time"):
        begin(order)


@pytest.mark.parametrize("state", [State.PAYMENT_CLAIMED, State.HELD, State.CLOSED])
def test_what_does_not_wait_for_money_is_not_paid(app: Flask, here: StandIn, state: State) -> None:
    order = an_order(state)  # by the treasurer's way: by card it would need Stripe
    with unit_of_work():
        db.session.get_one(Order, order.id).terms = replace(order.terms, gateway=Through.STRIPE)
    with pytest.raises(RuleBroken, match="does not wait"):
        begin(order)


def test_what_goes_to_the_treasurer_is_not_paid_by_card(app: Flask, here: StandIn) -> None:
    with pytest.raises(RuleBroken, match="Send the money there"):
        begin(an_order())
