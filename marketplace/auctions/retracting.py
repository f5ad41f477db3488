"""Bids taken back: by their bidder, by a moderator for him, by the seller, or because their bidder goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select

from marketplace.auctions import bid_rules, bidding, finding, retraction_rules, rules
from marketplace.auctions.bidding import Placed
from marketplace.auctions.events import BidRetracted, BidsVoided
from marketplace.auctions.models import Alias, Bid, Lot, Watch
from marketplace.auctions.retraction_rules import Cause, Reason, Refusal
from marketplace.auctions.rules import Action, Party, State
from marketplace.catalog import queries as catalog
from marketplace.groups import service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.reputation import queries as reputation
from marketplace.reputation.rules import YEAR


@use_case
def retract(
    *, lot_id: int, by: int, reason: Reason, corrected: Money | None, client_key: str, confirmed: bool
) -> Placed | None:
    """Take one's own bids back, and place the one corrected bid in the same deed; no other comes after it.

    The same form again says how the lot stands. Raises NotFound, NotAllowed, RuleBroken, or what place_bid raises.
    """
    lot = finding.locked_lot(lot_id)
    groups.require(by, lot.group_id, Permission.RETRACT_BID)
    finding.check_sees(lot, by)
    alias, earlier = bidding.what_he_bid(lot, by, client_key)
    now = clock.now()
    if earlier is not None:
        return bidding.placed(lot, earlier, now)
    with clock.at(now):
        as_bidder = Party.RETURNED if alias is None else alias.party
        rules.judge(lot.facts(), Action.RETRACT, by=rules.party_of(lot.seller_id, by, as_bidder=as_bidder), now=now)
        if alias is None:
            raise NotAllowed("You have not bid on this lot.")
        led_before = lot.leader_id
        _take_back(lot, alias, Cause.RETRACTED, reason, by=by, now=now)
        placed = None
        if corrected is not None:
            groups.require(by, lot.group_id, Permission.PLACE_BID)
            placed = bidding.place_again(
                lot, alias, by=by, maximum=corrected, client_key=client_key, confirmed=confirmed, led_before=led_before,
                now=now,
            )  # fmt: skip
        _tell(lot, alias, Cause.RETRACTED, reason, led_before)
        return placed


@use_case
def retract_for(*, lot_id: int, by: int, bidder: str, reason: Reason) -> None:
    """A moderator takes a member's bids back because he asked for it; `bidder` is the name he has on this lot.

    At any time before the end, and in the last twelve hours only the bids of the last hour, as for the member.
    Raises NotFound, NotAllowed or RuleBroken.
    """
    lot = finding.locked_lot(lot_id)
    groups.require(by, lot.group_id, Permission.RETRACT_FOR_MEMBER)
    finding.check_sees(lot, by)
    now = clock.now()
    rules.judge(lot.facts(), Action.RETRACT, by=Party.MODERATOR, now=now)
    alias = named(lot, bidder)  # only now: who has sealed bids is not to be guessed either
    _check_has_no_conflict(lot, by, alias.person_id, now)
    led_before = lot.leader_id
    _take_back(lot, alias, Cause.MODERATOR, reason, by=by, now=now)
    _tell(lot, alias, Cause.MODERATOR, reason, led_before)


@use_case
def cancel_bids(*, lot_id: int, by: int, bidder: str, reason: Refusal) -> None:
    """The seller cancels all bids of one member, who does not bid here again.

    Raises NotFound, NotAllowed or RuleBroken.
    """
    lot = finding.locked_lot(lot_id)
    finding.check_sees(lot, by)
    now = clock.now()
    rules.judge(lot.facts(), Action.CANCEL_BIDS, by=rules.party_of(lot.seller_id, by), now=now)
    alias = named(lot, bidder)
    led_before = lot.leader_id
    void(lot, alias, standing_bids(lot.id, alias.person_id), Cause.CANCELLED, reason, by=by, now=now)
    alias.refused_at = now
    _tell(lot, alias, Cause.CANCELLED, reason, led_before)


@use_case
def void_bids(*, lot_id: int, person_id: int, reason: str, by: int | None) -> None:
    """Take the bids of one who goes out of a running lot. History keeps them."""
    lot = finding.locked_lot(lot_id)
    now = clock.now()
    if lot.state != State.RUNNING or now >= lot.ends_at:
        return
    bids = standing_bids(lot.id, person_id)
    if not bids:
        return
    alias = db.session.scalars(select(Alias).where(Alias.lot_id == lot.id, Alias.person_id == person_id)).one()
    led_before = lot.leader_id
    void(lot, alias, bids, Cause.LEFT, reason, by=by, now=now)
    _tell(lot, alias, Cause.LEFT, reason, led_before)


def named(lot: Lot, name: str) -> Alias:
    """The bidder who goes by this name on the lot, if bids of his count. Raises NotFound."""
    alias = db.session.scalar(select(Alias).where(Alias.lot_id == lot.id, Alias.name == name))
    if alias is None or alias.maximum_minor is None:
        raise NotFound("No bids of such a bidder count on this lot.")
    return alias


def void(
    lot: Lot, alias: Alias, bids: Sequence[Bid], cause: Cause, reason: str, *, by: int | None, now: datetime
) -> None:
    """Mark bids as void, and compute the lot anew from those that still count."""
    for bid in bids:
        bid.voided_at, bid.void_cause, bid.void_reason = now, cause, reason
    db.session.flush()
    remaining = counting_bids(lot)
    alias.maximum_minor = max((most.minor for bidder, most in remaining if bidder == alias.person_id), default=None)
    lot.take(bid_rules.retaken(lot.facts(), remaining))
    audit.note(
        "void bids", f"lot:{lot.id}", by=by, group_id=lot.group_id, why=f"{cause}: {reason}" if reason else cause
    )


def _take_back(lot: Lot, alias: Alias, cause: Cause, reason: Reason, *, by: int, now: datetime) -> None:
    """The bids that go by the law of retraction."""
    standing = standing_bids(lot.id, alias.person_id)
    since = retraction_rules.goes_from(ends_at=lot.ends_at, now=now)
    going = [bid for bid in standing if since is None or bid.placed_at >= since]
    retraction_rules.check_goes(len(going))
    remarked_at = max((remark.at for remark in catalog.remarks_of(lot.item_id)), default=None)
    retraction_rules.check_reason(reason, bid_at=going[-1].placed_at, remarked_at=remarked_at)
    void(lot, alias, going, cause, reason, by=by, now=now)
    alias.retracted_at = now


def _check_has_no_conflict(lot: Lot, moderator_id: int, bidder_id: int, now: datetime) -> None:
    bid = select(Alias.id).where(Alias.lot_id == lot.id, Alias.person_id == moderator_id)
    watched = select(Watch.id).where(Watch.lot_id == lot.id, Watch.person_id == moderator_id)
    sides = (lot.seller_id, bidder_id)
    retraction_rules.check_has_no_conflict(
        is_party=moderator_id in sides,
        bid_or_watched=db.session.scalar(bid.union_all(watched).limit(1)) is not None,
        has_traded=any(reputation.have_traded(moderator_id, side, since=now - YEAR) for side in sides),
    )


def _tell(lot: Lot, alias: Alias, cause: Cause, reason: str, led_before: int | None) -> None:
    """What came of it in the end: a corrected bid in the same deed is counted already."""
    now_leads = lot.leader_id if lot.leader_id not in {led_before, alias.person_id} and not lot.is_blind else None
    about = (lot.id, lot.group_id, lot.number, lot.title)
    announce(BidsVoided(*about, alias.person_id, now_leads, lot.price, lot.ends_at, reason, cause))
    if cause in {Cause.RETRACTED, Cause.MODERATOR} and not lot.is_blind:
        announce(BidRetracted(*about, lot.seller_id, alias.name, lot.price, reason))


def standing_bids(lot_id: int, person_id: int) -> Sequence[Bid]:
    """Those of one person that count."""
    return db.session.scalars(_counting(lot_id).where(Bid.bidder_id == person_id)).all()


def counting_bids(lot: Lot) -> list[tuple[int, Money]]:
    """Bidder and maximum of the bids that count, in the order they came."""
    wanted = _counting(lot.id).with_only_columns(Bid.bidder_id, Bid.maximum_minor)
    return [(bidder, Money(minor, lot.currency)) for bidder, minor in db.session.execute(wanted)]


def _counting(lot_id: int) -> Select[Bid]:
    """The bids of a lot that count, in the order they came."""
    return select(Bid).where(Bid.lot_id == lot_id, Bid.voided_at.is_(None)).order_by(Bid.id)
