"""The money's last way: out of the group's account, to the seller or back to the buyer."""

from __future__ import annotations

from marketplace.escrow import finding
from marketplace.escrow.acting import act
from marketplace.escrow.confirmations import PAYOUTS, OrderPayout
from marketplace.escrow.money_rules import owed
from marketplace.escrow.moving import intend_payout, payouts_of, withdraw_payouts
from marketplace.escrow.order_rules import Action, Deed, Party
from marketplace.groups import confirming
from marketplace.groups.proposal_rules import Outcome, Slip
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken
from marketplace.payments import service as payments


@use_case
def confirm_payout(
    *, order_id: int, by: int, payee: Party, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> Outcome:  # fmt: skip
    """An officer who is no party has paid what is owed to `payee`, exactly. What came of it: what passes his limit
    waits for a second officer."""
    case = OrderPayout(finding.locked_order(order_id), payee)
    return confirming.confirm(case, Slip(by, case.due, bank_reference, proof_key, client_key))


@use_case
def payout_failed(*, order_id: int, by: int, payee: Party, reason: str, client_key: str | None = None) -> None:
    """The bank would not take it. It stays owed, and is asked for again."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.PAYOUT_FAILED, finding.party_of(order, by), payee=payee)
    confirming.check_is_free(PAYOUTS[payee], order_id)
    due = owed(order.facts(), payee)
    if not act(order, deed, by=by, note=reason, client_key=client_key):
        return
    if not due:
        raise RuleBroken("This has been paid out already.")
    payments.fail(movement_id=payouts_of(order, payee)[-1].id, by=by, reason=reason)
    intend_payout(order, payee, due)


@use_case
def payout_missing(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The payee says that the last payout to him did not arrive: it is owed again, and asked for again."""
    order = finding.locked_order(order_id)
    party = finding.party_of(order, by)
    tries = payouts_of(order, party) if party in finding.PAYEES else []
    last = tries[-1] if tries else None
    deed = Deed(Action.PAYOUT_MISSING, party, amount=last.amount if last else None, payee=party)
    if act(order, deed, by=by, client_key=client_key) and last is not None:
        payments.bounce(movement_id=last.id, by=by, reason="The payee says that it did not arrive.")


@use_case
def propose_otherwise(*, order_id: int, by: int, payee: Party, client_key: str | None = None) -> None:
    """The payment processor cannot pay it: an officer who is no party proposes that the group does, from its bank."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.PROPOSE_OTHERWISE, finding.party_of(order, by), payee=payee)
    if act(order, deed, by=by, client_key=client_key):
        order.otherwise_by = by


@use_case
def agree_otherwise(*, order_id: int, by: int, payee: Party, client_key: str | None = None) -> None:
    """A second officer agrees: the processor is not asked any more, and a treasurer pays it from the group's bank.

    What lies there for it stays in the books as the group's share of the processor's balance.
    """
    order = finding.locked_order(order_id)
    deed = Deed(Action.AGREE_OTHERWISE, finding.party_of(order, by), payee=payee)
    if order.otherwise_payee == payee and order.otherwise_by == by:
        raise NotAllowed("You proposed this yourself. Another officer has to agree.")
    if act(order, deed, by=by, client_key=client_key):
        tries = payouts_of(order, payee)
        withdraw_payouts(order, payee)
        since = tries[-1].owed_since if tries else None  # it was late before, and is
        intend_payout(order, payee, owed(order.facts(), payee), owed_since=since)
