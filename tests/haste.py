"""What makes the tests quick and is nothing that they could see. tests/conftest.py imports these hooks."""

from __future__ import annotations

import gc
from typing import Any

from sqlalchemy import Engine, event

import marketplace.kernel.database  # noqa: F401 - its own settings of a connection come before the one below


@event.listens_for(Engine, "connect")
def _wait_for_no_disk(dbapi_connection: Any, _record: object) -> None:
    """The product waits with each commit until the disk has it, for the day of a power cut. None comes in a test: a
    process that is killed loses nothing that it wrote. The server of tests/postgres_keeper.py does the same."""
    if type(dbapi_connection).__module__ == "sqlite3":
        dbapi_connection.execute("PRAGMA synchronous=OFF")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look through it again. And a
    test makes objects by the ten thousand: to look for garbage at each seven hundredth takes a fifth of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
