"""The whole law of bidding against a slow model that keeps every bid and shares no code with it.

Whatever people do in whatever order, on open lots and sealed ones (bid, raise, tie, buy at once, retract and correct,
cancel another's bids, leave, wait into the last minutes and past the end), both agree on who leads, at what price, what
must be bid next, when it ends, whether it is sold, and who would be next in line for how much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from marketplace.auctions import bid_rules, retraction_rules, rules
from marketplace.auctions.chance_rules import in_line
from marketplace.auctions.rules import Action, Format, Lot, Party, SoftClose, State
from marketplace.groups.term_rules import Ladder
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from tests.auctions.law_model import MEMBERS, NOON, SELLER, Bid, Model

ANYBODY = st.sampled_from((SELLER, *MEMBERS))
SOMEBODY = st.sampled_from(MEMBERS)


class Auction(RuleBasedStateMachine):
    formats: tuple[Format, ...] = (Format.OPEN,)
    minutes: tuple[int, ...] = (20, 100)
    """How long before its end it begins."""
    calm = 0
    """For so many steps nobody comes to the last minutes."""

    @initialize(
        opening=st.integers(1, 3000),
        above=st.none() | st.integers(0, 4000),
        at_once=st.none() | st.integers(0, 4000),
        format_at=st.integers(0, 1),
        ladder=st.sampled_from(Ladder),
        window=st.sampled_from([0, 60, 120, 900]),
        cap=st.sampled_from([10, 60]),
        minutes_at=st.integers(0, 1),
    )
    def begin(
        self, opening: int, above: int | None, at_once: int | None, format_at: int, ladder: Ladder, window: int,
        cap: int, minutes_at: int,
    ) -> None:  # fmt: skip
        format = self.formats[format_at % len(self.formats)]
        reserve = None if above is None else opening + above
        buy_now = None if at_once is None or format is not Format.OPEN else (reserve or opening) + at_once
        close = SoftClose(timedelta(seconds=window), timedelta(minutes=cap))
        self.now = NOON - timedelta(minutes=self.minutes[minutes_at])
        self.model = Model(opening, reserve, buy_now, format, ladder, close.window, close.cap)
        self.lot = Lot(
            state=State.RUNNING, seller_id=SELLER, opening=eur(opening), reserve=none_or_eur(reserve),
            buy_now=none_or_eur(buy_now), starts_at=NOON - timedelta(days=1), scheduled_end_at=NOON, ends_at=NOON,
            soft_close=close, ladder=ladder, format=format,
        )  # fmt: skip

    # ---- time ----

    @rule(seconds=st.integers(1, 200), is_over=st.sampled_from([False] * 5 + [True]))
    def wait(self, seconds: int, is_over: bool) -> None:
        """Seldom past the end: all that can be said there is no."""
        until = self.now + timedelta(seconds=seconds)
        self.now = until if is_over else max(self.now, min(until, self.model.end - timedelta(seconds=1)))

    @rule(minutes=st.integers(5, 200))
    def wait_long(self, minutes: int) -> None:
        self.now = max(self.now, min(self.now + timedelta(minutes=minutes), self.model.end - self.model.window))

    @precondition(lambda self: self.calm <= 0)
    @rule(seconds=st.integers(1, 50))
    def come_to_the_last_minute(self, seconds: int) -> None:
        self.now = max(self.now, self.model.end - timedelta(seconds=seconds))

    @precondition(lambda self: self.calm <= 0)
    @rule()
    def come_to_the_window(self) -> None:
        self.now = max(self.now, self.model.end - self.model.window)

    def teardown(self) -> None:
        """Everything ends: sealed prices are shown, and who would be next."""
        if not hasattr(self, "lot") or self.model.is_closed:
            return
        self.now = max(self.now, self.model.end)
        assert self.model.close(self.now)
        state = rules.judge(self.lot, rules.ending(self.lot), by=Party.CLOCK, now=self.now)
        self.lot = replace(self.lot, state=state)
        self.both_say_the_same()
        self.both_say_who_is_next_in_line()

    # ---- deeds ----

    @rule(who=ANYBODY, sum_=st.integers(1, 9000) | st.integers(1, 2_000_000))
    def bid(self, who: int, sum_: int) -> None:
        self._bid(who, sum_)

    @rule(who=SOMEBODY, more=st.integers(-1, 60))
    def bid_about_the_least(self, who: int, more: int) -> None:
        self._bid(who, max(1, self.model.least(who) + more))

    @rule(who=SOMEBODY)
    def bid_as_much_as_the_leader(self, who: int) -> None:
        self._bid(who, max(1, self.model.highest()))

    @rule(who=SOMEBODY, short=st.integers(0, 1))
    def bid_about_the_reserve(self, who: int, short: int) -> None:
        self._bid(who, max(1, (self.model.reserve or self.model.opening) - short))

    @precondition(lambda self: self.calm <= 0)
    @rule(who=SOMEBODY)
    def bid_in_the_last_second(self, who: int) -> None:
        self.come_to_the_last_minute(1)
        self._bid(who, self.model.least(who))

    @rule(is_late=st.booleans())
    def leader_goes_over_the_reserve(self, is_late: bool) -> None:
        if is_late and self.calm <= 0:
            self.come_to_the_last_minute(30)
        if (leader := self.model.standing()[0]) is not None:
            self._bid(leader, max(self.model.reserve or 0, self.model.highest() + 1))

    @rule(who=ANYBODY)
    def buy_at_once(self, who: int) -> None:
        party = self._party(who)
        try:
            after = bid_rules.judge_purchase(self.lot, buyer_id=who, now=self.now, as_bidder=party)
        except RuleBroken:
            assert not self.model.buy(who, self.now), "the law refuses what the model takes"
            return
        assert self.model.buy(who, self.now), "the law takes what the model refuses"
        self.lot = after

    @rule(who=SOMEBODY, corrected=st.none() | st.integers(1, 9000))
    def retract(self, who: int, corrected: int | None) -> None:
        taken_back = self._without_his(who) if self._is_open(Action.RETRACT, self._party(who)) else None
        if taken_back is not None and corrected is not None:
            own = max((bid.sum for bid in self._kept(who) if bid.who == who), default=None)
            try:
                taken_back = bid_rules.judge_bid(
                    taken_back, bidder_id=who, maximum=eur(corrected), now=self.now, own=none_or_eur(own)
                ).lot
            except RuleBroken:
                taken_back = None
        assert self.model.retract(who, self.now, corrected=corrected) == (taken_back is not None)
        self.lot = taken_back or self.lot

    @rule(who=SOMEBODY)
    def retract_for(self, who: int) -> None:
        taken_back = self._without_his(who) if self._is_open(Action.RETRACT, Party.MODERATOR) else None
        assert self.model.retract_for(who, self.now) == (taken_back is not None)
        self.lot = taken_back or self.lot

    @rule(who=SOMEBODY)
    def cancel_bids(self, who: int) -> None:
        bids, has_bid = self._bids_but(who), self.model.own(who) is not None
        goes = has_bid and self._is_open(Action.CANCEL_BIDS, Party.SELLER)
        assert self.model.cancel_bids(who, self.now) == goes
        if goes:
            self.lot = bid_rules.retaken(self.lot, bids)

    @rule(deed=st.sampled_from(["leave", "retract_for", "cancel_bids"]))
    def the_leader_s_bids_go(self, deed: str) -> None:
        if not self.model.is_closed and (leader := self.model.standing()[0]) is not None:
            getattr(self, deed)(leader)

    @rule(who=SOMEBODY, minutes=st.integers(50, 130), by_moderator=st.booleans())
    def old_bids_are_retracted(self, who: int, minutes: int, by_moderator: bool) -> None:
        self.wait_long(minutes)
        if by_moderator:
            self.retract_for(who)
        else:
            self.retract(who, None)

    @rule(who=SOMEBODY)
    def leave(self, who: int) -> None:
        bids = self._bids_but(who)
        if self.model.leave(who, self.now):
            self.lot = bid_rules.retaken(self.lot, bids)

    # ---- what holds ----

    @invariant()
    def time_goes_on(self) -> None:
        self.calm -= 1

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "lot"):
            return
        leader, price = self.model.standing()
        assert (self.lot.leader_id, bid_rules.price(self.lot)) == (leader, eur(price))
        assert self.lot.ends_at == self.model.end <= NOON + self.model.cap
        assert rules.is_sold_at_the_end(self.lot) == self.model.is_sold()
        assert self.lot.bid_count == self.model.shown()
        assert self._is_open(Action.BUY_NOW, Party.BIDDER) == self.model.can_be_bought(self.now)
        if not self.model.is_closed:
            for who in MEMBERS:
                own = none_or_eur(self.model.own(who))
                assert bid_rules.least_bid(self.lot, bidder_id=who, own=own) == eur(self.model.least(who))

    @invariant()
    def both_say_who_is_next_in_line(self) -> None:
        if not hasattr(self, "lot") or self.lot.state is not State.SOLD:
            return
        bids = as_the_law_reads(self.model.bids)
        line = [(standing.leader_id, bid_rules.price(standing).minor) for standing in in_line(self.lot, bids)]
        assert line == self.model.line()

    # ---- how the services ask the law ----

    def _bid(self, who: int, sum_: int) -> None:
        before, own = self.model.standing()[0], none_or_eur(self.model.own(who))
        try:
            verdict = bid_rules.judge_bid(
                self.lot, bidder_id=who, maximum=eur(sum_), now=self.now, as_bidder=self._party(who), own=own
            )
        except RuleBroken:
            assert not self.model.bid(who, sum_, self.now), "the law refuses what the model takes"
            return
        assert self.model.bid(who, sum_, self.now), "the law takes what the model refuses"
        leader = self.model.standing()[0]
        assert verdict.leads == (leader == who)
        assert verdict.outbid_id == (before if before != leader and not self.model.is_sealed else None)
        self.lot = verdict.lot

    def _party(self, who: int) -> Party:
        """As models.Alias has it."""
        if who == SELLER:
            return Party.SELLER
        for people, party in (
            (self.model.refused, Party.REFUSED), (self.model.retracted, Party.RETRACTED),
            (self.model.left, Party.RETURNED),
        ):  # fmt: skip
            if who in people:
                return party
        return Party.BIDDER

    def _is_open(self, action: Action, by: Party) -> bool:
        return action in rules.open_to(self.lot, by=by, now=self.now)

    def _kept(self, who: int) -> list[Bid]:
        """What the law of retraction leaves."""
        since = retraction_rules.goes_from(ends_at=self.lot.ends_at, now=self.now)
        return [bid for bid in self.model.bids if bid.who != who or (since is not None and bid.at < since)]

    def _without_his(self, who: int) -> Lot | None:
        """The lot after his bids were taken back; none where none would go."""
        kept = self._kept(who)
        return bid_rules.retaken(self.lot, as_the_law_reads(kept)) if len(kept) < len(self.model.bids) else None

    def _bids_but(self, who: int) -> list[tuple[int, Money]]:
        return as_the_law_reads(bid for bid in self.model.bids if bid.who != who)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def none_or_eur(minor: int | None) -> Money | None:
    return None if minor is None else eur(minor)


def as_the_law_reads(bids: Iterable[Bid]) -> list[tuple[int, Money]]:
    return [(bid.who, eur(bid.sum)) for bid in bids]


class LongBeforeItsEnd(Auction):
    """While a seller may cancel bids, and old bids may be retracted."""

    minutes = (1000, 1500)
    calm = 15


class Sealed(Auction):
    formats = (Format.SEALED_FIRST, Format.SEALED_SECOND)
    minutes = (100, 1000)
    calm = 10


TestAuction, TestLongBeforeItsEnd, TestSealed = Auction.TestCase, LongBeforeItsEnd.TestCase, Sealed.TestCase
TestAuction.settings = TestLongBeforeItsEnd.settings = TestSealed.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None
)
