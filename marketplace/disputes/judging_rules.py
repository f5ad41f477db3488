"""How the law of disputes is applied: what a deed does to a dispute and means for the order, what is open to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from marketplace.disputes.dispute_rules import (
    NOT_TALKED_ABOUT,
    Action,
    Deed,
    Dispute,
    Outcome,
    Party,
    Reason,
    Remedy,
    State,
)
from marketplace.disputes.rules import LAW, STAYS, Clause, Ends, When, days_to_lodge
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money


class Verdict(NamedTuple):
    """What a deed does: the dispute after it, and what the order is to do, if it is settled by that."""

    dispute: Dispute
    outcome: Remedy | None


def opened(
    *, reason: Reason, asked: Remedy, held: Money, terms: Terms, code_used: bool, now: datetime
) -> Dispute:  # fmt: skip
    """A new dispute. Raises RuleBroken if the buyer asks for what cannot be had."""
    if asked.outcome is Outcome.RELEASE:
        raise RuleBroken(
            "Choose what you want: the money back, a part of it, or to send it back first.", field="outcome"
        )
    check_remedy(asked, held)
    _check_can_return(reason, asked)
    state = State.AWAITING_ANSWER if reason in NOT_TALKED_ABOUT else State.TALKING
    return Dispute(state, reason, held, terms, now, now + STAYS[state](terms), asked, code_used=code_used)


def check_remedy(remedy: Remedy, held: Money) -> None:
    """Raises RuleBroken if a split does not give each side something, or another outcome names a part."""
    if remedy.outcome is not Outcome.SPLIT:
        return
    if remedy.part is None or not Money(0, held.currency) < remedy.part < held:
        raise RuleBroken(
            "%(held)s is held. Enter more than nothing and less than that, or give it all to one side.",
            field="part",
            held=held,
        )


def judge(dispute: Dispute, deed: Deed, *, now: datetime) -> Verdict:
    """Say what `deed` does to `dispute`, or raise the rule that it breaks."""
    possible = [clause for clause in LAW if clause.given is dispute.state and clause.action is deed.action]
    if not possible:
        raise RuleBroken("The dispute has moved on, and that is no longer possible. Look at where it stands now.")
    mine = [clause for clause in possible if clause.by is deed.by]
    if not mine:
        raise NotAllowed("This is for the other side to do, not for you.")
    clause = _holding(dispute, mine, now)
    if deed.action in (Action.OFFER, Action.RULE):
        _check_named(dispute, deed)
    outcome = outcome_of(dispute, clause, deed)
    return Verdict(_after(dispute, clause, deed, now), outcome)


def open_to(dispute: Dispute, *, by: Party, now: datetime) -> list[Action]:
    """The actions that `by` may take now: the buttons of the dispute's page."""
    return [c.action for c in LAW if c.given is dispute.state and c.by is by and _refusal(dispute, c, now) is None]


def silence_means(dispute: Dispute) -> Clause | None:
    """What the clock does at the deadline if nobody acts, named on the page beforehand."""
    end = dispute.deadline
    lapses = (c for c in LAW if c.given is dispute.state and c.by is Party.CLOCK)
    return next((c for c in lapses if end is not None and _refusal(dispute, c, end) is None), None)


def answer_by(dispute: Dispute) -> datetime:
    """Until when the seller has to answer: while they talk, when that is over and his time to answer, too."""
    deadline = dispute.deadline or dispute.since
    return deadline + STAYS[State.AWAITING_ANSWER](dispute.terms) if dispute.state is State.TALKING else deadline


def outcome_of(dispute: Dispute, clause: Clause, deed: Deed) -> Remedy | None:
    """What the order is to do when this clause is applied; none if the dispute goes on, or the order decides."""
    match clause.ends:
        case Ends.AS_ASKED:
            return dispute.asked
        case Ends.AS_OFFERED:
            return dispute.offered
        case Ends.AS_RULED:
            return deed.remedy
        case Ends.AS_RULED_BEFORE:
            return dispute.ruling
        case Ends.FOR_THE_SELLER:
            return Remedy(Outcome.RELEASE)
        case Ends.BY_SILENCE_OF_RULERS:
            return Remedy(Outcome.RELEASE if dispute.code_used else Outcome.REFUND)
    return None


def _after(dispute: Dispute, clause: Clause, deed: Deed, now: datetime) -> Dispute:
    changes: dict[str, object] = {"state": clause.then}
    if deed.action is Action.OFFER:
        changes |= {"offered": deed.remedy, "offered_by": deed.by}
    if deed.action is Action.RULE:
        changes |= {"ruling": deed.remedy}
    if clause.then is not dispute.state:
        stay = STAYS.get(clause.then)
        until = now + stay(dispute.terms) if stay else None
        changes |= {"since": now, "deadline": dispute.deadline if clause.then is State.APPEALED else until}
    return replace(dispute, **changes)  # type: ignore[arg-type]


def _check_named(dispute: Dispute, deed: Deed) -> None:
    if deed.remedy is None:
        raise RuleBroken("Choose what happens to the money.", field="outcome")
    check_remedy(deed.remedy, dispute.held)
    _check_can_return(dispute.reason, deed.remedy)
    if dispute.state is State.RETURN_REVIEWED and deed.remedy.outcome is Outcome.RETURN_FIRST:
        raise RuleBroken("It has been sent back already. Refund, split or release.", field="outcome")


def _check_can_return(reason: Reason, remedy: Remedy) -> None:
    """Else the buyer would be told to send back what he never had, and lose the money by the clock."""
    if reason in (Reason.NOT_RECEIVED, Reason.EMPTY_PARCEL) and remedy.outcome is Outcome.RETURN_FIRST:
        raise RuleBroken("What did not arrive cannot be sent back. Choose something else.", field="outcome")


def _holding(dispute: Dispute, clauses: list[Clause], now: datetime) -> Clause:
    """The one of these that holds now. Raises what keeps the last of them from it, where none does."""
    *others, last = clauses
    holding = next((clause for clause in others if _refusal(dispute, clause, now) is None), last)
    refusal = _refusal(dispute, holding, now)
    if refusal is not None:
        raise refusal
    return holding


def _refusal(dispute: Dispute, clause: Clause, now: datetime) -> RuleBroken | None:
    is_over = dispute.deadline is not None and now >= dispute.deadline
    too_late = TooLate("The time for this ended %(deadline)s.", deadline=dispute.deadline)
    too_early = TooEarly("The clock acts %(deadline)s, not before.", deadline=dispute.deadline)
    match clause.when:
        case When.IN_TIME | When.OFFERED_BY_OTHER if is_over:
            return too_late
        case When.OVERDUE if not is_over:
            return too_early
        case When.UNANSWERED if not is_over or dispute.is_answered:
            return too_early
        case When.ANSWERED if not is_over or not dispute.is_answered:
            return too_early
        case When.WHILE_ANSWERING if now >= answer_by(dispute):
            return TooLate("The time for this ended %(deadline)s.", deadline=answer_by(dispute))
        case When.OFFERED_BY_OTHER if dispute.offered_by in (None, clause.by):
            return RuleBroken("The other side has offered nothing yet.")
        case When.EARLY_ENOUGH if now >= dispute.since + days_to_lodge(dispute.terms):
            return TooLate("The time to appeal ended %(until)s.", until=dispute.since + days_to_lodge(dispute.terms))
    return None
