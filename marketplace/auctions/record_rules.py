"""The record of an auction: what everybody in the group may check after the end, and the check itself. Pure.

A record tells the bids in order, each with the seal of its maximum. While the lot runs, nothing is opened. After the
end the reserve is, and every maximum but the winner's that is above every price there was: what he would have paid is
his. `examine` goes through the bids with the law itself and finds every line that cannot be as it says.

What a record cannot prove: that no bid was left out before somebody kept a copy of the seals, that the bidders are
different people, and that the operator of the database did not look at the maxima. Whoever keeps an earlier copy can
hold it against a later one: no seal may be missing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from marketplace.auctions.bid_rules import judge_bid, judge_purchase, price, retaken
from marketplace.auctions.rules import Lot, State, is_sold_at_the_end
from marketplace.auctions.seal_rules import What, seal
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

# Stands for what stays sealed: only the winner's, more than every price and so more than anybody else's, too.
_SEALED_FROM_MINOR = 10**15
# A buyer who need not have bid. The seller's number in a record is 0.
_SOMEBODY = -1


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret sum. `amount` and `salt` once it is opened; both None while it is not."""

    seal: str
    amount: Money | None = None
    salt: str | None = None

    def is_as_sealed(self, what: What) -> bool:
        """Whether what was opened is what was sealed; true of what was not opened."""
        if self.amount is None or self.salt is None:
            return self.amount is None and self.salt is None
        return seal(what, self.amount, self.salt) == self.seal


