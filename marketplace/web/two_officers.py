"""For the forms in which an officer confirms money: how far his own word goes, and whether one waits already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from marketplace.deposits import confirmations as of_deposits
from marketplace.escrow import debt_paying as of_debts, second_officers as of_orders
from marketplace.groups import proposal_queries as proposals
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Allowance, Deed
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.web.person import me


@dataclass(frozen=True, slots=True)
class Limit:
    """What the officer at the page may confirm alone."""

    allowance: Allowance
    waiting: Proposal | None
    """What was entered here already, and waits for a second officer."""
    has_second: bool
    """Whether anybody else may approve what passes it."""

    def is_passed_by(self, amount: Money) -> bool:
        return self.allowance.is_passed_by(amount)


def limit_here(case: Confirmation) -> Limit:
    """Three queries."""
    allowance = proposals.allowance_of(case.group_id, me(), limit_minor=case.limit_minor, now=clock.now())
    waiting = proposals.open_about(case.deed, case.subject_id) if case.subject_id else None
    return Limit(allowance, waiting, any(person_id != me() for person_id in case.confirmers()))


CaseOf = Callable[[Proposal], Confirmation]
_LOCKED: dict[Deed, CaseOf] = {deed: each.case_of for each in (of_orders, of_deposits, of_debts) for deed in each.DEEDS}
_SHOWN: dict[Deed, CaseOf] = {
    deed: each.case_shown for each in (of_orders, of_deposits, of_debts) for deed in each.DEEDS
}  # fmt: skip


def case_of(proposal: Proposal) -> Confirmation:
    """What a proposal is about, locked."""
    return _LOCKED[Deed(proposal.deed)](proposal)


def case_shown(proposal: Proposal) -> Confirmation:
    """The same for a page, which locks nothing."""
    return _SHOWN[Deed(proposal.deed)](proposal)
