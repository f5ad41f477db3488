"""The last way of what was a deposit: out of the group's account, to its member or to a seller whom he did not pay."""

from __future__ import annotations

from marketplace.deposits import finding
from marketplace.deposits.acting import act_on_payout, intend
from marketplace.deposits.confirmations import PayoutOfDeposit, last_try
from marketplace.deposits.payout_rules import Action
from marketplace.groups import confirming
from marketplace.groups.proposal_rules import Deed, Outcome, Slip
from marketplace.kernel.database import use_case
from marketplace.payments import service as payments


@use_case
def confirm_payout(
    *, payout_id: int, by: int, bank_reference: str, proof_key: str | None = None, client_key: str | None = None
) -> Outcome:  # fmt: skip
    """An officer who is not the payee has paid it, exactly. What came of it: what passes his limit waits for a second
    officer."""
    case = PayoutOfDeposit(*finding.locked_payout(payout_id))
    return confirming.confirm(case, Slip(by, case.payout.amount, bank_reference, proof_key, client_key))


@use_case
def payout_failed(*, payout_id: int, by: int, reason: str, client_key: str | None = None) -> None:
    """The bank would not take it. It stays owed, and is asked for again."""
    deposit, payout = finding.locked_payout(payout_id)
    party = finding.payout_party(payout, by)
    confirming.check_is_free(Deed.DEPOSIT_PAYOUT, payout_id)
    line = act_on_payout(deposit, payout, Action.PAYOUT_FAILED, party, by=by, note=reason, client_key=client_key)
    if line is not None:
        payments.fail(movement_id=last_try(payout).id, by=by, reason=reason)
        intend(payout, line)


@use_case
def payout_missing(*, payout_id: int, by: int, client_key: str | None = None) -> None:
    """The payee says that it did not arrive: it is owed again, and asked for again."""
    deposit, payout = finding.locked_payout(payout_id)
    party = finding.payout_party(payout, by)
    line = act_on_payout(deposit, payout, Action.PAYOUT_MISSING, party, by=by, client_key=client_key)
    if line is not None:
        payments.bounce(movement_id=last_try(payout).id, by=by, reason="The payee says that it did not arrive.")
        intend(payout, line)
