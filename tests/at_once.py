"""Several people doing things at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask

from marketplace.kernel.database import db


def at_once(app: Flask, *deeds: Callable[[], object]) -> list[BaseException]:
    """Do every deed in a thread of its own, as near to the same moment as may be. Gives what went wrong."""
    ready, failures = threading.Barrier(len(deeds)), list[BaseException]()

    def do(deed: Callable[[], object]) -> None:
        with app.app_context():
            ready.wait()
            try:
                deed()
            except BaseException as failure:
                failures.append(failure)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()  # the caller's snapshot is from before
    return failures
