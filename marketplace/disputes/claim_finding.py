"""Finding a bank's claim for somebody: the seller, or an officer who may answer the bank. To everybody else there is no
such thing; what became of it stands on the order's page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_, select

from marketplace.disputes import claim_rules
from marketplace.disputes.claim_models import ClaimWords
from marketplace.disputes.claim_rules import Contesters
from marketplace.disputes.rulers import officers_about
from marketplace.escrow import chargebacks, finding, queries as orders
from marketplace.escrow.chargeback_models import BankClaim, Course
from marketplace.escrow.models import Order
from marketplace.groups.waiting import officer_in
from marketplace.kernel import clock
from marketplace.kernel.database import Big, db
from marketplace.kernel.errors import NotFound
from marketplace.payments import contesting
from marketplace.payments.contest_models import ContestRow

OPEN = (Course.INQUIRY, Course.OPEN)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A bank's claim with its order, as one person sees it."""

    claim: BankClaim
    order: Order
    is_seller: bool
    may_contest: bool
    may_give_up: bool
    answers: tuple[ContestRow, ...]
    """What the bank was answered, and what was refused, oldest first."""

    @property
    def standing(self) -> ContestRow | None:
        """The answer that stands at this stage of the claim."""
        named = [(self.claim.reference, row) for row in self.answers]
        return contesting.standing_of(named, self.claim.reference, self.claim.course)

    @property
    def is_open(self) -> bool:
        """Whether something can be added or sent."""
        return self.claim.course in OPEN and self.standing is None


class Waiting(NamedTuple):
    """Open claims with their orders, each by what a person may do about it."""

    to_answer: list[tuple[BankClaim, Order]]
    """As an officer."""
    to_add_to: list[tuple[BankClaim, Order]]
    """As the seller who has said nothing yet."""


def hearing_for(claim_id: int, person_id: int, *, locked: bool = False) -> Hearing:
    """The claim, for the seller or whoever may answer the bank, with its order locked if one likes. Raises NotFound."""
    claim = chargebacks.claim_numbered(claim_id)
    order = finding.locked_order(claim.order_id) if locked else orders.order(claim.order_id)
    db.session.refresh(claim)
    found = contesters_of([order], now=clock.now())[order.id]
    is_seller = person_id == order.seller_id
    if not is_seller and person_id not in found.may_contest:
        raise no_such_claim()
    answers = tuple(row for name, row in contesting.of_order(order.id) if name == claim.reference)
    return Hearing(
        claim, order, is_seller, person_id in found.may_contest, person_id in found.may_give_up, answers
    )  # fmt: skip


def contesters_of(about: Sequence[Order], *, now: datetime) -> dict[int, Contesters]:
    """Who may answer a bank about each of the orders, by its id."""
    found = officers_about(about, now=now)
    return {order_id: claim_rules.contesters(candidates) for order_id, candidates in found.items()}


def may_wait() -> ColumnElement[bool]:
    """False where no open claim of a bank is for `person_id`, answered or not: see web/waiting.py."""
    me: BindParameter[int] = bindparam("person_id", type_=Big)
    wanted = select(BankClaim.id).join(Order, Order.id == BankClaim.order_id).where(BankClaim.course.in_(OPEN))
    return wanted.where(or_(Order.seller_id == me, Order.group_id.in_(officer_in(me)))).exists()


def waiting_for(person_id: int) -> Waiting:
    """What this person may do about banks that nobody has answered. Whoever sold the thing is no officer about it.
    One query where there are none, else a fixed number."""
    said = select(ClaimWords.id).where(ClaimWords.claim_id == BankClaim.id).exists()
    his = or_(and_(Order.seller_id == person_id, ~said), Order.group_id.in_(officer_in(person_id)))
    wanted = select(BankClaim, Order, said.label("said")).join(Order, Order.id == BankClaim.order_id)
    wanted = wanted.where(BankClaim.course.in_(OPEN), _is_unanswered(), his).order_by(BankClaim.id)
    rows = db.session.execute(wanted).all()
    sold = [(row.BankClaim, row.Order) for row in rows if row.Order.seller_id == person_id and not row.said]
    of_others = [(row.BankClaim, row.Order) for row in rows if row.Order.seller_id != person_id]
    may = contesters_of([order for _, order in of_others], now=clock.now())
    return Waiting([each for each in of_others if person_id in may[each[1].id].may_contest], sold)


def no_such_claim() -> NotFound:
    return NotFound("There is no such claim of a bank.")


def _is_unanswered() -> ColumnElement[bool]:
    in_time = or_(BankClaim.evidence_due_at.is_(None), BankClaim.evidence_due_at > clock.now())
    return and_(~BankClaim.reference.in_(contesting.answered_claims()), in_time)
