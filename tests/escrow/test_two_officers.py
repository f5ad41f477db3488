"""What one officer may not confirm alone: orders and parcels, in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.escrow import parcel_paying, parcels, paying, payouts, proving, shipping, waiting as order_waits
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups import confirming, founding, members, proposal_queries
from marketplace.groups.models import Group, Strike
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Outcome, State as Course
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooEarly
from marketplace.kernel.money import Money
from marketplace.ledger import audit
from marketplace.payments.models import Movement
from tests.factories.escrow import an_order, fresh, lapse
from tests.factories.groups import HIGH, a_member
from tests.factories.proposals import (
    SLIP,
    a_strict_group,
    approve,
    case_of,
    refuse,
    the_proposal,
    told_of_proposals,
    withdraw,
)
from tests.factories.together import at_once

DAY = timedelta(days=1)


def claimed(group: Group, total: int = 600_00, **how: Any) -> Order:
    """An order of so much, whose buyer says that it is sent."""
    return an_order(State.PAYMENT_CLAIMED, group=group, hammer=total - 10_00, **how)


def confirm(order: Order, by: Person, minor: int | None = None, **how: Any) -> Outcome:
    amount = Money(minor, "EUR") if minor else fresh(order).facts().missing
    said = {"bank_reference": f"line {order.id} {order.line_count}", "proof_key": SLIP, **how}
    return paying.confirm_payment(order_id=order.id, by=by.id, amount=amount, **said)


def findings() -> list[str]:
    db.session.rollback()
    return [finding.sentence for finding in proving.held_findings()]


def test_within_the_limit_one_officer_is_enough_and_needs_no_picture(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group()
    order = claimed(group, 500_00)
    assert confirm(order, agnes, proof_key=None) is Outcome.DONE
    assert fresh(order).state == State.HELD


def test_above_it_nothing_is_confirmed_before_a_second_one_has_seen_the_slip(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    with pytest.raises(RuleBroken, match=r"EUR 600.00 would pass your limit of EUR 500.00") as refusal:
        confirm(order, agnes, proof_key=None)
    assert refusal.value.field == "proof"
    assert confirm(order, agnes) is Outcome.PROPOSED
    assert (fresh(order).state, fresh(order).held_minor) == (State.PAYMENT_CLAIMED, 0)
    assert told_of_proposals(hedwig) == ["approval_wanted"]
    assert told_of_proposals(agnes) == []

    assert approve(the_proposal(), hedwig) is Course.APPROVED
    assert (fresh(order).state, fresh(order).held_minor) == (State.HELD, 600_00)
    line = db.session.scalars(select(OrderLine).where(OrderLine.action == Action.CONFIRM_PAYMENT)).one()
    assert (line.person_id, line.approved_by) == (agnes.id, hedwig.id)
    movement = db.session.scalars(select(Movement)).one()
    assert (movement.confirmed_by, movement.proof_key) == (agnes.id, SLIP)
    why = select(AuditLine.why).where(AuditLine.what == "confirm payment", AuditLine.actor_id == agnes.id)
    assert db.session.scalars(why).one().endswith(f"approved by person:{hedwig.id}")
    assert told_of_proposals(agnes) == ["approval_given"]
    assert findings() == []
    assert list(audit.findings()) == []


def test_what_is_split_adds_up(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group()
    first, second = claimed(group, 300_00), claimed(group, 300_00)
    assert confirm(first, agnes) is Outcome.DONE
    assert confirm(second, agnes, 200_00) is Outcome.DONE
    assert confirm(second, agnes, 100_00, bank_reference="the rest") is Outcome.PROPOSED


def test_what_was_confirmed_seven_days_ago_counts_no_more(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group(days_to_confirm_payment=7)
    then = clock.now()
    with clock.at(then):
        assert confirm(claimed(group, 400_00), agnes) is Outcome.DONE
        later = claimed(group, 400_00)
    with clock.at(then + 7 * DAY - timedelta(seconds=1)):
        assert proposal_queries.allowance_of(group.id, agnes.id, limit_minor=1, now=clock.now()).used.minor == 400_00
    with clock.at(then + 7 * DAY):
        assert confirm(later, agnes) is Outcome.DONE


def test_each_officer_and_each_group_has_a_sum_of_its_own(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    assert confirm(claimed(group, 400_00), agnes) is Outcome.DONE
    assert confirm(claimed(group, 400_00), hedwig) is Outcome.DONE
    other, _treasurer, _owner = a_strict_group()
    a_member(other, Role.TREASURER, person=agnes)
    assert confirm(claimed(other, 400_00), agnes) is Outcome.DONE


def test_what_was_approved_counts_too_for_whoever_entered_it(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    confirm(claimed(group), agnes)
    approve(the_proposal(), hedwig)
    assert confirm(claimed(group, 20_00), agnes) is Outcome.PROPOSED
    assert confirm(claimed(group, 500_00), hedwig) is Outcome.DONE


def test_a_form_whose_proposal_came_to_nothing_is_stale_and_the_next_one_counts(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    said = {"bank_reference": "line 4", "client_key": "key-of-page"}
    confirm(order, agnes, **said)
    for end in (lambda: refuse(the_proposal(), hedwig), lambda: withdraw(the_proposal(), agnes)):
        end()
        with pytest.raises(Stale, match="nothing was confirmed then"):
            confirm(order, agnes, **said)
        said["client_key"] += "-anew"
        assert confirm(order, agnes, **said) is Outcome.PROPOSED


def test_at_a_limit_of_nothing_it_always_takes_two(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group(0)
    assert confirm(claimed(group, 11_00), agnes) is Outcome.PROPOSED


def test_a_group_that_lowers_its_limit_is_heard_at_once_and_raising_it_changes_no_deal_that_runs(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    founding.change_terms(by=hedwig.id, group_id=group.id, terms=replace(group.terms, officer_limit_minor=HIGH))
    assert confirm(order, agnes) is Outcome.PROPOSED
    small = claimed(group, 100_00)
    founding.change_terms(by=hedwig.id, group_id=group.id, terms=replace(group.terms, officer_limit_minor=0))
    assert confirm(small, agnes) is Outcome.PROPOSED


def test_payouts_count_and_wait_like_payments(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = an_order(State.PAYMENT_CLAIMED, group=group, hammer=440_00)
    assert confirm(order, agnes) is Outcome.DONE
    walk_to_payout(order)
    said = {"order_id": order.id, "by": agnes.id, "payee": Party.SELLER, "bank_reference": "out 1"}
    assert payouts.confirm_payout(**said, proof_key=SLIP) is Outcome.PROPOSED
    proposal = the_proposal()
    assert (proposal.person_id, proposal.comes_in) == (order.seller_id, False)
    with pytest.raises(RuleBroken, match="waits for a second officer"):
        payouts.payout_failed(order_id=order.id, by=hedwig.id, payee=Party.SELLER, reason="No such account.")
    assert approve(proposal, hedwig) is Course.APPROVED
    assert fresh(order).state == State.CLOSED
    assert findings() == []


def a_payout_that_waits(group: Group, by: Person, reference: str = "out 1") -> tuple[Order, Proposal]:
    """Above `by`'s limit, because of what he has confirmed before."""
    order = an_order(State.PAYMENT_CLAIMED, group=group, hammer=440_00)
    assert confirm(order, by) is Outcome.DONE
    walk_to_payout(order)
    enter_payout(order, by, reference)
    return order, the_proposal()


