"""What every test of escrow may ask for."""

from __future__ import annotations

import pytest

from marketplace.escrow.events import (
    ConfirmerMissing,
    DeadlineNear,
    MessageWritten,
    OrderChanged,
    OrderClosed,
    OrderOpened,
    ParcelChanged,
)
from marketplace.kernel import events


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that escrow announces, and nobody else hears."""
    facts: list[object] = []
    kinds = (OrderOpened, OrderChanged, OrderClosed, MessageWritten, DeadlineNear, ConfirmerMissing, ParcelChanged)
    monkeypatch.setattr(events, "_handlers", dict.fromkeys(kinds, (facts.append,)))
    return facts
