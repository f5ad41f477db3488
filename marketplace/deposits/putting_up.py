"""A member puts a deposit up or asks for it back; the treasurer says what came in."""

from __future__ import annotations

from marketplace.deposits import finding
from marketplace.deposits.acting import act
from marketplace.deposits.confirmations import DepositPayment
from marketplace.deposits.rules import Action, Deed, Party
from marketplace.groups import confirming, proposal_rules, service as groups
from marketplace.groups.proposal_rules import Outcome, Slip
from marketplace.groups.rules import Permission
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money


@use_case
def say_sent(*, group_id: int, by: int, client_key: str | None = None) -> None:
    """The member says that the money is on its way; the treasurer looks for it."""
    groups.fix_currency(group_id)
    groups.require(by, group_id, Permission.PUT_UP_DEPOSIT)
    if not groups.has_other_confirmer(group_id, by):
        raise RuleBroken(
            "Nobody but you can confirm money here, and nobody confirms his own. Ask the owner to make another member "
            "treasurer, then come back."
        )
    deposit = finding.locked_deposit_of(group_id, by)
    act(deposit, Deed(Action.SAY_SENT, Party.MEMBER), by=by, client_key=client_key)


@use_case
def ask_return(*, group_id: int, by: int, client_key: str | None = None) -> None:
    """It is to go back. It does as soon as nothing is open that it stands behind; until then it lets him bid nowhere.

    A bid of the same moment has locked the row before, and is seen when it goes back; or comes after, and is refused.
    """
    _by_member(Action.ASK_RETURN, group_id, by, client_key)


@use_case
def keep(*, group_id: int, by: int, client_key: str | None = None) -> None:
    """It stays, after all."""
    _by_member(Action.KEEP, group_id, by, client_key)


@use_case
def confirm(
    *, group_id: int, person_id: int, by: int, amount: Money, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> Outcome:  # fmt: skip
    """An officer has found `amount` of another member's in the group's account. What came of it: what passes his limit
    waits for a second officer."""
    groups.fix_currency(group_id)
    finding.membership_row(group_id, person_id)
    case = DepositPayment(finding.locked_deposit_of(group_id, person_id))
    return confirming.confirm(case, Slip(by, amount, bank_reference, proof_key, client_key))


@use_case
def not_found(*, group_id: int, person_id: int, by: int, client_key: str | None = None) -> None:
    """An officer looked, and it is not there. The member is told, and may say again that he sent it."""
    finding.membership_row(group_id, person_id)
    deposit = finding.locked_deposit_of(group_id, person_id)
    party = finding.check_treasurer(group_id, person_id, by, second_officer=deposit.is_second_officer_due)
    confirming.check_is_free(proposal_rules.Deed.DEPOSIT, deposit.id)
    act(deposit, Deed(Action.NOT_FOUND, party), by=by, client_key=client_key)


def _by_member(action: Action, group_id: int, by: int, client_key: str | None) -> None:
    groups.require(by, group_id, Permission.PUT_UP_DEPOSIT)
    deposit = finding.locked_deposit_of(group_id, by)
    act(deposit, Deed(action, Party.MEMBER), by=by, client_key=client_key)
