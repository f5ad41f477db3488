"""The product as granian serves it for the benchmark: whole, but for one thing.

A load of sixteen members bids more often than sixteen members may. So each request counts in a drawer of its own of
the rate limits: they are kept and counted as ever, and refuse nobody.
"""

from __future__ import annotations

import itertools

from marketplace.web import limits

_DRAWERS = 2_000
_requests = itertools.count()


def _drawer() -> str:
    return f"{limits.who()}:{next(_requests) % _DRAWERS}"


limits.limiter._key_func = _drawer  # before the views are made, which keep it

from wsgi import app  # noqa: E402, F401 - made after the line above; granian finds it here
