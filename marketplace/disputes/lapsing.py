"""The clock's part: what becomes of a dispute because nobody said anything, and the reminders before it does.

What is due stays due until a worker has written down what became of it; two workers never take the same one, for the
first has its row and its order's, and the second looks past them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from marketplace.disputes import telling
from marketplace.disputes.acting import act
from marketplace.disputes.dispute_rules import Action, Deed, Party, State
from marketplace.disputes.finding import Case
from marketplace.disputes.models import Dispute
from marketplace.disputes.reminding_rules import hours_left, next_reminder
from marketplace.escrow.models import Order
from marketplace.kernel import clock
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives


def lapse_due_disputes(limit: int = 50) -> int:
    """Let the clock act on disputes whose deadline has passed. On how many it did."""
    return sum(survives(_lapse_one, dispute_id) for dispute_id in _due(Dispute.deadline <= clock.now(), limit))


def remind_due_disputes(limit: int = 50) -> int:
    """Remind whoever's silence would decide it, two days and twelve hours before. Of how many disputes."""
    return sum(survives(_remind_one, dispute_id) for dispute_id in _due(Dispute.remind_at <= clock.now(), limit))


@use_case
def _lapse_one(dispute_id: int) -> bool:
    case = _claimed(dispute_id, Dispute.deadline <= clock.now())
    return case is not None and act(case, Deed(Action.LAPSE, Party.CLOCK), by=None)


@use_case
def _remind_one(dispute_id: int) -> bool:
    case = _claimed(dispute_id, Dispute.remind_at <= clock.now())
    if case is None:
        return False
    facts, now = case.dispute.facts(), clock.now()
    case.dispute.remind_at = next_reminder(facts, after=now)
    hours = hours_left(facts, now=now)
    if hours is None:
        return True
    if facts.state is State.AWAITING_ANSWER:
        telling.ask_to_answer(case, hours=hours)
    else:
        telling.ask_to_rule(case, now=now, hours=hours)
    return True


def _due(condition: ColumnElement[bool], limit: int) -> list[int]:
    """Looked up by reading alone: a worker that finds nothing has locked nothing."""
    found = select(Dispute.id).where(condition).order_by(Dispute.deadline, Dispute.id).limit(limit)
    ids = list(db.session.scalars(found))
    let_go()
    return ids


def _claimed(dispute_id: int, condition: ColumnElement[bool]) -> Case | None:
    """The dispute with its order, both locked; none if it is not due any more, or somebody is at one of them."""
    wanted = select(Order, Dispute).join(Dispute, Dispute.order_id == Order.id)
    wanted = wanted.where(Dispute.id == dispute_id, condition).with_for_update(skip_locked=True)
    row = db.session.execute(wanted.execution_options(populate_existing=True)).one_or_none()
    return None if row is None else Case(*row)
