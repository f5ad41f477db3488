"""Reminders of what officers have to do with deposits, before their time is over: each once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.deposits import finding
from marketplace.deposits.events import DepositDeadlineNear
from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.reminding_rules import Duty, duty_of, duty_of_payout, hours_left, next_reminder
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce

LATE_AFTER = timedelta(minutes=10)


def remind_due_deposits(limit: int = 50) -> int:
    """Remind of claims to look for and of payouts to make, two days and twelve hours before their deadline. Of how
    many."""
    now = clock.now()
    claimed = select(Deposit.id).where(Deposit.remind_at <= now).order_by(Deposit.remind_at).limit(limit)
    owed = select(DepositPayout.id).where(DepositPayout.remind_at <= now).order_by(DepositPayout.remind_at).limit(limit)
    deposit_ids, payout_ids = list(db.session.scalars(claimed)), list(db.session.scalars(owed))
    let_go()
    return sum(survives(_remind, each) for each in deposit_ids) + sum(
        survives(_remind_payout, each) for each in payout_ids
    )


def to_remind(now: datetime) -> Backlog:
    """How many reminders wait."""
    deposits = backlog_of(Deposit.remind_at, now=now, late_after=LATE_AFTER)
    owed = backlog_of(DepositPayout.remind_at, now=now, late_after=LATE_AFTER)
    return Backlog(deposits.due + owed.due, deposits.late + owed.late)


@use_case
def _remind(deposit_id: int) -> bool:
    deposit, now = finding.locked_deposit(deposit_id), clock.now()
    if deposit.remind_at is None or deposit.remind_at > now:
        return False
    deposit.remind_at = next_reminder(deposit.deadline, after=now)
    facts = deposit.facts()
    _tell(deposit, duty_of(facts), deposit.person_id, facts.deadline, is_late=facts.is_second_officer_due, now=now)
    return True


@use_case
def _remind_payout(payout_id: int) -> bool:
    deposit, payout = finding.locked_payout(payout_id)
    now = clock.now()
    if payout.remind_at is None or payout.remind_at > now:
        return False
    payout.remind_at = next_reminder(payout.deadline, after=now)
    facts = payout.facts()
    _tell(
        deposit, duty_of_payout(facts), payout.payee_id, facts.deadline, is_late=facts.is_second_officer_due, now=now,
        payout_id=payout.id,
    )  # fmt: skip
    return True


def _tell(
    deposit: Deposit, duty: Duty | None, person_id: int, deadline: datetime | None, *, is_late: bool, now: datetime,
    payout_id: int | None = None,
) -> None:  # fmt: skip
    hours = hours_left(deadline, now=now)
    if duty is None or hours is None or deadline is None:
        return
    officers = finding.confirmers(deposit.group_id, person_id, deposit.person_id, second_officer=is_late)
    announce(
        DepositDeadlineNear(
            deposit_id=deposit.id, group_id=deposit.group_id, person_id=person_id, payout_id=payout_id, hours=hours,
            until=deadline, deed=duty.deed, then=duty.then, officer_ids=officers,
        )
    )  # fmt: skip
