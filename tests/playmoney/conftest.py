"""The stand-in on a port of its own, and the real client before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stripe import StripeClient

from marketplace.playmoney.server import StandIn


@pytest.fixture
def stripe_here() -> Iterator[StandIn]:
    with StandIn() as here:
        yield here


@pytest.fixture
def client(stripe_here: StandIn) -> StripeClient:
    addresses = {"api": stripe_here.url, "files": stripe_here.url}
    return StripeClient("sk_test_play", base_addresses=addresses, max_network_retries=0)  # type: ignore[arg-type]
