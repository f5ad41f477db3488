"""What pages read of offers: a lot's, for its seller; a person's own, for him alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, select

from marketplace.auctions import finding, offer_rules, queries
from marketplace.auctions.models import Alias, Lot
from marketplace.auctions.offer_models import Offer
from marketplace.auctions.offer_rules import Stand, State
from marketplace.catalog.models import Item
from marketplace.catalog.rules import State as ItemState
from marketplace.groups import queries as groups
from marketplace.groups.models import Group, Membership, facts
from marketplace.kernel.database import db
from marketplace.kernel.statements import finds
from marketplace.reputation import queries as reputation
from marketplace.reputation.rules import Standing

PAGE = 24


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page of a lot that has passed says of offers, to one person."""

    until: datetime
    """So long offers are taken."""
    may_offer: bool
    left: int
    """How many more he may make here."""
    mine: Offer | None
    """His own that stands now."""
    waiting: int
    """For the seller: how many stand now, and how many there ever were."""
    total: int
    later_number: int | None
    """The lot in which the item was listed again, if it was."""


@dataclass(frozen=True, slots=True)
class Line:
    """One offer as the seller sees it: who made it goes by `name` here."""

    offer: Offer
    name: str
    state: State
    standing: Standing


@dataclass(frozen=True, slots=True)
class Own:
    """An offer in a person's own list."""

    offer: Offer
    lot: Lot
    group: Group
    state: State
    is_seen: bool
    """Whether the lot is still his to see."""


def desk_of(lot: Lot, item: Item, person_id: int | None, *, now: datetime) -> Desk:
    """Five queries, or fewer."""
    is_seller = person_id == lot.seller_id
    wanted = select(Offer).where(Offer.lot_id == lot.id)
    found = db.session.scalars(wanted if is_seller else wanted.where(Offer.person_id == (person_id or 0))).all()
    standing = [offer for offer in found if offer.state_at(now) is State.OPEN]
    stand = Stand(
        person_id or 0, is_refused=_is_refused(lot, person_id), is_item_free=is_item_free(lot, item),
        made=[offer.state_at(now) for offer in found],
    )  # fmt: skip
    latest, law = queries.lot_of_item(lot.item_id), lot.facts()
    return Desk(
        until=offer_rules.taken_until(law),
        may_offer=person_id is not None and offer_rules.may_offer(law, stand, now=now),
        left=stand.left,
        mine=next((offer for offer in standing if not is_seller), None),
        waiting=len(standing) if is_seller else 0,
        total=len(found) if is_seller else 0,
        later_number=latest.number if latest is not None and latest.id > lot.id else None,
    )


def _is_refused(lot: Lot, person_id: int | None) -> bool:
    """Whether the seller cancelled his bids on this lot."""
    his = (Alias.lot_id == lot.id, Alias.person_id == (person_id or 0), Alias.refused_at.is_not(None))
    return db.session.scalar(select(Alias.id).where(*his)) is not None


def is_item_free(lot: Lot, item: Item) -> bool:
    """Whether the item of a lot that has passed was not listed again or put away since, and its seller is there."""
    if item.state != ItemState.PUBLISHED or item.hidden_at is not None:
        return False
    return queries.is_latest_of_item(lot) and groups.membership(lot.group_id, lot.seller_id) is not None


def offers_on(lot: Lot, *, now: datetime) -> list[Line]:
    """All offers on a lot for its seller, those that stand first, of these the highest. Three queries."""
    wanted = select(Offer, Alias.name).join(
        Alias, and_(Alias.lot_id == Offer.lot_id, Alias.person_id == Offer.person_id)
    )
    rows = db.session.execute(wanted.where(Offer.lot_id == lot.id).order_by(Offer.id.desc())).all()
    standings = reputation.standings_of({offer.person_id for offer, _name in rows}, lot.group_id)
    lines = [Line(offer, name, offer.state_at(now), standings[offer.person_id]) for offer, name in rows]
    return sorted(
        lines,
        key=lambda line: (line.state is not State.OPEN, -line.offer.amount_minor if line.state is State.OPEN else 0),
    )


def offers_of(person_id: int, *, now: datetime, before: int | None = None, limit: int = PAGE) -> list[Own]:
    """A person's own offers, the last one first; `before` is the id of the one to go on from. One query."""
    his = and_(Membership.group_id == Lot.group_id, Membership.person_id == Offer.person_id)
    wanted = select(Offer, Lot, Group, Membership).join(Lot, Lot.id == Offer.lot_id)
    wanted = wanted.join(Group, Group.id == Lot.group_id).outerjoin(Membership, his).where(Offer.person_id == person_id)
    if before is not None:
        wanted = wanted.where(Offer.id < before)
    return [
        Own(offer, lot, group, offer.state_at(now), finding.sees(lot, person_id, facts(group, membership)))
        for offer, lot, group, membership in db.session.execute(wanted.order_by(Offer.id.desc()).limit(limit))
    ]


# Asked for with the head of every page: see escrow/waiting.py.
_WAITING = (
    select(Offer, Lot, Group)
    .join(Lot, Lot.id == Offer.lot_id)
    .join(Group, Group.id == Lot.group_id)
    .where(Lot.seller_id == bindparam("person_id"), Offer.state == State.OPEN, Offer.ends_at > bindparam("now"))
    .order_by(Offer.ends_at, Offer.id)
)


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id` at `now`: see web/waiting.py."""
    return finds(_WAITING)


def waiting_for(person_id: int, *, now: datetime) -> list[tuple[Offer, Lot, Group]]:
    """The offers that a seller has to answer, the first to lapse first. One query."""
    rows = db.session.execute(_WAITING, {"person_id": person_id, "now": now})
    return [(offer, lot, group) for offer, lot, group in rows]
