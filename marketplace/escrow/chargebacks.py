"""The buyer's bank asks money back, and decides. Called by wiring with what the payment processor says of it."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.escrow import finding
from marketplace.escrow.acting import act
from marketplace.escrow.chargeback_models import BankClaim, Course
from marketplace.escrow.gateway_rules import WITH_MONEY
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound
from marketplace.payments.events import ChargebackLost, ChargebackOpened, ChargebackWon

_ENDED = {Course.WON, Course.LOST}


def opened(fact: ChargebackOpened) -> None:
    """The order stands still. An inquiry takes nothing, so nothing stops for it: both sides and the officers hear."""
    order = finding.locked_order(fact.order_id)
    claim = _claim(fact.reference) or _new(fact)
    claim.course = Course.INQUIRY if fact.is_inquiry else Course.OPEN
    claim.evidence_due_at, claim.fee_minor = fact.evidence_due_at, fact.fee.minor
    claim.amount_minor = fact.amount.minor
    db.session.flush()
    if fact.is_inquiry:
        if State(order.state) in WITH_MONEY:
            deed = Deed(Action.INQUIRE, Party.GATEWAY, fact.amount)
            act(order, deed, by=None, note=fact.reason, client_key=fact.reference)
        return
    _freeze(order, claim)
    if fact.fee:
        deed = Deed(Action.NOTE_FEE, Party.GATEWAY, fact.fee)
        act(order, deed, by=None, client_key=f"{fact.reference}:fee")


def won(fact: ChargebackWon) -> None:
    """The order goes on where it stood, with the time that it had left."""
    order, claim = finding.locked_order(fact.order_id), _claim(fact.reference)
    if claim is None or claim.course in _ENDED:
        return
    claim.course, claim.closed_at, claim.remind_at = Course.WON, fact.at, None
    if order.state == State.CHARGEBACK and _another_open(claim) is None:
        deed = Deed(Action.WIN_CHARGEBACK, Party.GATEWAY, fact.amount)
        act(order, deed, by=None, client_key=f"{fact.reference}:won")


def lost(fact: ChargebackLost) -> None:
    """The bank keeps the money: what was held is gone, and who has it already owes it. While another claim on the order
    is open, what is left of it waits for that."""
    order, claim = finding.locked_order(fact.order_id), _claim(fact.reference)
    if claim is None or claim.course == Course.LOST:
        return
    if order.state != State.CHARGEBACK:
        _freeze(order, claim, again=":again")
    claim.course, claim.closed_at, claim.remind_at = Course.LOST, fact.at, None
    if order.state == State.CHARGEBACK:
        deed = Deed(Action.LOSE_CHARGEBACK, Party.GATEWAY, fact.amount)
        act(order, deed, by=None, client_key=f"{fact.reference}:lost")
    other = _another_open(claim)
    if other is not None:
        _freeze(order, other, again=f":after:{fact.reference}")


def claims_on(order_id: int) -> list[BankClaim]:
    """What the bank asked of an order's payments, oldest first."""
    return list(db.session.scalars(select(BankClaim).where(BankClaim.order_id == order_id).order_by(BankClaim.id)))


def claim_called(reference: str) -> BankClaim | None:
    """The claim by what the processor calls it."""
    return _claim(reference)


def claim_numbered(claim_id: int) -> BankClaim:
    """Whoever asks. Raises NotFound."""
    found = db.session.get(BankClaim, claim_id)
    if found is None:
        raise NotFound("There is no such claim of a bank.")
    return found


def _freeze(order: Order, claim: BankClaim, again: str = "") -> None:
    if State(order.state) in WITH_MONEY:
        deed = Deed(Action.OPEN_CHARGEBACK, Party.GATEWAY, claim.amount)
        act(order, deed, by=None, note=claim.reason, client_key=f"{claim.reference}:open{again}")


def _claim(reference: str) -> BankClaim | None:
    return db.session.scalar(select(BankClaim).where(BankClaim.reference == reference))


def _new(fact: ChargebackOpened) -> BankClaim:
    claim = BankClaim(
        order_id=fact.order_id, reference=fact.reference, course=Course.OPEN, reason=fact.reason,
        amount_minor=fact.amount.minor, fee_minor=fact.fee.minor, currency=fact.amount.currency, opened_at=fact.at,
    )  # fmt: skip
    db.session.add(claim)
    return claim


def _another_open(claim: BankClaim) -> BankClaim | None:
    others = select(BankClaim).where(BankClaim.order_id == claim.order_id, BankClaim.course == Course.OPEN)
    return db.session.scalar(others.where(BankClaim.id != claim.id).order_by(BankClaim.id).limit(1))
