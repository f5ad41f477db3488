"""The whole law of bidding against a slow model that keeps every bid and shares no code with it.

Whatever members do in whatever order (bid, raise, retract, leave, wait into the last minutes and past the end), both
agree on who leads, at what price, what must be bid next, when it ends, and whether it would be sold.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from marketplace.auctions import bid_rules, retraction_rules, rules
from marketplace.auctions.rules import Action, Lot, Party, SoftClose, State
from marketplace.groups.term_rules import Ladder
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SELLER, MEMBERS = 1, (2, 3, 4, 5)
CAP = timedelta(minutes=10)
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


class Model:
    """Every bid is kept, and everything is reckoned from all of them each time."""

    def __init__(self, opening: int, reserve: int | None, ladder: Ladder, window: timedelta) -> None:
        self.opening, self.reserve, self.ladder, self.window = opening, reserve, ladder, window
        self.bids: list[tuple[int, int]] = []
        self.placed_at: list[datetime] = []
        self.gone: set[int] = set()
        self.barred: set[int] = set()
        self.end = NOON

    def standing(self) -> tuple[int | None, int]:
        """Who leads, and the price."""
        counting = [(who, sum_) for who, sum_ in self.bids if who not in self.gone]
        if not counting:
            return None, self.opening
        highest = max(sum_ for _who, sum_ in counting)
        leader = next(who for who, sum_ in counting if sum_ == highest)
        others = [sum_ for who, sum_ in counting if who != leader]
        asked = max(others) + step(self.ladder, max(others)) if others else self.opening
        if self.reserve is not None and highest >= self.reserve:
            asked = max(asked, self.reserve)
        return leader, min(asked, highest)

    def highest(self) -> int:
        return max((sum_ for who, sum_ in self.bids if who not in self.gone), default=0)

    def least(self, who: int) -> int:
        leader, price = self.standing()
        if leader is None:
            return self.opening
        return self.highest() + 1 if leader == who else price + step(self.ladder, price)

    def bid(self, who: int, sum_: int, now: datetime) -> bool:
        """Whether it counts."""
        if now >= self.end or who in self.gone | self.barred or who == SELLER or sum_ < self.least(who):
            return False
        before = self.standing()
        self.bids.append((who, sum_))
        self.placed_at.append(now)
        if self.standing() != before and before[0] != who and now >= self.end - self.window:
            self.end = max(self.end, min(now + self.window, NOON + CAP))
        return True

    def retract(self, who: int, now: datetime, *, by_moderator: bool) -> bool:
        """Whether his bids go: all of them while there is half a day, then only those of the last hour."""
        left = self.end - now
        young = [at for (bidder, _sum), at in zip(self.bids, self.placed_at, strict=True) if bidder == who]
        if left <= timedelta(hours=12):
            young = [at for at in young if at >= now - timedelta(hours=1)]
        if (
            who in (self.gone if by_moderator else self.gone | self.barred)
            or not young
            or left <= timedelta(hours=0 if by_moderator else 1)
        ):
            return False
        kept = [
            (bid, at) for bid, at in zip(self.bids, self.placed_at, strict=True) if bid[0] != who or at not in young
        ]
        self.bids, self.placed_at = [bid for bid, _at in kept], [at for _bid, at in kept]
        self.barred.add(who)
        return True


class Auction(RuleBasedStateMachine):
    @initialize(
        opening=st.integers(1, 3000),
        above=st.none() | st.integers(0, 4000),
        ladder=st.sampled_from(Ladder),
        window=st.sampled_from([60, 120, 900]),
        minutes=st.sampled_from([20, 100, 800]),
    )
    def begin(self, opening: int, above: int | None, ladder: Ladder, window: int, minutes: int) -> None:
        reserve = None if above is None else opening + above
        self.now = NOON - timedelta(minutes=minutes)
        self.model = Model(opening, reserve, ladder, timedelta(seconds=window))
        self.lot = Lot(
            state=State.RUNNING, seller_id=SELLER, opening=eur(opening),
            reserve=None if reserve is None else eur(reserve), starts_at=NOON - timedelta(days=1),
            scheduled_end_at=NOON, ends_at=NOON, ladder=ladder,
            soft_close=SoftClose(timedelta(seconds=window), CAP),
        )  # fmt: skip

    @rule(seconds=st.integers(1, 200) | st.integers(200, 1300))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(minutes=st.integers(20, 400))
    def wait_long(self, minutes: int) -> None:
        self.now = min(self.now + timedelta(minutes=minutes), self.lot.ends_at)

    @rule()
    def come_to_the_last_minute(self) -> None:
        self.now = max(self.now, self.lot.ends_at - timedelta(seconds=50))

    @rule(who=st.sampled_from((SELLER, *MEMBERS)), sum_=st.integers(1, 9000) | st.integers(1, 2_000_000))
    def bid(self, who: int, sum_: int) -> None:
        self._bid(who, sum_)

    @rule(who=st.sampled_from(MEMBERS), more=st.integers(-1, 60))
    def bid_about_the_least(self, who: int, more: int) -> None:
        self._bid(who, max(1, self.model.least(who) + more))

    @rule(who=st.sampled_from(MEMBERS))
    def bid_as_much_as_the_leader(self, who: int) -> None:
        self._bid(who, max(1, self.model.highest()))

    @rule(who=st.sampled_from(MEMBERS))
    def leave(self, who: int) -> None:
        if self.now < self.model.end and any(bidder == who for bidder, _sum in self.model.bids):
            self.model.gone.add(who)
            counting = [(bidder, eur(sum_)) for bidder, sum_ in self.model.bids if bidder not in self.model.gone]
            self.lot = bid_rules.retaken(self.lot, counting)

    @rule(who=st.sampled_from(MEMBERS), by_moderator=st.booleans())
    def retract(self, who: int, by_moderator: bool) -> None:
        before = list(zip(self.model.bids, self.model.placed_at, strict=True))
        by = Party.MODERATOR if by_moderator else self._as_bidder(who)
        goes = self.model.retract(who, self.now, by_moderator=by_moderator)
        since = retraction_rules.goes_from(ends_at=self.lot.ends_at, now=self.now)
        standing = [(bid, at) for bid, at in before if bid[0] not in self.model.gone]
        kept = [(bid, at) for bid, at in standing if bid[0] != who or (since is not None and at < since)]
        if self._is_open(Action.RETRACT, by) and len(kept) < len(standing):
            assert goes
            self.lot = bid_rules.retaken(self.lot, [(bidder, eur(sum_)) for (bidder, sum_), _at in kept])
        else:
            assert not goes

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "lot"):
            return
        leader, price = self.model.standing()
        assert (self.lot.leader_id, bid_rules.price(self.lot)) == (leader, eur(price))
        assert self.lot.ends_at == self.model.end <= NOON + CAP
        is_sold = leader is not None and self.model.highest() >= (self.model.reserve or 0)
        assert rules.is_sold_at_the_end(self.lot) == is_sold
        for who in MEMBERS:
            assert bid_rules.least_bid(self.lot, bidder_id=who) == eur(self.model.least(who))

    def _bid(self, who: int, sum_: int) -> None:
        try:
            verdict = bid_rules.judge_bid(
                self.lot,
                bidder_id=who,
                maximum=eur(sum_),
                now=self.now,
                as_bidder=self._as_bidder(who),
            )
        except RuleBroken:
            assert not self.model.bid(who, sum_, self.now), "the law refuses what the model takes"
            return
        assert self.model.bid(who, sum_, self.now), "the law takes what the model refuses"
        assert verdict.leads == (self.model.standing()[0] == who)
        self.lot = verdict.lot

    def _as_bidder(self, who: int) -> Party:
        if who in self.model.barred:
            return Party.RETRACTED
        return Party.RETURNED if who in self.model.gone else Party.BIDDER

    def _is_open(self, action: Action, by: Party) -> bool:
        return action in rules.open_to(self.lot, by=by, now=self.now)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


TestAuction = Auction.TestCase
TestAuction.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
