"""What waits for whom: each side's part while it is his, a ruling for whoever may give it, nothing for anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.models import Person
from marketplace.disputes import answering, choosing
from marketplace.disputes.models import Dispute
from marketplace.disputes.rules import days_to_lodge
from marketplace.disputes.waiting import DisputeWaits, Task, waiting_for
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.disputes import (
    REFUND,
    a_dispute,
    a_moderator,
    a_part,
    appeal,
    contest,
    fresh,
    lapse,
    ruled,
    sides_of,
    under_review,
)
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import an_open_deal
from tests.factories.statements import statements


def waits(person: Person, dispute: Dispute, *, after: timedelta = timedelta()) -> list[DisputeWaits]:
    with clock.at(fresh(dispute).since + after):
        return waiting_for(person.id)


def tasks(dispute: Dispute, *people: Person, after: timedelta = timedelta()) -> list[list[Task]]:
    return [[wait.task for wait in waits(person, dispute, after=after)] for person in people]


def test_the_seller_has_to_answer(app: Flask) -> None:
    dispute = a_dispute(asked=a_part(60_00))
    buyer, seller = sides_of(dispute)
    assert tasks(dispute, buyer, seller) == [[], [Task.ANSWER]]
    (wait,) = waits(seller, dispute)
    assert (wait.until, wait.asked, wait.held) == (dispute.deadline, a_part(60_00), Money(142_00, "EUR"))
    assert wait.other_id == buyer.id
    dispute = lapse(dispute)
    assert tasks(dispute, buyer, seller) == [[], [Task.ANSWER]]


def test_an_offer_waits_for_the_other_side(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    answering.offer(dispute_id=dispute.id, by=seller.id, remedy=a_part(), words="")
    assert tasks(dispute, buyer, seller) == [[Task.TAKE_OR_LEAVE], []]


def test_both_look_for_an_agreement_until_they_have_offered(app: Flask) -> None:
    dispute = contest(a_dispute())
    buyer, seller = sides_of(dispute)
    assert tasks(dispute, buyer, seller) == [[Task.NEGOTIATE], [Task.NEGOTIATE]]
    answering.offer(dispute_id=dispute.id, by=buyer.id, remedy=a_part(), words="")
    assert tasks(dispute, buyer, seller) == [[], [Task.TAKE_OR_LEAVE]]


def test_a_ruling_waits_for_whoever_may_give_it(app: Flask) -> None:
    dispute = under_review()
    buyer, seller = sides_of(dispute)
    moderator, foreign = a_moderator(dispute.group_id), a_moderator(a_group())
    busy = a_moderator(dispute.group_id, name="Busy")
    an_open_deal(db.session.get_one(Group, dispute.group_id), buyer=busy, seller=seller)
    people = (buyer, seller, moderator, foreign, busy, a_person())
    assert tasks(dispute, *people) == [[], [], [Task.RULE], [], [], []]
    assert waits(moderator, dispute)[0].other_id is None


def test_a_ruling_waits_to_be_appealed_while_it_can_be(app: Flask) -> None:
    dispute, moderator = ruled(REFUND)
    buyer, seller = sides_of(dispute)
    assert tasks(dispute, buyer, seller, moderator) == [[Task.APPEAL], [Task.APPEAL], []]
    assert waits(seller, dispute)[0].until == dispute.since + days_to_lodge(dispute.terms)
    assert tasks(dispute, buyer, after=days_to_lodge(dispute.terms)) == [[]]


def test_an_appeal_waits_for_somebody_else(app: Flask) -> None:
    dispute, first = ruled()
    second = a_moderator(dispute.group_id, name="Second")
    dispute = appeal(dispute, sides_of(dispute)[0])
    assert tasks(dispute, first, second) == [[], [Task.RULE]]


def test_what_is_settled_waits_for_nobody(app: Flask) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    answering.accept(dispute_id=dispute.id, by=seller.id)
    assert tasks(dispute, buyer, seller, a_moderator(dispute.group_id)) == [[], [], []]


def test_where_nobody_is_free_the_two_have_to_agree_on_a_member_who_then_has_to_rule(app: Flask) -> None:
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    neutral = a_member(group, name="Nora Neutral")
    dispute = a_dispute(group=group, seller=owner)
    buyer, seller = sides_of(dispute)
    for officer in groups.officers(group.id):
        if officer.person_id != seller.id:
            an_open_deal(group, buyer=buyer, seller=db.session.get_one(Person, officer.person_id))
    dispute = under_review(dispute)
    assert tasks(dispute, buyer, seller) == [[Task.CHOOSE_RULER], [Task.CHOOSE_RULER]]
    assert waits(buyer, dispute)[0].until == dispute.since + timedelta(hours=48)
    with clock.at(dispute.since):
        choosing.propose_ruler(dispute_id=dispute.id, by=buyer.id, person_id=neutral.id)
    assert tasks(dispute, buyer, seller, neutral) == [[], [Task.CHOOSE_RULER], []]
    with clock.at(dispute.since):
        choosing.accept_ruler(dispute_id=dispute.id, by=seller.id, person_id=neutral.id)
    assert tasks(dispute, buyer, seller, neutral) == [[], [], [Task.RULE]]


def test_as_many_queries_for_much_as_for_little(app: Flask) -> None:
    group = a_group()
    moderator = a_moderator(group)
    moderator_id, later = moderator.id, under_review(group=group).since
    db.session.rollback()
    with clock.at(later), statements() as little:
        waiting_for(moderator_id)
    for _more in range(3):
        under_review(group=group)
    db.session.rollback()
    with clock.at(later), statements() as much:
        assert len(waiting_for(moderator_id)) == 4
    asked = [sum(sent.startswith("SELECT") for sent in some) for some in (little, much)]
    assert asked == [6, 6]


@pytest.mark.one_database
def test_the_first_page_tells_of_it(app: Flask, client_of) -> None:  # type: ignore[no-untyped-def]
    dispute = a_dispute()
    page = client_of(sides_of(dispute)[1]).get("/").text
    assert f"/disputes/{dispute.id}" in page
