"""What an officer confirms of deposits: that one came in, or that something went out of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.deposits import finding, rules
from marketplace.deposits.acting import act, act_on_payout, was_done
from marketplace.deposits.events import DepositChanged, DepositPayoutChanged
from marketplace.deposits.models import Deposit, DepositLine, DepositPayout
from marketplace.deposits.payout_rules import Action as PayoutAction, judge as judge_payout
from marketplace.deposits.reference_rules import reference_of
from marketplace.deposits.rules import Action, judge
from marketplace.groups import confirming, proposal_queries as proposals, queries as groups
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Deed, Slip
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken
from marketplace.payments import service as payments
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State as MovementState

DEEDS = (Deed.DEPOSIT, Deed.DEPOSIT_PAYOUT)


class _OfDeposit(Confirmation):
    """What both have in common: whose money it is, in which group, and the row that says who may confirm it."""

    def __init__(self, row: Deposit | DepositPayout, person_id: int) -> None:
        self.row, self.subject_id, self.group_id, self.person_id = row, row.id, row.group_id, person_id
        self.title = reference_of(finding.membership_row(row.group_id, person_id).id)

    @property
    def limit_minor(self) -> int:
        return groups.group(self.group_id).officer_limit_at(clock.now())

    @property
    def until(self) -> datetime | None:
        return self.row.deadline

    @property
    def is_second_officer_due(self) -> bool:
        return self.row.is_second_officer_due

    def confirmers(self) -> tuple[int, ...]:
        parties = (self.person_id, self.other_id or self.person_id)
        return finding.confirmers(self.group_id, *parties, second_officer=self.is_second_officer_due)


class DepositPayment(_OfDeposit):
    """A member's deposit has come into the group's account."""

    deed = Deed.DEPOSIT

    def __init__(self, deposit: Deposit) -> None:
        super().__init__(deposit, deposit.person_id)
        self.deposit = deposit

    def was_done(self, slip: Slip) -> bool:
        deed = self._deed(slip)
        return was_done(
            self.deposit, deed.action, client_key=slip.client_key, note=slip.bank_reference, amount=deed.amount
        )

    def check(self, slip: Slip) -> None:
        terms = groups.group(self.group_id).terms
        judge(self.deposit.facts(), self._deed(slip), terms=terms, now=clock.now())
        _check_line_is_new(self.deposit, slip.bank_reference)

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        deposit, deed = self.deposit, self._deed(slip)
        line = act(deposit, deed, by=slip.by, note=slip.bank_reference, client_key=slip.client_key, second=second)
        assert line is not None, "was_done has said that it is new"  # noqa: S101 - for mypy
        purpose = f"deposit:{deposit.id}:payment"
        movement = payments.intend(
            group_id=deposit.group_id, kind=Kind.COLLECT, amount=slip.amount, person_id=deposit.person_id,
            purpose=purpose, key=f"{purpose}:{line.number}",
        )  # fmt: skip
        _confirm(movement, line, slip)

    def _deed(self, slip: Slip) -> rules.Deed:
        party = finding.check_treasurer(
            self.group_id, self.person_id, slip.by, second_officer=self.is_second_officer_due
        )
        return rules.Deed(Action.CONFIRM, party, slip.amount)


class PayoutOfDeposit(_OfDeposit):
    """What is owed to somebody out of a deposit has left the group's account."""

    deed = Deed.DEPOSIT_PAYOUT

    def __init__(self, deposit: Deposit, payout: DepositPayout) -> None:
        super().__init__(payout, payout.payee_id)
        self.deposit, self.payout = deposit, payout
        self.other_id = deposit.person_id if deposit.person_id != payout.payee_id else None

    def was_done(self, slip: Slip) -> bool:
        finding.payout_party(self.payout, slip.by)
        return was_done(self.deposit, PayoutAction.CONFIRM_PAYOUT, client_key=slip.client_key, note=slip.bank_reference)

    def check(self, slip: Slip) -> None:
        party, terms = finding.payout_party(self.payout, slip.by), groups.group(self.group_id).terms
        judge_payout(self.payout.facts(), PayoutAction.CONFIRM_PAYOUT, party, terms=terms, now=clock.now())

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        party = finding.payout_party(self.payout, slip.by)
        line = act_on_payout(
            self.deposit, self.payout, PayoutAction.CONFIRM_PAYOUT, party, by=slip.by, note=slip.bank_reference,
            client_key=slip.client_key, second=second,
        )  # fmt: skip
        assert line is not None, "was_done has said that it is new"  # noqa: S101 - for mypy
        _confirm(last_try(self.payout), line, slip)


def case_of(proposal: Proposal) -> Confirmation:
    """What it is about, locked."""
    if proposal.deed == Deed.DEPOSIT:
        return DepositPayment(finding.locked_deposit(proposal.subject_id))
    return PayoutOfDeposit(*finding.locked_payout(proposal.subject_id))


def case_shown(proposal: Proposal) -> Confirmation:
    """The same for a page, which locks nothing."""
    if proposal.deed == Deed.DEPOSIT:
        return DepositPayment(db.session.get_one(Deposit, proposal.subject_id))
    payout = db.session.get_one(DepositPayout, proposal.subject_id)
    return PayoutOfDeposit(db.session.get_one(Deposit, payout.deposit_id), payout)


def deposit_changed(fact: DepositChanged) -> None:
    """What waits about a deposit is looked at again."""
    _look_again(Deed.DEPOSIT, fact.deposit.id)


def payout_changed(fact: DepositPayoutChanged) -> None:
    """What waits about something that is paid out of one is looked at again."""
    _look_again(Deed.DEPOSIT_PAYOUT, fact.payout.id)


def _look_again(deed: Deed, subject_id: int) -> None:
    proposal = proposals.open_about(deed, subject_id)
    if proposal is not None:
        confirming.look_again(proposal, case_shown(proposal))


def _check_line_is_new(deposit: Deposit, bank_reference: str) -> None:
    """One line of the bank's statement is one payment."""
    same = select(Movement).join(DepositLine, DepositLine.movement_id == Movement.id)
    same = same.where(DepositLine.deposit_id == deposit.id, DepositLine.action == Action.CONFIRM)
    same = same.where(Movement.bank_reference == bank_reference, Movement.state == MovementState.CONFIRMED)
    known = db.session.scalar(same.limit(1))
    if known is not None:
        raise RuleBroken(
            "%(amount)s with this reference was confirmed already. Give the reference of the new payment.",
            field="bank_reference",
            amount=known.moved or known.amount,
        )


def _confirm(movement: Movement, line: DepositLine, slip: Slip) -> None:
    payments.confirm(
        movement_id=movement.id, by=slip.by, bank_reference=slip.bank_reference, proof_key=slip.proof_key
    )  # fmt: skip
    line.movement_id = movement.id


def last_try(payout: DepositPayout) -> Movement:
    """The newest call to pay it."""
    tries = select(Movement).where(Movement.purpose == payout.purpose, Movement.person_id == payout.payee_id)
    return db.session.scalars(tries.order_by(Movement.id.desc()).limit(1)).one()
