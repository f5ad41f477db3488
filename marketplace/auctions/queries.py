"""What pages and other packages read of lots and bids. Who may see them, finding.py says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, false, func, or_, select

from marketplace.auctions import bid_rules, rules
from marketplace.auctions.models import Alias, Bid, Lot, Watch
from marketplace.auctions.retraction_rules import SHOWN_FOR, Cause
from marketplace.auctions.rules import Action, Party, State
from marketplace.groups import queries as groups
from marketplace.groups.entry_rules import Belonging
from marketplace.groups.models import Group, Membership
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.kernel.money import Money

HISTORY_SHOWN = 10
PAGE = 24
# Asked for by every page of a lot: see groups/queries.py.
_SEATED = select(Alias).where(
    Alias.lot_id == bindparam("lot_id"), Alias.person_id.in_((bindparam("person_id"), bindparam("leader_id")))
)
_BIDDERS = select(func.count()).where(Alias.lot_id == bindparam("lot_id"), Alias.maximum_minor.is_not(None))
_WATCHES = select(Watch.id).where(
    Watch.lot_id == bindparam("lot_id"), Watch.person_id == bindparam("person_id"), Watch.stopped_at.is_(None)
)
_COUNTED = select(_BIDDERS.scalar_subquery(), _WATCHES.exists())
# A worker closes a lot within a second or two of its end. After so long the operators should look.
LATE_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Line:
    """One bid as its lot's history tells it."""

    name: str
    is_mine: bool
    leads_now: bool
    placed_at: datetime
    price: Money
    maximum: Money | None
    """The bidder's own maximum, for him alone."""
    void_cause: str
    """One of retraction_rules.Cause; empty for a bid that counts."""
    void_reason: str
    """A code of retraction_rules; of one who was removed, nothing: the reason is between him and the officers."""
    id: int


@dataclass(frozen=True, slots=True)
class Seat:
    """How a person stands on a lot: what its page shows to him alone."""

    is_seller: bool
    has_bid: bool
    as_bidder: Party
    """What became of his bids: one that is not Party.BIDDER does not bid here again."""
    leads: bool
    maximum: Money | None
    least: Money
    """The smallest maximum that he could name next."""
    leader_name: str
    bidders: int
    actions: frozenset[Action]
    is_watching: bool


def seat_of(lot: Lot, person_id: int | None, *, now: datetime) -> Seat:
    """What a person sees of a lot's bidding. Two queries."""
    here = {"lot_id": lot.id, "person_id": person_id or 0, "leader_id": lot.leader_id or 0}
    known = {alias.person_id: alias for alias in db.session.scalars(_SEATED, here)}
    bidders, is_watching = db.session.execute(_COUNTED, here).one()
    mine = known.get(person_id) if person_id is not None else None
    facts, is_blind = lot.facts(), lot.is_blind
    own = Money(mine.maximum_minor, lot.currency) if mine and mine.maximum_minor is not None else None
    as_bidder = Party.BIDDER if mine is None else mine.party
    by = rules.party_of(lot.seller_id, person_id, as_bidder=as_bidder)
    return Seat(
        is_seller=person_id == lot.seller_id,
        has_bid=mine is not None and mine.maximum_minor is not None,
        as_bidder=as_bidder,
        leads=person_id is not None and person_id == lot.leader_id and not is_blind,
        maximum=own,
        least=bid_rules.least_bid(facts, bidder_id=person_id, own=own),
        leader_name=known[lot.leader_id].name if lot.leader_id in known and not is_blind else "",
        bidders=0 if is_blind else bidders,
        actions=rules.open_to(facts, by=by, now=now) if person_id is not None else frozenset(),
        is_watching=is_watching,
    )


def maximum_of(lot_id: int, person_id: int | None) -> int | None:
    """What a person has bid at most on a lot, in minor units, if it counts."""
    if person_id is None:
        return None
    his = (Alias.lot_id == lot_id, Alias.person_id == person_id)
    return db.session.scalar(select(Alias.maximum_minor).where(*his))


def history(lot: Lot, person_id: int | None, *, before: int | None = None, limit: int = HISTORY_SHOWN) -> list[Line]:
    """The bids that this person may see, newest first; `before` is the id of a line to go on from.

    Everybody's but the quiet raises of others: that a leader raised himself would tell how far he goes. While bids are
    sealed, his own alone.
    """
    wanted = select(Bid, Alias.name).join(Alias, (Alias.lot_id == Bid.lot_id) & (Alias.person_id == Bid.bidder_id))
    is_open = false() if lot.is_blind else ~Bid.is_quiet
    wanted = wanted.where(Bid.lot_id == lot.id, or_(is_open, Bid.bidder_id == (person_id or 0)))
    if before is not None:
        wanted = wanted.where(Bid.id < before)
    rows = db.session.execute(wanted.order_by(Bid.id.desc()).limit(limit)).all()
    lines, leader_seen, leader_id = [], False, _leader_by_bids(lot)
    for bid, name in rows:
        leads = bid.bidder_id == leader_id and bid.voided_at is None and not leader_seen and before is None
        leader_seen |= leads
        lines.append(_line(lot, bid, name, is_mine=bid.bidder_id == person_id, leads=leads))
    return lines


def _leader_by_bids(lot: Lot) -> int | None:
    """Who is shown to lead by his bids: while they are sealed nobody; and who bought on an offer did not win by one."""
    return None if lot.is_blind or lot.sold_on_offer_at is not None else lot.leader_id


