"""Chargebacks, which Stripe calls disputes: the buyer's bank asks the money back. Each step is announced once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import stripe
from sqlalchemy import select

from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments import queries
from marketplace.payments.events import ChargebackLost, ChargebackOpened, ChargebackWon, FeeTaken
from marketplace.payments.stripe_models import Chargeback, Checkout
from marketplace.payments.stripe_rules import Bank, bank_of, is_news


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as the processor shows it."""

    reference: str
    charge_id: str
    state: Bank
    is_inquiry: bool
    amount: Money
    fee: Money
    reason: str
    opened_at: datetime
    evidence_due_at: datetime | None


def claim_of(dispute: stripe.Dispute, charge_id: str) -> Claim:
    """Read a claim. What was taken for handling it stands beside the money that was withdrawn."""
    currency = dispute.currency.upper()
    due_by = dispute.evidence_details.due_by
    return Claim(
        reference=dispute.id, charge_id=charge_id, state=bank_of(dispute.status),
        is_inquiry=dispute.status.startswith("warning"), amount=Money(dispute.amount, currency),
        fee=Money(sum(line.fee for line in dispute.balance_transactions if line.fee > 0), currency),
        reason=dispute.reason, opened_at=datetime.fromtimestamp(dispute.created, UTC),
        evidence_due_at=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )  # fmt: skip


@use_case
def take(claim: Claim) -> None:
    """Write down how far a claim has come, and announce each step that was not announced yet, in their order."""
    checkout = db.session.scalar(select(Checkout).where(Checkout.charge_id == claim.charge_id).with_for_update())
    if checkout is None:
        return  # of somebody else's payment
    row = db.session.scalar(select(Chargeback).where(Chargeback.reference == claim.reference).with_for_update())
    was = Bank(row.state) if row is not None else None
    if not is_news(was, claim.state):
        _tell_fee(row, checkout, claim)
        return
    if row is None:
        row = _row(checkout, claim)
        db.session.add(row)
    row.state, row.evidence_due_at = claim.state, claim.evidence_due_at
    row.amount_minor = claim.amount.minor  # a bank may ask about all of a payment, and take a part of it
    _announce(row, checkout, claim, was)
    audit.note("chargeback", f"order:{checkout.order_id}", by=None, why=f"{claim.reference} {claim.state}")


def of_order(order_id: int) -> list[Chargeback]:
    """The claims on an order's payments, oldest first."""
    wanted = select(Chargeback).join(Checkout, Checkout.id == Chargeback.checkout_id)
    return list(db.session.scalars(wanted.where(Checkout.order_id == order_id).order_by(Chargeback.id)))


def _row(checkout: Checkout, claim: Claim) -> Chargeback:
    return Chargeback(
        reference=claim.reference, checkout_id=checkout.id, state=claim.state, amount_minor=claim.amount.minor,
        currency=claim.amount.currency, reason=claim.reason, opened_at=claim.opened_at, fee_told=False,
    )  # fmt: skip


def _announce(row: Chargeback, checkout: Checkout, claim: Claim, was: Bank | None) -> None:
    group_id = queries.movement(checkout.movement_id).group_id
    of = (group_id, checkout.order_id, claim.reference, claim.amount)
    is_open_unsaid = was is not Bank.OPEN and (was is None or not claim.is_inquiry)
    ended_as_inquiry = was is Bank.INQUIRY and claim.state is Bank.WON
    if is_open_unsaid and not ended_as_inquiry:
        _note_fee(row, claim)
        announce(
            ChargebackOpened(
                *of, claim.opened_at, is_inquiry=claim.is_inquiry, fee=claim.fee, reason=claim.reason,
                evidence_due_at=claim.evidence_due_at,
            )
        )  # fmt: skip
    if claim.state in (Bank.WON, Bank.LOST):
        row.closed_at = clock.now()
        announce((ChargebackWon if claim.state is Bank.WON else ChargebackLost)(*of, row.closed_at))


def _tell_fee(row: Chargeback | None, checkout: Checkout, claim: Claim) -> None:
    """What is taken for handling it may be known only after it was announced."""
    if row is None or row.fee_told or not claim.fee:
        return
    _note_fee(row, claim)
    group_id = queries.movement(checkout.movement_id).group_id
    announce(FeeTaken(group_id, checkout.order_id, claim.fee, f"{claim.reference}:fee"))


def _note_fee(row: Chargeback, claim: Claim) -> None:
    row.fee_told = bool(claim.fee)
    row.fee_minor = claim.fee.minor or None
