"""A worker that closes lots: `python -m tests.faults.closer [LOT]`. It dies by kill -9 in the middle of closing LOT.

Without LOT it goes on until it is ended. It says "ready" when it begins.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from marketplace.app import create_app
from marketplace.auctions import closing
from marketplace.auctions.events import LotPassed, LotSold
from marketplace.kernel import events
from marketplace.worker import loop
from marketplace.worker.duties import Duty


def main(victim: int | None) -> None:
    app = create_app()
    if victim is not None:
        closing.announce = lambda fact: _die_or_tell(fact, victim)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    loop.run(app, [Duty("close lots", 0.05, closing.close_due_lots)], threading.Event())


def _die_or_tell(fact: LotPassed | LotSold, victim: int) -> None:
    """All that follows from the end has been written, and nothing is committed: there it is killed."""
    events.announce(fact)
    if fact.lot_id == victim:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
