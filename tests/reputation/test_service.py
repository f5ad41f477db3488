"""Feedback is blind, final, and adds up to a standing."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.groups.models import Group
from marketplace.kernel import clock, events
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound, RuleBroken, TooLate
from marketplace.kernel.money import Money
from marketplace.reputation import deals, queries, service
from marketplace.reputation.events import FeedbackOpened, FeedbackShown
from marketplace.reputation.models import Deal, Feedback
from marketplace.reputation.rules import Ending, Grade, Record, Risk
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import DAYS, a_closed_deal, an_open_deal, feedback
from tests.factories.statements import statements
from tests.factories.together import at_once

MINUTE = timedelta(minutes=1)


class Trade(NamedTuple):
    group: Group
    buyer: Person
    seller: Person


@pytest.fixture
def trade(app: Flask) -> Trade:
    group = a_group()
    return Trade(group, a_member(group, name="Bruno"), a_member(group, name="Selma"))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is announced, heard by nobody else."""
    heard: list[object] = []
    monkeypatch.setattr(events, "_handlers", dict.fromkeys((FeedbackOpened, FeedbackShown), (heard.append,)))
    return heard


def test_one_word_stays_hidden_until_the_other_side_has_spoken(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    feedback(order_id, by=trade.buyer, words="Chip under the lid was as described.")

    assert queries.feedback_for(trade.seller.id, trade.group.id) == []
    assert queries.feedback_on(order_id, trade.seller.id) == (None, None)

    feedback(order_id, by=trade.seller)

    [shown] = queries.feedback_for(trade.seller.id, trade.group.id)
    assert shown.words == "Chip under the lid was as described."
    assert len(queries.feedback_for(trade.buyer.id, trade.group.id)) == 1


def test_when_both_speak_at_the_same_moment_both_are_shown_and_counted(app: Flask, trade: Trade) -> None:
    order_id = a_closed_deal(*trade)
    ids = [trade.buyer.id, trade.seller.id]

    def speak(person_id: int) -> None:
        service.give_feedback(
            by=person_id, order_id=order_id, description=Grade.GOOD, shipping=Grade.GOOD, communication=Grade.GOOD
        )

    at_once(app, *(partial(speak, person_id) for person_id in ids))

    group_id = trade.group.id
    assert [len(queries.feedback_for(person_id, group_id)) for person_id in ids] == [1, 1]
    assert queries.standing_of(ids[1], group_id).as_seller.percent == 100


def test_who_spoke_sees_his_own_words_at_once(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    feedback(order_id, by=trade.buyer, words="Fine.")
    own, others = queries.feedback_on(order_id, trade.buyer.id)
    assert own is not None
    assert own.words == "Fine."
    assert others is None


def test_when_the_time_is_over_a_lone_word_is_shown(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    feedback(order_id, by=trade.buyer)
    over = clock.now() + timedelta(days=DAYS)

    with clock.at(over - MINUTE):
        assert service.show_due_feedback() == 0
    with clock.at(over + MINUTE):
        assert service.show_due_feedback() == 1
        assert service.show_due_feedback() == 0

    assert len(queries.feedback_for(trade.seller.id, trade.group.id)) == 1


def test_a_shown_word_counts_once_however_often_the_duty_looks(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    feedback(order_id, by=trade.buyer)
    feedback(order_id, by=trade.seller)
    with clock.at(clock.now() + timedelta(days=DAYS + 1)):
        service.show_due_feedback()
    assert queries.standing_of(trade.seller.id, trade.group.id).record.feedback_as_seller == 1


def test_nobody_speaks_twice_nor_late(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    feedback(order_id, by=trade.buyer)
    with pytest.raises(RuleBroken, match="stays as you said it"):
        feedback(order_id, by=trade.buyer, grade=Grade.POOR)
    with clock.at(clock.now() + timedelta(days=DAYS)), pytest.raises(TooLate):
        feedback(order_id, by=trade.seller)


def test_nobody_speaks_before_the_order_is_closed(trade: Trade) -> None:
    order_id = an_open_deal(**trade._asdict())
    with pytest.raises(RuleBroken, match="opens when the order is closed"):
        feedback(order_id, by=trade.buyer)


def test_a_stranger_hears_that_there_is_no_such_order(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    with pytest.raises(NotFound):
        feedback(order_id, by=a_person("Stranger"))
    with pytest.raises(NotFound):
        queries.deal_of(order_id, a_person("Stranger").id)


def test_an_order_that_was_never_paid_asks_nobody(trade: Trade, told: list[object]) -> None:
    order_id = a_closed_deal(**trade._asdict(), ending=Ending.FELL_THROUGH)
    assert told == []
    assert queries.waiting_for(trade.buyer.id) == []
    assert queries.standing_of(trade.seller.id, trade.group.id).record == Record()
    with pytest.raises(RuleBroken):
        feedback(order_id, by=trade.buyer)


def test_both_are_asked_when_the_order_closes(trade: Trade, told: list[object]) -> None:
    order_id = a_closed_deal(**trade._asdict())
    assert {(fact.person_id, fact.other_id) for fact in told if isinstance(fact, FeedbackOpened)} == {
        (trade.buyer.id, trade.seller.id),
        (trade.seller.id, trade.buyer.id),
    }
    [owed] = queries.waiting_for(trade.buyer.id)
    assert (owed.order_id, owed.other_id) == (order_id, trade.seller.id)
    feedback(order_id, by=trade.buyer)
    assert queries.waiting_for(trade.buyer.id) == []
    assert len(queries.waiting_for(trade.seller.id)) == 1


def test_an_order_that_closes_again_is_the_same_deal(trade: Trade, told: list[object]) -> None:
    order_id = a_closed_deal(**trade._asdict())
    deals.close_deal(order_id=order_id, ending=Ending.UNDONE, days_for_feedback=DAYS)
    deals.open_deal(
        order_id=order_id, group_id=trade.group.id, buyer_id=trade.buyer.id, seller_id=trade.seller.id,
        title="Teapot", total=Money(5_00, "EUR"),
    )  # fmt: skip
    record = queries.standing_of(trade.seller.id, trade.group.id).record
    assert (record.sales, record.undone) == (1, 0)
    assert len(told) == 2
    assert queries.exposure_of(trade.seller.id, trade.group.id, "EUR") == Money(0, "EUR")


def test_what_buyers_have_at_stake_with_a_seller_is_his_exposure(trade: Trade) -> None:
    first = an_open_deal(**trade._asdict(), total=100_00)
    an_open_deal(**trade._asdict(), total=42_50)
    assert queries.exposure_of(trade.seller.id, trade.group.id, "EUR") == Money(142_50, "EUR")
    assert queries.exposure_of(trade.buyer.id, trade.group.id, "EUR") == Money(0, "EUR")

    deals.close_deal(order_id=first, ending=Ending.FELL_THROUGH, days_for_feedback=DAYS)

    assert queries.exposure_of(trade.seller.id, trade.group.id, "EUR") == Money(42_50, "EUR")


def test_sales_at_the_same_moment_all_count_and_one_that_is_told_twice_counts_once(app: Flask, trade: Trade) -> None:
    people = {"group_id": trade.group.id, "buyer_id": trade.buyer.id, "seller_id": trade.seller.id}
    orders = [9_001, 9_002, 9_003, 9_003]
    at_once(
        app,
        *(
            partial(deals.open_deal, order_id=order_id, title="Teapot", total=Money(10_00, "EUR"), **people)
            for order_id in orders
        ),
    )
    assert queries.exposure_of(trade.seller.id, trade.group.id, "EUR") == Money(30_00, "EUR")
    sides = db.session.scalars(select(Deal.order_id).order_by(Deal.order_id))
    assert list(sides) == [9_001, 9_001, 9_002, 9_002, 9_003, 9_003]


def test_standing_counts_each_side_for_itself(trade: Trade) -> None:
    for grade in (Grade.GOOD, Grade.GOOD, Grade.FAIR):
        order_id = a_closed_deal(**trade._asdict())
        feedback(order_id, by=trade.buyer, grade=grade)
        feedback(order_id, by=trade.seller)
    seller, buyer = (queries.standing_of(person.id, trade.group.id) for person in (trade.seller, trade.buyer))
    assert (seller.record.sales, seller.record.purchases) == (3, 0)
    assert (buyer.record.sales, buyer.record.purchases) == (0, 3)
    assert (seller.as_seller.part, seller.as_seller.whole, seller.as_seller.percent) == (2, 3, 66)
    assert seller.as_buyer.percent is None
    assert buyer.as_buyer.percent == 100
    assert seller.risk is Risk.LOW
    assert seller.evidence == 2


def test_a_lost_dispute_and_a_poor_grade_for_it_make_one_bad_deal(trade: Trade) -> None:
    order_id = an_open_deal(**trade._asdict())
    deals.lose_dispute(order_id=order_id, person_id=trade.seller.id)
    deals.lose_dispute(order_id=order_id, person_id=trade.seller.id)
    deals.close_deal(order_id=order_id, ending=Ending.UNDONE, days_for_feedback=DAYS)
    feedback(order_id, by=trade.buyer, grade=Grade.POOR)
    feedback(order_id, by=trade.seller)

    standing = queries.standing_of(trade.seller.id, trade.group.id)

    assert standing.record.disputes_lost == 1
    assert standing.record.bad == 1
    assert standing.risk is Risk.HIGH
    assert queries.standing_of(trade.buyer.id, trade.group.id).record.bad == 0


def test_a_dispute_lost_in_a_review_after_the_close_counts_too(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    deals.lose_dispute(order_id=order_id, person_id=trade.buyer.id)
    assert queries.standing_of(trade.buyer.id, trade.group.id).record.bad == 1


def test_standing_is_of_one_group_alone(trade: Trade) -> None:
    a_closed_deal(**trade._asdict())
    elsewhere = a_group()
    assert queries.standing_of(trade.seller.id, elsewhere.id).risk is Risk.UNKNOWN


def test_standings_of_many_are_two_queries(trade: Trade) -> None:
    people = [a_member(trade.group).id for _ in range(5)]
    group_id = trade.group.id
    with statements() as sent:
        standings = queries.standings_of(people, group_id)
    assert len(standings) == 5
    assert len([statement for statement in sent if "FROM standings" in statement]) == len(sent) == 2


def test_pages_of_feedback_follow_one_another_without_gap(trade: Trade) -> None:
    for number in range(5):
        order_id = a_closed_deal(**trade._asdict(), title=f"Lot {number}")
        feedback(order_id, by=trade.seller)
        feedback(order_id, by=trade.buyer)
    first = queries.feedback_for(trade.seller.id, trade.group.id, limit=3)
    rest = queries.feedback_for(trade.seller.id, trade.group.id, before=first[-1], limit=3)
    assert [said.title for said in first + rest] == [f"Lot {number}" for number in reversed(range(5))]


def test_a_feedback_that_is_hidden_is_no_place_to_go_on_from(trade: Trade) -> None:
    order_id = a_closed_deal(**trade._asdict())
    hidden = feedback(order_id, by=trade.buyer)
    assert queries.shown_feedback(hidden.id) is None


def test_who_traded_with_whom_is_known_for_as_long_as_asked(trade: Trade) -> None:
    long_ago = clock.now() - timedelta(days=400)
    with clock.at(long_ago):
        a_closed_deal(**trade._asdict())
    year = clock.now() - timedelta(days=365)
    assert not queries.have_traded(trade.buyer.id, trade.seller.id, since=year)
    an_open_deal(**trade._asdict())
    assert queries.have_traded(trade.seller.id, trade.buyer.id, since=year)


def test_when_a_deed_fails_nothing_of_it_is_kept(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = a_closed_deal(**trade._asdict())
    monkeypatch.setattr(events, "_handlers", {FeedbackShown: (_fail,)})
    feedback(order_id, by=trade.buyer)
    with pytest.raises(ZeroDivisionError):
        feedback(order_id, by=trade.seller)
    said = db.session.scalars(select(Feedback)).all()
    assert [(one.giver_id, one.shown_at) for one in said] == [(trade.buyer.id, None)]
    assert db.session.scalar(select(Deal.spoke_at).where(Deal.person_id == trade.seller.id)) is None


def _fail(fact: object) -> None:
    raise ZeroDivisionError
