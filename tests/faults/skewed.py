"""A process whose clock is wrong, as a web server's may be: for the product alone; the database keeps its time."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any


def set_wrong(by: timedelta) -> None:
    """From here on, all that the product's modules ask this process's clock is wrong by so much.

    Call it when the product has been imported; a module imported later reads the true date, and the wrong seconds.
    """
    true_seconds = time.time

    class Wrong(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, datetime)

    class WrongDatetime(datetime, metaclass=Wrong):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    time.time = lambda: true_seconds() + by.total_seconds()
    for name, module in list(sys.modules.items()):
        if name.startswith("marketplace.") and getattr(module, "datetime", None) is datetime:
            module.datetime = WrongDatetime  # type: ignore[attr-defined]
