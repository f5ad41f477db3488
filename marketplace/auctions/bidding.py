"""Placing a bid. How bids are taken back stands in retracting.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select

from marketplace.auctions import bid_rules, closing, finding
from marketplace.auctions.bid_ground import Ground
from marketplace.auctions.bid_rules import Verdict
from marketplace.auctions.depositing import check_deposit
from marketplace.auctions.events import BidPlaced, Outbid
from marketplace.auctions.models import Alias, Bid, Lot
from marketplace.auctions.rules import Party, State
from marketplace.catalog import service as catalog
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import EarnestError, RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.kernel.sharing import shares_a_commit


class NeedsSecondLook(RuleBroken):
    """The maximum is many times the price: it counts only once the member has confirmed it."""


class Placed(NamedTuple):
    """An accepted bid, and how its lot stands now: for a bid that is sent again, perhaps long after it."""

    price: Money
    leads: bool
    """Whether the bidder leads, and the lot still runs; never told of sealed bids."""
    maximum: Money
    """How far the house bids for the leader; for others, this bid's own."""
    is_sealed: bool
    """Whether nobody is told how it stands."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A bid of at most `maximum`. The key is its form’s: the same again is the same bid."""

    lot_id: int
    by: int
    maximum: Money
    client_key: str
    confirmed: bool
    """He has seen the full sum on a second page."""
    shipping_seen: Money | None
    """What that said of shipping."""


def place_bid(
    *, lot_id: int, by: int, maximum: Money, client_key: str, confirmed: bool, shipping_seen: Money | None = None
) -> Placed:
    """Bid at most `maximum`; see Asked. The same bid with the same key again says how the lot stands, and does nothing.

    Bids that come in one process while another waits for the database are placed with it, in the order they came.
    Raises NotFound, NotAllowed, TooEarly, TooLate, NeedsSecondLook, Stale, or RuleBroken with the least bid.
    """
    return _place_with_others(Asked(lot_id, by, maximum, client_key, confirmed, shipping_seen))


@use_case
def place_bids(asked: Sequence[Asked]) -> list[Placed | EarnestError]:
    """Place bids, one after the other. A bid that is refused has its refusal at its place, and changes nothing."""
    ground, moment = Ground.under(asked), clock.running()
    bids: list[Bid | EarnestError] = []
    for each in asked:
        with clock.at(moment()):  # all that follows from the bid has its moment; asking the database again takes time
            bids.append(_bid_or_refusal(ground, each))
    with clock.at(moment()):
        ground.keep()
    return [bid if isinstance(bid, EarnestError) else placed(ground.lots[bid.lot_id], bid, moment()) for bid in bids]


_place_with_others = shares_a_commit(place_bids)


def _bid_or_refusal(ground: Ground, asked: Asked) -> Bid | EarnestError:
    try:
        return _bid(ground, asked, clock.now())
    except EarnestError as refusal:
        return refusal


def _bid(ground: Ground, asked: Asked, now: datetime) -> Bid:
    lot = ground.lot(asked.lot_id)
    ground.check_may_bid(lot, asked.by)
    if lot.hidden_at is not None:
        finding.check_sees(lot, asked.by)
    if (earlier := ground.bids.get((lot.id, asked.by, asked.client_key))) is not None:
        _check_same(lot, earlier, asked.maximum)
        return earlier
    start_if_due(lot, now)
    alias = ground.aliases.get((lot.id, asked.by))
    as_bidder = Party.BIDDER if alias is None else alias.party
    verdict = bid_rules.judge_bid(
        lot.facts(), bidder_id=asked.by, maximum=asked.maximum, now=now, as_bidder=as_bidder, own=_own(lot, alias)
    )
    ground.check_confirmer(lot, asked.by)
    ground.check_deposit(lot, asked.by)
    _check_seen(lot, asked.maximum, confirmed=asked.confirmed, shipping_seen=asked.shipping_seen)
    ground.note_first_bid(lot)
    bid = _write(
        lot, verdict, alias or ground.new_alias(lot, asked.by), maximum=asked.maximum, client_key=asked.client_key,
        now=now,
    )  # fmt: skip
    ground.note_bid(bid)
    _tell(lot, verdict, bid)
    return bid


def try_bid(*, lot_id: int, by: int, maximum: Money) -> Verdict:
    """What a bid would do now, without placing it. Raises what place_bid would, but for the second look."""
    lot = finding.lot_for(lot_id, by)
    groups.require(by, lot.group_id, Permission.PLACE_BID)
    check_confirmer(lot, by)
    check_deposit(lot, by)
    now, facts = clock.now(), lot.facts()
    if lot.state == State.SCHEDULED and now >= lot.starts_at:
        facts = replace(facts, state=State.RUNNING)
    alias = db.session.scalar(select(Alias).where(Alias.lot_id == lot.id, Alias.person_id == by))
    as_bidder = Party.BIDDER if alias is None else alias.party
    return bid_rules.judge_bid(facts, bidder_id=by, maximum=maximum, now=now, as_bidder=as_bidder, own=_own(lot, alias))


