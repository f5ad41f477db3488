"""The clock acts once on what is due, reminds whoever's silence decides it, and loses nothing when it is killed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.disputes import acting, lapsing, queries, ruling
from marketplace.disputes.dispute_rules import Reason, State
from marketplace.disputes.events import AnswerDue, DisputeSettled, RulerNeeded, RulingDue
from marketplace.escrow import service as escrow
from marketplace.escrow.order_rules import State as OrderState
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.ledger.models import Transfer
from marketplace.notifications.models import Notice
from tests.at_once import at_once
from tests.disputes.conftest import Heard
from tests.factories.disputes import a_dispute, a_moderator, a_part, contest, fresh, lapse, order_of, under_review

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_nothing_happens_before_its_time(app: Flask) -> None:
    dispute = a_dispute()
    assert dispute.deadline
    with clock.at(dispute.deadline - timedelta(microseconds=1)):
        assert lapsing.lapse_due_disputes() == 0
    with clock.at(dispute.deadline):
        assert lapsing.lapse_due_disputes() == 1
        assert lapsing.lapse_due_disputes() == 0
    assert fresh(dispute).state == State.AWAITING_ANSWER


def test_when_the_talking_is_over_the_seller_hears_that_his_silence_decides(app: Flask, heard: Heard) -> None:
    dispute = lapse(a_dispute(asked=a_part()))
    (fact,) = heard.of(AnswerDue)
    assert (fact.asked, fact.until, fact.hours) == (a_part(), dispute.deadline, None)


def test_the_seller_is_reminded_before_his_silence_costs_him_the_money(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(reason=Reason.NOT_AUTHENTIC)
    for hours in (48, 12):
        assert dispute.deadline
        with clock.at(dispute.deadline - hours * HOUR):
            assert lapsing.remind_due_disputes() == 1
            assert lapsing.remind_due_disputes() == 0
    assert [fact.hours for fact in heard.of(AnswerDue)] == [48, 12]
    kinds = set(db.session.scalars(select(Notice.kind).where(Notice.person_id == order_of(dispute).seller_id)))
    assert {"deadline_two_days", "deadline_twelve_hours"} <= kinds


def test_whoever_may_rule_is_asked_and_reminded_twice(app: Flask, heard: Heard) -> None:
    dispute = a_dispute()
    moderator = a_moderator(dispute.group_id)
    dispute = under_review(dispute)
    assert dispute.deadline
    for hours in (48, 12):
        with clock.at(dispute.deadline - hours * HOUR):
            lapsing.remind_due_disputes()
    assert [(fact.ruler_ids, fact.hours) for fact in heard.of(RulingDue)] == [
        ((moderator.id,), None),
        ((moderator.id,), 48),
        ((moderator.id,), 12),
    ]


def test_a_worker_that_slept_reminds_once_and_of_what_is_left(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(reason=Reason.NOT_AUTHENTIC)
    assert dispute.deadline
    with clock.at(dispute.deadline - 3 * HOUR):
        lapsing.remind_due_disputes()
        assert lapsing.remind_due_disputes() == 0
    assert [fact.hours for fact in heard.of(AnswerDue)] == [12]


def test_the_operators_see_what_nobody_moved(app: Flask) -> None:
    dispute = a_dispute()
    assert dispute.deadline
    assert queries.late_disputes(dispute.deadline + timedelta(minutes=4)) == []
    assert [late.id for late in queries.late_disputes(dispute.deadline + timedelta(minutes=6))] == [dispute.id]


# ---- killed, rivalled, broken ----


def test_a_worker_killed_between_dispute_and_order_leaves_both_as_they_were(
    app: Flask, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    dispute = lapse(a_dispute())
    rule = escrow.rule

    def killed(**how: object) -> None:
        rule(**how)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(acting.escrow, "rule", killed)
    with pytest.raises(KeyboardInterrupt):
        lapse(dispute)
    assert (fresh(dispute).state, order_of(dispute).state) == (State.AWAITING_ANSWER, OrderState.DISPUTED)
    monkeypatch.setattr(acting.escrow, "rule", rule)
    assert lapse(dispute).state == State.SETTLED
    assert order_of(dispute).state == OrderState.REFUNDED
    assert db.session.scalar(select(func.count()).select_from(Transfer)) == 2, "held, refunded"


def test_one_dispute_that_cannot_be_moved_does_not_hold_up_the_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lapse(a_dispute()), lapse(a_dispute())
    rule = escrow.rule

    def fails_once(*, order_id: int, **how: object) -> None:
        if order_id == first.order_id:
            raise RuntimeError("this one is broken")
        rule(order_id=order_id, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(acting.escrow, "rule", fails_once)
    deadline = fresh(second).deadline
    assert deadline
    with clock.at(deadline + DAY):
        assert lapsing.lapse_due_disputes() == 1
    assert (fresh(first).state, fresh(second).state) == (State.AWAITING_ANSWER, State.SETTLED)


def test_two_workers_settle_it_once(app: Flask, heard: Heard) -> None:
    dispute = lapse(a_dispute())
    past_due = clock.now() - DAY
    with unit_of_work():
        fresh(dispute)
    with unit_of_work():
        db.session.get_one(type(dispute), dispute.id).deadline = past_due
    failures = at_once(app, *[lapsing.lapse_due_disputes] * 4)
    assert failures == []
    assert fresh(dispute).state == State.SETTLED
    assert len(heard.of(DisputeSettled)) == 1


def test_nobody_to_rule_is_told_to_the_two_sides_and_not_past_the_time_to_agree(app: Flask, heard: Heard) -> None:
    dispute = contest(a_dispute())
    assert heard.of(RulerNeeded) == []
    for person_id in queries.view_for(dispute.id, order_of(dispute).buyer_id).rulers:
        ruling.pass_on(dispute_id=dispute.id, by=person_id)
    dispute = lapse(dispute)
    assert len(heard.of(RulerNeeded)) == 1
    assert dispute.deadline
    with clock.at(dispute.deadline - 12 * HOUR):
        lapsing.remind_due_disputes()
    assert len(heard.of(RulerNeeded)) == 1
