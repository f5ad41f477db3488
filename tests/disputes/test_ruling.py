"""Somebody who is party to neither side rules; the other side may appeal, once, to somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.disputes import answering, queries, ruling
from marketplace.disputes.dispute_rules import Action, Outcome, Party, State
from marketplace.disputes.ending_rules import Ending
from marketplace.disputes.events import DisputeAppealed, DisputeRuled, RulerNeeded, RulingDue
from marketplace.disputes.rules import days_to_lodge
from marketplace.escrow.order_rules import State as OrderState
from marketplace.groups import members
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooLate
from marketplace.kernel.money import Money
from marketplace.reputation import queries as reputation
from tests.disputes.conftest import Heard
from tests.factories.disputes import (
    REFUND,
    RELEASE,
    RETURN_FIRST,
    a_dispute,
    a_key,
    a_moderator,
    a_part,
    appeal,
    contest_return,
    fresh,
    lapse,
    order_of,
    rule,
    ruled,
    sides_of,
    under_review,
)
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member


def lost(person, dispute) -> int:
    return reputation.standing_of(person.id, dispute.group_id).record.disputes_lost


def test_a_first_ruling_moves_no_money_until_the_time_to_appeal_is_over(app: Flask, heard: Heard) -> None:
    dispute, moderator = ruled(a_part(60_00))
    assert (dispute.state, dispute.first_ruler_id) == (State.RULED, moderator.id)
    assert order_of(dispute).facts().held == Money(142_00, "EUR")
    (fact,) = heard.of(DisputeRuled)
    assert fact.appeal_until == dispute.since + timedelta(days=3)
    assert (fact.moves_at, fact.reasons) == (dispute.deadline, "B1 shows it.")
    dispute = lapse(dispute)
    assert (dispute.ending, order_of(dispute).state) == (Ending.RULED, OrderState.SPLIT)
    buyer, seller = sides_of(dispute)
    assert (lost(buyer, dispute), lost(seller, dispute)) == (0, 1)


def test_a_release_is_the_buyers_loss(app: Flask) -> None:
    dispute = lapse(ruled(RELEASE)[0])
    buyer, seller = sides_of(dispute)
    assert (lost(buyer, dispute), lost(seller, dispute)) == (1, 0)
    assert order_of(dispute).state == OrderState.RELEASED


def test_the_first_step_of_a_ruling_writes_nothing_and_refuses_what_the_second_would(app: Flask) -> None:
    dispute = under_review()
    moderator = a_moderator(dispute.group_id)
    with clock.at(dispute.since):
        ruling.try_ruling(dispute_id=dispute.id, by=moderator.id, remedy=a_part(60_00))
        with pytest.raises(RuleBroken) as refused:
            ruling.try_ruling(dispute_id=dispute.id, by=moderator.id, remedy=a_part(260_00))
    assert refused.value.field == "part"
    assert fresh(dispute).state == State.UNDER_REVIEW


def test_a_ruling_has_reasons(app: Flask) -> None:
    dispute = under_review()
    with clock.at(dispute.since), pytest.raises(RuleBroken) as refused:
        ruling.rule(
            dispute_id=dispute.id, by=a_moderator(dispute.group_id).id, remedy=REFUND, reasons="", client_key=a_key()
        )
    assert refused.value.field == "words"


def test_nobody_rules_before_it_is_due_or_at_the_deadline(app: Flask) -> None:
    dispute = a_dispute()
    moderator = a_moderator(dispute.group_id)
    with pytest.raises(RuleBroken):
        rule(dispute, moderator)
    dispute = under_review(dispute)
    assert dispute.deadline
    with pytest.raises(TooLate):
        rule(dispute, moderator, at=dispute.deadline)
    rule(dispute, moderator, at=dispute.deadline - timedelta(microseconds=1))
    assert lapse(dispute).ending == Ending.RULED


def test_a_ruling_sent_twice_is_one_ruling(app: Flask, heard: Heard) -> None:
    dispute = under_review()
    moderator, key = a_moderator(dispute.group_id), a_key()
    rule(dispute, moderator, client_key=key)
    rule(dispute, moderator, client_key=key)
    assert len(heard.of(DisputeRuled)) == 1


def test_a_party_does_not_rule_though_he_is_a_moderator(app: Flask) -> None:
    group = a_group()
    seller = a_member(group, Role.MODERATOR, name="Selma")
    dispute = under_review(order=None, group=group, seller=seller)
    with pytest.raises(NotAllowed):
        rule(dispute, seller)


def test_who_is_no_officer_any_more_does_not_rule(app: Flask) -> None:
    group = a_group()
    dispute = under_review(group=group)
    moderator = a_moderator(group)
    members.give_role(by=group.founded_by, group_id=group.id, person_id=moderator.id, role=Role.MEMBER)
    with pytest.raises(NotFound):
        rule(dispute, moderator)


# ---- appeal ----


def test_an_appeal_is_decided_by_somebody_else_and_overturns(app: Flask, heard: Heard) -> None:
    dispute, first = ruled(REFUND)
    second = a_moderator(dispute.group_id, name="Second")
    buyer, seller = sides_of(dispute)
    dispute = appeal(dispute, seller)
    assert dispute.state == State.APPEALED
    (told,) = heard.of(DisputeAppealed)
    assert (told.by_id, told.to_id, told.until) == (seller.id, buyer.id, dispute.deadline)
    assert heard.of(RulingDue)[-1].ruler_ids == (second.id,)
    with pytest.raises(NotAllowed):
        rule(dispute, first)
    dispute = rule(dispute, second, RELEASE)
    assert (dispute.state, order_of(dispute).state) == (State.SETTLED, OrderState.RELEASED)
    assert heard.of(DisputeRuled)[-1].appeal_until is None
    assert (lost(buyer, dispute), lost(seller, dispute)) == (1, 0), "only the final ruling counts"


def test_if_nobody_decides_an_appeal_the_first_ruling_stands(app: Flask) -> None:
    dispute, _first = ruled(a_part(60_00))
    dispute = lapse(appeal(dispute, sides_of(dispute)[0]))
    assert dispute.settled == a_part(60_00)
    assert order_of(dispute).state == OrderState.SPLIT


def test_an_appeal_is_lodged_once_and_in_time(app: Flask) -> None:
    dispute, _first = ruled()
    buyer, seller = sides_of(dispute)
    with pytest.raises(TooLate):
        appeal(dispute, seller, at=dispute.since + days_to_lodge(dispute.terms))
    appeal(dispute, seller)
    with pytest.raises(RuleBroken):
        appeal(dispute, buyer)


def test_whoever_ruled_still_reads_the_case_and_does_nothing_more(app: Flask) -> None:
    dispute, first = ruled()
    view = queries.view_for(dispute.id, first.id)
    assert (view.seat, view.actions) == (None, [])
    with pytest.raises(NotAllowed):
        ruling.pass_on(dispute_id=dispute.id, by=first.id)


# ---- passing it on ----


def test_whoever_has_a_conflict_passes_it_on_and_the_next_is_asked(app: Flask, heard: Heard) -> None:
    dispute = a_dispute()
    moderator = a_moderator(dispute.group_id)
    dispute = under_review(dispute)
    assert heard.of(RulingDue)[-1].ruler_ids == (moderator.id,)
    with clock.at(dispute.since):
        ruling.pass_on(dispute_id=dispute.id, by=moderator.id)
        ruling.pass_on(dispute_id=dispute.id, by=moderator.id)
        asked = heard.of(RulingDue)[-1].ruler_ids
        assert moderator.id not in asked and len(asked) == 2, "the owner and the treasurer"
        with pytest.raises(NotFound):
            queries.view_for(dispute.id, moderator.id)
        for person_id in asked:
            ruling.pass_on(dispute_id=dispute.id, by=person_id)
    assert len(heard.of(RulerNeeded)) == 1


def test_a_party_passes_nothing_on(app: Flask) -> None:
    dispute = a_dispute()
    with pytest.raises(NotAllowed):
        ruling.pass_on(dispute_id=dispute.id, by=sides_of(dispute)[0].id)


def test_silence_of_the_rulers_refunds_and_counts_against_nobody(app: Flask) -> None:
    dispute = lapse(under_review(asked=a_part(10_00)))
    buyer, seller = sides_of(dispute)
    assert (dispute.ending, order_of(dispute).state) == (Ending.NO_RULING, OrderState.REFUNDED)
    assert (lost(buyer, dispute), lost(seller, dispute)) == (0, 0)


def test_silence_of_the_rulers_releases_what_was_picked_up_with_the_code(app: Flask) -> None:
    dispute = lapse(under_review(pick_up=True))
    assert order_of(dispute).state == OrderState.RELEASED


# ---- what each may do ----


def test_the_page_offers_what_the_law_opens(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    moderator = a_moderator(dispute.group_id)
    assert queries.view_for(dispute.id, seller.id).actions == [Action.OFFER, Action.ACCEPT, Action.CONTEST]
    assert queries.view_for(dispute.id, buyer.id).actions == [Action.WITHDRAW]
    assert queries.view_for(dispute.id, moderator.id).seat is Party.RULER
    assert queries.view_for(dispute.id, moderator.id).actions == []
    dispute = under_review(dispute)
    with clock.at(dispute.since):
        assert queries.view_for(dispute.id, moderator.id).actions == [Action.RULE]


def test_a_side_that_left_the_group_still_answers(app: Flask) -> None:
    dispute = a_dispute(order=an_order(OrderState.INSPECTING))
    seller = sides_of(dispute)[1]
    members.leave_group(by=seller.id, group_id=dispute.group_id)
    answering.accept(dispute_id=dispute.id, by=seller.id)
    assert fresh(dispute).settled_outcome == Outcome.REFUND


def test_a_return_that_is_ruled_on_the_other_way_leaves_one_loser(app: Flask) -> None:
    dispute, _moderator = ruled(RETURN_FIRST)
    buyer, seller = sides_of(dispute)
    reviewed = contest_return(lapse(dispute))
    assert lost(seller, dispute) == 1
    rule(reviewed, a_moderator(dispute.group_id, name="Second"), RELEASE)
    assert (lost(buyer, dispute), lost(seller, dispute)) == (1, 0)
