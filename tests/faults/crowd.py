"""A process full of bidders, as one of several web servers: `python -m tests.faults.crowd LOT SECONDS WRONG PERSON…`.

Its clock is wrong by WRONG seconds. Says "ready", waits for a line, then every person bids from a thread of his own
until the time is over. Ends with how many bids were taken, came too late, and were too low, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from datetime import timedelta

from flask import Flask

from marketplace.app import create_app
from marketplace.auctions import bidding
from marketplace.auctions.models import Lot
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken, TooLate
from marketplace.kernel.money import Money
from tests.faults import skewed


def bid_until(app: Flask, until: float, lot_id: int, person_id: int, outcomes: Counter[str]) -> None:
    """Look at the price, think for a moment, bid a little more."""
    chance, number = random.Random(person_id), 0
    while time.monotonic() < until:
        time.sleep(chance.uniform(0, 1))
        number += 1
        with app.app_context():
            price = db.session.get_one(Lot, lot_id).price
            outcomes[
                _outcome(lot_id, person_id, price + Money(chance.randrange(1, 30_000), price.currency), number)
            ] += 1


def _outcome(lot_id: int, person_id: int, maximum: Money, number: int) -> str:
    key = f"bid-{person_id:06}-{number:04}"
    try:
        bidding.place_bid(lot_id=lot_id, by=person_id, maximum=maximum, client_key=key, confirmed=True)
    except TooLate:
        return "late"
    except RuleBroken:
        return "low"
    return "taken"


def main(lot_id: int, seconds: float, wrong_by: timedelta, people: list[int]) -> None:
    app, outcomes = create_app(), Counter[str]()
    skewed.set_wrong(wrong_by)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=bid_until, args=(app, until, lot_id, person, outcomes)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(outcomes) + "\n")


if __name__ == "__main__":
    lot, lasting, wrong, *bidders = sys.argv[1:]
    main(int(lot), float(lasting), timedelta(seconds=int(wrong)), [int(person) for person in bidders])
