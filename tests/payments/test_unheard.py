"""Refunds of whose end no news came are looked up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.kernel import clock
from marketplace.payments import queries
from marketplace.payments.events import MovementConfirmed, MovementFailed
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State
from marketplace.payments.unheard import look_up_unheard
from marketplace.playmoney import charges
from marketplace.playmoney.server import StandIn
from tests.factories.accounts import a_person
from tests.factories.stripe import a_paid_order, a_payout, work

LONG = timedelta(hours=7)


def a_refund_on_its_way(here: StandIn) -> Movement:
    """Too little has settled at Stripe yet: the refund is pending."""
    here.till.settles_after = 10**6
    a_paid_order(here)
    movement = a_payout(a_person().id, 100_00, Kind.REFUND)
    work()
    assert queries.movement(movement.id).state == State.ASKED
    return movement


@pytest.mark.parametrize(
    ("ends", "state", "fact"),
    [
        (charges.settle_refund, State.CONFIRMED, MovementConfirmed),
        (charges.fail_refund, State.FAILED, MovementFailed),
    ],
)
def test_a_refund_of_whose_end_nothing_was_heard_is_looked_up(
    here: StandIn, heard: list[object], ends: object, state: State, fact: type
) -> None:
    movement = a_refund_on_its_way(here)
    assert callable(ends)
    ends(here.till, here.till.all("refund")[0]["id"])
    assert look_up_unheard() == 0, "news of it may still come"
    clock.move(LONG)
    assert look_up_unheard() == 1
    assert look_up_unheard() == 0
    assert queries.movement(movement.id).state == state
    assert isinstance(heard[-1], fact)


def test_one_that_is_still_on_its_way_stays_so_and_a_stripe_that_is_down_changes_nothing(here: StandIn) -> None:
    movement = a_refund_on_its_way(here)
    clock.move(LONG)
    assert look_up_unheard() == 0
    here.weather.is_down = True
    assert look_up_unheard() == 0
    assert queries.movement(movement.id).state == State.ASKED
