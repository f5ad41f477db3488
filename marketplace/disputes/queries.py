"""What pages and other packages read of disputes. Who may see one is asked here and in `rulers`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, tuple_

from marketplace.auctions.models import Lot
from marketplace.catalog.models import Item
from marketplace.disputes import judging_rules
from marketplace.disputes.choosing import never_of
from marketplace.disputes.choosing_rules import CHOOSING, agree_until
from marketplace.disputes.dispute_rules import Action, Outcome, Party, Reason, State
from marketplace.disputes.ending_rules import UNDONE_BY, Ending
from marketplace.disputes.finding import Case, case, case_of_order, cases, no_such_dispute, side_of
from marketplace.disputes.models import SIDES, Dispute, DisputeLine, Evidence
from marketplace.disputes.reminding_rules import RULING
from marketplace.disputes.rulers import has_ruled, rulers_of, rulers_of_all
from marketplace.escrow.models import Order
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

PAGE = 25
MOST_PROPOSABLE = 1000
# Whom so many undone sales do not warn, more do not either.
MOST_CAME_BACK = 5
# A worker acts within seconds of a deadline. After so long the operators should look.
LATE_AFTER = timedelta(minutes=5)
# Reminders are looked for once a minute.
REMINDERS_LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class View:
    """A dispute as one person sees it at one moment."""

    case: Case
    seat: Party | None
    """Buyer, seller, or whoever may rule; none for somebody who has ruled and only reads."""
    lines: list[DisputeLine]
    evidence: dict[Party, list[Evidence]]
    rulers: frozenset[int]
    actions: list[Action]
    """What the law opens to this person now."""
    now: datetime

    @property
    def can_choose(self) -> bool:
        """Whether the two sides may agree on a member, because nobody is free to rule."""
        facts = self.case.dispute.facts()
        until = agree_until(facts)
        is_in_time = until is not None and self.now < until
        return self.seat in SIDES and facts.state in CHOOSING and not self.rulers and is_in_time


def view_for(dispute_id: int, person_id: int) -> View:
    """The dispute as this person may see it. Raises NotFound."""
    now = clock.now()
    found = case(dispute_id)
    rulers = rulers_of(found, now=now)
    seat = _seat(found, person_id, rulers)
    return View(
        case=found,
        seat=seat,
        lines=lines_of(dispute_id),
        evidence=evidence_of(dispute_id),
        rulers=rulers,
        actions=judging_rules.open_to(found.dispute.facts(), by=seat, now=now) if seat else [],
        now=now,
    )


def check_sees(dispute_id: int, person_id: int) -> None:
    """Raise NotFound unless this person may see the dispute: a side, whoever may rule on it, or has."""
    found = case(dispute_id)
    if side_of(found, person_id) is None:
        _seat(found, person_id, rulers_of(found, now=clock.now()))


def dispute_of_order(order_id: int) -> Dispute | None:
    """The dispute about an order, if there ever was one, whoever asks."""
    found = case_of_order(order_id)
    return None if found is None else found.dispute


def lines_of(dispute_id: int) -> list[DisputeLine]:
    """Everything that was said and done, oldest first."""
    wanted = select(DisputeLine).where(DisputeLine.dispute_id == dispute_id)
    return list(db.session.scalars(wanted.order_by(DisputeLine.number)))


def evidence_of(dispute_id: int) -> dict[Party, list[Evidence]]:
    """What each side shows, in the order of its numbers."""
    shown: dict[Party, list[Evidence]] = {side: [] for side in SIDES}
    wanted = select(Evidence).where(Evidence.dispute_id == dispute_id).order_by(Evidence.side, Evidence.number)
    for each in db.session.scalars(wanted):
        shown[Party(each.side)].append(each)
    return shown


def evidence_for(evidence_id: int, person_id: int) -> Evidence:
    """A photograph, for whoever may see its dispute. Raises NotFound."""
    found = db.session.get(Evidence, evidence_id)
    if found is None:
        raise NotFound("There is no such photograph.")
    check_sees(found.dispute_id, person_id)
    return found


def proposable(found: Case) -> list[int]:
    """The members whom the two sides can agree on."""
    never = never_of(found)
    members = groups.members(found.order.group_id, limit=MOST_PROPOSABLE)
    return [member.person_id for member in members if member.person_id not in never]


def open_for_ruling(
    group_id: int, person_id: int, *, after: int | None = None, limit: int = PAGE
) -> tuple[list[Case], int | None]:
    """The group's open disputes on which this person may rule, the soonest deadline first: those among `limit` after
    that dispute; and the number to go on after, if there are more."""
    wanted = cases().where(Dispute.group_id == group_id, Dispute.state != State.SETTLED)
    if after is not None:
        last = select(Dispute.deadline, Dispute.id).where(Dispute.id == after).subquery()
        wanted = wanted.where(
            tuple_(Dispute.deadline, Dispute.id) > select(last.c.deadline, last.c.id).scalar_subquery()
        )
    rows = db.session.execute(wanted.order_by(Dispute.deadline, Dispute.id).limit(limit + 1))
    found = [Case(*row) for row in rows]
    page = found[:limit]
    rulers = rulers_of_all(page, now=clock.now())
    mine = [each for each in page if person_id in rulers[each.dispute.id]]
    return mine, page[-1].dispute.id if len(found) > limit else None


def is_due(found: Case) -> bool:
    """Whether a ruling is what this case waits for."""
    return found.dispute.state in RULING


@dataclass(frozen=True, slots=True)
class CameBack:
    """An earlier sale that was undone after a dispute: what whoever sees the new lot should know."""

    is_of_copy: bool
    """Of an item that this one was copied from, or that was copied from the same one: the same thing or its like."""
    lot_number: int
    sold_at: datetime
    reason: Reason
    ending: Ending
    outcome: Outcome


def came_back(lot: Lot) -> list[CameBack]:
    """What became of earlier lots of the item, and of those it shares its origin with, in disputes: the last ones
    first. Nobody is named. One query."""
    origin = select(func.coalesce(Item.copied_from_id, Item.id)).where(Item.id == lot.item_id).scalar_subquery()
    family = select(Item.id).where(or_(Item.id == origin, Item.copied_from_id == origin))
    wanted = select(
        Order.item_id != lot.item_id, Order.lot_number, Order.opened_at, Dispute.reason, Dispute.ending,
        Dispute.settled_outcome,
    )  # fmt: skip
    wanted = wanted.join(Dispute, Dispute.order_id == Order.id).where(
        Order.item_id.in_(family), Order.lot_id < lot.id, Dispute.settled_outcome.in_(UNDONE_BY)
    )
    rows = db.session.execute(wanted.order_by(Order.id.desc()).limit(MOST_CAME_BACK)).all()
    return [
        CameBack(bool(is_of_copy), number, sold_at, Reason(reason), Ending(ending), Outcome(outcome))
        for is_of_copy, number, sold_at, reason, ending, outcome in rows
        if ending and outcome
    ]


def late_disputes(now: datetime, *, limit: int = 50) -> list[Dispute]:
    """Disputes that no worker has moved though their time came: for the operators' page."""
    late = select(Dispute).where(Dispute.deadline < now - LATE_AFTER).order_by(Dispute.deadline, Dispute.id)
    return list(db.session.scalars(late.limit(limit)))


def to_lapse(now: datetime) -> Backlog:
    """How many disputes wait for the clock to act."""
    return backlog_of(Dispute.deadline, now=now, late_after=LATE_AFTER)


def to_remind(now: datetime) -> Backlog:
    """Of how many disputes somebody is to be reminded."""
    return backlog_of(Dispute.remind_at, now=now, late_after=REMINDERS_LATE_AFTER)


def _seat(found: Case, person_id: int, rulers: frozenset[int]) -> Party | None:
    side = side_of(found, person_id)
    if side is not None:
        return side
    if person_id in rulers:
        return Party.RULER
    if not has_ruled(found, person_id):
        raise no_such_dispute()
    return None
