"""What the tests of groups share."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass

import pytest

from marketplace.groups import events as group_events
from marketplace.kernel import events


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that groups announce, in order; nothing else acts on it."""
    facts: list[object] = []
    kinds = [kind for _, kind in inspect.getmembers(group_events, is_dataclass)]
    monkeypatch.setattr(events, "_handlers", dict.fromkeys(kinds, (facts.append,)))
    return facts
