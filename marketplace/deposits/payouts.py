"""The last way of what was a deposit: out of the group's account, to its member or to a seller whom he did not pay."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.deposits import finding
from marketplace.deposits.acting import act_on_payout, intend
from marketplace.deposits.models import DepositPayout
from marketplace.deposits.payout_rules import Action
from marketplace.kernel.database import db, use_case
from marketplace.payments import service as payments
from marketplace.payments.models import Movement


@use_case
def confirm_payout(
    *, payout_id: int, by: int, bank_reference: str, proof_key: str | None = None, client_key: str | None = None
) -> bool:  # fmt: skip
    """An officer who is not the payee has paid it, exactly. Whether that was news."""
    deposit, payout = finding.locked_payout(payout_id)
    party = finding.payout_party(payout, by)
    line = act_on_payout(
        deposit, payout, Action.CONFIRM_PAYOUT, party, by=by, note=bank_reference, client_key=client_key
    )
    if line is None:
        return False
    movement = _last_try(payout)
    payments.confirm(movement_id=movement.id, by=by, bank_reference=bank_reference, proof_key=proof_key)
    line.movement_id = movement.id
    return True


@use_case
def payout_failed(*, payout_id: int, by: int, reason: str, client_key: str | None = None) -> None:
    """The bank would not take it. It stays owed, and is asked for again."""
    deposit, payout = finding.locked_payout(payout_id)
    party = finding.payout_party(payout, by)
    line = act_on_payout(deposit, payout, Action.PAYOUT_FAILED, party, by=by, note=reason, client_key=client_key)
    if line is not None:
        payments.fail(movement_id=_last_try(payout).id, by=by, reason=reason)
        intend(payout, line)


@use_case
def payout_missing(*, payout_id: int, by: int, client_key: str | None = None) -> None:
    """The payee says that it did not arrive: it is owed again, and asked for again."""
    deposit, payout = finding.locked_payout(payout_id)
    party = finding.payout_party(payout, by)
    line = act_on_payout(deposit, payout, Action.PAYOUT_MISSING, party, by=by, client_key=client_key)
    if line is not None:
        payments.bounce(movement_id=_last_try(payout).id, by=by, reason="The payee says that it did not arrive.")
        intend(payout, line)


def _last_try(payout: DepositPayout) -> Movement:
    tries = select(Movement).where(Movement.purpose == payout.purpose, Movement.person_id == payout.payee_id)
    return db.session.scalars(tries.order_by(Movement.id.desc()).limit(1)).one()