def is_latest_of_item(lot: Lot) -> bool:
    """Whether the item was not listed again after this lot: an old lot offers no second relisting."""
    later = select(Lot.id).where(Lot.item_id == lot.item_id, Lot.id > lot.id).limit(1)
    return db.session.scalar(later) is None


def lot_of_item(item_id: int) -> Lot | None:
    """The last lot of an item, if it ever was in an auction."""
    return db.session.scalar(select(Lot).where(Lot.item_id == item_id).order_by(Lot.id.desc()).limit(1))


def lots_of_items(item_ids: Collection[int]) -> dict[int, Lot]:
    """The last lot of each of these items that had one."""
    wanted = select(Lot).where(Lot.item_id.in_(set(item_ids))).order_by(Lot.id)
    return {lot.item_id: lot for lot in db.session.scalars(wanted)}


def bidders_of(lot_id: int) -> list[int]:
    """Everybody who bid on a lot, his bids voided or not, or made an offer: who may not rule on its order."""
    return list(db.session.scalars(select(Alias.person_id).where(Alias.lot_id == lot_id).order_by(Alias.id)))


def watchers_of(lot_id: int) -> list[int]:
    """Everybody who watches a lot, or did."""
    return list(db.session.scalars(select(Watch.person_id).where(Watch.lot_id == lot_id).order_by(Watch.id)))


def bidding_on(lot_id: int) -> list[int]:
    """Everybody whose bids on a lot count."""
    wanted = select(Alias.person_id).where(Alias.lot_id == lot_id, Alias.maximum_minor.is_not(None))
    return list(db.session.scalars(wanted.order_by(Alias.id)))


def members_bidding_on(lot: Lot) -> list[int]:
    """The group's members whose bids on a lot count."""
    wanted = select(Alias.person_id).join(Membership, Membership.person_id == Alias.person_id)
    wanted = wanted.where(Membership.group_id == lot.group_id, Membership.state == Belonging.MEMBER)
    wanted = wanted.where(Alias.lot_id == lot.id, Alias.maximum_minor.is_not(None))
    return list(db.session.scalars(wanted.order_by(Alias.id)))


def names_of_bidders(lot_id: int) -> list[str]:
    """The names on a lot of those whose bids count, in the order they came."""
    wanted = select(Alias.name).where(Alias.lot_id == lot_id, Alias.maximum_minor.is_not(None))
    return list(db.session.scalars(wanted.order_by(Alias.id)))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """On how many lots of a group somebody took something back within half a year."""

    retracted: int
    """Bids of his own."""
    cancelled: int
    """As seller: lots with bids, or a member's bids."""


def taken_back_by(person_id: int, group_id: int, *, now: datetime) -> TakenBack:
    """What the group should know of somebody before it bids against him, or with him. One query."""
    since = now - SHOWN_FOR
    retracted = select(func.count()).select_from(Alias).join(Lot, Lot.id == Alias.lot_id)
    retracted = retracted.where(Alias.person_id == person_id, Alias.retracted_at >= since, Lot.group_id == group_id)
    refused = select(Alias.id).where(Alias.lot_id == Lot.id, Alias.refused_at >= since).exists()
    ended = and_(Lot.cancelled_for != "", Lot.closed_at >= since)
    cancelled = select(func.count()).select_from(Lot)
    cancelled = cancelled.where(Lot.seller_id == person_id, Lot.group_id == group_id, or_(ended, refused))
    row = db.session.execute(select(retracted.scalar_subquery(), cancelled.scalar_subquery())).one()
    return TakenBack(*row)


def ending_soon(person_id: int, *, now: datetime, limit: int = 6) -> list[tuple[Lot, Group]]:
    """Running lots in a person's groups, the next to end first."""
    group_by_id = {group.id: group for group in groups.groups_of(person_id)}
    wanted = select(Lot).where(Lot.group_id.in_(group_by_id), Lot.state == State.RUNNING, Lot.ends_at > now)
    lots = db.session.scalars(wanted.order_by(Lot.ends_at, Lot.id).limit(limit))
    return [(lot, group_by_id[lot.group_id]) for lot in lots]


def late_lots(now: datetime, *, limit: int = 50) -> list[Lot]:
    """Lots that no worker has moved though their time came: for the operators' page."""
    due = now - LATE_AFTER
    starts, ends = (Lot.state == State.SCHEDULED, Lot.starts_at < due), (Lot.state == State.RUNNING, Lot.ends_at < due)
    either = or_(starts[0] & starts[1], ends[0] & ends[1])
    return list(db.session.scalars(select(Lot).where(either).order_by(Lot.ends_at, Lot.id).limit(limit)))


def to_start(now: datetime) -> Backlog:
    """How many lots wait to be started."""
    return backlog_of(Lot.starts_at, Lot.state == State.SCHEDULED, now=now, late_after=LATE_AFTER)


def to_close(now: datetime) -> Backlog:
    """How many lots wait to be ended."""
    return backlog_of(Lot.ends_at, Lot.state == State.RUNNING, now=now, late_after=LATE_AFTER)


def _line(lot: Lot, bid: Bid, name: str, *, is_mine: bool, leads: bool) -> Line:
    return Line(
        name=name,
        is_mine=is_mine,
        leads_now=leads,
        placed_at=bid.placed_at,
        price=Money(bid.price_minor, lot.currency),
        maximum=Money(bid.maximum_minor, lot.currency) if is_mine else None,
        void_cause=bid.void_cause,
        void_reason="" if bid.void_cause == Cause.LEFT else bid.void_reason,
        id=bid.id,
    )
