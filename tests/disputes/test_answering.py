"""The two sides talk: what is offered, taken, contested or withdrawn, and what silence means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.disputes import answering, evidence, queries
from marketplace.disputes.dispute_rules import Outcome, Party, Remedy, State
from marketplace.disputes.ending_rules import Ending
from marketplace.disputes.events import DisputeAnswered, DisputeContested, DisputeSettled, OfferMade
from marketplace.disputes.models import DisputeLine
from marketplace.escrow.order_rules import State as OrderState
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books
from marketplace.ledger.rules import escrow, fees, payable
from marketplace.reputation import queries as reputation
from tests.disputes.conftest import Heard
from tests.factories.accounts import a_person
from tests.factories.disputes import (
    REFUND,
    RETURN_FIRST,
    a_dispute,
    a_key,
    a_moderator,
    a_part,
    an_upload,
    contest,
    fresh,
    lapse,
    order_of,
    sides_of,
    under_review,
)


def offer(dispute, by, remedy, **how):
    answering.offer(dispute_id=dispute.id, by=by.id, remedy=remedy, words=how.pop("words", ""), **how)
    return fresh(dispute)


def take(dispute, by, **how):
    number = how.pop("number", fresh(dispute).offer_number or 0)
    answering.take_offer(dispute_id=dispute.id, by=by.id, offer_number=number, **how)
    return fresh(dispute)


def test_the_seller_gives_what_was_asked_for_and_nobody_has_lost(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(asked=a_part(60_00))
    _buyer, seller = sides_of(dispute)
    answering.accept(dispute_id=dispute.id, by=seller.id)
    assert (fresh(dispute).state, fresh(dispute).ending) == (State.SETTLED, Ending.AGREED)
    assert order_of(dispute).state == OrderState.SPLIT
    (fact,) = heard.of(DisputeSettled)
    assert (fact.remedy, fact.lost_by, fact.loser_id) == (a_part(60_00), None, None)
    assert reputation.standing_of(seller.id, dispute.group_id).record.disputes_lost == 0


def test_an_offer_is_taken_by_the_other_side_and_divides_the_money(app: Flask, heard: Heard) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    dispute = offer(dispute, seller, a_part(42_00), words="The lid is not worth more.")
    (told,) = heard.of(OfferMade)
    assert (told.by_id, told.to_id, told.amount) == (seller.id, buyer.id, Money(42_00, "EUR"))
    assert dispute.state == State.TALKING
    assert take(dispute, buyer).ending == Ending.AGREED
    accounts = [payable(dispute.group_id, buyer.id), payable(dispute.group_id, seller.id), fees(dispute.group_id)]
    to_buyer, to_seller, fee = (books.balance(account, "EUR") for account in accounts)
    # The fee of 5 % on 132.00 is 6.60; of 142.00 the seller gets 100.00, so the group 6.60 × 100 / 142.
    assert (to_buyer.minor, to_seller.minor, fee.minor) == (42_00, 95_36, 4_64)
    assert books.balance(escrow(dispute.order_id), "EUR").minor == 0


def test_the_offer_that_is_taken_is_the_one_that_was_read(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    seen = offer(dispute, seller, a_part(60_00)).offer_number
    offer(dispute, seller, a_part(6_00))
    with pytest.raises(Stale):
        take(dispute, buyer, number=seen)
    assert fresh(dispute).state == State.TALKING


def test_the_buyer_counters_only_once_they_negotiate(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    with pytest.raises(NotAllowed):
        offer(dispute, buyer, a_part(50_00))
    contest(dispute)
    offer(dispute, buyer, a_part(50_00))
    with pytest.raises(RuleBroken):
        take(dispute, buyer)
    assert take(dispute, seller).state == State.SETTLED


def test_nobody_offers_the_money_to_himself(app: Flask) -> None:
    dispute = a_dispute()
    with pytest.raises(RuleBroken):
        offer(dispute, sides_of(dispute)[1], Remedy(Outcome.RELEASE))


def test_to_contest_opens_the_negotiation_at_once(app: Flask, heard: Heard) -> None:
    dispute = contest(a_dispute())
    assert dispute.state == State.NEGOTIATING
    assert dispute.deadline == dispute.since + timedelta(days=3)
    (fact,) = heard.of(DisputeContested)
    assert (fact.to_id, fact.until) == (sides_of(dispute)[0].id, dispute.deadline)


def test_the_buyer_lets_it_be_and_the_seller_has_the_money(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    with pytest.raises(NotAllowed):
        answering.withdraw(dispute_id=dispute.id, by=seller.id)
    answering.withdraw(dispute_id=dispute.id, by=buyer.id)
    assert order_of(dispute).state == OrderState.RELEASED
    assert fresh(dispute).ending == Ending.WITHDRAWN
    assert reputation.standing_of(buyer.id, dispute.group_id).record.disputes_lost == 0


def test_they_still_agree_while_a_ruling_is_due(app: Flask) -> None:
    dispute = contest(a_dispute())
    buyer, seller = sides_of(dispute)
    offer(dispute, seller, a_part(30_00))
    dispute = lapse(dispute)
    assert dispute.state == State.UNDER_REVIEW
    assert take(dispute, buyer).state == State.SETTLED


def test_an_offer_to_take_it_back_makes_the_way_back_due(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    offer(dispute, seller, RETURN_FIRST)
    take(dispute, buyer)
    order = order_of(dispute)
    assert order.state == OrderState.RETURN_DUE and order.deadline is not None


def test_what_is_settled_stays_settled(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    answering.accept(dispute_id=dispute.id, by=seller.id)
    for deed in (answering.accept, answering.withdraw):
        for person in (buyer, seller):
            with pytest.raises(RuleBroken):
                deed(dispute_id=dispute.id, by=person.id)
    with pytest.raises(RuleBroken):
        answering.say_more(dispute_id=dispute.id, by=buyer.id, words="And yet.")


def test_an_answer_at_the_deadlines_second_is_too_late(app: Flask) -> None:
    dispute = lapse(a_dispute())
    assert dispute.state == State.AWAITING_ANSWER and dispute.deadline
    deadline = dispute.deadline
    with clock.at(deadline), pytest.raises(TooLate):
        contest(dispute)
    with clock.at(deadline - timedelta(microseconds=1)):
        contest(dispute)
    assert lapse(dispute).state == State.UNDER_REVIEW, "the answer that was recorded in time wins"


# ---- twice, by others, and nonsense ----


def test_a_double_click_is_one_deed(app: Flask, heard: Heard) -> None:
    dispute = a_dispute()
    seller = sides_of(dispute)[1]
    key = a_key()
    for _click in range(2):
        answering.accept(dispute_id=dispute.id, by=seller.id, client_key=key)
    assert len(heard.of(DisputeSettled)) == 1
    assert len(queries.lines_of(dispute.id)) == 2


def test_the_same_form_with_something_else_in_it_is_refused(app: Flask) -> None:
    dispute, key = a_dispute(), a_key()
    seller = sides_of(dispute)[1]
    offer(dispute, seller, a_part(10_00), client_key=key)
    offer(dispute, seller, a_part(10_00), client_key=key)
    with pytest.raises(Stale):
        offer(dispute, seller, a_part(11_00), client_key=key)


def test_to_strangers_there_is_no_such_dispute(app: Flask) -> None:
    dispute, stranger = a_dispute(), a_person()
    for deed in (answering.accept, answering.withdraw):
        with pytest.raises(NotFound):
            deed(dispute_id=dispute.id, by=stranger.id)
    with pytest.raises(NotFound):
        answering.say_more(dispute_id=dispute.id, by=stranger.id, words="Hm.", uploads=[an_upload()])
    with pytest.raises(NotFound):
        answering.contest(dispute_id=10**9, by=stranger.id, words="Hm.")


def test_whoever_may_rule_answers_for_nobody(app: Flask) -> None:
    dispute = a_dispute()
    moderator = a_moderator(dispute.group_id)
    with pytest.raises(NotAllowed):
        answering.accept(dispute_id=dispute.id, by=moderator.id)
    with pytest.raises(NotAllowed):
        answering.say_more(dispute_id=dispute.id, by=moderator.id, words="Hm.")


# ---- saying and showing more ----


def test_both_say_and_show_more_until_it_is_settled(app: Flask, heard: Heard) -> None:
    dispute = under_review()
    buyer, seller = sides_of(dispute)
    answering.say_more(dispute_id=dispute.id, by=seller.id, words="The invoice.", uploads=[an_upload("Invoice")])
    answering.say_more(dispute_id=dispute.id, by=buyer.id, words="", uploads=[an_upload("Hallmark")])
    shown = queries.evidence_of(dispute.id)
    assert [each.name for each in shown[Party.SELLER]] == ["S1", "S2"]
    assert [each.alt for each in shown[Party.BUYER]] == ["Hallmark"]
    assert [fact.to_id for fact in heard.of(DisputeAnswered)] == [buyer.id, seller.id]


def test_an_empty_statement_is_no_statement(app: Flask) -> None:
    dispute = a_dispute()
    with pytest.raises(RuleBroken):
        answering.say_more(dispute_id=dispute.id, by=sides_of(dispute)[0].id, words="")


def test_the_same_photograph_is_shown_once(app: Flask) -> None:
    content = an_upload().file.read()
    dispute = a_dispute(uploads=[an_upload(content=content)])
    buyer = sides_of(dispute)[0]
    answering.say_more(dispute_id=dispute.id, by=buyer.id, words="Again.", uploads=[an_upload(content=content)])
    assert len(queries.evidence_of(dispute.id)[Party.BUYER]) == 1


def test_each_side_shows_twelve_besides_the_listing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_EACH", 2)
    dispute = a_dispute(uploads=[an_upload(), an_upload()])
    buyer, seller = sides_of(dispute)
    with pytest.raises(RuleBroken) as refused:
        answering.say_more(dispute_id=dispute.id, by=buyer.id, words="More.", uploads=[an_upload()])
    assert refused.value.details == {"most": 2, "there": 2}
    answering.say_more(dispute_id=dispute.id, by=seller.id, words="Mine.", uploads=[an_upload(), an_upload()])
    assert len(queries.evidence_of(dispute.id)[Party.SELLER]) == 3


def test_every_deed_is_a_line_and_an_audit_line(app: Flask) -> None:
    dispute = under_review(asked=REFUND)
    lines = db.session.scalars(select(DisputeLine).where(DisputeLine.dispute_id == dispute.id)).all()
    assert [(line.number, line.action, line.by_party) for line in lines] == [
        (1, "open", "buyer"),
        (2, "contest", "seller"),
        (3, "lapse", "clock"),
    ]
    audit = db.session.scalars(
        select(AuditLine.what).where(AuditLine.subject == f"dispute:{dispute.id}").order_by(AuditLine.id)
    ).all()
    assert audit == ["open dispute", "contest", "lapse"]
