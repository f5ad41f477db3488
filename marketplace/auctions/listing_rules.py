"""The law of listing: what a seller may ask, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.auctions.rules import Format
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

SHORTEST = timedelta(hours=1)
LONGEST_DAYS = 30
FARTHEST_START_DAYS = 60
# A form takes a while to send, and its field has no seconds: a start that has just gone by means now.
GRACE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a seller asks. Without a start, the lot starts at once."""

    opening: Money
    reserve: Money | None
    starts_at: datetime | None
    ends_at: datetime
    format: Format = Format.OPEN
    buy_now: Money | None = None
    """For this a member may have it at once, until the first bid; with a reserve, until that is met."""


def judge_offer(offer: Offer, *, now: datetime) -> datetime:
    """The moment at which the lot starts. Raises the rule that the offer breaks."""
    check_prices(offer)
    starts_at = offer.starts_at or now
    if starts_at < now - GRACE:
        raise RuleBroken("This start is past. Choose a later one, or start now.", field="starts_at")
    starts_at = max(starts_at, now)
    if starts_at > now + timedelta(days=FARTHEST_START_DAYS):
        raise RuleBroken(
            "A lot starts within %(days)s days. Choose an earlier start.", field="starts_at", days=FARTHEST_START_DAYS
        )
    if offer.ends_at < starts_at + SHORTEST:
        raise RuleBroken("A lot runs for an hour or longer. Choose a later end.", field="ends_at")
    if offer.ends_at > starts_at + timedelta(days=LONGEST_DAYS):
        raise RuleBroken(
            "A lot runs for %(days)s days at most. Choose an earlier end.", field="ends_at", days=LONGEST_DAYS
        )
    return starts_at


def check_prices(offer: Offer) -> None:
    """Raise the rule that its prices break: of a lot in a sale, all that is its seller's to say."""
    if offer.opening.minor <= 0:
        raise RuleBroken("Bidding opens at some price. Enter one above zero.", field="opening")
    if offer.reserve is not None and offer.reserve < offer.opening:
        raise RuleBroken(
            "The reserve is below the opening price. Enter %(opening)s or more, or leave it empty.",
            field="reserve",
            opening=offer.opening,
        )
    _check_buy_now(offer)


def _check_buy_now(offer: Offer) -> None:
    if offer.buy_now is not None and offer.format is not Format.OPEN:
        raise RuleBroken("With sealed bids nobody buys at once. Leave this empty.", field="buy_now")
    least = offer.reserve or offer.opening
    if offer.buy_now is not None and offer.buy_now < least:
        raise RuleBroken(
            "Who buys at once pays what the lot is worth to you: enter %(least)s or more, or leave it empty.",
            field="buy_now",
            least=least,
        )
