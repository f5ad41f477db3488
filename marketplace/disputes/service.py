"""Opening a dispute, and hearing that what came back is contested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marketplace.disputes import evidence, telling
from marketplace.disputes.acting import act, write_line
from marketplace.disputes.dispute_rules import Action, Deed, Dispute as Facts, Party, Reason, Remedy, State
from marketplace.disputes.evidence import Shown, Upload
from marketplace.disputes.finding import Case, case_of_order, locked_case
from marketplace.disputes.judging_rules import opened
from marketplace.disputes.models import Dispute, Told, columns_of
from marketplace.disputes.opening_rules import check_reason
from marketplace.disputes.reminding_rules import next_reminder
from marketplace.escrow import finding as orders, service as escrow
from marketplace.escrow.events import OrderChanged
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action as OrderAction, State as OrderState
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case


def open_dispute(
    *, order_id: int, by: int, reason: Reason, asked: Remedy, words: str, uploads: Sequence[Upload] = (),
    client_key: str,
) -> int:  # fmt: skip
    """The buyer says what is wrong, what he wants, and shows it. The order stands still until this is settled.

    Gives the dispute's number; the same form sent twice opens one.
    """
    order = _checked(order_id, by, reason, client_key)
    with evidence.prepared(uploads, listed_item_id=order.item_id) as sent:
        dispute_id, sent.kept = _open(
            order_id=order_id, by=by, reason=reason, asked=asked, words=words, listing=sent.listing,
            shown=sent.shown, client_key=client_key,
        )  # fmt: skip
    return dispute_id


def check_can_open(order_id: int, *, by: int) -> Order:
    """The order, if this person may dispute it now: for the page with the form. Raises what opening it would."""
    return _checked(order_id, by, None, None)


def return_contested(fact: OrderChanged) -> None:
    """The seller contested what came back: there is one review of it. Called by wiring, within the order's own deed."""
    if fact.action is OrderAction.CONTEST_RETURN:
        _review_return(fact.order.id, by=fact.person_id, words=fact.note, at=fact.at)


def _checked(order_id: int, by: int, reason: Reason | None, client_key: str | None) -> Order:
    """Asked before anything is decoded; asked again under the lock."""
    order, party = orders.order_for(order_id, by)
    there = case_of_order(order_id)
    if client_key is None or there is None or there.dispute.client_key != client_key:
        now = clock.now()
        check_reason(
            OrderState(order.state), party, reason, code_used=order.code_used, deadline=order.deadline, now=now
        )
    return order


@use_case
def _open(
    *, order_id: int, by: int, reason: Reason, asked: Remedy, words: str, listing: Sequence[Shown],
    shown: Sequence[Shown], client_key: str,
) -> tuple[int, frozenset[str]]:  # fmt: skip
    order = orders.locked_order(order_id)
    there = case_of_order(order_id)
    if there is not None and order.buyer_id == by and there.dispute.client_key == client_key:
        return there.dispute.id, frozenset()
    now = clock.now()
    state = OrderState(order.state)
    check_reason(state, orders.party_of(order, by), reason, code_used=order.code_used, deadline=order.deadline, now=now)
    facts = opened(
        reason=reason, asked=asked, held=order.facts().held, terms=order.terms, code_used=order.code_used, now=now
    )
    action = OrderAction.NOT_RECEIVED if state is OrderState.SHIPPED else OrderAction.DISPUTE
    escrow.open_dispute(order_id=order_id, by=by, action=action)
    case = Case(order, _write(order, facts, client_key))
    write_line(case, Told.OPEN, by_party=Party.BUYER, by=by, at=now, remedy=asked, words=words, client_key=client_key)
    kept = evidence.enter(case, Party.SELLER, listing, by=order.seller_id, at=now)
    kept |= evidence.enter(case, Party.BUYER, shown, by=by, at=now)
    audit.note("open dispute", f"dispute:{case.dispute.id}", by=by, group_id=order.group_id, why=reason)
    telling.opened(case)
    return case.dispute.id, kept


def _write(order: Order, facts: Facts, client_key: str) -> Dispute:
    outcome, part_minor = columns_of(facts.asked)
    dispute = Dispute(
        order_id=order.id, group_id=order.group_id, opened_at=facts.since, client_key=client_key, state=facts.state,
        reason=facts.reason, since=facts.since, deadline=facts.deadline, currency=order.currency,
        held_minor=facts.held.minor, terms=order.terms, code_used=facts.code_used, asked_outcome=outcome,
        asked_part_minor=part_minor, line_count=0, remind_at=next_reminder(facts, after=facts.since),
    )  # fmt: skip
    db.session.add(dispute)
    db.session.flush()
    return dispute


@use_case
def _review_return(order_id: int, *, by: int | None, words: str, at: datetime) -> None:
    """The order's own clock runs beside this one, to the same moment, and refunds if nobody rules."""
    there = case_of_order(order_id)
    if there is None:
        return
    case = locked_case(there.dispute.id)
    if case.dispute.state == State.SETTLED:
        act(case, Deed(Action.CONTEST_RETURN, Party.ESCROW), by=by, words=words, at=at)
