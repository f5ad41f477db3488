"""What payments announces, heard here instead of on the floors above."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from marketplace import wiring
from marketplace.kernel import events
from marketplace.payments import events as payments
from marketplace.playmoney.server import StandIn
from tests.factories.stripe import stripe_at

ANNOUNCED = (
    payments.MovementConfirmed, payments.MovementFailed, payments.MovementBounced, payments.MovementWaits,
    payments.FeeTaken, payments.PaymentSubmitted, payments.ChargebackOpened, payments.ChargebackWon,
    payments.ChargebackLost, payments.SellerPayoutFailed, payments.ContestSent, payments.ContestRefused,
)  # fmt: skip


@pytest.fixture
def heard(app: Flask) -> Iterator[list[object]]:
    facts: list[object] = []
    events.wire(dict.fromkeys(ANNOUNCED, (facts.append,)))
    yield facts
    events.wire(wiring.HANDLERS)


@pytest.fixture
def here(app: Flask, heard: list[object]) -> Iterator[StandIn]:
    """A Stripe on loopback, behind the real client."""
    with stripe_at(app) as here:
        yield here
