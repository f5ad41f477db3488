"""What disputes wait for a person to do: as one of the two sides, and as somebody who may rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_

from marketplace.disputes.choosing_rules import CHOOSING, agree_until
from marketplace.disputes.dispute_rules import Action, Dispute as Facts, Party, Reason, Remedy, State
from marketplace.disputes.finding import Case, cases, other, person_of, side_of
from marketplace.disputes.judging_rules import open_to
from marketplace.disputes.models import Dispute
from marketplace.disputes.reminding_rules import RULING
from marketplace.disputes.rulers import rulers_of_all
from marketplace.disputes.rules import days_to_lodge
from marketplace.escrow.models import Order
from marketplace.groups.waiting import officer_in
from marketplace.kernel import clock
from marketplace.kernel.database import Big, db
from marketplace.kernel.money import Money
from marketplace.kernel.statements import finds


class Task(StrEnum):
    """What is to be done."""

    ANSWER = "answer"
    """The seller's: silence gives the buyer what he asks for."""
    TAKE_OR_LEAVE = "take_or_leave"
    """The other side offers something."""
    NEGOTIATE = "negotiate"
    CHOOSE_RULER = "choose_ruler"
    """Nobody is free to rule: agree on a member."""
    APPEAL = "appeal"
    """There is a ruling: accept it, or appeal."""
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class DisputeWaits:
    """A dispute in which this person has to act, or can."""

    case: Case
    dispute_id: int
    order_id: int
    group_id: int
    item_id: int
    lot_number: int
    title: str
    task: Task
    reason: Reason
    state: State
    asked: Remedy
    offered: Remedy | None
    held: Money
    other_id: int | None
    """The other side; none for whoever rules."""
    until: datetime | None


# Asked for with the head of every page: see escrow/waiting.py.
_ME: BindParameter[int] = bindparam("person_id", type_=Big)
_IS_SIDE = or_(Order.buyer_id == _ME, Order.seller_id == _ME)
_OF_A_SIDE = cases().where(_IS_SIDE, Dispute.state != State.SETTLED)
_IS_ASKED = or_(Dispute.group_id.in_(officer_in(_ME)), Dispute.accepted_ruler_id == _ME)
_TO_RULE = cases().where(Dispute.state.in_(RULING), _IS_ASKED, ~_IS_SIDE)


def may_wait() -> ColumnElement[bool]:
    """False where nothing waits for `person_id`: see web/waiting.py."""
    return or_(finds(_OF_A_SIDE), finds(_TO_RULE))


def waiting_for(person_id: int) -> list[DisputeWaits]:
    """What waits for a person, the most urgent first; six queries, however much it is."""
    now = clock.now()
    found = [*_as_side(person_id), *_as_ruler(person_id)]
    rulers = rulers_of_all(found, now=now)
    waits = [wait for case in found for wait in _waits(case, person_id, rulers[case.dispute.id], now)]
    return sorted(waits, key=lambda wait: (wait.until is None, wait.until))


def _as_side(person_id: int) -> list[Case]:
    return [Case(*row) for row in db.session.execute(_OF_A_SIDE, {"person_id": person_id})]


def _as_ruler(person_id: int) -> list[Case]:
    """Where a ruling is due and he is an officer, or was accepted; conflicts are looked at afterwards."""
    return [Case(*row) for row in db.session.execute(_TO_RULE, {"person_id": person_id})]


def _waits(case: Case, person_id: int, rulers: frozenset[int], now: datetime) -> Iterator[DisputeWaits]:
    facts, side = case.dispute.facts(), side_of(case, person_id)
    if side is None:
        if person_id in rulers:
            yield _wait(case, facts, Task.RULE, facts.deadline, None)
        return
    until = agree_until(facts)
    is_choosing = facts.state in CHOOSING and not rulers and until is not None and now < until
    if is_choosing and case.dispute.proposed_by != side:
        yield _wait(case, facts, Task.CHOOSE_RULER, until, side)
    task = _task(facts, side, now)
    if task is Task.APPEAL:
        yield _wait(case, facts, task, facts.since + days_to_lodge(facts.terms), side)
    elif task is not None:
        yield _wait(case, facts, task, facts.deadline, side)


def _task(facts: Facts, side: Party, now: datetime) -> Task | None:
    open_now = open_to(facts, by=side, now=now)
    if facts.state in (State.TALKING, State.AWAITING_ANSWER) and side is Party.SELLER and not facts.is_answered:
        return Task.ANSWER
    if Action.TAKE_OFFER in open_now and facts.state is not State.UNDER_REVIEW:
        return Task.TAKE_OR_LEAVE
    if Action.OFFER in open_now and facts.offered_by is not side:
        return Task.NEGOTIATE
    return Task.APPEAL if Action.APPEAL in open_now else None


def _wait(case: Case, facts: Facts, task: Task, until: datetime | None, side: Party | None) -> DisputeWaits:
    order, dispute = case
    return DisputeWaits(
        case=case, dispute_id=dispute.id, order_id=order.id, group_id=order.group_id, item_id=order.item_id,
        lot_number=order.lot_number, title=order.title, task=task, reason=facts.reason, state=facts.state,
        asked=facts.asked, offered=facts.offered, held=facts.held,
        other_id=person_of(case, other(side)) if side else None, until=until,
    )  # fmt: skip
