"""A stage for tests that play on one after the other: real processes take longer to start than a deed takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.storm.stage import Stage, stage


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def calm_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Web server, worker and Stripe, all well."""
    with stage(tmp_path_factory.mktemp("stage"), on_server=request.param == "postgresql") as here:
        yield here
