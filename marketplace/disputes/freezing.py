"""A dispute stands still while the buyer's bank asks the money back, and ends with the money if the bank keeps it.

It goes on with its order where the bank decides for the seller, or keeps only what the buyer had paid twice.
"""

from __future__ import annotations

from datetime import datetime

from marketplace.disputes.dispute_rules import State
from marketplace.disputes.finding import Case, case_of_order, locked_case
from marketplace.disputes.reminding_rules import next_reminder
from marketplace.escrow.events import OrderChanged
from marketplace.escrow.gateway_rules import HOLDING
from marketplace.escrow.order_rules import Action


def order_changed(fact: OrderChanged) -> None:
    """Its clock stops with the order's, and goes on with the time that it had left."""
    if fact.action not in (Action.OPEN_CHARGEBACK, Action.WIN_CHARGEBACK, Action.LOSE_CHARGEBACK):
        return
    found = case_of_order(fact.order.id)
    if found is None or found.dispute.state == State.SETTLED:
        return
    case = locked_case(found.dispute.id)
    if fact.action is Action.OPEN_CHARGEBACK:
        _stop(case, fact.at)
    elif fact.action is Action.WIN_CHARGEBACK or fact.order.state in HOLDING:
        _go_on(case, fact.at)
    else:
        _end(case, fact.at)


def _stop(case: Case, at: datetime) -> None:
    dispute = case.dispute
    dispute.stopped_at, dispute.stopped_until = at, dispute.deadline
    dispute.deadline = dispute.remind_at = None


def _go_on(case: Case, at: datetime) -> None:
    dispute = case.dispute
    if dispute.stopped_at is None:
        return
    stood = at - dispute.stopped_at
    dispute.since = dispute.since + stood
    dispute.deadline = dispute.stopped_until + stood if dispute.stopped_until else None
    dispute.stopped_at = dispute.stopped_until = None
    dispute.remind_at = next_reminder(dispute.facts(), after=at)


def _end(case: Case, at: datetime) -> None:
    """The bank has decided for the buyer. It is nobody's loss before the group: the bank does not know its rules."""
    dispute = case.dispute
    dispute.state, dispute.settled_at, dispute.settled_outcome = State.SETTLED, at, "refund"
    dispute.ending, dispute.since = "by_bank", at
    dispute.stopped_at = dispute.stopped_until = dispute.deadline = dispute.remind_at = None
