"""A web server full of bidders: `python -m tests.faults.callers LOTS PERSON…`, LOTS with commas between them.

Every person bids from a thread of his own, as fast as he can, on one lot after the other. Each bid that he is told is
placed is a line, "lot person maximum key", the moment he is told. It goes on until it is killed.
"""

from __future__ import annotations

import itertools
import random
import sys
import threading

from flask import Flask

from marketplace.app import create_app
from marketplace.auctions import bidding
from marketplace.auctions.models import Lot
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money


def bid_for_ever(app: Flask, lot_ids: list[int], person_id: int) -> None:
    chance = random.Random(person_id)
    for number in itertools.count():
        lot_id, key = chance.choice(lot_ids), f"bid-{person_id:06}-{number:06}"
        with app.app_context():
            price = db.session.get_one(Lot, lot_id).price
            maximum = price + Money(chance.randrange(50, 3_000), price.currency)
            try:
                bidding.place_bid(lot_id=lot_id, by=person_id, maximum=maximum, client_key=key, confirmed=True)
            except RuleBroken:
                continue
            sys.stdout.write(f"{lot_id} {person_id} {maximum.minor} {key}\n")
            sys.stdout.flush()


def main(lot_ids: list[int], people: list[int]) -> None:
    app = create_app()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for person in people:
        threading.Thread(target=bid_for_ever, args=(app, lot_ids, person), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    lots, *bidders = sys.argv[1:]
    main([int(lot) for lot in lots.split(",")], [int(person) for person in bidders])
