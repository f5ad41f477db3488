"""What pages and other packages read of feedback and standing. Hidden feedback is read by nobody but its giver."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, or_, select

from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.reputation import rules
from marketplace.reputation.models import Deal, Feedback, StandingRow

# Feedback is looked for once a minute. After so long the operators should look.
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class FeedbackOwed:
    """A deal that this person has not yet spoken about."""

    order_id: int
    group_id: int
    title: str
    other_id: int
    until: datetime


# Asked for by every page of a lot: see groups/queries.py.
_STANDINGS = select(StandingRow).where(
    StandingRow.group_id == bindparam("group_id"), StandingRow.person_id.in_(bindparam("person_ids", expanding=True))
)
_ALL_DEALS = func.sum(StandingRow.sales + StandingRow.purchases + StandingRow.undone)
_DEALS = select(func.coalesce(func.sum(StandingRow.bad), 0), func.coalesce(_ALL_DEALS, 0)).where(
    StandingRow.group_id == bindparam("group_id")
)


def standing_of(person_id: int, group_id: int) -> rules.Standing:
    """What a member's deals in a group add up to."""
    return standings_of([person_id], group_id)[person_id]


def standings_of(person_ids: Collection[int], group_id: int) -> dict[int, rules.Standing]:
    """The standing of each of these people in a group; two queries, however many they are."""
    rows = db.session.scalars(_STANDINGS, {"group_id": group_id, "person_ids": list(set(person_ids))})
    records = {row.person_id: row.facts() for row in rows}
    share = _share_of(group_id)
    return {person_id: rules.standing(records.get(person_id, rules.Record()), share=share) for person_id in person_ids}


def people_at(group_id: int, risks: Collection[rules.Risk]) -> list[int]:
    """Who in a group is at one of these risks; two queries. Of people without deals there may be no row."""
    share = _share_of(group_id)
    rows = db.session.scalars(select(StandingRow).where(StandingRow.group_id == group_id))
    return sorted(row.person_id for row in rows if rules.risk(row.facts(), share=share) in risks)


def exposure_of(person_id: int, group_id: int, currency: str) -> Money:
    """What buyers have at stake in this seller's orders that have not ended. `currency` is the group's."""
    row = db.session.get(StandingRow, (person_id, group_id))
    return Money(row.open_sales_minor if row else 0, currency)


def have_traded(person_id: int, other_id: int, *, since: datetime) -> bool:
    """Whether these two had a deal with each other, in any group, that was open at `since` or later."""
    between = select(Deal.id).where(Deal.person_id == person_id, Deal.other_id == other_id)
    recent = between.where(or_(Deal.closed_at.is_(None), Deal.closed_at >= since))
    return db.session.scalar(recent.limit(1)) is not None


def groups_with_open_deals(person_id: int) -> list[int]:
    """The groups in which a person buys or sells something that has not ended: somebody there will pay him."""
    theirs = select(Deal.group_id).where(Deal.person_id == person_id, Deal.closed_at.is_(None))
    return list(db.session.scalars(theirs.distinct().order_by(Deal.group_id)))


def has_open_deals(group_id: int) -> bool:
    """Whether an order of the group has not ended."""
    is_open = select(Deal.id).where(Deal.group_id == group_id, Deal.closed_at.is_(None))
    return db.session.scalar(is_open.limit(1)) is not None


def feedback_for(person_id: int, group_id: int, *, before: Feedback | None = None, limit: int = 20) -> list[Feedback]:
    """What was said of a person in a group and is shown, newest first; a page of it after `before`."""
    page = select(Feedback).where(
        Feedback.receiver_id == person_id, Feedback.group_id == group_id, Feedback.shown_at.is_not(None)
    )
    if before is not None:
        earlier = Feedback.shown_at < before.shown_at
        page = page.where(or_(earlier, (Feedback.shown_at == before.shown_at) & (Feedback.id < before.id)))
    return list(db.session.scalars(page.order_by(Feedback.shown_at.desc(), Feedback.id.desc()).limit(limit)))


def shown_feedback(feedback_id: int) -> Feedback | None:
    """One feedback, if it is shown: where a page of them goes on."""
    return db.session.scalar(select(Feedback).where(Feedback.id == feedback_id, Feedback.shown_at.is_not(None)))


def deal_of(order_id: int, person_id: int) -> Deal:
    """This person's side of an order. Raises NotFound to anybody else."""
    deal = db.session.scalar(select(Deal).where(Deal.order_id == order_id, Deal.person_id == person_id))
    if deal is None:
        raise NotFound("There is no such order.")
    return deal


def feedback_on(order_id: int, person_id: int) -> tuple[Feedback | None, Feedback | None]:
    """What this person said of an order, and what the other side said, once that is shown."""
    said = list(db.session.scalars(select(Feedback).where(Feedback.order_id == order_id)))
    own = next((feedback for feedback in said if feedback.giver_id == person_id), None)
    others = next((feedback for feedback in said if feedback.receiver_id == person_id and feedback.shown_at), None)
    return own, others


def may_wait() -> ColumnElement[bool]:
    """False where `person_id` owes no feedback at `now`: see web/waiting.py."""
    return select(Deal.id).where(Deal.person_id == bindparam("person_id"), *_is_owed(bindparam("now"))).exists()


def waiting_for(person_id: int) -> list[FeedbackOwed]:
    """The feedback that a person owes, the most urgent first."""
    owed = select(Deal).where(Deal.person_id == person_id, *_is_owed(clock.now()))
    return [
        FeedbackOwed(deal.order_id, deal.group_id, deal.title, deal.other_id, deal.feedback_until)
        for deal in db.session.scalars(owed.order_by(Deal.feedback_until, Deal.id))
        if deal.feedback_until is not None
    ]


def _is_owed(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Deal.spoke_at.is_(None), Deal.feedback_until > now


def to_show(now: datetime) -> Backlog:
    """How much feedback waits to be shown because its time is over."""
    return backlog_of(Feedback.show_at, Feedback.shown_at.is_(None), now=now, late_after=LATE_AFTER)


def _share_of(group_id: int) -> float:
    """The share of a group's deals that went badly, over all its members."""
    bad, all_deals = db.session.execute(_DEALS, {"group_id": group_id}).one()
    return rules.group_share(bad=int(bad), deals=int(all_deals))
