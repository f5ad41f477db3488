"""Replays real eBay auctions through the product's own services and database, and says where the price comes out.

    python -m benchmarks.replay_ebay DIRECTORY [--raise-winner CENTS]

DIRECTORY holds `bids.csv` and `expected.csv` (W. Jank, G. Shmueli, "Modeling Online Auctions", Wiley 2010). eBay shows
every bid of the winner above the price AS the price, so on the raw rows a plain "highest bid wins at its own amount"
looks right as well. With --raise-winner these rows are raised where the winner's maximum was hidden: the closing price
must not move.

Ends with status 1 if an auction misses its recorded price, but for the classes that are reported and not judged.
"""

from __future__ import annotations

import argparse
import csv
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from marketplace.accounts.models import Person
from marketplace.app import create_app
from marketplace.auctions import bidding, closing, service
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import State
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Category, Condition, State as ItemState
from marketplace.config import read_settings
from marketplace.groups import founding
from marketplace.groups.models import Group, Membership
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock, schema
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

# The file's price is wrong, or eBay took a bid below its own floor: see the README of the data.
NOT_JUDGED = {"bad_row", "below_floor_bid"}
CURRENCY = "USD"
BEGINNING = datetime(2003, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Bid:
    at_days: float
    bidder: str
    cents: int


@dataclass(frozen=True)
class Auction:
    """One auction as it was recorded."""

    id: str
    item: str
    days: int
    opening: int
    price: int
    kind: str
    reserve: int | None
    is_winner_hidden: bool
    bids: tuple[Bid, ...]


@dataclass(frozen=True)
class Outcome:
    auction: Auction
    price: int | None
    """In cents; none if the lot passed."""
    refused: int

    @property
    def is_right(self) -> bool:
        return self.price == self.auction.price

    @property
    def is_judged(self) -> bool:
        return self.auction.kind not in NOT_JUDGED


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay_ebay", description=__doc__.split("\n")[0])
    parser.add_argument("directory", type=Path, help="where bids.csv and expected.csv lie")
    parser.add_argument(
        "--raise-winner", type=int, default=0, metavar="CENTS", help="bid so much more for hidden winners"
    )
    asked = parser.parse_args(arguments)
    try:
        auctions = list(read(asked.directory))
    except OSError as trouble:
        parser.error(f"{trouble.filename} cannot be read: {trouble.strerror}.")
    began = time.monotonic()
    outcomes = list(replay([raised(auction, asked.raise_winner) for auction in auctions]))
    return report(outcomes, seconds=time.monotonic() - began)


# ---- reading ----


def read(directory: Path) -> Iterator[Auction]:
    """The auctions of a folder, in the order of expected.csv."""
    names = count(1)
    bids: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(directory / "bids.csv"):
        if row["bidder"] == "Private":  # an auction that hid its bidders: each row is somebody else
            row["bidder"] = f"Private {next(names)}"
        bids[row["auction"]].append(row)
    for row in _rows(directory / "expected.csv"):
        history = bids[row["auctionid"]]
        yield Auction(
            id=row["auctionid"],
            item=history[0]["item"],
            days=int(history[0]["days"]),
            opening=int(row["open_cents"]),
            price=int(row["price_cents"]),
            kind=row["class"],
            reserve=int(row["reserve_cents"]) if row["class"] == "reserve_inferred" else None,
            is_winner_hidden=row["winner_max_hidden"] == "1",
            bids=tuple(Bid(float(bid["at_days"]), bid["bidder"], _cents(bid["bid"])) for bid in history),
        )


def raised(auction: Auction, cents: int) -> Auction:
    """The auction with its winner's rows that equal the price raised by so much, where his maximum was hidden."""
    if not auction.is_winner_hidden:
        return auction
    bids = tuple(replace(bid, cents=bid.cents + (cents if bid.cents == auction.price else 0)) for bid in auction.bids)
    return replace(auction, bids=bids)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(newline="") as lines:
        yield from csv.DictReader(lines)


def _cents(dollars: str) -> int:
    return round(float(dollars) * 100)


# ---- replaying ----


def replay(auctions: Iterable[Auction]) -> Iterator[Outcome]:
    """What each auction comes to, through services and an SQLite database of its own."""
    auctions = list(auctions)
    with tempfile.TemporaryDirectory(prefix="earnest-replay-") as folder:
        environ = {"EARNEST_DATA": folder, "EARNEST_SECRET_KEY": secrets.token_urlsafe(48)}
        app = create_app(read_settings({**environ, "EARNEST_LOG_LEVEL": "ERROR"}))
        with app.app_context(), clock.at(BEGINNING):
            schema.upgrade()
            cast = Cast()
            cast.let_in({bid.bidder for auction in auctions for bid in auction.bids})
            for number, auction in enumerate(auctions):
                yield _one(auction, cast, starts_at=BEGINNING + timedelta(days=14 * number))
            db.session.remove()
            db.engine.dispose()


class Cast:
    """A group without extensions of the end, a seller, and everybody who bid. None has a password."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        with unit_of_work():
            owner, seller = self._person("owner"), self._person("seller")
            self.seller_id = seller.id
            group = founding.found_group(
                by=owner.id, client_key="replay-of-ebay", name="Replay", collects="Watches and consoles",
                currency=CURRENCY, time_zone="UTC", rules_text="As on eBay.", instructions="Nobody pays here.",
                terms=Terms(),
            )  # fmt: skip
            group.terms = Terms(soft_close_seconds=0)  # eBay closed to the second, which no group may choose
            self.group_id = group.id
            self._enter(seller)

    def let_in(self, names: Iterable[str]) -> None:
        with unit_of_work():
            for name in sorted(names):
                self._enter(self._person(name))

    def an_item(self, title: str) -> int:
        with unit_of_work():
            now = clock.now()
            item = Item(
                group_id=self.group_id, seller_id=self.seller_id, client_key=f"item-{now:%Y%m%d%H%M}", title=title,
                description=title, category=Category.OTHER, condition=Condition.USED, currency=CURRENCY,
                shipping_minor=0, shipping_to="Everywhere", state=ItemState.PUBLISHED, created_at=now, changed_at=now,
                published_at=now,
            )  # fmt: skip
            db.session.add(item)
            db.session.flush()
            return item.id

    def _person(self, name: str) -> Person:
        email = f"{name.lower().replace(' ', '-')}@replay.invalid"
        person = Person(name=name, email=email, fs_uniquifier=email, created_at=clock.now())
        db.session.add(person)
        db.session.flush()
        self.people[name] = person.id
        return person

    def _enter(self, person: Person) -> None:
        version = db.session.get_one(Group, self.group_id).rules_version
        db.session.add(
            Membership(
                group_id=self.group_id, person_id=person.id, agreed_version=version, agreed_at=clock.now(),
                joined_at=clock.now(),
            )
        )  # fmt: skip


def _one(auction: Auction, cast: Cast, *, starts_at: datetime) -> Outcome:
    """One auction from listing to end: every bid a use case of its own, at the moment when it came."""
    ends_at = starts_at + timedelta(days=auction.days)
    with clock.at(starts_at):
        lot_id = service.list_lot(
            by=cast.seller_id, item_id=cast.an_item(auction.item), opening=Money(auction.opening, CURRENCY),
            reserve=None if auction.reserve is None else Money(auction.reserve, CURRENCY), ends_at=ends_at,
            client_key=f"lot-{auction.id}",
        ).id  # fmt: skip
    refused = sum(
        not _is_taken(lot_id, bid, cast, key=f"row-{number:05}", at=starts_at + timedelta(days=bid.at_days))
        for number, bid in enumerate(auction.bids)
    )
    with clock.at(ends_at):
        closing.close_due_lots()
    closed = db.session.get_one(Lot, lot_id, populate_existing=True)
    return Outcome(auction, closed.price_minor if closed.state == State.SOLD else None, refused)


def _is_taken(lot_id: int, bid: Bid, cast: Cast, *, key: str, at: datetime) -> bool:
    """Whether the bid was accepted. Rows of the record that change nothing or lie below the floor are refused."""
    maximum = Money(bid.cents, CURRENCY)
    with clock.at(at):
        try:
            bidding.place_bid(
                lot_id=lot_id, by=cast.people[bid.bidder], maximum=maximum, client_key=key, confirmed=True
            )
        except RuleBroken:
            return False
    return True


# ---- reporting ----


def report(outcomes: Sequence[Outcome], *, seconds: float) -> int:
    """Print how many close at the recorded price, per item and in all, and which do not. The exit status."""
    for item in sorted({outcome.auction.item for outcome in outcomes}):
        print(_tally(item, [outcome for outcome in outcomes if outcome.auction.item == item]))
    print(_tally("In all", outcomes))
    for outcome in outcomes:
        if not outcome.is_right:
            print(_miss(outcome))
    bids = sum(len(outcome.auction.bids) for outcome in outcomes)
    refused = sum(outcome.refused for outcome in outcomes)
    print(f"{bids:,} bids, {refused:,} of them refused, in {seconds:.1f} s.")
    return int(any(outcome.is_judged and not outcome.is_right for outcome in outcomes))


def _tally(name: str, outcomes: Sequence[Outcome]) -> str:
    right = sum(outcome.is_right for outcome in outcomes)
    judged = [outcome for outcome in outcomes if outcome.is_judged]
    text = f"{name}: {right} of {len(outcomes)} close at the recorded price"
    return f"{text}, {sum(outcome.is_right for outcome in judged)} of the {len(judged)} that are judged."


def _miss(outcome: Outcome) -> str:
    came_to = "passed" if outcome.price is None else f"closed at {outcome.price / 100:,.2f}"
    verdict = "" if outcome.is_judged else ", not judged"
    auction = outcome.auction
    return f"  {auction.id} ({auction.kind}{verdict}): recorded {auction.price / 100:,.2f}, {came_to}."


if __name__ == "__main__":
    sys.exit(main())
