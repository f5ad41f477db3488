"""What every test of disputes may ask for."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace import wiring
from marketplace.disputes import events as told
from marketplace.kernel import events

_KINDS = [kind for kind in vars(told).values() if isinstance(kind, type) and issubclass(kind, told.About)]


class Heard(list[Any]):
    """What disputes announced, in order."""

    def of(self, kind: type) -> list[Any]:
        """The facts of one kind."""
        return [fact for fact in self if type(fact) is kind]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Everything that disputes announce; whoever else is wired hears it too."""
    facts = Heard()
    handlers = dict(wiring.HANDLERS)
    for kind in _KINDS:
        handlers[kind] = (*handlers.get(kind, ()), facts.append)
    monkeypatch.setattr(events, "_handlers", handlers)
    return facts
