"""Lists of lots that grow: what a person bids on, watches, sells. Each goes on after a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from marketplace.auctions import finding
from marketplace.auctions.models import Alias, Bid, Lot, Watch
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import State as OfferState
from marketplace.auctions.rules import Format, State
from marketplace.groups.models import Group, Membership, facts
from marketplace.groups.rules import Who
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds

PAGE = 24
LOOKED_BACK = 200
"""Of so many lots that somebody came to last he is told where he was outbid: his page costs the same after years."""
# Asked for with the head of every page: see escrow/waiting.py. A range, so that his own are read, and not everybody's
# from the newest on: see auctions/trail.py.
_his = (
    select(Alias.id, Alias.lot_id, Alias.person_id)
    .where(Alias.person_id.between(bindparam("person_id"), bindparam("person_id")), Alias.maximum_minor.is_not(None))
    .order_by(Alias.person_id.desc(), Alias.id.desc())
    .limit(LOOKED_BACK)
    .subquery()
)
_OUTBID = (
    select(Lot, Group)
    .join(_his, _his.c.lot_id == Lot.id)
    .join(Group, Group.id == Lot.group_id)
    .where(Lot.state == State.RUNNING, Lot.format == Format.OPEN, Lot.leader_id != _his.c.person_id)
    .where(Lot.ends_at > bindparam("now"))
    .order_by(_his.c.id.desc())
    .limit(PAGE)
)
_OUTBID_COUNT = select(func.count()).select_from(_OUTBID.with_only_columns(Lot.id).subquery())
MOST_LABELS = 240
"""Ten sheets of labels: a meet-up shows no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A lot in a person's own list."""

    lot: Lot
    group: Group
    key: int
    """Where the next page goes on."""
    maximum: Money | None = None
    """What he bid at most; none where he did not, or where his bids were voided."""
    is_seen: bool = True
    """Whether the lot is still his to see: he may have left, or a moderator has hidden it."""
    is_member: bool = True
    offers: int = 0
    """Of a seller's lot: how many offers wait for his answer."""


class PersonalList(Protocol):
    """What bids_of, watched_by and sales_of have in common."""

    def __call__(self, person_id: int, *, open_only: bool, before: int | None, limit: int) -> list[Entry]: ...


def bids_of(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The lots that a person has bid on, the last he came to first: those that run, or those that have ended."""
    his = and_(Membership.group_id == Lot.group_id, Membership.person_id == Alias.person_id)
    wanted = select(Alias, Lot, Group, Membership).join(Lot, Lot.id == Alias.lot_id)
    wanted = wanted.join(Group, Group.id == Lot.group_id).outerjoin(Membership, his)
    has_bid = select(Bid.id).where(Bid.lot_id == Alias.lot_id, Bid.bidder_id == Alias.person_id).exists()
    counts = or_(Alias.maximum_minor.is_not(None), has_bid)  # who has only made an offer bears a name here, too
    wanted = wanted.where(Alias.person_id == person_id, counts, _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Alias.id < before)
    rows = db.session.execute(wanted.order_by(Alias.id.desc()).limit(limit))
    return [_bid_on(alias, lot, facts(group, membership), group) for alias, lot, group, membership in rows]


def may_be_outbid() -> ColumnElement[bool]:
    """False where nobody has outbid `person_id` at `now`: see web/waiting.py."""
    return finds(_OUTBID)


def outbid_of(person_id: int, *, now: datetime) -> list[tuple[Lot, Group]]:
    """Running lots on which somebody else leads, with their groups, the last he came to first; PAGE at most."""
    return [(lot, group) for lot, group in db.session.execute(_OUTBID, {"person_id": person_id, "now": now})]


def outbid_count(person_id: int, *, now: datetime) -> int:
    """How many outbid_of() would find."""
    return db.session.scalar(_OUTBID_COUNT, {"person_id": person_id, "now": now}) or 0


def watched_by(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The lots that a person watches, the last he began with first: those to end, or those that have."""
    his = and_(Membership.group_id == Lot.group_id, Membership.person_id == Watch.person_id)
    wanted = select(Watch, Lot, Group, Membership).join(Lot, Lot.id == Watch.lot_id)
    wanted = wanted.join(Group, Group.id == Lot.group_id).outerjoin(Membership, his)
    wanted = wanted.where(Watch.person_id == person_id, Watch.stopped_at.is_(None), _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Watch.id < before)
    rows = db.session.execute(wanted.order_by(Watch.id.desc()).limit(limit))
    return [_watched(watch, lot, facts(group, membership), group) for watch, lot, group, membership in rows]


def sales_of(person_id: int, *, open_only: bool, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """A seller's lots, the last listed first: those that run or will, or those that have ended."""
    waiting = select(func.count()).where(Offer.lot_id == Lot.id, Offer.state == OfferState.OPEN)
    waiting = waiting.where(Offer.ends_at > clock.now())
    wanted = select(Lot, Group, waiting.scalar_subquery()).join(Group, Group.id == Lot.group_id)
    wanted = wanted.where(Lot.seller_id == person_id, _is_open(open_only))
    if before is not None:
        wanted = wanted.where(Lot.id < before)
    rows = db.session.execute(wanted.order_by(Lot.id.desc()).limit(limit))
    return [Entry(lot, group, lot.id, offers=offers) for lot, group, offers in rows]


def _bid_on(alias: Alias, lot: Lot, who: Who, group: Group) -> Entry:
    return Entry(
        lot,
        group,
        alias.id,
        maximum=None if alias.maximum_minor is None else Money(alias.maximum_minor, lot.currency),
        is_seen=finding.sees(lot, alias.person_id, who),
        is_member=who.role is not None,
    )


def _watched(watch: Watch, lot: Lot, who: Who, group: Group) -> Entry:
    is_seen = finding.sees(lot, watch.person_id, who)
    return Entry(lot, group, watch.id, is_seen=is_seen, is_member=who.role is not None)


def _is_open(wanted: bool) -> ColumnElement[bool]:
    is_open = Lot.state.in_((State.SCHEDULED, State.RUNNING))
    return is_open if wanted else ~is_open


def lots_for_labels(group_id: int, *, seller_id: int | None) -> list[Lot]:
    """The lots of a group that run or will, by number, for all to see; of one seller, if he is named."""
    wanted = select(Lot).where(
        Lot.group_id == group_id, Lot.state.in_((State.SCHEDULED, State.RUNNING)), Lot.hidden_at.is_(None)
    )
    if seller_id is not None:
        wanted = wanted.where(Lot.seller_id == seller_id)
    return list(db.session.scalars(wanted.order_by(Lot.number).limit(MOST_LABELS)))