def place_again(
    lot: Lot, alias: Alias, *, by: int, maximum: Money, client_key: str, confirmed: bool, led_before: int | None,
    now: datetime,
) -> Placed:  # fmt: skip
    """The one corrected bid of a member who retracts, in the same unit of work, the lot being locked.

    `led_before` led before the retraction: he alone can have been outbid by it. Raises as place_bid does.
    """
    verdict = bid_rules.judge_bid(lot.facts(), bidder_id=by, maximum=maximum, now=now, own=_own(lot, alias))
    check_confirmer(lot, by)
    check_deposit(lot, by)
    _check_seen(lot, maximum, confirmed=confirmed, shipping_seen=None)
    if lot.leader_id is None:
        catalog.freeze(lot.item_id, at=now)
    bid = _write(lot, verdict, alias, maximum=maximum, client_key=client_key, now=now)
    db.session.add(bid)
    _tell(lot, verdict if verdict.outbid_id == led_before else verdict._replace(outbid_id=None), bid)
    return placed(lot, bid, now)


def what_he_bid(lot: Lot, bidder_id: int, client_key: str) -> tuple[Alias | None, Bid | None]:
    """Whom the bidder is known as here, and the bid that he placed with this key, if he did."""
    same_deed = and_(Bid.lot_id == Alias.lot_id, Bid.bidder_id == Alias.person_id, Bid.client_key == client_key)
    wanted = select(Alias, Bid).outerjoin(Bid, same_deed).where(Alias.lot_id == lot.id, Alias.person_id == bidder_id)
    row = db.session.execute(wanted).one_or_none()
    return (None, None) if row is None else (row.Alias, row.Bid)


def _own(lot: Lot, alias: Alias | None) -> Money | None:
    """What he bid before."""
    return None if alias is None or alias.maximum_minor is None else Money(alias.maximum_minor, lot.currency)


def check_confirmer(lot: Lot, bidder_id: int) -> None:
    """Raise RuleBroken where nobody but these two could confirm their money."""
    confirmers = group_queries.confirmers({lot.group_id})[lot.group_id]
    bid_rules.check_has_confirmer(confirmers, seller_id=lot.seller_id, bidder_id=bidder_id)


def _check_same(lot: Lot, earlier: Bid, maximum: Money) -> None:
    if maximum != Money(earlier.maximum_minor, lot.currency):
        raise Stale("This form was used already. Look at where the lot stands, then bid again.")


def placed(lot: Lot, bid: Bid, now: datetime) -> Placed:
    leads = lot.leader_id == bid.bidder_id and lot.state == State.RUNNING and now < lot.ends_at and not lot.is_blind
    minor = lot.leader_maximum_minor if leads else None
    return Placed(lot.price, leads, Money(minor or bid.maximum_minor, lot.currency), lot.is_blind)


def start_if_due(lot: Lot, now: datetime) -> None:
    """A bid may come in the second before the worker does: the time that counts is the lot's."""
    if lot.state == State.SCHEDULED and now >= lot.starts_at:
        closing.start(lot)


def check_shipping(lot: Lot, seen: Money) -> None:
    """Raise Stale if the page said something else of shipping."""
    if seen != lot.shipping:
        raise Stale("Shipping now costs %(shipping)s. Look at the lot again, then bid.", shipping=lot.shipping)


def _check_seen(lot: Lot, maximum: Money, *, confirmed: bool, shipping_seen: Money | None) -> None:
    if shipping_seen is not None:
        check_shipping(lot, shipping_seen)
    if not confirmed and bid_rules.needs_second_look(lot.price, maximum):
        raise NeedsSecondLook(
            "%(maximum)s is many times the price, %(price)s. Check the figures, then confirm the bid.",
            field="maximum",
            maximum=maximum,
            price=lot.price,
        )


def _write(lot: Lot, verdict: Verdict, alias: Alias, *, maximum: Money, client_key: str, now: datetime) -> Bid:
    lot.take(verdict.lot)
    alias.maximum_minor = maximum.minor
    bid = Bid(
        lot_id=lot.id, bidder_id=alias.person_id, client_key=client_key, maximum_minor=maximum.minor, placed_at=now,
        price_minor=verdict.price.minor, leads=verdict.leads, is_quiet=verdict.is_quiet,
    )  # fmt: skip
    audit.note("place bid", f"lot:{lot.id}", by=alias.person_id, group_id=lot.group_id)
    return bid


def _tell(lot: Lot, verdict: Verdict, bid: Bid) -> None:
    announce(
        BidPlaced(
            lot.id, lot.group_id, lot.number, lot.title, lot.seller_id, bid.bidder_id, verdict.price, verdict.leads,
            bid.placed_at, lot.ends_at,
        )
    )  # fmt: skip
    if verdict.outbid_id is not None:
        least = bid_rules.least_bid(verdict.lot)
        announce(
            Outbid(lot.id, lot.group_id, lot.number, lot.title, verdict.outbid_id, verdict.price, least, lot.ends_at)
        )
