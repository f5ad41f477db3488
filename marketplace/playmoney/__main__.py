"""Serves the stand-in until it is told to end: `python -m marketplace.playmoney --port 8001 --hook URL SECRET`."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from marketplace.playmoney.server import StandIn

BANK_TAKES_SECONDS = 20.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m marketplace.playmoney", description="A Stripe with play money.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, help="where it is kept over a restart")
    parser.add_argument("--hook", nargs=2, action="append", default=[], metavar=("URL", "SECRET"))
    parser.add_argument("--account-hook", nargs=2, action="append", default=[], metavar=("URL", "SECRET"))
    asked = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with StandIn(port=asked.port, file=asked.file, bank_takes=BANK_TAKES_SECONDS) as here:
        for url, secret in asked.hook:
            here.tells(url, secret)
        for url, secret in asked.account_hook:
            here.tells(url, secret, of_accounts=True)
        over.wait()


if __name__ == "__main__":
    main()
