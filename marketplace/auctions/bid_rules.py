"""The law of bidding: who leads a lot, at what price, and what must be bid. Pure, like rules.py.

A bid is a maximum and kept secret; the house bids for the member, only as high as it must. The rules are those that
628 real eBay auctions support (see benchmarks/replay_ebay.py, which holds them against 285 of these).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from marketplace.auctions.increment_rules import plus_increment
from marketplace.auctions.rules import Action, Format, Lot, Party, is_sold_at_the_end, judge, party_of
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money

# A maximum so many times the price is more likely a slip of the finger than a wish: it is asked for twice.
TIMES_FOR_SECOND_LOOK = 5


class Verdict(NamedTuple):
    """What a bid does: the lot after it, and what there is to tell."""

    lot: Lot
    price: Money
    leads: bool
    """Whether the bidder leads now."""
    is_quiet: bool
    """The leader raised himself and nothing else changed: nobody else is shown it."""
    outbid_id: int | None
    """Who led before and does not any more."""


def judge_bid(
    lot: Lot, *, bidder_id: int, maximum: Money, now: datetime, as_bidder: Party = Party.BIDDER,
    own: Money | None = None,
) -> Verdict:  # fmt: skip
    """What a bid of at most `maximum` does to the lot. Raises the rule that it breaks.

    `as_bidder` as of party_of; `own` is what he bid before, which a sealed bid is held against, and nothing else.
    """
    judge(lot, Action.BID, by=party_of(lot.seller_id, bidder_id, as_bidder=as_bidder), now=now)
    least = least_bid(lot, bidder_id=bidder_id, own=own)
    if maximum < least:
        if lot.is_blind and own is not None:
            raise RuleBroken("You have bid %(own)s. A sealed bid can be raised, never lowered.",
                             field="maximum", own=own)  # fmt: skip
        if bidder_id == lot.leader_id:
            raise RuleBroken("You lead already. A maximum can be raised, to %(least)s or more, never lowered.",
                             field="maximum", least=least)  # fmt: skip
        raise RuleBroken("The next bid is %(least)s or more. Raise your maximum.", field="maximum", least=least)
    after = _taken(lot, bidder_id, maximum)
    moved = _moved(lot, after)
    after = replace(
        after,
        is_buy_now_gone=lot.is_buy_now_gone or (lot.buy_now is not None and is_sold_at_the_end(after)),
        bid_count=lot.bid_count + (1 if moved else 0),
        ends_at=_extended(lot, now) if moved and bidder_id != lot.leader_id else lot.ends_at,
    )
    outbid = lot.leader_id if after.leader_id != lot.leader_id and not lot.is_blind else None
    return Verdict(after, price(after), after.leader_id == bidder_id, not moved, outbid)


def judge_purchase(lot: Lot, *, buyer_id: int, now: datetime, as_bidder: Party = Party.BIDDER) -> Lot:
    """The lot after somebody has bought it at once, for the price that its seller named. Raises the rule it breaks."""
    state = judge(lot, Action.BUY_NOW, by=party_of(lot.seller_id, buyer_id, as_bidder=as_bidder), now=now)
    return replace(
        lot, state=state, leader_id=buyer_id, leader_maximum=lot.buy_now, ends_at=now, is_buy_now_gone=True,
        is_bought=True,
    )  # fmt: skip


def price(lot: Lot) -> Money:
    """What the leader pays; of a sealed auction that runs, the opening price, for more is nobody's to see."""
    if lot.leader_maximum is None or lot.is_blind:
        return lot.opening
    if lot.is_bought or lot.format is Format.SEALED_FIRST:
        return lot.leader_maximum
    if lot.format is Format.SEALED_SECOND:
        return max(lot.opening, lot.second_maximum or lot.opening, _reserve_reached(lot) or lot.opening)
    return _price_in_steps(lot)


def _price_in_steps(lot: Lot) -> Money:
    """What the leader pays if nobody bids again: one increment over the best of the others, never over his maximum.

    A reserve that his maximum reaches lifts the price to the reserve.
    """
    assert lot.leader_maximum is not None  # noqa: S101 - asked only where somebody leads
    asked = lot.opening if lot.second_maximum is None else plus_increment(lot.second_maximum, lot.ladder)
    return min(max(asked, _reserve_reached(lot) or asked), lot.leader_maximum)


def _reserve_reached(lot: Lot) -> Money | None:
    """The reserve, where the leader's maximum reaches it."""
    is_reached = lot.reserve is not None and lot.leader_maximum is not None and lot.reserve <= lot.leader_maximum
    return lot.reserve if is_reached else None


def least_bid(lot: Lot, *, bidder_id: int | None = None, own: Money | None = None) -> Money:
    """The smallest maximum that this bidder may name; none stands for somebody who does not lead. `own` as above."""
    if lot.is_blind:
        return lot.opening if own is None else own + Money(1, own.currency)
    if lot.leader_maximum is None:
        return lot.opening
    if bidder_id == lot.leader_id:
        return lot.leader_maximum + Money(1, lot.opening.currency)
    return plus_increment(price(lot), lot.ladder)


def retaken(lot: Lot, bids: Iterable[tuple[int, Money]]) -> Lot:
    """The lot with only these bids (bidder and maximum, in the order they came), as after some were voided."""
    lot = replace(lot, leader_id=None, leader_maximum=None, second_maximum=None, bid_count=0)
    for bidder_id, maximum in bids:
        after = _taken(lot, bidder_id, maximum)
        moved = _moved(lot, after)
        lot = replace(after, bid_count=lot.bid_count + (1 if moved else 0))
    return lot


def needs_second_look(price_now: Money, maximum: Money) -> bool:
    """Whether a maximum is so far above the price that it is asked for twice."""
    return maximum >= price_now * TIMES_FOR_SECOND_LOOK


def check_has_confirmer(confirmers: Collection[int], *, seller_id: int, bidder_id: int) -> None:
    """Nobody confirms his own money: between the only two who could, an order would wait for ever.

    Raises RuleBroken where there is nobody but them.
    """
    if not set(confirmers) - {seller_id, bidder_id}:
        raise RuleBroken(
            "Nobody but you two can confirm money here. Ask the owner to make another member treasurer, then bid."
        )


def _taken(lot: Lot, bidder_id: int, maximum: Money) -> Lot:
    if lot.leader_maximum is None:
        return replace(lot, leader_id=bidder_id, leader_maximum=maximum)
    if bidder_id == lot.leader_id:
        return replace(lot, leader_maximum=max(lot.leader_maximum, maximum))
    if maximum > lot.leader_maximum:  # of equal bids the earlier leads
        return replace(lot, leader_id=bidder_id, leader_maximum=maximum, second_maximum=lot.leader_maximum)
    return replace(lot, second_maximum=maximum if lot.second_maximum is None else max(lot.second_maximum, maximum))


def _moved(before: Lot, after: Lot) -> bool:
    """Whether others are shown the bid between the two: when it is sealed, every one, once the auction has ended."""
    return before.is_blind or price(after) != price(before) or after.leader_id != before.leader_id


def _extended(lot: Lot, now: datetime) -> datetime:
    """The end after a bid at `now` that moved something: reset within the window, capped, never earlier than it was."""
    if lot.is_blind or not lot.soft_close.window or now < lot.ends_at - lot.soft_close.window:
        return lot.ends_at
    latest = lot.scheduled_end_at + lot.soft_close.cap
    return max(lot.ends_at, min(now + lot.soft_close.window, latest))
