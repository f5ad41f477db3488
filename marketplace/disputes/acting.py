"""The one place where a dispute changes: the law is asked, its verdict written down, the order moved, and all told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.disputes import telling
from marketplace.disputes.dispute_rules import Action, Deed, Dispute as Facts, Outcome, Party, Remedy, State
from marketplace.disputes.ending_rules import Ending, ending_of, lost_by
from marketplace.disputes.finding import Case
from marketplace.disputes.judging_rules import judge
from marketplace.disputes.models import DisputeLine, Told, columns_of
from marketplace.disputes.reminding_rules import next_reminder
from marketplace.escrow import service as escrow
from marketplace.escrow.order_rules import Action as OrderAction, Party as OrderParty, State as OrderState
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import RuleBroken, Stale

_ON_THE_ORDER = {
    Outcome.RELEASE: OrderAction.RELEASE,
    Outcome.REFUND: OrderAction.REFUND,
    Outcome.SPLIT: OrderAction.DIVIDE,
    Outcome.RETURN_FIRST: OrderAction.RETURN_FIRST,
}


def act(
    case: Case, deed: Deed, *, by: int | None, words: str = "", client_key: str | None = None,
    at: datetime | None = None,
) -> bool:  # fmt: skip
    """Do `deed` to a dispute that is locked with its order, and all that follows. `by`: none for the clock.

    Whether it was done now: the same deed with the same client key is not done twice. `at` is the order's own moment
    where the order acts. Raises what the law raises.
    """
    if was_done(case, deed.action, words=words, client_key=client_key, remedy=deed.remedy):
        return False
    if case.order.state == OrderState.CHARGEBACK:
        raise RuleBroken("The buyer’s bank has asked the money back: the dispute stands still until it has decided.")
    now = at or clock.now()  # after the lock: who waited for it does not act in the past
    before = case.dispute.facts()
    verdict = judge(before, deed, now=now)
    remedy = _ends_with(before, verdict.dispute, verdict.outcome)
    _write(case, before, verdict.dispute, deed, remedy, by=by, now=now)
    write_line(
        case, deed.action, by_party=deed.by, by=by, at=now, remedy=deed.remedy or remedy, words=words,
        from_state=before.state, client_key=client_key,
    )  # fmt: skip
    audit.note(deed.action.replace("_", " "), f"dispute:{case.dispute.id}", by=by, group_id=case.order.group_id)
    telling.tell(case, before, deed, by=by, words=words, now=now)
    if verdict.outcome is not None:
        _move_the_order(case, verdict.outcome, remedy, ending=ending_of(before.state, deed.action), by=by)
    if remedy is not None:
        telling.settled(case, remedy, ending_of(before.state, deed.action), now)
    return True


def write_line(
    case: Case, action: Action | Told, *, by_party: Party, by: int | None, at: datetime, remedy: Remedy | None = None,
    words: str = "", from_state: State | None = None, client_key: str | None = None, named_id: int | None = None,
) -> DisputeLine:  # fmt: skip
    """Add a line to the history of a dispute that is locked."""
    dispute = case.dispute
    dispute.line_count += 1
    outcome, part_minor = columns_of(remedy)
    line = DisputeLine(
        dispute_id=dispute.id, number=dispute.line_count, at=at, action=action, by_party=by_party, person_id=by,
        from_state=from_state or dispute.state, to_state=dispute.state, outcome=outcome, part_minor=part_minor,
        words=words, client_key=client_key, named_id=named_id,
    )  # fmt: skip
    db.session.add(line)
    return line


def was_done(
    case: Case, action: Action | Told, *, words: str, client_key: str | None, remedy: Remedy | None = None
) -> bool:
    """Whether this very form was sent before. Raises Stale if it was, with something else in it."""
    if client_key is None:
        return False
    same = select(DisputeLine).where(DisputeLine.dispute_id == case.dispute.id, DisputeLine.client_key == client_key)
    line = db.session.scalar(same.where(DisputeLine.action == action))
    if line is None:
        return False
    is_other_remedy = remedy is not None and (line.outcome, line.part_minor) != columns_of(remedy)
    if line.words != words or is_other_remedy:
        raise Stale("This form was sent once already, with something else in it. Look at where the dispute stands now.")
    return True


def _ends_with(before: Facts, after: Facts, outcome: Remedy | None) -> Remedy | None:
    """How the dispute is settled by this, if it is. A return that nobody rules on is refunded by the order's clock."""
    if after.state is not State.SETTLED or before.state is State.SETTLED:
        return None
    return outcome or Remedy(Outcome.REFUND)


def _write(
    case: Case, before: Facts, after: Facts, deed: Deed, remedy: Remedy | None, *, by: int | None, now: datetime
) -> None:  # fmt: skip
    dispute = case.dispute
    dispute.take(after)
    dispute.remind_at = next_reminder(after, after=now)
    if deed.action is Action.OFFER:
        dispute.offer_number = dispute.line_count + 1
    if deed.action is Action.RULE and before.state is State.UNDER_REVIEW:
        dispute.first_ruler_id = by
    if deed.action is Action.APPEAL:  # somebody else decides it: the two may have to agree anew
        dispute.proposed_ruler_id = dispute.proposed_by = dispute.accepted_ruler_id = None
    dispute.settled_outcome, dispute.settled_part_minor = columns_of(remedy)
    dispute.ending = ending_of(before.state, deed.action) if remedy else None
    dispute.settled_at = now if remedy else None


def _move_the_order(case: Case, outcome: Remedy, remedy: Remedy | None, *, ending: Ending, by: int | None) -> None:
    part = outcome.part if outcome.outcome is Outcome.SPLIT else None
    lost = lost_by(ending, remedy) if remedy else None
    loser = {Party.BUYER: OrderParty.BUYER, Party.SELLER: OrderParty.SELLER}.get(lost) if lost else None
    escrow.rule(order_id=case.order.id, action=_ON_THE_ORDER[outcome.outcome], amount=part, by=by, loser=loser)
