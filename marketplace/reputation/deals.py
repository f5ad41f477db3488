"""The life of a deal as reputation hears of it: opened, a dispute lost, closed. Called by wiring, within the order's
own unit of work."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.sql.dml import ReturningInsert

from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.kernel.statements import built_once, insert_into
from marketplace.reputation.events import FeedbackOpened
from marketplace.reputation.models import Deal, StandingRow
from marketplace.reputation.rules import Ending, Side
from marketplace.reputation.standings import add_exposure, counters_of


@use_case
def open_deal(*, order_id: int, group_id: int, buyer_id: int, seller_id: int, title: str, total: Money) -> None:
    """An order begins: its total counts as the seller's open exposure. The same order again is the same deal."""
    alike = {
        "order_id": order_id, "group_id": group_id, "title": title, "amount_minor": total.minor,
        "opened_at": clock.now(),
    }  # fmt: skip
    sides = [
        alike | {"person_id": buyer_id, "other_id": seller_id, "side": Side.BUYER},
        alike | {"person_id": seller_id, "other_id": buyer_id, "side": Side.SELLER},
    ]
    if db.session.scalars(_new(), sides).all():
        add_exposure(group_id, seller_id, total.minor)


@built_once
def _new() -> ReturningInsert[int]:
    return insert_into(Deal).on_conflict_do_nothing().returning(Deal.id)


@use_case
def lose_dispute(*, order_id: int, person_id: int) -> None:
    """A ruling that is final went against this person. If it went against the other one before, because what came
    back was reviewed, that is taken back: one dispute has one loser at most."""
    deals = deals_of(order_id)
    deal = next((deal for deal in deals if deal.person_id == person_id), None)
    if deal is None or deal.lost_dispute:
        return
    counters = counters_of(deal.group_id, *(each.person_id for each in deals))
    for each in deals:
        if each.lost_dispute:
            each.lost_dispute = False
            counters[each.person_id].disputes_lost -= 1
    deal.lost_dispute = True
    counters[person_id].disputes_lost += 1
    if deal.closed_at is not None and not deal.is_bad:
        deal.is_bad, counters[person_id].bad = True, counters[person_id].bad + 1


@use_case
def close_deal(*, order_id: int, ending: Ending, days_for_feedback: int) -> None:
    """An order ended: count it for both, and ask both how it went where there was anything to go well or badly.

    Only the first end counts: an order that is opened again because a payout got lost is the same deal.
    """
    deals = deals_of(order_id)
    if not deals or deals[0].closed_at is not None:
        return
    closed_at = clock.now()
    counters = counters_of(deals[0].group_id, *(deal.person_id for deal in deals))
    for deal in deals:
        deal.closed_at, deal.ending = closed_at, ending
        if deal.side == Side.SELLER:
            counters[deal.person_id].open_sales_minor -= deal.amount_minor
        if ending is not Ending.FELL_THROUGH:
            _count(deal, counters[deal.person_id])
            _ask(deal, closed_at + timedelta(days=days_for_feedback))


def deals_of(order_id: int) -> list[Deal]:
    """Both sides of an order, locked: what one says decides whether the other's words are shown."""
    sides = select(Deal).where(Deal.order_id == order_id).order_by(Deal.id).with_for_update()
    return list(db.session.scalars(sides.execution_options(populate_existing=True)))


def _count(deal: Deal, counters: StandingRow) -> None:
    counters.since = counters.since or deal.closed_at
    if deal.ending == Ending.UNDONE:
        counters.undone += 1
    elif deal.side == Side.SELLER:
        counters.sales += 1
    else:
        counters.purchases += 1
    if deal.lost_dispute:
        deal.is_bad, counters.bad = True, counters.bad + 1


def _ask(deal: Deal, until: datetime) -> None:
    deal.feedback_until = until
    announce(
        FeedbackOpened(
            order_id=deal.order_id, group_id=deal.group_id, title=deal.title,
            person_id=deal.person_id, other_id=deal.other_id, until=until,
        )
    )  # fmt: skip
