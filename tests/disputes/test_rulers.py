"""Who may rule on a case, and who may see it: found in the rows of bids, deals and roles, in as many queries for one as
for many."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from flask import Flask

from marketplace.accounts.models import Person
from marketplace.auctions.models import Alias, Watch
from marketplace.disputes import answering, choosing, queries, ruling
from marketplace.disputes.dispute_rules import Party, State
from marketplace.disputes.events import RulerNeeded, RulerProposed, RulingDue
from marketplace.disputes.finding import case
from marketplace.disputes.models import Dispute
from marketplace.disputes.rulers import rulers_of, rulers_of_all
from marketplace.groups import members, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale, TooLate
from tests.disputes.conftest import Heard
from tests.factories.accounts import a_person
from tests.factories.disputes import (
    RELEASE,
    a_dispute,
    a_moderator,
    appeal,
    fresh,
    lapse,
    order_of,
    rule,
    sides_of,
    under_review,
)
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import a_closed_deal, an_open_deal
from tests.factories.statements import statements


class Scene(NamedTuple):
    group: Group
    owner: Person
    moderator: Person
    dispute: Dispute
    buyer: Person
    seller: Person

    def rulers(self, after: timedelta = timedelta()) -> set[int]:
        db.session.rollback()
        return set(rulers_of(case(self.dispute.id), now=clock.now() + after))


@pytest.fixture
def scene(app: Flask) -> Scene:
    """A group with an owner, a treasurer and a moderator, none of them close to the dispute."""
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    dispute = a_dispute(group=group)
    return Scene(group, owner, a_moderator(group), dispute, *sides_of(dispute))


def bid_on(scene: Scene, person: Person) -> None:
    with unit_of_work():
        lot_id = order_of(scene.dispute).lot_id
        db.session.add(Alias(lot_id=lot_id, person_id=person.id, name=f"Heron {person.id}", maximum_minor=None))


def test_the_moderator_rules(scene: Scene) -> None:
    assert scene.rulers() == {scene.moderator.id}


def test_who_bid_on_the_lot_does_not_rule_though_his_bids_were_voided(scene: Scene) -> None:
    bid_on(scene, scene.moderator)
    assert scene.moderator.id not in scene.rulers()
    assert scene.owner.id in scene.rulers()


@pytest.mark.parametrize("stopped", [None, "again"], ids=["still watching", "stopped"])
def test_who_watched_the_lot_does_not_rule_though_he_has_stopped(scene: Scene, stopped: str | None) -> None:
    lot_id, now = order_of(scene.dispute).lot_id, clock.now()
    with unit_of_work():
        db.session.add(
            Watch(lot_id=lot_id, person_id=scene.moderator.id, watched_at=now, stopped_at=now if stopped else None)
        )
    assert scene.moderator.id not in scene.rulers()
    assert scene.owner.id in scene.rulers()


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_who_traded_with_a_side_in_the_last_year_does_not_rule(scene: Scene, side: str) -> None:
    elsewhere = a_group()
    a_closed_deal(elsewhere, buyer=getattr(scene, side), seller=scene.moderator)
    assert scene.moderator.id not in scene.rulers()
    assert scene.moderator.id in scene.rulers(after=timedelta(days=366)), "a year later he is free again"


def test_who_trades_with_a_side_now_does_not_rule(scene: Scene) -> None:
    an_open_deal(scene.group, buyer=scene.moderator, seller=scene.seller)
    assert scene.moderator.id not in scene.rulers(after=timedelta(days=400))


def test_who_traded_with_others_rules(scene: Scene) -> None:
    a_closed_deal(scene.group, buyer=scene.moderator, seller=a_member(scene.group))
    assert scene.rulers() == {scene.moderator.id}


def test_a_moderator_of_another_group_does_not_rule(scene: Scene) -> None:
    stranger = a_moderator(a_group())
    assert stranger.id not in scene.rulers()
    with pytest.raises(NotFound):
        queries.view_for(scene.dispute.id, stranger.id)


def test_only_the_two_sides_and_who_may_rule_see_it(scene: Scene) -> None:
    seen = {scene.buyer.id: Party.BUYER, scene.seller.id: Party.SELLER, scene.moderator.id: Party.RULER}
    for person_id, seat in seen.items():
        assert queries.view_for(scene.dispute.id, person_id).seat is seat
    others = [scene.owner, a_member(scene.group), a_person()]
    for person in others:
        with pytest.raises(NotFound):
            queries.view_for(scene.dispute.id, person.id)
        with pytest.raises(NotFound):
            queries.evidence_for(queries.evidence_of(scene.dispute.id)[Party.SELLER][0].id, person.id)


def test_as_many_queries_for_many_cases_as_for_one(scene: Scene) -> None:
    numbers = [scene.dispute.id, *(a_dispute(group=scene.group).id for _more in range(3))]
    db.session.rollback()
    now = clock.now()
    asked = []
    for some in (numbers[:1], numbers):
        cases = [case(number) for number in some]
        with statements() as sent:
            rulers_of_all(cases, now=now)
        asked.append(len(sent))
    assert asked == [4, 4]


# ---- nobody is free: the two agree on a member ----


class Lonely(NamedTuple):
    dispute: Dispute
    buyer: Person
    seller: Person
    member: Person


@pytest.fixture
def lonely(app: Flask, heard: Heard) -> Lonely:
    """A group in which every officer is close to a side, and a ruling is due."""
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    member = a_member(group, name="Nora Neutral")
    dispute = a_dispute(group=group, seller=owner)
    buyer, seller = sides_of(dispute)
    treasurer_ids = rulers_of(case(dispute.id), now=clock.now())
    for person_id in treasurer_ids:
        an_open_deal(group, buyer=buyer, seller=db.session.get_one(Person, person_id))
    return Lonely(under_review(dispute), buyer, seller, member)


def propose(scene: Lonely, by: Person, whom: Person, *, after: timedelta = timedelta()) -> None:
    with clock.at(scene.dispute.since + after):
        choosing.propose_ruler(dispute_id=scene.dispute.id, by=by.id, person_id=whom.id)


def accept(scene: Lonely, by: Person, whom: Person) -> None:
    with clock.at(scene.dispute.since):
        choosing.accept_ruler(dispute_id=scene.dispute.id, by=by.id, person_id=whom.id)


def test_both_hear_that_nobody_is_free(lonely: Lonely, heard: Heard) -> None:
    (fact,) = heard.of(RulerNeeded)
    assert fact.until == lonely.dispute.since + timedelta(hours=48)


def test_the_member_whom_both_accept_rules(lonely: Lonely, heard: Heard) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    (fact,) = heard.of(RulerProposed)
    assert (fact.to_id, fact.proposed_id) == (lonely.seller.id, lonely.member.id)
    with pytest.raises(NotFound):
        queries.view_for(lonely.dispute.id, lonely.member.id)
    accept(lonely, lonely.seller, lonely.member)
    assert heard.of(RulingDue)[-1].ruler_ids == (lonely.member.id,)
    assert rule(lonely.dispute, lonely.member, RELEASE).state == State.RULED


def test_whom_both_propose_is_accepted(lonely: Lonely) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    propose(lonely, lonely.seller, lonely.member)
    assert fresh(lonely.dispute).accepted_ruler_id == lonely.member.id


def test_nobody_accepts_whom_he_proposed_himself(lonely: Lonely) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    propose(lonely, lonely.buyer, lonely.member)
    with pytest.raises(Stale):
        accept(lonely, lonely.buyer, lonely.member)
    assert fresh(lonely.dispute).accepted_ruler_id is None


def test_who_accepts_has_read_the_name(lonely: Lonely) -> None:
    other = a_member(db.session.get_one(Group, lonely.dispute.group_id))
    propose(lonely, lonely.buyer, lonely.member)
    propose(lonely, lonely.buyer, other)
    with pytest.raises(Stale):
        accept(lonely, lonely.seller, lonely.member)


def test_neither_a_side_nor_a_stranger_is_proposed(lonely: Lonely) -> None:
    for person in (lonely.buyer, lonely.seller, a_person()):
        with pytest.raises(RuleBroken):
            propose(lonely, lonely.buyer, person)


def test_they_agree_within_48_hours_or_not_at_all(lonely: Lonely) -> None:
    with pytest.raises(TooLate):
        propose(lonely, lonely.buyer, lonely.member, after=timedelta(hours=48))
    assert lapse(lonely.dispute).state == State.SETTLED


def test_where_somebody_is_free_nobody_is_proposed(scene: Scene) -> None:
    dispute = under_review(scene.dispute)
    with clock.at(dispute.since), pytest.raises(RuleBroken):
        choosing.propose_ruler(dispute_id=dispute.id, by=scene.buyer.id, person_id=a_member(scene.group).id)


def test_others_choose_nobody(lonely: Lonely) -> None:
    with pytest.raises(NotFound):
        propose(lonely, a_person(), lonely.member)
    propose(lonely, lonely.buyer, lonely.member)
    accept(lonely, lonely.seller, lonely.member)
    with pytest.raises(NotAllowed):
        propose(lonely, lonely.member, lonely.member)


def test_an_accepted_member_may_pass_it_on_and_they_choose_again(lonely: Lonely) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    accept(lonely, lonely.seller, lonely.member)
    with clock.at(lonely.dispute.since):
        ruling.pass_on(dispute_id=lonely.dispute.id, by=lonely.member.id)
    with pytest.raises(RuleBroken):
        propose(lonely, lonely.buyer, lonely.member)
    other = a_member(db.session.get_one(Group, lonely.dispute.group_id))
    propose(lonely, lonely.buyer, other)
    accept(lonely, lonely.seller, other)
    assert rule(lonely.dispute, other).state == State.RULED


def test_an_appeal_from_a_chosen_member_goes_to_another(lonely: Lonely, heard: Heard) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    accept(lonely, lonely.seller, lonely.member)
    dispute = appeal(rule(lonely.dispute, lonely.member), lonely.seller)
    again = lonely._replace(dispute=dispute)
    assert len(heard.of(RulerNeeded)) == 2
    with pytest.raises(RuleBroken):
        propose(again, lonely.buyer, lonely.member)
    other = a_member(db.session.get_one(Group, dispute.group_id))
    propose(again, lonely.buyer, other)
    accept(again, lonely.seller, other)
    assert rule(dispute, other, RELEASE).settled == RELEASE


def test_a_chosen_member_does_not_push_an_officer_aside_who_has_become_free(lonely: Lonely) -> None:
    propose(lonely, lonely.buyer, lonely.member)
    accept(lonely, lonely.seller, lonely.member)
    moderator = a_member(db.session.get_one(Group, lonely.dispute.group_id), Role.MODERATOR)
    with pytest.raises(NotFound):
        rule(lonely.dispute, lonely.member)
    assert rule(lonely.dispute, moderator).state == State.RULED


# ---- nobody chooses his own judge ----


def test_an_owner_in_dispute_gives_no_role_and_takes_none(app: Flask) -> None:
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    member, moderator = a_member(group, name="Nora"), a_moderator(group)
    dispute = a_dispute(group=group, seller=owner)

    def gives(person: Person, role: Role) -> None:
        members.give_role(by=owner.id, group_id=group.id, person_id=person.id, role=role)

    for person, role in ((member, Role.MODERATOR), (moderator, Role.MEMBER)):
        with pytest.raises(RuleBroken, match="another owner changes roles"):
            gives(person, role)
        db.session.rollback()
    with pytest.raises(RuleBroken):
        members.remove_member(by=owner.id, group_id=group.id, person_id=moderator.id, reason="Too strict.")
    db.session.rollback()
    assert groups.membership(group.id, moderator.id).role == Role.MODERATOR  # type: ignore[union-attr]
    answering.accept(dispute_id=dispute.id, by=owner.id)
    gives(member, Role.MODERATOR)
    gives(moderator, Role.MEMBER)


def test_an_owner_in_dispute_still_removes_a_member_who_is_nobodys_judge(app: Flask) -> None:
    owner = a_person(name="Olga Owner")
    group = a_group(owner)
    spammer = a_member(group, name="Spammer")
    a_dispute(group=group, seller=owner)
    members.remove_member(by=owner.id, group_id=group.id, person_id=spammer.id, reason="Spam.")


def test_the_two_have_48_hours_from_when_the_last_ruler_passed_it_on(app: Flask, heard: Heard) -> None:
    dispute = under_review()
    assert heard.of(RulerNeeded) == []
    late = dispute.since + timedelta(days=2, hours=12)
    with clock.at(late):
        for person_id in queries.view_for(dispute.id, order_of(dispute).buyer_id).rulers:
            ruling.pass_on(dispute_id=dispute.id, by=person_id)
        (fact,) = heard.of(RulerNeeded)
        assert fact.until == late + timedelta(hours=48)
        assert queries.view_for(dispute.id, order_of(dispute).buyer_id).can_choose
