"""A debt that was paid: an officer found money of another member in the group's account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.escrow import debt_rules, debts
from marketplace.escrow.debt_models import DebtDeed
from marketplace.escrow.debt_rules import Deed, State
from marketplace.escrow.events import DebtPaid, DebtWrittenOff
from marketplace.groups import (
    confirming,
    finding,
    proposal_queries as proposals,
    proposal_rules,
    queries as groups,
    service as permissions,
)
from marketplace.groups.confirming import Confirmation
from marketplace.groups.models import Membership
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Outcome, Slip
from marketplace.groups.rules import CONFIRMERS, Permission
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money
from marketplace.payments import service as payments
from marketplace.payments.bank_booked import DEBT
from marketplace.payments.rules import Kind

DEEDS = (proposal_rules.Deed.DEBT,)


class DebtPayment(Confirmation):
    """What a member owes the group, or a part of it, has come into the group's account."""

    deed = proposal_rules.Deed.DEBT

    def __init__(self, debtor: Membership) -> None:
        self.subject_id, self.group_id, self.person_id = debtor.id, debtor.group_id, debtor.person_id
        self.title = debt_rules.reference_of(debtor.id)

    @property
    def limit_minor(self) -> int:
        return groups.group(self.group_id).officer_limit_at(clock.now())

    @property
    def until(self) -> datetime | None:
        return None

    @property
    def is_second_officer_due(self) -> bool:
        return False

    @property
    def owed(self) -> Money:
        """What is owed now."""
        return debts.debt_of(self.group_id, self.person_id).amount

    def confirmers(self) -> tuple[int, ...]:
        officers = groups.officers(self.group_id, CONFIRMERS)
        return tuple(officer.person_id for officer in officers if officer.person_id != self.person_id)

    def was_done(self, slip: Slip) -> bool:
        debt_rules.check_is_not_own(self.person_id, slip.by)
        known = debts.known_deed(self.group_id, self.person_id, slip.client_key)
        if known is not None and (known.amount, known.note) != (slip.amount, slip.bank_reference):
            raise Stale("This form was used already. Look at where it stands, then confirm the rest.")
        return known is not None

    def check(self, slip: Slip) -> None:
        permissions.require(slip.by, self.group_id, Permission.CONFIRM_MONEY)
        debt_rules.check_is_not_own(self.person_id, slip.by)
        debt_rules.check_paid(debts.locked_debt(self.group_id, self.person_id), slip.amount)
        same = select(DebtDeed.id).where(DebtDeed.group_id == self.group_id, DebtDeed.person_id == self.person_id)
        same = same.where(DebtDeed.deed == Deed.PAID, DebtDeed.note == slip.bank_reference)
        if db.session.scalar(same) is not None:
            raise RuleBroken("A payment with this reference was confirmed already.", field="bank_reference")

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        debt = debts.locked_debt(self.group_id, self.person_id)
        deed = debts.write_deed(
            self.group_id, self.person_id, Deed.PAID, State.DONE, amount=slip.amount, note=slip.bank_reference,
            by=slip.by, client_key=slip.client_key or "", second=second,
        )  # fmt: skip
        purpose = f"{DEBT}{deed.id}"
        movement = payments.intend(
            group_id=self.group_id, kind=Kind.COLLECT, amount=slip.amount, person_id=self.person_id, purpose=purpose,
            key=purpose,
        )  # fmt: skip
        payments.confirm(
            movement_id=movement.id, by=slip.by, bank_reference=slip.bank_reference, proof_key=slip.proof_key
        )
        debts.post(deed, debt_rules.paid_moves(self.group_id, self.person_id, slip.amount), "Debt paid")
        announce(DebtPaid(self.group_id, self.person_id, deed.id, slip.amount, debt - slip.amount))


@use_case
def confirm(
    *, group_id: int, person_id: int, by: int, amount: Money, bank_reference: str, client_key: str,
    proof_key: str | None = None,
) -> Outcome:  # fmt: skip
    """An officer who is not the debtor found `amount` in the group's account. What came of it: what passes his limit
    waits for a second officer. Raises NotFound, NotAllowed, Stale, RuleBroken."""
    permissions.require(by, group_id, Permission.CONFIRM_MONEY)
    return confirming.confirm(_of(group_id, person_id), Slip(by, amount, bank_reference, proof_key, client_key))


def case_of(proposal: Proposal) -> Confirmation:
    """What a proposal is about, locked."""
    return _of(proposal.group_id, proposal.person_id)


def case_shown(proposal: Proposal) -> Confirmation:
    """The same for a page, which locks nothing."""
    return DebtPayment(db.session.get_one(Membership, proposal.subject_id))


def written_off(fact: DebtWrittenOff) -> None:
    """What waits about a debt that is no more is overtaken."""
    debtor = groups.membership_row(fact.group_id, fact.person_id)
    proposal = None if debtor is None else proposals.open_about(proposal_rules.Deed.DEBT, debtor.id)
    if proposal is not None:
        confirming.look_again(proposal, case_shown(proposal))


def _of(group_id: int, person_id: int) -> DebtPayment:
    debtor = finding.locked_membership(group_id, person_id)
    if debtor is None:
        raise debts.no_such_debt()
    return DebtPayment(debtor)
