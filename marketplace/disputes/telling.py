"""Which facts a deed announces, and to whom they matter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.disputes import choosing_rules
from marketplace.disputes.dispute_rules import Action, Deed, Dispute as Facts, Outcome, Party, Remedy, State
from marketplace.disputes.ending_rules import Ending, lost_by
from marketplace.disputes.events import (
    AnswerDue,
    DisputeAnswered,
    DisputeAppealed,
    DisputeContested,
    DisputeOpened,
    DisputeRuled,
    DisputeSettled,
    OfferMade,
    RulerNeeded,
    RulingDue,
)
from marketplace.disputes.finding import Case, other, person_of
from marketplace.disputes.judging_rules import answer_by
from marketplace.disputes.reminding_rules import RULING
from marketplace.disputes.rulers import rulers_of
from marketplace.disputes.rules import days_to_lodge
from marketplace.kernel.events import announce
from marketplace.kernel.money import Money


def opened(case: Case) -> None:
    """The seller hears what is wrong, what is asked, and until when he has to answer."""
    facts = case.dispute.facts()
    announce(
        DisputeOpened(
            **about(case), reason=facts.reason, asked=facts.asked, deadline=_deadline(facts),
            answer_by=answer_by(facts),
        )
    )  # fmt: skip


def tell(case: Case, before: Facts, deed: Deed, *, by: int | None, words: str, now: datetime) -> None:
    """Announce what a deed of the law was, and that it is somebody else's turn now."""
    facts, common = case.dispute.facts(), about(case)
    match deed.action:
        case Action.OFFER if deed.remedy:
            amount = for_the_buyer(deed.remedy, facts.held)
            announce(
                OfferMade(**common, **_to_other(case, deed.by), remedy=deed.remedy, amount=amount, until=facts.deadline)
            )
        case Action.CONTEST:
            announce(DisputeContested(**common, **_to_other(case, deed.by), until=facts.deadline))
        case Action.RULE if deed.remedy and by:
            announce(DisputeRuled(**common, ruler_id=by, remedy=deed.remedy, reasons=words, **_appeal(facts)))
        case Action.APPEAL:
            announce(DisputeAppealed(**common, **_to_other(case, deed.by), until=_deadline(facts)))
    if facts.state is not before.state:
        _ask_the_next(case, facts, now)


def said(case: Case, side: Party) -> None:
    """One side said or showed more."""
    announce(DisputeAnswered(**about(case), **_to_other(case, side)))


def ask_to_rule(case: Case, *, now: datetime, hours: int | None = None, ruler_ids: tuple[int, ...] = ()) -> None:
    """Tell `ruler_ids`, or else everybody who may rule, that it is due; the two sides, if there is nobody.

    Then their time to agree on a member begins, where it has not begun already.
    """
    asked = ruler_ids or tuple(sorted(rulers_of(case, now=now)))
    has_begun = hours is not None and case.dispute.unruled_since is not None
    case.dispute.unruled_since = None if asked else case.dispute.unruled_since if has_begun else now
    facts = case.dispute.facts()
    if asked:
        announce(RulingDue(**about(case), ruler_ids=asked, until=_deadline(facts), hours=hours, state=facts.state))
    elif (until := choosing_rules.agree_until(facts)) is not None and now < until:
        announce(RulerNeeded(**about(case), until=until))


def ask_if_due(case: Case, *, now: datetime, ruler_ids: tuple[int, ...] = ()) -> None:
    """The same, where a ruling is due already: somebody else may rule than a moment ago."""
    if case.dispute.state in RULING:
        ask_to_rule(case, now=now, ruler_ids=ruler_ids)


def ask_to_answer(case: Case, *, hours: int | None = None) -> None:
    """Tell the seller that his silence would decide it."""
    facts = case.dispute.facts()
    announce(AnswerDue(**about(case), asked=facts.asked, until=_deadline(facts), hours=hours))


def settled(case: Case, remedy: Remedy, ending: Ending, now: datetime) -> None:
    """It is over. Announced after the order has moved."""
    loser = lost_by(ending, remedy)
    announce(
        DisputeSettled(
            **about(case), ending=ending, remedy=remedy, lost_by=loser,
            loser_id=person_of(case, loser) if loser else None, settled_at=now,
        )
    )  # fmt: skip


def about(case: Case) -> dict[str, Any]:
    """What every fact says of the dispute that it is about."""
    order, dispute = case
    return {
        "dispute_id": dispute.id,
        "order_id": order.id,
        "group_id": order.group_id,
        "title": order.title,
        "buyer_id": order.buyer_id,
        "seller_id": order.seller_id,
        "held": dispute.held,
        "number": dispute.line_count,
    }


def for_the_buyer(remedy: Remedy, held: Money) -> Money:
    """What the buyer gets by a remedy, at once or when the goods are back."""
    if remedy.outcome is Outcome.SPLIT and remedy.part is not None:
        return remedy.part
    return Money(0, held.currency) if remedy.outcome is Outcome.RELEASE else held


def _ask_the_next(case: Case, facts: Facts, now: datetime) -> None:
    if facts.state is State.AWAITING_ANSWER:
        ask_to_answer(case)
    elif facts.state in RULING:
        ask_to_rule(case, now=now)


def _to_other(case: Case, side: Party) -> dict[str, Any]:
    return {"by_id": person_of(case, side), "to_id": person_of(case, other(side))}


def _appeal(facts: Facts) -> dict[str, Any]:
    """Until when a ruling can be appealed, and when the money moves otherwise."""
    if facts.state is not State.RULED:
        return {"appeal_until": None, "moves_at": None}
    return {"appeal_until": facts.since + days_to_lodge(facts.terms), "moves_at": facts.deadline}


def _deadline(facts: Facts) -> datetime:
    """Every state that is told of has one."""
    if facts.deadline is None:
        raise ValueError(f"{facts.state} has no deadline")
    return facts.deadline