def enter_payout(order: Order, by: Person, reference: str) -> None:
    said = {"order_id": order.id, "by": by.id, "payee": Party.SELLER, "bank_reference": reference}
    assert payouts.confirm_payout(**said, proof_key=SLIP) is Outcome.PROPOSED


def test_nobody_is_made_an_officer_to_approve_what_goes_out(app: Flask) -> None:
    """An owner could otherwise make a friend treasurer, and pay out any sum with him within a minute."""
    group, agnes, hedwig = a_strict_group()
    friend = a_member(group)
    members.give_role(by=hedwig.id, group_id=group.id, person_id=agnes.id, role=Role.MEMBER)
    order, proposal = a_payout_that_waits(group, hedwig)
    assert told_of_proposals(hedwig) == ["approver_missing"]
    members.give_role(by=hedwig.id, group_id=group.id, person_id=friend.id, role=Role.TREASURER)
    with pytest.raises(TooEarly, match="too short a time"):
        approve(proposal, friend)
    assert fresh(order).state == State.PAYING_OUT
    refuse(proposal, friend, "I cannot know yet.")
    with clock.at(clock.now() + 3 * DAY):
        enter_payout(order, hedwig, "out 2")
        assert told_of_proposals(friend)[-1] == "approval_wanted"
        assert approve(the_proposal(), friend) is Course.APPROVED
    assert fresh(order).state == State.CLOSED


