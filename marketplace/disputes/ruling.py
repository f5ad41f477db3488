"""What the third does who is party to neither side: rule, or pass the case on. And the appeal from it."""

from __future__ import annotations

from marketplace.disputes import telling
from marketplace.disputes.acting import act, was_done, write_line
from marketplace.disputes.dispute_rules import Action, Deed, Party, Remedy, State
from marketplace.disputes.finding import Case, case, locked_case, side_of
from marketplace.disputes.judging_rules import judge
from marketplace.disputes.models import PassedOn, Told
from marketplace.disputes.rulers import check_may_rule, has_passed_on, locked_side, party_of, rulers_of
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken


def try_ruling(*, dispute_id: int, by: int, remedy: Remedy) -> Case:
    """The first of the two steps: nothing is written. Raises what ruling so would."""
    found, now = case(dispute_id), clock.now()
    judge(found.dispute.facts(), Deed(Action.RULE, party_of(found, by, now=now), remedy), now=now)
    return found


@use_case
def rule(*, dispute_id: int, by: int, remedy: Remedy, reasons: str, client_key: str | None = None) -> None:
    """The second step. A first ruling moves the money when the time to appeal is over, any other at once."""
    found = locked_case(dispute_id)
    if side_of(found, by) is None and was_done(found, Action.RULE, words=reasons, client_key=client_key, remedy=remedy):
        return
    party = party_of(found, by, now=clock.now())
    if party is Party.RULER:
        check_may_rule(found, by)
    if not reasons:
        raise RuleBroken("Say why: both sides read it.", field="words")
    act(found, Deed(Action.RULE, party, remedy), by=by, words=reasons, client_key=client_key)


@use_case
def appeal(*, dispute_id: int, by: int, words: str, client_key: str | None = None) -> None:
    """One side asks for a second ruling, by somebody else. Once."""
    found, side = locked_side(dispute_id, by)
    act(found, Deed(Action.APPEAL, side), by=by, words=words, client_key=client_key)


@use_case
def pass_on(*, dispute_id: int, by: int) -> None:
    """Somebody who may rule says that he has a conflict: the case is not his any more, and others are asked."""
    found, now = locked_case(dispute_id), clock.now()
    if has_passed_on(found, by):
        return
    if party_of(found, by, now=now) is not Party.RULER:
        raise NotAllowed("You are a party to this dispute: there is nothing to pass on.")
    if found.dispute.state == State.SETTLED:
        raise RuleBroken("This dispute is settled: there is nothing to pass on.")
    before = rulers_of(found, now=now)
    db.session.add(PassedOn(dispute_id=dispute_id, person_id=by, at=now))
    if found.dispute.accepted_ruler_id == by:
        found.dispute.accepted_ruler_id = None
    write_line(found, Told.PASS_ON, by_party=Party.RULER, by=by, at=now)
    audit.note("pass on", f"dispute:{dispute_id}", by=by, group_id=found.order.group_id)
    db.session.flush()
    asked = rulers_of(found, now=now)
    if asked - before or not asked:
        telling.ask_if_due(found, now=now, ruler_ids=tuple(sorted(asked - before)))
