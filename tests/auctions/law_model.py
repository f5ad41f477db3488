"""A slow model of the law of bidding: it keeps every bid, reckons everything from all of them, and shares no code with
the law. Sums are minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from marketplace.auctions.rules import Format
from marketplace.groups.term_rules import Ladder

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
"""When the auction is to end."""
SELLER, MEMBERS = 1, (2, 3, 4, 5)
HOUR = timedelta(hours=1)
INFINITE = float("inf")
BELOW = {
    Ladder.FINE: ((100, 5), (500, 25), (2500, 50), (10000, 100), (25000, 250), (50000, 500), (100000, 1000),
                  (250000, 2500), (500000, 5000), (INFINITE, 10000)),
    Ladder.HOUSE: ((1000, 100), (10000, 500), (20000, 1000), (50000, 2000), (100000, 5000), (200000, 10000),
                   (500000, 20000), (1000000, 50000), (2000000, 100000), (INFINITE, 200000)),
}  # fmt: skip


def step(ladder: Ladder, price: int) -> int:
    if ladder is Ladder.PERCENT:
        return max(1, price // 20)
    return next(each for below, each in BELOW[ladder] if price < below)


@dataclass(frozen=True)
class Bid:
    who: int
    sum: int
    at: datetime


@dataclass
class Model:
    opening: int
    reserve: int | None
    buy_now: int | None
    format: Format
    ladder: Ladder
    window: timedelta
    cap: timedelta
    bids: list[Bid] = field(default_factory=list)
    """Those that count."""
    end: datetime = NOON
    left: set[int] = field(default_factory=set)
    retracted: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    reserve_was_met: bool = False
    """At some time, whatever was taken back since; without a reserve, somebody has bid."""
    bought: tuple[int, int] | None = None
    """By whom, and for how much."""
    is_closed: bool = False

    # ---- what is so ----

    @property
    def is_sealed(self) -> bool:
        return self.format is not Format.OPEN

    @property
    def is_blind(self) -> bool:
        return self.is_sealed and not self.is_closed

    def barred(self) -> set[int]:
        return self.left | self.retracted | self.refused

    def standing(self) -> tuple[int | None, int]:
        """Who leads, and the price that is shown."""
        if self.bought is not None:
            return self.bought
        leader, price = self.reckoned(self.bids)
        return leader, self.opening if self.is_blind else price

    def reckoned(self, bids: list[Bid]) -> tuple[int | None, int]:
        """Who leads by these bids, and what he pays in the end."""
        if not bids:
            return None, self.opening
        highest = max(bid.sum for bid in bids)
        leader = next(bid.who for bid in bids if bid.sum == highest)
        others = [bid.sum for bid in bids if bid.who != leader]
        if self.format is Format.SEALED_FIRST:
            return leader, highest
        asked = max(others, default=self.opening)
        if others and not self.is_sealed:
            asked += step(self.ladder, asked)
        if self.reserve is not None and highest >= self.reserve:
            asked = max(asked, self.reserve)
        return leader, min(asked, highest)

    def highest(self) -> int:
        return max((bid.sum for bid in self.bids), default=0)

    def own(self, who: int) -> int | None:
        return max((bid.sum for bid in self.bids if bid.who == who), default=None)

    def least(self, who: int) -> int:
        own, (leader, price) = self.own(who), self.standing()
        if self.is_blind:
            return self.opening if own is None else own + 1
        if leader is None:
            return self.opening
        return self.highest() + 1 if leader == who else price + step(self.ladder, price)

    def shown(self) -> int:
        """How many of the bids others see, in the end: those after which price or leader was another."""
        if self.is_sealed:
            return len(self.bids)
        states = [self.reckoned(self.bids[:length]) for length in range(len(self.bids) + 1)]
        return sum(before != after for before, after in pairwise(states))

    def is_sold(self) -> bool:
        return self.bought is not None or bool(self.bids and self.highest() >= (self.reserve or 0))

    def can_be_bought(self, now: datetime) -> bool:
        return self.buy_now is not None and not self.reserve_was_met and not self.is_closed and now < self.end

    def line(self) -> list[tuple[int | None, int]]:
        """Who is next if the buyer does not pay, who after him, and for how much each: as though those before him had
        never bid."""
        out, found = {self.standing()[0]}, []
        while rest := [bid for bid in self.bids if bid.who not in out]:
            if max(bid.sum for bid in rest) < (self.reserve or 0):
                break
            found.append(self.reckoned(rest))
            out.add(found[-1][0])
        return found

    # ---- what is done: each says whether it counts, and changes nothing where it does not ----

    def bid(self, who: int, sum_: int, now: datetime, *, corrects: bool = False) -> bool:
        may = who not in self.barred() or corrects
        if self.is_closed or now >= self.end or not may or who == SELLER or sum_ < self.least(who):
            return False
        before = self.standing()
        self.bids.append(Bid(who, sum_, now))
        self.reserve_was_met |= self.is_sold()
        if not self.is_sealed and self.standing() != before and before[0] != who and now >= self.end - self.window:
            self.end = max(self.end, min(now + self.window, NOON + self.cap))
        return True

    def buy(self, who: int, now: datetime) -> bool:
        if self.buy_now is None or not self.can_be_bought(now) or who == SELLER or who in self.barred():
            return False
        self.bought, self.end, self.is_closed = (who, self.buy_now), now, True
        return True

    def retract(self, who: int, now: datetime, *, corrected: int | None = None) -> bool:
        """All of his while there is half a day, then those of the last hour, and none in the last hour.

        With it may come one other bid, and if that does not count, nothing has happened.
        """
        before = list(self.bids)
        if who in self.barred() or self.end - now <= HOUR or not self._take_back(who, now):
            return False
        if corrected is not None and not self.bid(who, corrected, now, corrects=True):
            self.bids = before
            return False
        self.retracted.add(who)
        return True

    def retract_for(self, who: int, now: datetime) -> bool:
        """A moderator does it for him, to the end; of sealed bids he knows nothing."""
        if self.is_sealed or who in self.left or now >= self.end or not self._take_back(who, now):
            return False
        self.retracted.add(who)
        return True

    def cancel_bids(self, who: int, now: datetime) -> bool:
        """The seller does it, to half a day before the end."""
        if self.is_sealed or self.own(who) is None or self.end - now <= 12 * HOUR or self.is_closed:
            return False
        self.bids = [bid for bid in self.bids if bid.who != who]
        self.refused.add(who)
        return True

    def leave(self, who: int, now: datetime) -> bool:
        if self.is_closed or now >= self.end or self.own(who) is None:
            return False
        self.bids = [bid for bid in self.bids if bid.who != who]
        self.left.add(who)
        return True

    def close(self, now: datetime) -> bool:
        if self.is_closed or now < self.end:
            return False
        self.is_closed = True
        return True

    def _take_back(self, who: int, now: datetime) -> bool:
        since = now - HOUR if self.end - now <= 12 * HOUR else datetime.min.replace(tzinfo=UTC)
        kept = [bid for bid in self.bids if bid.who != who or bid.at < since]
        is_less = len(kept) < len(self.bids)
        self.bids = kept
        return is_less
