"""What an officer says of money: done at once within his limit, else a proposal until a second officer has looked.

Escrow and deposits say what is confirmed, each as a Confirmation. Here is when one word is enough and when it takes
two, the same for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from marketplace.groups import finding, instruction_rules, proposal_queries, queries, rules
from marketplace.groups.events import ProposalDecided, ProposalMade
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import (
    Action,
    Deed,
    Outcome,
    Party,
    Slip,
    State,
    check_proof,
    judge,
    may_let_out,
    said_again,
)
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken, Stale
from marketplace.kernel.events import announce


class Confirmation(ABC):
    """That money of one order, parcel or deposit came or went: what it takes to check and to do it."""

    deed: Deed
    subject_id: int
    group_id: int
    person_id: int
    """Who paid, or is paid."""
    other_id: int | None = None
    title: str
    stage: str = ""
    """In a word, how things stand: at another stage the same deed would be another."""

    @property
    @abstractmethod
    def limit_minor(self) -> int:
        """What an officer may confirm alone in seven days, in minor units."""

    @property
    @abstractmethod
    def until(self) -> datetime | None:
        """When the clock acts if nobody confirms it."""

    @property
    @abstractmethod
    def is_second_officer_due(self) -> bool:
        """Whether the time of those who confirm money is over, and any officer may."""

    @abstractmethod
    def confirmers(self) -> tuple[int, ...]:
        """The officers who may confirm it now, none of them a party."""

    @abstractmethod
    def was_done(self, slip: Slip) -> bool:
        """Whether the same form has done it. Raises Stale if it said something else then."""

    @abstractmethod
    def check(self, slip: Slip) -> None:
        """Return if it can be done now by whose slip it is, else raise what the law raises. Changes nothing."""

    @abstractmethod
    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        """Do it. `second` is the officer who approved it, where it took two."""

    def wait(self, slip: Slip) -> None:  # noqa: B027 - most have nothing to do
        """What follows at once where it has to wait for a second officer."""


CaseOf = Callable[[Proposal], Confirmation]
"""Finds and locks what a proposal is about."""


def confirm(case: Confirmation, slip: Slip) -> Outcome:
    """Do what `slip` says, or propose it, inside the unit of work that has locked the case."""
    if case.was_done(slip):
        return Outcome.KNOWN
    before = _proposed_before(case, slip)
    if before is not None:
        return said_again(before)
    finding.locked_membership(case.group_id, slip.by)  # two deeds of one officer see each other's sums
    case.check(slip)
    check_is_free(case.deed, case.subject_id)
    allowance = proposal_queries.allowance_of(
        case.group_id, slip.by, limit_minor=case.limit_minor, now=clock.now()
    )  # fmt: skip
    if not allowance.is_passed_by(slip.amount):
        case.carry_out(slip, second=None)
        return Outcome.DONE
    check_proof(allowance, slip)
    _propose(case, slip)
    return Outcome.PROPOSED


@use_case
def approve(*, proposal_id: int, by: int, case_of: CaseOf) -> State:
    """A second officer has seen the slip: it is done, as the first one said it. What has moved on since is overtaken,
    and nothing is done. Gives the state that it came to."""
    proposal, case = _locked(proposal_id, case_of)
    if proposal.state == State.APPROVED and proposal.decided_by == by:
        return State.APPROVED
    then = judge(State(proposal.state), Action.APPROVE, party_of(proposal, case, by))
    moved_on = _moved_on(case, proposal)
    if moved_on is not None:
        return _overtake(proposal, moved_on)
    if by not in approvers(proposal, case):
        instruction_rules.judge_approval(_officer_since(proposal, by), proposed_at=proposal.proposed_at)
    _decide(proposal, then, by=by)
    case.carry_out(proposal.slip, second=by)
    return then


@use_case
def refuse(*, proposal_id: int, by: int, reason: str, case_of: CaseOf) -> None:
    """A second officer says what is wrong. The first may enter it again."""
    proposal, case = _locked(proposal_id, case_of)
    then = judge(State(proposal.state), Action.REFUSE, party_of(proposal, case, by))
    _decide(proposal, then, by=by, reason=reason)


@use_case
def withdraw(*, proposal_id: int, by: int, case_of: CaseOf) -> None:
    """The first officer had mistyped it."""
    proposal, case = _locked(proposal_id, case_of)
    then = judge(State(proposal.state), Action.WITHDRAW, party_of(proposal, case, by))
    _decide(proposal, then, by=by)


def party_of(proposal: Proposal, case: Confirmation, person_id: int) -> Party:
    """In which capacity somebody deals with a proposal. Raises NotFound to everybody whom it does not concern."""
    if person_id == proposal.proposed_by:
        return Party.PROPOSER
    if person_id in case.confirmers():
        return Party.SECOND
    raise proposal_queries.no_such_proposal()


def approvers(proposal: Proposal, case: Confirmation) -> tuple[int, ...]:
    """Who may approve it, besides whoever entered it."""
    others = [person_id for person_id in case.confirmers() if person_id != proposal.proposed_by]
    if proposal.comes_in:
        return tuple(others)
    since = {each.person_id: each.officer_since for each in queries.officers(proposal.group_id)}
    moments = {"entered_at": proposal.proposed_at, "founded_at": queries.group(proposal.group_id).founded_at}
    return tuple(each for each in others if may_let_out(since.get(each), **moments))


def _officer_since(proposal: Proposal, person_id: int) -> datetime:
    member = queries.membership(proposal.group_id, person_id)
    return (member.officer_since if member else None) or clock.now()


def look_again(proposal: Proposal, case: Confirmation) -> None:
    """What an open proposal is about has changed: it is overtaken, or more officers may decide it now, or fewer."""
    moved_on = _moved_on(case, proposal)
    if moved_on is not None:
        _overtake(proposal, moved_on)
        return
    is_due, was_due = case.is_second_officer_due, proposal.is_second_officer_due
    proposal.until, proposal.is_second_officer_due = case.until, is_due
    if is_due and not was_due:
        _tell(proposal, case)


def check_is_free(deed: Deed, subject_id: int) -> None:
    """Raise RuleBroken while a second officer is asked about the same money: two answers would contradict."""
    waiting = proposal_queries.open_about(deed, subject_id)
    if waiting is not None:
        raise RuleBroken(
            "%(amount)s was entered here already, and waits for a second officer. It has to be decided first.",
            amount=waiting.amount,
        )


def _propose(case: Confirmation, slip: Slip) -> None:
    proposal = Proposal(
        group_id=case.group_id, deed=case.deed, subject_id=case.subject_id, person_id=case.person_id,
        other_id=case.other_id, stage=case.stage, title=case.title, amount_minor=slip.amount.minor,
        currency=slip.amount.currency, limit_minor=case.limit_minor, bank_reference=slip.bank_reference,
        proof_key=slip.proof_key, client_key=slip.client_key, proposed_by=slip.by, proposed_at=clock.now(),
        is_second_officer_due=case.is_second_officer_due, state=State.OPEN,
    )  # fmt: skip
    db.session.add(proposal)
    db.session.flush()
    _note(proposal, "propose to confirm", by=slip.by, why=slip.bank_reference)
    case.wait(slip)
    proposal.until = case.until
    _tell(proposal, case)


def _proposed_before(case: Confirmation, slip: Slip) -> State | None:
    """What came of the proposal that the same form made; none where it made none."""
    if slip.client_key is None:
        return None
    same = select(Proposal).where(Proposal.proposed_by == slip.by, Proposal.client_key == slip.client_key)
    found = db.session.scalar(same.where(Proposal.deed == case.deed, Proposal.subject_id == case.subject_id).limit(1))
    if found is not None and (found.amount, found.bank_reference) != (slip.amount, slip.bank_reference):
        raise Stale("This form was sent once already, with something else in it. Look at where it stands now.")
    return None if found is None else State(found.state)


def _locked(proposal_id: int, case_of: CaseOf) -> tuple[Proposal, Confirmation]:
    """A proposal and what it is about, locked: that first, as whoever confirms it locks them."""
    case = case_of(proposal_queries.proposal(proposal_id))
    return finding.locked(Proposal, proposal_id, "There is no such confirmation."), case


def _moved_on(case: Confirmation, proposal: Proposal) -> str | None:
    """Why it cannot be done any more as it was proposed; None where it can."""
    if case.stage != proposal.stage:
        return f"was {proposal.stage}, is {case.stage}"
    try:
        case.check(proposal.slip)
    except (RuleBroken, NotFound) as refusal:
        return str(refusal)
    return None


def _overtake(proposal: Proposal, why: str) -> State:
    then = judge(State(proposal.state), Action.OVERTAKE, Party.EVENTS)
    _decide(proposal, then, by=None, why=why)
    return then


def _decide(proposal: Proposal, then: State, *, by: int | None, reason: str = "", why: str = "") -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = then, by, clock.now()
    proposal.reason = reason
    db.session.flush()
    said = f"entered by person:{proposal.proposed_by}"
    _note(proposal, f"{then} what was proposed", by=by, why=": ".join(filter(None, (said, reason or why))))
    announce(
        ProposalDecided(
            proposal_id=proposal.id, group_id=proposal.group_id, title=proposal.title, amount=proposal.amount,
            comes_in=proposal.comes_in, proposed_by=proposal.proposed_by, state=then, by=by, reason=reason,
        )
    )  # fmt: skip


def _tell(proposal: Proposal, case: Confirmation) -> None:
    owners = queries.officers(case.group_id, (rules.Role.OWNER,))
    announce(
        ProposalMade(
            proposal_id=proposal.id, group_id=proposal.group_id, title=proposal.title, amount=proposal.amount,
            limit=proposal.limit, comes_in=proposal.comes_in, by=proposal.proposed_by, until=proposal.until,
            approver_ids=approvers(proposal, case), owner_ids=tuple(owner.person_id for owner in owners),
        )
    )  # fmt: skip


def _note(proposal: Proposal, what: str, *, by: int | None, why: str) -> None:
    audit.note(what, f"proposal:{proposal.id}", by=by, group_id=proposal.group_id, why=why)
