"""What payments announces, heard here instead of on the floors above."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from marketplace import wiring
from marketplace.kernel import events
from marketplace.payments.events import MovementBounced, MovementConfirmed, MovementFailed


@pytest.fixture
def heard(app: Flask) -> Iterator[list[object]]:
    facts: list[object] = []
    events.wire(dict.fromkeys((MovementConfirmed, MovementFailed, MovementBounced), (facts.append,)))
    yield facts
    events.wire(wiring.HANDLERS)
