"""The law of searching: what may be asked of a catalogue, and whether a new lot is what somebody looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from marketplace.catalog.period_rules import Years
from marketplace.catalog.text_rules import says, terms_of
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.reputation.rules import Risk

MOST_SEARCHES = 50
MOST_WANTS = 100
"""Of one member in one group."""
TOLD_EVERY = timedelta(hours=6)
"""A saved search tells what is new together, so often at the most. A want tells at once: its maximum makes it rare."""


class Stage(StrEnum):
    """Which lots a catalogue shows."""

    RUNNING = "running"
    SCHEDULED = "scheduled"
    ENDED = "ended"


class Order(StrEnum):
    ENDING = "ending"
    NEWEST = "newest"
    PRICE = "price"
    DEAREST = "dearest"
    BIDS = "bids"


class Within(StrEnum):
    """How soon it ends."""

    HOUR = "1h"
    DAY = "24h"
    THREE_DAYS = "3d"

    @property
    def span(self) -> timedelta:
        return {Within.HOUR: timedelta(hours=1), Within.DAY: timedelta(days=1)}.get(self, timedelta(days=3))


class Trust(StrEnum):
    """Whose lots: sellers of whom something is known, and nothing worse than this."""

    LOW = "low"
    SOME = "some"

    @property
    def risks(self) -> frozenset[Risk]:
        return frozenset({Risk.LOW} if self is Trust.LOW else {Risk.LOW, Risk.SOME})


class Sort(StrEnum):
    """What a member keeps: the filters of a catalogue, or something he wants at a price."""

    SEARCH = "search"
    WANT = "want"


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody asked of a catalogue. Sums are in minor units of the group's currency."""

    stage: Stage = Stage.RUNNING
    order: Order = Order.ENDING
    kind: str = ""
    words: str = ""
    price_from: int | None = None
    price_to: int | None = None
    with_shipping_to: int | None = None
    """Price and shipping together: what a want may cost."""
    within: Within | None = None
    until: datetime | None = None
    """Ends before this moment."""
    trust: Trust | None = None
    condition: str = ""
    made_from: int | None = None
    made_to: int | None = None
    no_bids: bool = False
    after: str = ""
    """Where the page before ended."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out but by its stage."""
        return replace(self, stage=Stage.RUNNING, order=Order.ENDING, after="") != Search()


@dataclass(frozen=True, slots=True)
class NewLot:
    """What the law needs to know of a lot that has come."""

    id: int
    seller_id: int
    kind: str
    condition: str
    years: Years | None
    price: Money
    shipping: Money
    words: str
    """As catalog.text_rules.words_of gives them."""
    risk: Risk
    """Of its seller."""


def fits(search: Search, lot: NewLot, *, of: int) -> bool:
    """Whether a new lot is what `of`, who keeps this search, looks for. Not his own; when it ends does not matter."""
    return (
        lot.seller_id != of
        and search.kind in {"", lot.kind}
        and search.condition in {"", lot.condition}
        and costs_what_it_may(search, lot.price, lot.shipping)
        and (search.trust is None or lot.risk in search.trust.risks)
        and _is_of_the_time(search, lot.years)
        and (not search.words or says(terms_of(search.words), lot.words))
    )


def costs_what_it_may(search: Search, price: Money, shipping: Money) -> bool:
    """Whether a lot's price, as bids have made it, is still one that was asked for."""
    return _is_between(price.minor, search.price_from, search.price_to) and _is_between(
        price.minor + shipping.minor, None, search.with_shipping_to
    )


def kept_part(search: Search) -> Search:
    """What of a search is kept: not the moments, which pass, nor whether lots have ended, for new ones have not."""
    return replace(search, stage=Stage.RUNNING, within=None, until=None, after="")


def check_keeps(sort: Sort, search: Search, *, already: int) -> None:
    """Raise where this is nothing that one could be told of, or one more than anybody keeps."""
    if not kept_part(search).is_filtered:
        raise RuleBroken("Choose a filter first: without any, every new lot would fit.")
    if search.words and not terms_of(search.words):
        raise RuleBroken("Write a word or a number. Signs alone find nothing.", field="words")
    if sort is Sort.SEARCH and already >= MOST_SEARCHES:
        raise RuleBroken("You keep %(most)s searches here, the most one can. Remove one first.", most=MOST_SEARCHES)
    if sort is Sort.WANT and already >= MOST_WANTS:
        raise RuleBroken("You keep %(most)s wants here, the most one can. Remove one first.", most=MOST_WANTS)


def packed(search: Search) -> dict[str, Any]:
    """The part that is kept, for a JSON column: only what differs from no search at all."""
    kept, nothing = kept_part(search), Search()
    named = ((each.name, getattr(kept, each.name)) for each in fields(Search))
    return {name: value for name, value in named if value != getattr(nothing, name)}


def unpacked(stored: Mapping[str, Any]) -> Search:
    """The search as it was kept."""
    known = {"order": Order, "trust": Trust}
    values: dict[str, Any] = {name: known[name](value) if name in known else value for name, value in stored.items()}
    return Search(**values)


def _is_between(sum_minor: int, least: int | None, most: int | None) -> bool:
    return (least is None or sum_minor >= least) and (most is None or sum_minor <= most)


def _is_of_the_time(search: Search, years: Years | None) -> bool:
    """A lot whose seller names no year is of no time that is asked for."""
    if search.made_from is None and search.made_to is None:
        return True
    if years is None:
        return False
    return (search.made_from is None or years.last >= search.made_from) and (
        search.made_to is None or years.first <= search.made_to
    )
