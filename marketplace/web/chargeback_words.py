"""What a bank does with an order's payment, in words: why it asks, how far it is, what it was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString, gettext as _, lazy_gettext as _l

from marketplace.escrow.chargeback_models import BankClaim, Course
from marketplace.kernel.money import Money
from marketplace.payments import contesting
from marketplace.payments.contest_models import ContestRow
from marketplace.payments.contest_rules import State, Verb

# What Stripe calls a bank's reasons: https://docs.stripe.com/disputes/categories
REASONS: dict[str, LazyString] = {
    "bank_cannot_process": _l("The bank could not process the payment"),
    "credit_not_processed": _l("The buyer says that he was to get money back, and did not"),
    "customer_initiated": _l("The buyer asked his bank for it"),
    "debit_not_authorized": _l("The buyer says that he did not allow this debit"),
    "duplicate": _l("The buyer says that he paid twice"),
    "fraudulent": _l("The card’s owner says that he did not make this payment"),
    "insufficient_funds": _l("There was not enough on the buyer’s account"),
    "product_not_received": _l("The buyer says that it did not arrive"),
    "product_unacceptable": _l("The buyer says that it is damaged, or not as described"),
    "subscription_canceled": _l("The buyer says that he had cancelled"),
    "unrecognized": _l("The card’s owner does not recognise this payment"),
}
OTHER_REASON = _l("The bank gives no reason")
STANDS = {
    Course.INQUIRY: _l("It only asks; nothing was taken"),
    Course.OPEN: _l("The bank has not decided"),
    Course.WON: _l("Decided for the seller"),
    Course.LOST: _l("Decided for the buyer"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done about a claim."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A bank's claim, as both sides and the officers read it."""

    id: int
    amount: Money
    reason: str
    stands: LazyString
    kept: Money | None
    """What the bank keeps, once it has decided for the buyer."""
    evidence_until: datetime | None
    """Until when the bank hears us; none once it was answered or has decided."""
    is_answerable: bool
    steps: Sequence[Step]


def reason_words(reason: str) -> str:
    """Why a bank asks, whatever the processor calls it."""
    return str(REASONS.get(reason, OTHER_REASON))


def views_of(
    claims: Sequence[BankClaim], answers: Sequence[tuple[str, ContestRow]], names: Mapping[int, str]
) -> list[ClaimView]:
    """The course of each claim, with who answered the bank and when."""
    return [_view(claim, answers, names) for claim in claims]


def people_of(answers: Sequence[tuple[str, ContestRow]]) -> set[int]:
    """Whose names stand in them."""
    return {row.by_id for _, row in answers}


def _view(claim: BankClaim, answers: Sequence[tuple[str, ContestRow]], names: Mapping[int, str]) -> ClaimView:
    course = Course(claim.course)
    is_over = course in (Course.WON, Course.LOST)
    is_answerable = not is_over and contesting.standing_of(answers, claim.reference, course) is None
    steps = [Step(claim.opened_at, _("The bank asked"))]
    steps += [step for name, row in answers if name == claim.reference for step in _of_answer(row, names)]
    if claim.closed_at:
        steps.append(Step(claim.closed_at, str(STANDS[course])))
    return ClaimView(
        claim.id, claim.amount, reason_words(claim.reason), STANDS[course],
        claim.amount if course is Course.LOST else None,
        claim.evidence_due_at if is_answerable else None, is_answerable, steps,
    )  # fmt: skip


def _of_answer(row: ContestRow, names: Mapping[int, str]) -> list[Step]:
    name, is_given_up = names.get(row.by_id, ""), row.verb == Verb.GIVE_UP
    if row.state == State.REFUSED:
        return [Step(row.done_at or row.intended_at, _("What %(name)s sent was not taken", name=name))]
    if row.state == State.INTENDED:
        words = _("%(name)s leaves the money to the bank", name=name) if is_given_up else _(
            "%(name)s sends the bank evidence", name=name
        )  # fmt: skip
        return [Step(row.intended_at, words)]
    words = _("%(name)s left the money to the bank", name=name) if is_given_up else _(
        "%(name)s sent the bank evidence", name=name
    )  # fmt: skip
    return [Step(row.done_at or row.intended_at, words)]
