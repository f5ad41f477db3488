"""The world that tests of all routes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from marketplace.config import Settings
from tests.web.world import World, a_world


@pytest.fixture(scope="session")
def built_world(settings_of: Callable[..., Settings]) -> Iterator[World]:
    with a_world(settings_of) as world:
        yield world


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """Everybody and everything, as it was made; what the test did to it is undone."""
    yield built_world
    built_world.put_back()
