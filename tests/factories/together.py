"""Several people acting at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from marketplace.kernel.database import db

T = TypeVar("T")


def at_once(app: Flask, *deeds: Callable[[], T]) -> list[T]:
    """Do each deed in a thread and a context of its own, all at the same moment; what each gave back."""
    db.session.rollback()
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], T]) -> T:
        with app.app_context():
            start.wait()
            return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        results = list(threads.map(do, deeds))
    db.session.rollback()
    return results