@dataclass(frozen=True, slots=True)
class Line:
    """One bid. `bidder` is the name that he goes by on this lot; `price` and `leads` are as they stood right after."""

    bidder: str
    placed_at: datetime
    maximum: Sealed
    price: Money
    leads: bool
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A lot as its auction began, every bid that was accepted, and how it is said to stand or to have ended."""

    opening: Lot
    """Running, without a bid, its reserve left out."""
    reserve: Sealed | None
    lines: tuple[Line, ...]
    state: State
    price: Money
    leader: str
    """The name of who leads or won; empty where nobody does."""
    ends_at: datetime
    is_bought: bool = False
    """`leader` bought it at once, at `ends_at`, for the price that stood in the lot."""

    @property
    def has_ended(self) -> bool:
        return self.state in {State.SOLD, State.PASSED}


class Finding(NamedTuple):
    """What is wrong, and in which line (from 1; None for the whole)."""

    line: int | None
    sentence: str


def is_opened(*, maximum: Money, by_leader: bool, highest: Money, state: State) -> bool:
    """Whether the maximum of a bid is shown to everybody. `highest` is the highest price that the lot ever had.

    One that was a price is known to all anyway. It need not be the last: the price falls when bids become void.
    """
    if state is State.PASSED:
        return True
    return state is State.SOLD and (not by_leader or maximum <= highest)


# ---- the check ----


def examine(record: Record) -> list[Finding]:
    """Everything that cannot be as the record says; nothing, if the auction went by the law.

    Of a lot that has not ended only the form can be checked: its maxima are sealed.
    """
    found = list(_check_seals(record))
    if record.has_ended and not found:
        found.extend(_check_course(record))
    return found


def missing(earlier: Iterable[Line], later: Iterable[Line]) -> list[Finding]:
    """The lines of an earlier copy that a later one has not, or has in another order."""
    place_of = {line.maximum.seal: place for place, line in enumerate(later)}
    found, last = [], -1
    for number, line in enumerate(earlier, 1):
        place = place_of.get(line.maximum.seal)
        if place is None:
            found.append(Finding(number, "The earlier copy has a bid here that the later one does not have."))
        elif place < last:
            found.append(Finding(number, "This bid stands at another place in the later copy."))
        else:
            last = place
    return found


def _check_seals(record: Record) -> Iterator[Finding]:
    if record.reserve is not None and not record.reserve.is_as_sealed(What.RESERVE):
        yield Finding(None, "The reserve is not the one that was sealed when the lot was listed.")
    for number, line in enumerate(record.lines, 1):
        if not line.maximum.is_as_sealed(What.BID):
            yield Finding(number, "The maximum is not the one that was sealed when the bid was placed.")
        is_secret = line.maximum.amount is None
        if record.has_ended and is_secret and (line.bidder != record.leader or record.state is State.PASSED):
            yield Finding(number, "The maximum is kept secret, but only the winner's may be.")
    if record.has_ended and record.reserve is not None and record.reserve.amount is None:
        yield Finding(None, "The reserve is kept secret, but the auction has ended.")


def _check_course(record: Record) -> Iterator[Finding]:
    """Bid after bid by the law, and the end."""
    bidders = {name: number for number, name in enumerate(dict.fromkeys(line.bidder for line in record.lines), 1)}
    reserve = record.reserve.amount if record.reserve is not None else None
    lot, before = replace(record.opening, reserve=reserve), None
    maxima = [_known_or_more(line, place) for place, line in enumerate(record.lines)]
    voids = sorted({line.voided_at for line in record.lines if line.voided_at is not None})
    for place, line in enumerate(record.lines):
        if before is not None and line.placed_at < before:
            yield Finding(place + 1, "This bid is older than the one before it.")
            return
        while voids and (voids[0] < line.placed_at or voids[0] == line.placed_at != line.voided_at):
            lot = _without_void(lot, record.lines[:place], maxima, bidders, at=voids.pop(0))
        before = line.placed_at
        try:
            own = _own(record.lines[:place], maxima, line) if lot.is_blind else None
            verdict = judge_bid(lot, bidder_id=bidders[line.bidder], maximum=maxima[place], now=before, own=own)
        except RuleBroken as broken:
            yield Finding(place + 1, f"The law refuses this bid: {broken}")
            return
        lot = verdict.lot
        if verdict.leads != line.leads:
            yield Finding(place + 1, f"After this bid its bidder {'led' if verdict.leads else 'did not lead'}.")
        if verdict.price != line.price:
            yield Finding(place + 1, f"The price after this bid was {verdict.price}, not {line.price}.")
    for at in voids:
        lot = _without_void(lot, record.lines, maxima, bidders, at=at)
    yield from _check_purchase(record, lot) if record.is_bought else _check_end(record, lot, bidders)


def _check_purchase(record: Record, lot: Lot) -> Iterator[Finding]:
    try:
        judge_purchase(lot, buyer_id=_SOMEBODY, now=record.ends_at)
    except RuleBroken as broken:
        yield Finding(None, f"The law refuses that it was bought at once: {broken}")
    if record.state is not State.SOLD or record.price != lot.buy_now:
        yield Finding(None, f"Bought at once it is sold for {lot.buy_now}, not {record.state} at {record.price}.")


def _check_end(record: Record, lot: Lot, bidders: dict[str, int]) -> Iterator[Finding]:
    lot = replace(lot, state=record.state)  # of sealed bids the price is to be seen from the end on
    leader = next((name for name, number in bidders.items() if number == lot.leader_id), "")
    if leader != record.leader:
        yield Finding(None, f"At the end {leader or 'nobody'} led, not {record.leader or 'nobody'}.")
    elif price(lot) != record.price:
        yield Finding(None, f"The price at the end was {price(lot)}, not {record.price}.")
    if is_sold_at_the_end(lot) != (record.state is State.SOLD):
        yield Finding(None, f"By the law the lot was {'sold' if is_sold_at_the_end(lot) else 'passed'}.")
    if lot.ends_at != record.ends_at:
        yield Finding(None, f"By the law it ended at {lot.ends_at.isoformat()}, not {record.ends_at.isoformat()}.")


def _own(before: tuple[Line, ...], maxima: list[Money], line: Line) -> Money | None:
    """What the bidder of a line had bid before it, and had not taken back."""
    his = [
        maxima[place]
        for place, each in enumerate(before)
        if each.bidder == line.bidder and (each.voided_at is None or each.voided_at > line.placed_at)
    ]
    return max(his, default=None)


def _known_or_more(line: Line, place: int) -> Money:
    """The maximum; of one that stays sealed, that it is more than all that was opened, and than the sealed before."""
    return line.maximum.amount or Money(_SEALED_FROM_MINOR + place, line.price.currency)


def _without_void(
    lot: Lot, lines: tuple[Line, ...], maxima: list[Money], bidders: dict[str, int], *, at: datetime
) -> Lot:
    """The lot after bids were voided at this moment: reckoned anew from those that still counted."""
    counting = [
        (bidders[line.bidder], maxima[place])
        for place, line in enumerate(lines)
        if line.voided_at is None or line.voided_at > at
    ]
    return retaken(lot, counting)
