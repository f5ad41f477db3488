"""Lots, groups, people and feedback: who hears what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.events import PayoutChangeWithdrawn, PayoutDetailsChanged
from marketplace.accounts.models import Person
from marketplace.auctions import closing, service as auctions, watching
from marketplace.auctions.events import BidsVoided, LotHidden, LotPassed, LotWithdrawn, Outbid
from marketplace.auctions.retraction_rules import Cause
from marketplace.catalog.events import RemarkAdded
from marketplace.groups import events as groups, founding, joining, members, moderation
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.notifications import about_groups, about_lots, about_people
from marketplace.notifications.models import Notice
from marketplace.reputation import deals
from marketplace.reputation.rules import Ending
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import a_closed_deal, an_open_deal, feedback
from tests.notifications.letters import kinds_told, letters_to

SOON = timedelta(hours=3)


@pytest.fixture
def group(app: Flask) -> Group:
    return a_group()


def test_whoever_is_outbid_hears_the_price_and_what_it_takes(group: Group) -> None:
    lot = a_lot(an_item(group=group, seller=a_member(group), title="Vase"), opening=10_00)
    first, second = a_member(group), a_member(group)
    a_bid(lot, first, 20_00)
    a_bid(lot, second, 50_00)
    assert kinds_told(second) == []
    [letter] = letters_to(first)
    assert letter.subject == f"Outbid on lot {lot.number}: Vase"
    assert "you owe nothing, unless the bids above yours are taken back" in " ".join(letter.body.split())
    assert f"http://127.0.0.1:8000/g/{group.slug}/lots/{lot.number}\n" in letter.body


def test_a_mail_tells_an_end_that_was_moved_to_the_second(group: Group) -> None:
    bidder, ends_at = a_member(group), datetime(2026, 11, 21, 20, 15, 7, tzinfo=UTC)
    about_lots.outbid(Outbid(1, group.id, 1, "Vase", bidder.id, Money(1, "EUR"), Money(1, "EUR"), ends_at))
    assert "21 November 2026, 21:15:07" in letters_to(bidder)[0].body


def test_one_can_be_outbid_again_and_hears_it_again(group: Group) -> None:
    bidder = a_member(group)
    for price in (10_00, 20_00):
        about_lots.outbid(
            Outbid(1, group.id, 1, "Vase", bidder.id, Money(price, "EUR"), Money(price, "EUR"), clock.now() + SOON)
        )
    assert kinds_told(bidder) == ["outbid", "outbid"]


def test_who_watches_hears_an_hour_before_the_end_at_which_price(group: Group) -> None:
    lot, anna = a_lot(an_item(group=group, title="Vase"), opening=10_00), a_member(group)
    watching.watch(lot_id=lot.id, by=anna.id)
    with clock.at(lot.ends_at - timedelta(minutes=40)):
        assert watching.tell_watchers() == 1
    assert kinds_told(anna) == ["watched_lot_ends"]
    assert paths_of(anna) == [f"/g/{group.slug}/lots/{lot.number}"]
    [letter] = letters_to(anna)
    assert letter.subject == f"Ends soon, lot {lot.number}: Vase"
    assert "The price is EUR\u00a010.00 now." in letter.body
    auctions.hide_lot(lot_id=lot.id, by=a_member(group, Role.MODERATOR).id, reason="A copy.")
    assert paths_of(anna) == ["/watching?show=ended"], "he does not see the lot any more"


def test_when_the_hammer_falls_both_hear_it_and_the_buyer_gets_one_mail(group: Group) -> None:
    seller, buyer = a_member(group, name="Selma"), a_member(group, name="Bruno")
    lot = a_lot(an_item(group=group, seller=seller, title="Vase"), opening=10_00)
    a_bid(lot, buyer, 20_00)
    with clock.at(lot.ends_at + timedelta(seconds=1)):
        closing.close_due_lots()
    assert sorted(kinds_told(buyer)) == ["order_to_pay", "won"]
    assert [letter.subject for letter in letters_to(buyer)] == ["You won, pay EUR\u00a019.80: Vase"]
    [letter] = letters_to(seller)
    assert "Bruno is the buyer." in letter.body
    assert "Do not send the object before you hear that the money is held." in letter.body


@pytest.mark.parametrize(("bids", "says"), [(0, "Nobody bid on it."), (1, "one bid"), (7, "There were 7 bids")])
def test_a_seller_hears_why_his_lot_passed(group: Group, bids: int, says: str) -> None:
    seller = a_member(group)
    about_lots.passed(LotPassed(1, group.id, 1, 3, "Vase", seller.id, bids, clock.now()))
    assert says in letters_to(seller)[0].body


def test_what_is_taken_away_is_told_to_those_who_lose_it(group: Group) -> None:
    seller, leader = a_member(group), a_member(group)
    lot = {"lot_id": 1, "group_id": group.id, "number": 3, "title": "Vase", "seller_id": seller.id}
    about_lots.withdrawn(LotWithdrawn(**lot, item_id=1, leader_id=leader.id, by_moderator=True, reason="Not antique."))
    about_lots.hidden(LotHidden(**(lot | {"lot_id": 2}), buyer_id=None, reason="Not antique."))
    about_lots.bids_voided(
        BidsVoided(
            1,
            group.id,
            3,
            "Vase",
            leader.id,
            None,
            Money(1, "EUR"),
            clock.now() + SOON,
            "He left the group.",
            Cause.LEFT,
        )
    )
    assert kinds_told(seller) == ["lot_hidden", "lot_hidden"]
    assert kinds_told(leader) == ["lot_withdrawn", "bids_voided"]
    assert "The reason given: Not antique." in letters_to(seller)[0].body
    assert "You owe nothing for this lot." in letters_to(leader)[1].body


def paths_of(person: Person) -> list[str]:
    """Where each thing that he was told leads to."""
    return list(db.session.scalars(select(Notice.path).where(Notice.person_id == person.id).order_by(Notice.id)))


def test_who_leads_because_others_bids_went_hears_it_at_once(group: Group) -> None:
    lot = a_lot(an_item(group=group, title="Vase"), opening=10_00)
    first, second = a_member(group), a_member(group)
    a_bid(lot, first, 20_00)
    a_bid(lot, second, 50_00)
    members.leave_group(by=second.id, group_id=group.id)
    assert kinds_told(first) == ["outbid", "lead_again"]
    letter = letters_to(first)[-1]
    assert letter.subject == f"You lead lot {lot.number}: Vase"
    assert "You lead at EUR\u00a010.00" in letter.body
    assert kinds_told(second) == ["bids_voided"]
    assert paths_of(second) == ["/bids"], "he does not see the lot any more"


def test_what_bidders_were_told_of_a_lot_leads_to_their_list_once_it_is_hidden(group: Group) -> None:
    seller, first, second = (a_member(group) for _ in range(3))
    moderator = a_member(group, Role.MODERATOR)
    lot = a_lot(an_item(group=group, seller=seller), opening=10_00)
    a_bid(lot, first, 20_00)
    a_bid(lot, second, 50_00)
    auctions.hide_lot(lot_id=lot.id, by=moderator.id, reason="Not antique.")
    assert (kinds_told(first), kinds_told(second)) == (["outbid"], ["lot_withdrawn"])
    assert paths_of(first) == paths_of(second) == ["/bids?show=ended"]
    assert paths_of(seller) == [f"/g/{group.slug}/lots/{lot.number}"]


def test_a_remark_is_told_to_members_whose_bids_count(group: Group) -> None:
    seller, gone, back = (a_member(group) for _ in range(3))
    item = an_item(group=group, seller=seller)
    lot = a_lot(item, opening=1_00)
    for bidder in (gone, back):
        a_bid(lot, bidder, 5_00)
        members.leave_group(by=bidder.id, group_id=group.id)
    joining.ask_to_join(by=back.id, group_id=group.id, answers=[], agreed_version=1)
    about_lots.remark_added(RemarkAdded(item.id, group.id, seller.id, item.title, 1, "It ticks.", clock.now()))
    assert kinds_told(gone) == kinds_told(back) == ["bids_voided"]


def test_whoever_bid_hears_a_remark_that_comes_later(group: Group) -> None:
    seller, bidder, other = (a_member(group) for _ in range(3))
    item = an_item(group=group, seller=seller)
    a_bid(a_lot(item, opening=1_00), bidder, 5_00)
    about_lots.remark_added(
        RemarkAdded(item.id, group.id, seller.id, item.title, 1, "The key is missing.", clock.now())
    )
    assert "added this: The key is missing." in letters_to(bidder)[0].body
    assert kinds_told(other) == kinds_told(seller) == []


def test_those_who_decide_hear_who_asks_to_join_and_he_hears_what_they_decide(group: Group) -> None:
    owner = group.founded_by
    moderator, treasurer, bruno = a_member(group, Role.MODERATOR), a_member(group, Role.TREASURER), a_person("Bruno")
    answers = ["Clocks"] * len(group.questions)
    asked = joining.ask_to_join(by=bruno.id, group_id=group.id, answers=answers, agreed_version=1)
    assert kinds_told(owner) == kinds_told(moderator) == ["application_new"]
    assert kinds_told(treasurer) == []
    joining.decide_application(by=moderator.id, application_id=asked.id, is_accepted=False, reason="Sell first.")
    assert "The reason given: Sell first." in letters_to(bruno)[0].body
    with clock.at(clock.now() + timedelta(days=40)):
        again = joining.ask_to_join(by=bruno.id, group_id=group.id, answers=answers, agreed_version=1)
        joining.decide_application(by=moderator.id, application_id=again.id, is_accepted=True, reason="")
    assert kinds_told(bruno) == ["application_refused", "application_approved"]


def test_a_member_hears_of_his_role_and_of_his_removal_with_the_reason(group: Group) -> None:
    bruno = a_member(group)
    members.give_role(by=group.founded_by, group_id=group.id, person_id=bruno.id, role=Role.TREASURER)
    assert "second factor" in letters_to(bruno)[0].body
    members.give_role(by=group.founded_by, group_id=group.id, person_id=bruno.id, role=Role.MEMBER)
    members.remove_member(by=group.founded_by, group_id=group.id, person_id=bruno.id, reason="Sold new goods as old.")
    assert kinds_told(bruno) == ["role_given", "role_given", "member_removed"]
    assert "The reason given: Sold new goods as old." in letters_to(bruno)[2].body


def test_every_officer_hears_who_gets_another_role_and_who_lost_his_hears_it_for_a_while(group: Group) -> None:
    owner, moderator, bruno = group.founded_by, a_member(group, Role.MODERATOR), a_member(group, name="Bruno")

    def give(person_id: int, role: Role) -> None:
        members.give_role(by=owner, group_id=group.id, person_id=person_id, role=role)

    give(bruno.id, Role.TREASURER)
    assert kinds_told(owner) == kinds_told(moderator) == ["role_changed"]
    assert "gave Bruno another role" in letters_to(moderator)[0].body
    assert "treasurer, before that member" in letters_to(moderator)[0].body
    give(moderator.id, Role.MEMBER)
    with clock.at(clock.now() + timedelta(days=29)):
        give(bruno.id, Role.MEMBER)
    assert kinds_told(moderator) == ["role_changed", "role_given", "role_changed"]
    with clock.at(clock.now() + timedelta(days=31)):
        give(bruno.id, Role.OWNER)
    assert kinds_told(moderator) == ["role_changed", "role_given", "role_changed"]


def test_the_officers_hear_that_one_of_them_left(group: Group) -> None:
    moderator = a_member(group, Role.MODERATOR, "Mia")
    for leaving in (moderator, a_member(group)):
        members.leave_group(by=leaving.id, group_id=group.id)
    assert kinds_told(group.founded_by) == ["officer_left"]
    assert "Mia, moderator of" in letters_to(group.founded_by)[0].body


def test_who_was_an_officer_until_lately_hears_where_members_are_to_pay(group: Group) -> None:
    gone = a_member(group, Role.TREASURER)
    members.leave_group(by=gone.id, group_id=group.id)
    about_groups.instructions_proposed(groups.InstructionsProposed(group.id, 7, group.founded_by, None))
    assert kinds_told(gone) == ["instructions_proposed"]
    assert "you were an officer until lately" in letters_to(gone)[0].body
    assert "stop it on the page below" in letters_to(group.founded_by)[-1].body


def test_all_officers_hear_where_members_are_to_pay(group: Group) -> None:
    officers = [a_member(group, Role.TREASURER), a_member(group, Role.MODERATOR)]
    member, now = a_member(group), clock.now()
    about_groups.instructions_proposed(groups.InstructionsProposed(group.id, 7, officers[0].id, None))
    about_groups.instructions_approved(groups.InstructionsApproved(group.id, 7, officers[1].id, now + SOON))
    about_groups.instructions_dropped(groups.InstructionsDropped(group.id, 7, group.founded_by))
    for officer in (*officers, group.founded_by):
        assert kinds_told(officer) == ["instructions_proposed", "instructions_changed", "instructions_dropped"]
        assert len(letters_to(officer)) == 3
    assert kinds_told(member) == []


def test_a_report_goes_to_moderators_but_not_to_whom_it_is_about(group: Group) -> None:
    fair, accused, reporter = a_member(group, Role.MODERATOR), a_member(group, Role.MODERATOR), a_member(group)
    made = moderation.report(by=reporter.id, group_id=group.id, subject="lot:12", about_id=accused.id, reason="Rude.")
    assert kinds_told(fair) == ["report_new"]
    assert kinds_told(accused) == []
    assert "Rude" not in letters_to(fair)[0].body
    moderation.close_report(by=fair.id, report_id=made.id, note="Spoken to.")
    assert kinds_told(reporter) == ["report_closed"]


def test_every_member_but_who_did_it_hears_that_the_group_has_closed(group: Group) -> None:
    bruno = a_member(group)
    founding.close_group(by=group.founded_by, group_id=group.id)
    assert kinds_told(bruno) == ["group_closed"]
    assert letters_to(bruno)
    assert kinds_told(group.founded_by) == []


def test_new_payout_details_are_told_to_the_person_and_to_his_officers_once(group: Group) -> None:
    bruno, moderator = a_member(group, name="Bruno"), a_member(group, Role.MODERATOR)
    other = a_group(name="Gauge 0 Sundays")
    for person in (bruno, moderator):
        a_member(other, Role.MODERATOR if person is moderator else Role.MEMBER, person=person)
    about_people.payout_details_changed(PayoutDetailsChanged(bruno.id, 7, clock.now() + timedelta(hours=72)))
    about_people.payout_change_withdrawn(PayoutChangeWithdrawn(bruno.id))
    assert kinds_told(bruno) == kinds_told(moderator) == ["payout_details_changed", "payout_change_withdrawn"]
    assert "take the change back on the page below: you need not sign in for it." in letters_to(bruno)[0].body
    assert "/settings/payout-details/change/" in letters_to(bruno)[0].body
    assert "Bruno changed where payouts go." in letters_to(moderator)[0].body


def test_officers_of_a_group_that_he_left_with_a_deal_open_hear_of_new_payout_details_too(group: Group) -> None:
    bruno, buyer, moderator = a_member(group, name="Bruno"), a_member(group), a_member(group, Role.MODERATOR)
    still_open = an_open_deal(group, buyer=buyer, seller=bruno)
    members.leave_group(by=bruno.id, group_id=group.id)
    about_people.payout_details_changed(PayoutDetailsChanged(bruno.id, 7, clock.now() + timedelta(hours=72)))
    assert kinds_told(moderator) == kinds_told(group.founded_by) == ["payout_details_changed"]
    deals.close_deal(order_id=still_open, ending=Ending.COMPLETED, days_for_feedback=14)
    clock.move(timedelta(minutes=1))
    about_people.payout_change_withdrawn(PayoutChangeWithdrawn(bruno.id))
    assert kinds_told(moderator) == ["payout_details_changed"]


def test_both_are_asked_how_it_went_and_hear_what_was_said(group: Group) -> None:
    bruno, selma = a_member(group, name="Bruno"), a_member(group, name="Selma")
    order_id = a_closed_deal(group, buyer=bruno, seller=selma)
    feedback(order_id, by=bruno, words="Fine.")
    assert kinds_told(selma) == ["feedback_open"]
    feedback(order_id, by=selma)
    assert kinds_told(selma) == kinds_told(bruno) == ["feedback_open", "feedback_shown"]
    assert "Fine." not in letters_to(selma)[1].body
    paths = db.session.scalars(select(Notice.path).where(Notice.person_id == selma.id).order_by(Notice.id)).all()
    assert paths == [f"/orders/{order_id}/feedback", f"/g/{group.slug}/members/{selma.id}"]
