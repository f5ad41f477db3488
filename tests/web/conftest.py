"""The world that tests of all routes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from marketplace.config import Settings
from marketplace.web import live_hub
from tests.web.world import World, a_world


@pytest.fixture(autouse=True)
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that tells of changes ends by itself: who reads an answer to its end does not wait ten minutes."""
    monkeypatch.setattr(live_hub, "LONGEST_SECONDS", 0.01)


@pytest.fixture(scope="session")
def built_world(settings_of: Callable[..., Settings]) -> Iterator[World]:
    with a_world(settings_of) as world:
        yield world


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """Everybody and everything, as it was made; what the test did to it is undone."""
    yield built_world
    built_world.put_back()
