"""Whole disputes, from the buyer's word to the payout, with the books right at every turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.disputes import answering, lapsing, ruling
from marketplace.disputes.dispute_rules import Reason, State
from marketplace.disputes.ending_rules import Ending
from marketplace.disputes.events import DisputeRuled, DisputeSettled, RulingDue
from marketplace.disputes.models import Dispute
from marketplace.escrow import lapsing as order_clock, returns
from marketplace.escrow.order_rules import State as OrderState
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books
from marketplace.ledger.rules import escrow, fees, payable
from marketplace.reputation import queries as reputation
from tests.at_once import at_once
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
    come_back,
    contest,
    contest_return,
    fresh,
    lapse,
    order_of,
    rule,
    ruled,
    sides_of,
    under_review,
)
from tests.factories.escrow import lapse as order_lapse, pay_out

DAY = timedelta(days=1)


def balance(account: str) -> int:
    return books.balance(account, "EUR").minor


def sums(dispute: Dispute) -> tuple[int, int, int, int]:
    """What lies in the order's own account, is owed to buyer and seller, and is the group's."""
    buyer, seller = sides_of(dispute)
    group_id = dispute.group_id
    accounts = escrow(dispute.order_id), payable(group_id, buyer.id), payable(group_id, seller.id), fees(group_id)
    buyers, sellers = accounts[1:3]
    return balance(accounts[0]), balance(buyers), balance(sellers), balance(accounts[3])


def pay_all_out(dispute: Dispute) -> None:
    settled_at = fresh(dispute).settled_at
    assert settled_at
    with clock.at(settled_at + DAY):
        order_lapse()
        pay_out(order_of(dispute))


def test_a_fake_whose_seller_keeps_silent_is_refunded(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(reason=Reason.NOT_AUTHENTIC, words="The mark is printed, not painted.")
    assert sums(dispute) == (142_00, 0, 0, 0)
    dispute = lapse(dispute)
    assert dispute.settled_at == dispute.opened_at + 3 * DAY, "there is no talking first about a fake"
    assert (dispute.ending, dispute.settled) == (Ending.SELLER_SILENT, REFUND)
    assert sums(dispute) == (0, 142_00, 0, 0)
    pay_all_out(dispute)
    assert order_of(dispute).state == OrderState.CLOSED
    assert sums(dispute) == (0, 0, 0, 0)
    _buyer, seller = sides_of(dispute)
    assert reputation.standing_of(seller.id, dispute.group_id).record.disputes_lost == 1
    (fact,) = heard.of(DisputeSettled)
    assert fact.loser_id == seller.id


def test_a_split_by_ruling_takes_the_fee_pro_rata(app: Flask) -> None:
    dispute = lapse(ruled(a_part(60_00))[0])
    # The fee of 5 % on 132.00 is 6.60; the seller gets 82.00 of 142.00, so the group 6.60 × 82 / 142 = 3.81.
    assert sums(dispute) == (0, 60_00, 78_19, 3_81)
    pay_all_out(dispute)
    assert order_of(dispute).state == OrderState.CLOSED
    assert sums(dispute) == (0, 0, 0, 3_81)


def test_an_appeal_overturns_before_any_money_has_moved(app: Flask) -> None:
    dispute, _first = ruled(REFUND)
    second = a_moderator(dispute.group_id, name="Second")
    dispute = appeal(dispute, sides_of(dispute)[1])
    assert sums(dispute) == (142_00, 0, 0, 0)
    dispute = rule(dispute, second, RELEASE)
    assert sums(dispute) == (0, 0, 135_40, 6_60)


def test_a_dispute_takes_no_longer_than_the_terms_say(app: Flask) -> None:
    dispute = contest(lapse(a_dispute()))
    opened_at = dispute.opened_at
    dispute = lapse(dispute)
    moderator = a_moderator(dispute.group_id)
    assert dispute.deadline
    dispute = rule(dispute, moderator, at=dispute.deadline - timedelta(seconds=1))
    dispute = lapse(appeal(dispute, sides_of(dispute)[0], at=dispute.since + 2 * DAY))
    assert dispute.settled_at and dispute.settled_at - opened_at <= timedelta(days=2 + 3 + 3 + 5 + 5)


# ---- return first ----


def test_what_is_returned_and_accepted_is_refunded(app: Flask) -> None:
    dispute = come_back(lapse(ruled(RETURN_FIRST)[0]))
    assert dispute.state == State.SETTLED
    returns.accept_return(order_id=dispute.order_id, by=sides_of(dispute)[1].id)
    assert sums(dispute) == (0, 142_00, 0, 0)


def test_a_return_that_is_contested_is_reviewed_once(app: Flask, heard: Heard) -> None:
    dispute, moderator = ruled(RETURN_FIRST)
    dispute = contest_return(lapse(dispute))
    order = order_of(dispute)
    assert (dispute.state, order.state) == (State.RETURN_REVIEWED, OrderState.RETURN_CONTESTED)
    assert dispute.deadline == order.deadline == dispute.since + 3 * DAY, "the two clocks run to the same moment"
    assert dispute.settled_at is None
    assert heard.of(RulingDue)[-1].ruler_ids == (moderator.id,), "whoever ruled first may review what came back"
    dispute = rule(dispute, moderator, a_part(100_00))
    assert (dispute.state, order_of(dispute).state) == (State.SETTLED, OrderState.SPLIT)
    assert sums(dispute)[:2] == (0, 100_00)
    assert heard.of(DisputeRuled)[-1].moves_at is None


def test_a_review_does_not_send_it_back_again(app: Flask) -> None:
    dispute, moderator = ruled(RETURN_FIRST)
    dispute = contest_return(lapse(dispute))
    with pytest.raises(RuleBroken) as refused:
        rule(dispute, moderator, RETURN_FIRST)
    assert refused.value.field == "outcome"
    assert fresh(dispute).state == State.RETURN_REVIEWED


def test_a_review_without_a_ruling_is_refunded_by_the_orders_clock(app: Flask) -> None:
    for order_first in (True, False):
        dispute = contest_return(lapse(ruled(RETURN_FIRST)[0]))
        assert dispute.deadline
        with clock.at(dispute.deadline):
            for act in (order_clock.lapse_due_orders, lapsing.lapse_due_disputes)[:: 1 if order_first else -1]:
                act()
        assert (fresh(dispute).state, fresh(dispute).settled) == (State.SETTLED, REFUND)
        assert fresh(dispute).ending == Ending.NO_RULING
        assert sums(dispute)[:2] == (0, 142_00)


def test_a_ruling_in_the_reviews_last_instant_wins_against_the_orders_clock(app: Flask) -> None:
    dispute, moderator = ruled(RETURN_FIRST)
    dispute = contest_return(lapse(dispute))
    deadline = dispute.deadline
    assert deadline
    rule(dispute, moderator, RELEASE, at=deadline - timedelta(microseconds=1))
    with clock.at(deadline):
        order_clock.lapse_due_orders()
    assert sums(dispute)[:2] == (0, 0) and sums(dispute)[2] == 135_40


# ---- several at once ----


def due_now(dispute: Dispute) -> None:
    """The review began a moment ago, by the clock on the wall: threads do not share a told time."""
    with unit_of_work():
        row = db.session.get_one(Dispute, dispute.id)
        row.since, row.deadline = clock.now(), clock.now() + DAY


def test_two_who_rule_at_once_make_one_ruling(app: Flask, heard: Heard) -> None:
    dispute = under_review()
    moderators = [a_moderator(dispute.group_id, name=name).id for name in ("First", "Second")]
    due_now(dispute)
    dispute_id = dispute.id

    def rules(person_id: int, remedy: object) -> None:
        ruling.rule(dispute_id=dispute_id, by=person_id, remedy=remedy, reasons="So.", client_key=a_key())  # type: ignore[arg-type]

    failures = at_once(app, lambda: rules(moderators[0], REFUND), lambda: rules(moderators[1], RELEASE))
    assert [type(failure) for failure in failures] == [RuleBroken]
    assert len(heard.of(DisputeRuled)) == 1
    dispute = fresh(dispute)
    assert dispute.first_ruler_id in moderators
    assert dispute.facts().ruling == (REFUND if dispute.first_ruler_id == moderators[0] else RELEASE)


def test_an_offer_taken_and_a_dispute_withdrawn_at_once_move_the_money_once(app: Flask, heard: Heard) -> None:
    dispute = a_dispute()
    buyer_id, seller_id = (person.id for person in sides_of(dispute))
    answering.offer(dispute_id=dispute.id, by=seller_id, remedy=a_part(60_00), words="")
    number, dispute_id = fresh(dispute).offer_number or 0, dispute.id
    failures = at_once(
        app,
        lambda: answering.take_offer(dispute_id=dispute_id, by=buyer_id, offer_number=number),
        lambda: answering.withdraw(dispute_id=dispute_id, by=buyer_id),
        lambda: answering.accept(dispute_id=dispute_id, by=seller_id),
    )
    assert len(failures) == 2 and all(isinstance(failure, RuleBroken) for failure in failures)
    assert len(heard.of(DisputeSettled)) == 1
    held, buyers, sellers, fee = sums(dispute)
    assert held == 0 and buyers + sellers + fee == 142_00


def test_the_clock_and_a_ruling_at_once_end_it_once(app: Flask, heard: Heard) -> None:
    """A ruling just before the deadline and workers that come by in the same instant."""
    dispute = under_review()
    moderator_id = a_moderator(dispute.group_id).id
    dispute_id = dispute.id
    with unit_of_work():
        row = db.session.get_one(Dispute, dispute_id)
        row.since, row.deadline = clock.now(), clock.now() + timedelta(milliseconds=150)
    at_once(
        app,
        lambda: ruling.rule(dispute_id=dispute_id, by=moderator_id, remedy=RELEASE, reasons="So.", client_key=a_key()),
        *[_lapse_for_a_while] * 2,
    )
    dispute = fresh(dispute)
    if dispute.state == State.RULED:
        assert heard.of(DisputeSettled) == []
    else:
        assert (dispute.ending, len(heard.of(DisputeRuled))) == (Ending.NO_RULING, 0)
    assert order_of(dispute).facts().held == Money(142_00 if dispute.state == State.RULED else 0, "EUR")


def _lapse_for_a_while() -> None:
    for _round in range(20):
        lapsing.lapse_due_disputes()


def test_the_order_does_what_the_dispute_says(app: Flask) -> None:
    """What escrow carries out is what the dispute recorded, for each outcome."""
    expected = (
        (REFUND, OrderState.REFUNDED),
        (RELEASE, OrderState.RELEASED),
        (a_part(1), OrderState.SPLIT),
        (RETURN_FIRST, OrderState.RETURN_DUE),
    )
    for remedy, state in expected:
        dispute = lapse(ruled(remedy)[0])
        assert (dispute.settled, order_of(dispute).state) == (remedy, state)
