"""Who is told of a bank's claim that can be answered: when it is opened, as the time runs out, when it was answered.
The first three are called by wiring with what the payment processor says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.disputes.claim_events import AnswerRefused, BankAnswered, EvidenceWanted
from marketplace.disputes.claim_finding import OPEN, contesters_of
from marketplace.disputes.claim_rules import hours_left, next_reminder
from marketplace.escrow import chargebacks, finding
from marketplace.escrow.chargeback_models import BankClaim
from marketplace.escrow.models import Order
from marketplace.escrow.queries import REMINDERS_LATE_AFTER
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments.events import ChargebackOpened, ContestRefused, ContestSent


def opened(fact: ChargebackOpened) -> None:
    """The seller and whoever may answer are asked; once more where an inquiry became a claim."""
    claim = chargebacks.claim_called(fact.reference)
    if claim is None or claim.course not in OPEN:
        return
    claim.remind_at = next_reminder(claim.evidence_due_at, after=clock.now())
    _ask(claim, finding.locked_order(claim.order_id), hours=None)


def sent(fact: ContestSent) -> None:
    """Both sides and the officers hear that the bank was answered, and how."""
    claim = chargebacks.claim_called(fact.claim)
    if claim is None:
        return
    order = finding.locked_order(claim.order_id)
    announce(BankAnswered(*_about(claim, order), fact.by, fact.is_given_up, _officers(order), fact.contest_id))


def refused(fact: ContestRefused) -> None:
    """Whoever sent it hears why it was not taken; as long as there is time, he and the others are reminded."""
    claim = chargebacks.claim_called(fact.claim)
    if claim is None:
        return
    if claim.course in OPEN:
        claim.remind_at = next_reminder(claim.evidence_due_at, after=clock.now())
    order = finding.locked_order(claim.order_id)
    announce(AnswerRefused(*_about(claim, order), fact.by, fact.reason, fact.contest_id))


def remind_due_claims(limit: int = 50) -> int:
    """The worker's duty: remind whoever may answer a bank, two days and twelve hours before it is too late."""
    due = select(BankClaim.id).where(BankClaim.remind_at <= clock.now()).order_by(BankClaim.remind_at, BankClaim.id)
    ids = list(db.session.scalars(due.limit(limit)))
    let_go()
    return sum(survives(_remind_one, claim_id) for claim_id in ids)


def to_remind(now: datetime) -> Backlog:
    """Of how many claims somebody is to be reminded."""
    return backlog_of(BankClaim.remind_at, now=now, late_after=REMINDERS_LATE_AFTER)


@use_case
def _remind_one(claim_id: int) -> bool:
    wanted = select(BankClaim, Order).join(Order, Order.id == BankClaim.order_id)
    wanted = wanted.where(BankClaim.id == claim_id, BankClaim.remind_at <= clock.now())
    row = db.session.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return False
    claim, order = row
    now = clock.now()
    claim.remind_at = next_reminder(claim.evidence_due_at, after=now)
    hours = hours_left(claim.evidence_due_at, now=now)
    if hours is not None:
        _ask(claim, order, hours=hours)
    return True


def _ask(claim: BankClaim, order: Order, *, hours: int | None) -> None:
    if claim.evidence_due_at is not None:
        announce(EvidenceWanted(*_about(claim, order), _officers(order), claim.evidence_due_at, hours))


def _officers(order: Order) -> tuple[int, ...]:
    return tuple(sorted(contesters_of([order], now=clock.now())[order.id].may_contest))


def _about(claim: BankClaim, order: Order) -> tuple[int, int, int, str, int, int, Money]:
    return claim.id, order.id, order.group_id, order.title, order.buyer_id, order.seller_id, claim.amount
