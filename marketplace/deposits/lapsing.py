"""The clock's part: what happens because an officer did nothing. Returning has a file of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.deposits import finding
from marketplace.deposits.acting import act, act_on_payout
from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.payout_rules import Action as PayoutAction, Party as PayoutParty
from marketplace.deposits.rules import Action, Deed, Party
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives

LATE_AFTER = timedelta(minutes=1)


def lapse_due_deposits(limit: int = 50) -> int:
    """Let the clock act on what the treasurer has not looked at or not paid out in time. On how much it did."""
    now = clock.now()
    claimed = select(Deposit.id).where(Deposit.deadline <= now).order_by(Deposit.deadline, Deposit.id).limit(limit)
    owed = select(DepositPayout.id).where(DepositPayout.deadline <= now).order_by(DepositPayout.deadline).limit(limit)
    deposit_ids, payout_ids = list(db.session.scalars(claimed)), list(db.session.scalars(owed))
    let_go()
    return sum(survives(_lapse, each) for each in deposit_ids) + sum(survives(_ask_again, each) for each in payout_ids)


def to_lapse(now: datetime) -> Backlog:
    """How many deposits and payouts wait for the clock."""
    deposits = backlog_of(Deposit.deadline, now=now, late_after=LATE_AFTER)
    owed = backlog_of(DepositPayout.deadline, now=now, late_after=LATE_AFTER)
    return Backlog(deposits.due + owed.due, deposits.late + owed.late)


@use_case
def _lapse(deposit_id: int) -> bool:
    deposit = finding.locked_deposit(deposit_id)
    if deposit.deadline is None or deposit.deadline > clock.now():
        return False
    act(deposit, Deed(Action.LAPSE, Party.CLOCK), by=None)
    return True


@use_case
def _ask_again(payout_id: int) -> bool:
    deposit, payout = finding.locked_payout(payout_id)
    if payout.deadline is None or payout.deadline > clock.now():
        return False
    act_on_payout(deposit, payout, PayoutAction.PAYOUT_LATE, PayoutParty.CLOCK, by=None)
    return True
