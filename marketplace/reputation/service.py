"""Saying how a deal went, and showing it when both have spoken or the time is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce
from marketplace.reputation import rules
from marketplace.reputation.deals import deals_of
from marketplace.reputation.events import FeedbackGiven, FeedbackShown
from marketplace.reputation.models import Deal, Feedback, StandingRow
from marketplace.reputation.rules import Grade, Opinion, Side
from marketplace.reputation.standings import counters_of


@use_case
def give_feedback(
    *, by: int, order_id: int, description: Grade, shipping: Grade, communication: Grade, words: str = ""
) -> Feedback:
    """Say how the deal went. It stays as it is said, and hidden until the other side has spoken or the time is over."""
    deals = deals_of(order_id)
    mine = next((deal for deal in deals if deal.person_id == by), None)
    if mine is None:
        raise NotFound("There is no such order.")
    now = clock.now()
    rules.check_feedback(until=mine.feedback_until, has_spoken=mine.spoke_at is not None, now=now)
    mine.spoke_at = now
    feedback = Feedback(
        order_id=order_id, group_id=mine.group_id, title=mine.title, giver_id=by, receiver_id=mine.other_id,
        receiver_side=_other(mine.side), description=description, shipping=shipping, communication=communication,
        words=words, given_at=now, show_at=mine.feedback_until,
    )  # fmt: skip
    db.session.add(feedback)
    announce(FeedbackGiven(order_id, mine.group_id, by))
    audit.note("give feedback", f"order:{order_id}", by=by, group_id=mine.group_id)
    if all(deal.spoke_at for deal in deals):
        _show(deals, now)
    return feedback


def show_due_feedback(limit: int = 50) -> int:
    """The duty: show what is still hidden though its time is over. How many orders were dealt with."""
    hidden = select(Feedback.order_id).where(Feedback.shown_at.is_(None), Feedback.show_at <= clock.now())
    order_ids = db.session.scalars(hidden.order_by(Feedback.show_at, Feedback.id).limit(limit)).all()
    for order_id in order_ids:
        _show_overdue(order_id)
    return len(order_ids)


@use_case
def _show_overdue(order_id: int) -> None:
    deals = deals_of(order_id)
    _show(deals, clock.now())
    audit.note("show feedback", f"order:{order_id}", by=None, group_id=deals[0].group_id)


def _show(deals: Sequence[Deal], now: datetime) -> None:
    """Show what was said of an order and count it for whom it was said of."""
    order_id, group_id = deals[0].order_id, deals[0].group_id
    hidden = select(Feedback).where(Feedback.order_id == order_id, Feedback.shown_at.is_(None)).order_by(Feedback.id)
    counters = counters_of(group_id, *(deal.person_id for deal in deals))
    deal_of = {deal.person_id: deal for deal in deals}
    for feedback in db.session.scalars(hidden):
        feedback.shown_at = now
        receiver_id = feedback.receiver_id
        _count(feedback, deal_of[receiver_id], counters[receiver_id])
        announce(FeedbackShown(order_id, group_id, feedback.title, feedback.giver_id, receiver_id))


def _count(feedback: Feedback, deal: Deal, counters: StandingRow) -> None:
    is_positive = int(feedback.opinion is Opinion.POSITIVE)
    if feedback.receiver_side == Side.SELLER:
        counters.feedback_as_seller += 1
        counters.positive_as_seller += is_positive
    else:
        counters.feedback_as_buyer += 1
        counters.positive_as_buyer += is_positive
    if feedback.opinion is Opinion.NEGATIVE and not deal.is_bad:
        deal.is_bad, counters.bad = True, counters.bad + 1


def _other(side: str) -> Side:
    return Side.BUYER if side == Side.SELLER else Side.SELLER
