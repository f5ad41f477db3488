"""Facts that packages announce, for packages above them to act on.

Handlers run at once, inside the same unit of work: an announcement and all that
follows from it are kept together or not at all. Which handlers hear which fact
is written down in one place, marketplace/wiring.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Handlers = Mapping[type, Sequence[Callable[[Any], object]]]

_handlers: Handlers = {}


def wire(handlers: Handlers) -> None:
    """Say who hears what. Called once, when the application starts."""
    global _handlers  # noqa: PLW0603 - the one switchboard of the process
    _handlers = handlers


def announce(fact: object) -> None:
    """Tell everyone who is wired to hear this kind of fact, in the order of the wiring."""
    for handle in _handlers.get(type(fact), ()):
        handle(fact)
