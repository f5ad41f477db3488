"""The money's last way: out of the group's account, to the seller or back to the buyer."""

from __future__ import annotations

from marketplace.escrow import finding
from marketplace.escrow.acting import act, intend_payout, payout_purpose
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.order_rules import Action, Deed, Party
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken
from marketplace.payments import queries as movements, service as payments
from marketplace.payments.models import Movement


@use_case
def confirm_payout(
    *, order_id: int, by: int, payee: Party, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> bool:  # fmt: skip
    """An officer who is no party has paid what is owed to `payee`, exactly. Whether that was news."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.CONFIRM_PAYOUT, finding.party_of(order, by), payee=payee)
    if not act(order, deed, by=by, note=bank_reference, client_key=client_key):
        return False
    movement = _movements(order, payee)[-1]
    payments.confirm(movement_id=movement.id, by=by, bank_reference=bank_reference, proof_key=proof_key)
    return True


@use_case
def payout_failed(*, order_id: int, by: int, payee: Party, reason: str, client_key: str | None = None) -> None:
    """The bank would not take it. It stays owed, and is asked for again."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.PAYOUT_FAILED, finding.party_of(order, by), payee=payee)
    is_owed = bool(owed(order.facts(), payee))
    if not act(order, deed, by=by, note=reason, client_key=client_key):
        return
    if not is_owed:
        raise RuleBroken("This has been paid out already.")
    payments.fail(movement_id=_movements(order, payee)[-1].id, by=by, reason=reason)
    intend_payout(order, payee)


@use_case
def payout_missing(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The payee says that the last payout to him did not arrive: it is owed again, and asked for again."""
    order = finding.locked_order(order_id)
    party = finding.party_of(order, by)
    last = next(reversed(_movements(order, party)), None)
    deed = Deed(Action.PAYOUT_MISSING, party, amount=last.amount if last else None, payee=party)
    if act(order, deed, by=by, client_key=client_key) and last is not None:
        payments.bounce(movement_id=last.id, by=by, reason="The payee says that it did not arrive.")


def _movements(order: Order, payee: Party) -> list[Movement]:
    """Every try to pay one side of the order, oldest first."""
    purpose = payout_purpose(order, payee)
    return [movement for movement in movements.of_order(order.id) if movement.purpose == purpose]