def test_a_new_officer_approves_what_comes_in_at_once(app: Flask) -> None:
    """The buyer's days run meanwhile; and what was not there cannot be paid out without an officer of longer."""
    group, agnes, hedwig = a_strict_group()
    order, friend = claimed(group), a_member(group)
    assert confirm(order, agnes) is Outcome.PROPOSED
    members.give_role(by=hedwig.id, group_id=group.id, person_id=friend.id, role=Role.TREASURER)
    assert approve(the_proposal(), friend) is Course.APPROVED


def walk_to_payout(order: Order) -> None:
    shipping.ship(order_id=order.id, by=order.seller_id, carrier="Post", tracking="CX 1 AT")
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    lapse()


def test_a_parcel_counts_as_the_one_payment_that_it_is(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    seller, buyer = a_member(group, name="Sepp"), a_member(group, name="Berta")
    pair = [an_order(group=group, seller=seller, buyer=buyer, hammer=290_00, further=0) for _ in range(2)]
    parcel_id = parcels.put_together(order_id=pair[0].id, by=buyer.id, together=[pair[1].id])
    said = {"parcel_id": parcel_id, "by": agnes.id, "amount": Money(590_00, "EUR"), "bank_reference": "line 1"}
    with pytest.raises(RuleBroken, match="would pass your limit"):
        parcel_paying.confirm_payment(**said)
    assert parcel_paying.confirm_payment(**said, proof_key=SLIP) is Outcome.PROPOSED
    assert {fresh(order).state for order in pair} == {State.PAYMENT_CLAIMED}
    with pytest.raises(RuleBroken, match="waits for a second officer"):
        parcel_paying.not_found(parcel_id=parcel_id, by=hedwig.id)
    assert approve(the_proposal(), hedwig) is Course.APPROVED
    assert {fresh(order).state for order in pair} == {State.HELD}
    lines = db.session.scalars(select(OrderLine).where(OrderLine.action == Action.CONFIRM_PAYMENT)).all()
    assert {line.approved_by for line in lines} == {hedwig.id}
    assert findings() == []


def test_neither_the_first_officer_nor_a_party_nor_a_member_is_the_second(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group()
    buyer = a_member(group, Role.OWNER, name="An owner who buys")
    order = claimed(group, buyer=buyer)
    confirm(order, agnes)
    with pytest.raises(NotAllowed, match="entered this yourself"):
        approve(the_proposal(), agnes)
    for stranger in (buyer, a_member(group), a_member(group, Role.MODERATOR)):
        for deed in (approve, refuse, withdraw):
            with pytest.raises(NotFound):
                deed(the_proposal(), stranger)
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_a_refusal_says_why_and_it_can_be_entered_again(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    with pytest.raises(NotAllowed):
        refuse(the_proposal(), agnes)
    refuse(the_proposal(), hedwig, "The slip says 60.")
    assert (the_proposal().state, the_proposal().reason) == (Course.REFUSED, "The slip says 60.")
    assert told_of_proposals(agnes) == ["approval_refused"]
    with pytest.raises(RuleBroken, match="decided already"):
        approve(the_proposal(), hedwig)
    assert confirm(order, agnes) is Outcome.PROPOSED


def test_who_mistyped_takes_it_back(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    with pytest.raises(NotAllowed, match="Only who entered it"):
        withdraw(the_proposal(), hedwig)
    withdraw(the_proposal(), agnes)
    assert the_proposal().state == Course.WITHDRAWN
    assert told_of_proposals(agnes) == []
    assert confirm(order, agnes) is Outcome.PROPOSED


def test_one_waits_at_a_time_and_nobody_answers_past_it(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    with pytest.raises(RuleBroken, match=r"EUR 600.00 was entered here already"):
        confirm(order, hedwig, 100_00, bank_reference="another line")
    with pytest.raises(RuleBroken, match="entered here already"):
        paying.not_found(order_id=order.id, by=hedwig.id)


def test_the_same_form_twice_is_one_proposal_and_one_deed(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    said = {"client_key": "key-of-the-page", "bank_reference": "line 1"}
    assert [confirm(order, agnes, **said) for _ in range(2)] == [Outcome.PROPOSED, Outcome.STILL_WAITS]
    with pytest.raises(Stale):
        confirm(order, agnes, 500_00, **said)
    assert [approve(the_proposal(), hedwig) for _ in range(2)] == [Course.APPROVED, Course.APPROVED]
    assert confirm(order, agnes, 600_00, **said) is Outcome.KNOWN
    assert db.session.scalar(select(func.count()).select_from(Movement)) == 1


def test_no_buyer_is_punished_for_the_wait(app: Flask) -> None:
    """The officer found it before its buyer had said a word: nobody calls it unpaid then."""
    group, agnes, _hedwig = a_strict_group()
    order = an_order(group=group, hammer=590_00)
    assert confirm(order, agnes) is Outcome.PROPOSED
    assert fresh(order).state == State.PAYMENT_CLAIMED
    moment = fresh(order).deadline
    assert moment is not None
    with clock.at(moment):
        lapse()
        assert fresh(order).is_second_officer_due
    with clock.at(moment + 2 * DAY):
        lapse()
    assert fresh(order).state == State.CANCELLED
    assert db.session.scalar(select(func.count()).select_from(Strike)) == 0


def test_once_the_treasurer_is_late_any_officer_may_approve(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group()
    viktor = a_member(group, Role.MODERATOR, name="Viktor")
    order = claimed(group)
    confirm(order, agnes)
    assert told_of_proposals(viktor) == []
    assert proposal_queries.waiting_for(viktor.id) == []
    moment = fresh(order).deadline
    assert moment is not None
    with clock.at(moment):
        lapse()
        assert told_of_proposals(viktor) == ["approval_wanted"]
        assert [proposal.id for proposal, _ in proposal_queries.waiting_for(viktor.id)] == [the_proposal().id]
        assert approve(the_proposal(), viktor) is Course.APPROVED
    assert fresh(order).state == State.HELD


def test_what_moved_on_is_overtaken_and_nothing_is_confirmed(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    moment = fresh(order).deadline
    assert moment is not None
    for at in (moment, moment + 2 * DAY):
        with clock.at(at):
            lapse()
    assert fresh(order).state == State.CANCELLED
    assert (the_proposal().state, the_proposal().decided_by) == (Course.OVERTAKEN, None)
    assert told_of_proposals(agnes) == ["approval_overtaken"]
    with pytest.raises(RuleBroken, match="decided already"):
        approve(the_proposal(), hedwig)
    assert confirm(order, agnes, 600_00, bank_reference="late") is Outcome.PROPOSED
    assert approve(the_proposal(), hedwig) is Course.APPROVED
    assert fresh(order).owed_buyer_minor == 600_00
    assert findings() == []


def test_who_is_no_officer_any_more_has_confirmed_nothing(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    members.give_role(by=hedwig.id, group_id=group.id, person_id=agnes.id, role=Role.MEMBER)
    assert approve(the_proposal(), hedwig) is Course.OVERTAKEN
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_without_a_second_officer_it_waits_and_the_owner_hears_what_to_do(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    members.give_role(by=hedwig.id, group_id=group.id, person_id=agnes.id, role=Role.MEMBER)
    order = claimed(group)
    assert confirm(order, hedwig) is Outcome.PROPOSED
    assert told_of_proposals(hedwig) == ["approver_missing"]
    members.give_role(by=hedwig.id, group_id=group.id, person_id=agnes.id, role=Role.TREASURER)
    assert [proposal.id for proposal, _ in proposal_queries.waiting_for(agnes.id)] == [the_proposal().id]
    assert approve(the_proposal(), agnes) is Course.APPROVED


def test_it_waits_for_the_second_officer_and_no_more_for_the_first(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    confirm(claimed(group), agnes)
    assert order_waits.waiting_for(agnes.id) == order_waits.waiting_for(hedwig.id) == []
    assert proposal_queries.waiting_for(agnes.id) == []
    assert len(proposal_queries.waiting_for(hedwig.id)) == 1
    assert len(proposal_queries.open_for(group.id, agnes.id)) == 1


def entering(order: Order, by: Person, line: str) -> Callable[[], Outcome | None]:
    """For a thread of its own: 300.00 of an order; None where it is refused."""
    order_id, by_id = order.id, by.id

    def enter() -> Outcome | None:
        try:
            return paying.confirm_payment(
                order_id=order_id, by=by_id, amount=Money(300_00, "EUR"), bank_reference=line, proof_key=SLIP
            )
        except RuleBroken:
            return None

    return enter


def approving(proposal: Proposal, by: Person) -> Callable[[], Course | None]:
    proposal_id, by_id = proposal.id, by.id

    def decide() -> Course | None:
        try:
            return confirming.approve(proposal_id=proposal_id, by=by_id, case_of=case_of)
        except RuleBroken:
            return None

    return decide


def test_two_confirmations_at_once_do_not_both_slip_under_the_limit(app: Flask) -> None:
    group, agnes, _hedwig = a_strict_group()
    orders = [claimed(group, 300_00) for _ in range(4)]
    outcomes = at_once(app, *(entering(order, agnes, f"line {order.id}") for order in orders))
    assert sorted(map(str, outcomes)) == ["done", "proposed", "proposed", "proposed"]


def test_of_two_at_once_one_proposes_and_of_two_one_approves(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group(0)
    leopold = a_member(group, Role.OWNER, name="Leopold")
    order = claimed(group, 300_00)
    outcomes = at_once(app, entering(order, agnes, "line 1"), entering(order, leopold, "line 2"))
    assert sorted(map(str, outcomes)) == ["None", "proposed"]
    proposal = the_proposal()
    others = [hedwig, leopold if proposal.proposed_by == agnes.id else agnes]
    decided = at_once(app, *(approving(proposal, by) for by in others))
    assert sorted(map(str, decided)) == ["None", "approved"]
    assert db.session.scalar(select(func.count()).select_from(Movement)) == 1
    assert fresh(order).held_minor == 300_00


def test_the_database_itself_keeps_one_open_proposal_for_a_deed(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    order = claimed(group)
    confirm(order, agnes)
    refuse(the_proposal(), hedwig)
    confirm(order, agnes, bank_reference="again")
    states = db.session.scalars(select(Proposal.state).where(Proposal.subject_id == order.id).order_by(Proposal.id))
    assert list(states) == [Course.REFUSED, Course.OPEN]
