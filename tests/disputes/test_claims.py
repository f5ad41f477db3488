"""Whoever answers a bank that asks money back: what he reads is what is sent; what the seller adds; who is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.disputes import claim_finding, claim_record, claim_telling, claims
from marketplace.disputes.claim_models import ClaimPicture
from marketplace.disputes.evidence import Upload
from marketplace.escrow import messages
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups import members, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock, storage
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.notifications.models import Notice
from marketplace.payments.contest_rules import State as ContestState
from marketplace.playmoney.server import StandIn
from tests.factories.catalog import a_picture
from tests.factories.claims import (
    a_moderator,
    an_order_by_card,
    answer_to,
    asked_back,
    claim_on,
    contested,
    contesters,
    decided,
    send,
    the_seller_says,
    unless_said_otherwise,
)
from tests.factories.disputes import an_upload
from tests.factories.escrow import an_order, fresh, treasurer_of
from tests.factories.groups import a_member
from tests.factories.stripe import hear, stripe_at


@pytest.fixture
def stripe(app: Flask) -> Iterator[StandIn]:
    with stripe_at(app) as here:
        yield here


def kinds_told(person_id: int) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


def write(order: Order, text: str) -> None:
    messages.write_message(order_id=order.id, by=order.buyer_id, text=text, client_key=f"key-{abs(hash(text))}")


def test_an_officer_sends_exactly_what_he_read(stripe: StandIn) -> None:
    order = an_order_by_card(stripe, State.INSPECTING)
    write(order, "It came, thank you!")
    officer = a_moderator(order)
    claim = asked_back(stripe, order)
    the_seller_says(claim, uploads=[an_upload()], is_of_parcel=True)
    record = claim_record.record_of(fresh(order), claim)
    (message,) = [each for each in record.said if each.kind == "message"]
    chosen = unless_said_otherwise(claim)
    chosen = replace(chosen, said=chosen.said | {message.name}, statement="The tracking says so, too.")
    contested(claim, officer, chosen)
    assert answer_to(claim).state == ContestState.INTENDED
    send()
    evidence = stripe.till.find("dispute", claim.reference)["evidence"]
    assert evidence["shipping_tracking_number"] == "CX 4471 9920 3 AT"
    assert evidence["shipping_address"].startswith("Marta Lind\nLindengasse 7")
    for said in ("It came, thank you!", "I sent it on Monday.", "The tracking says so, too.", "had arrived"):
        assert said in evidence["uncategorized_text"]
    for name in ("shipping_documentation", "uncategorized_file"):
        row = stripe.till.find("file", evidence[name])
        assert row["type"] == "pdf" and row["size"] > 1000
    assert answer_to(claim).state == ContestState.SENT
    done = select(AuditLine.actor_id).where(AuditLine.what == "contest chargeback")
    assert db.session.scalars(done).all() == [officer.id]


def test_what_was_not_sent_went_to_no_address(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    claim = asked_back(stripe, order)
    record = claim_record.record_of(fresh(order), claim)
    assert (record.address, record.recipient) == ("", "Marta Lind")
    assert not unless_said_otherwise(claim).with_address


def test_what_was_added_since_it_was_read_is_read_first(stripe: StandIn) -> None:
    order = an_order_by_card(stripe, State.SHIPPED)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    chosen = unless_said_otherwise(claim)
    digest, before = claims.gathered(claim_id=claim.id, by=officer.id, chosen=chosen).digest, stored_files()
    with pytest.raises(Stale):
        claims.contest(claim_id=claim.id, by=officer.id, chosen=replace(chosen, statement="More."), digest=digest)
    assert stored_files() == before, "files of what was not sent are not kept"
    claims.contest(claim_id=claim.id, by=officer.id, chosen=chosen, digest=digest)
    with pytest.raises(RuleBroken, match="answered already"):
        claims.contest(claim_id=claim.id, by=officer.id, chosen=chosen, digest=digest)


def stored_files() -> int:
    """Files for banks that are kept."""
    return sum(1 for page in storage._store().list("contests") for _file in page)


def test_the_seller_adds_until_it_is_sent_and_the_same_form_twice_is_once(stripe: StandIn) -> None:
    order = an_order_by_card(stripe, State.SHIPPED)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    for _press in range(2):
        claims.add(claim_id=claim.id, by=order.seller_id, words="Sent.", uploads=[an_upload()], client_key="key-of-it")
    assert [each.words for each in claim_record.words_of(claim.id)] == ["Sent."]
    assert len(claim_record.pictures_of(claim.id)) == 1
    contested(claim, officer)
    with pytest.raises(RuleBroken, match="answered already"):
        the_seller_says(claim, "And one thing more.")


def test_he_shows_so_many_photographs_and_no_more(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    claim = asked_back(stripe, order)
    for start in (0, 4):
        the_seller_says(claim, "", uploads=[a_new_upload(start + place) for place in range(4)])
    with pytest.raises(RuleBroken, match="Choose fewer"):
        the_seller_says(claim, "", uploads=[a_new_upload(9)])
    assert db.session.scalar(select(func.count()).select_from(ClaimPicture)) == 8


def a_new_upload(number: int) -> Upload:
    file = BytesIO()
    Image.new("RGB", (60, 40), (number * 20, 90, 10)).save(file, "JPEG")
    return Upload(BytesIO(file.getvalue()), f"View {number}", "photo_1")


def test_everybody_but_the_seller_and_who_may_answer_sees_no_such_claim(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    group = db.session.get_one(Group, order.group_id)
    for person_id in (order.buyer_id, a_member(group).id, treasurer_of(order).id):
        with pytest.raises(NotFound):
            claim_finding.hearing_for(claim.id, person_id)
    assert claim_finding.hearing_for(claim.id, order.seller_id).is_seller
    assert claim_finding.hearing_for(claim.id, officer.id).may_give_up
    with pytest.raises(NotAllowed):
        claims.gathered(claim_id=claim.id, by=order.seller_id, chosen=unless_said_otherwise(claim))
    with pytest.raises(NotAllowed):
        claims.add(claim_id=claim.id, by=officer.id, words="x", uploads=[], client_key="key-of-this")
    with pytest.raises(NotFound):
        claim_finding.hearing_for(claim.id + 1, officer.id)


def test_where_every_officer_is_close_to_them_one_may_send_and_none_gives_up(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    claim = asked_back(stripe, order)
    owner = next(each.person_id for each in groups.officers(order.group_id, (Role.OWNER,)))
    found = contesters(claim, clock.now())
    assert owner in found.may_give_up
    group = db.session.get_one(Group, order.group_id)
    an_order(group=group, seller=db.session.get_one(Person, order.seller_id), buyer=db.session.get_one(Person, owner))
    found = contesters(claim, clock.now())
    assert (found.may_contest, found.may_give_up) == ({owner}, frozenset())
    with pytest.raises(NotAllowed):
        claims.give_up(claim_id=claim.id, by=owner)


def test_an_officer_without_conflict_gives_it_up(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    claims.give_up(claim_id=claim.id, by=officer.id)
    send()
    assert stripe.till.find("dispute", claim.reference)["status"] == "lost"
    for person_id in (order.buyer_id, order.seller_id):
        assert "bank_given_up" in kinds_told(person_id)
    assert "bank_given_up" not in kinds_told(officer.id), "he did it himself"


def test_a_member_who_was_an_officer_sends_nothing(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    owner = next(each.person_id for each in groups.officers(order.group_id, (Role.OWNER,)))
    members.give_role(by=owner, group_id=order.group_id, person_id=officer.id, role=Role.MEMBER)
    with pytest.raises(NotFound):
        claims.give_up(claim_id=claim.id, by=officer.id)


def test_the_officers_and_the_seller_are_asked_and_the_officers_reminded(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    assert "bank_evidence_wanted" in kinds_told(officer.id)
    assert "bank_words_wanted" in kinds_told(order.seller_id)
    assert claim_telling.remind_due_claims() == 0
    assert claim.evidence_due_at is not None
    for lead, kind in ((timedelta(days=2), "deadline_two_days"), (timedelta(hours=12), "deadline_twelve_hours")):
        with clock.at(claim.evidence_due_at - lead):
            assert claim_telling.to_remind(clock.now()).due == 1
            assert claim_telling.remind_due_claims() == 1
            assert claim_telling.remind_due_claims() == 0
        assert kinds_told(officer.id)[-1] == kind
    assert claim_on(order).remind_at is None


def test_nobody_is_reminded_of_what_was_answered_or_decided(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    contested(claim, officer)
    assert claim_on(order).remind_at is None
    other = an_order_by_card(stripe)
    decided(stripe, asked_back(stripe, other), "lost")
    assert claim_on(other).remind_at is None


def test_both_sides_hear_that_the_bank_was_answered(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    contested(claim, officer)
    send()
    for person_id in (order.buyer_id, order.seller_id):
        assert kinds_told(person_id)[-1] == "bank_answered"


def test_who_sent_what_was_not_taken_hears_why_and_it_waits_again(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    with stripe.till.lock:
        stripe.till.find("dispute", claim.reference)["evidence_details"]["due_by"] = 0
    contested(claim, officer)
    send()
    assert answer_to(claim).state == ContestState.REFUSED
    assert kinds_told(officer.id)[-1] == "bank_answer_refused"
    assert claim_on(order).remind_at is not None
    assert [each.id for each, _ in claim_finding.waiting_for(officer.id).to_answer] == [claim.id]


def test_it_waits_for_officers_without_conflict_and_for_the_seller(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    assert [each.id for each, _ in claim_finding.waiting_for(officer.id).to_answer] == [claim.id]
    assert [each.id for each, _ in claim_finding.waiting_for(order.seller_id).to_add_to] == [claim.id]
    assert claim_finding.waiting_for(order.buyer_id) == ([], [])
    assert claim_finding.waiting_for(order.seller_id).to_answer == []
    the_seller_says(claim)
    assert claim_finding.waiting_for(order.seller_id).to_add_to == []
    contested(claim, officer)
    assert claim_finding.waiting_for(officer.id).to_answer == []


def test_pictures_are_shown_to_whom_they_are_for(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order)
    the_seller_says(claim, uploads=[Upload(BytesIO(a_picture()), "Receipt", "photo_1")])
    own = f"picture-{claim_record.pictures_of(claim.id)[0].id}"
    for person_id in (officer.id, order.seller_id):
        assert storage.get(claims.picture_for(claim.id, person_id, own))
    for name in ("picture-999", "nothing"):
        with pytest.raises(NotFound):
            claims.picture_for(claim.id, officer.id, name)
    row = contested(claim, officer)
    assert claims.file_for(claim.id, officer.id, row.id, "pictures").startswith(b"%PDF")
    for person_id, name in ((order.seller_id, "pictures"), (officer.id, "parcel")):
        with pytest.raises(NotFound):
            claims.file_for(claim.id, person_id, row.id, name)


def test_an_inquiry_is_answered_and_the_claim_that_follows_is_asked_for_anew(stripe: StandIn) -> None:
    order = an_order_by_card(stripe)
    officer, claim = a_moderator(order), asked_back(stripe, order, is_inquiry=True)
    contested(claim, officer)
    send()
    assert claim_finding.waiting_for(officer.id).to_answer == []
    with clock.at(clock.now() + timedelta(days=1)), stripe.till.lock:
        dispute = stripe.till.find("dispute", claim.reference)
        dispute |= {"status": "needs_response", "is_charge_refundable": False}
        dispute["evidence_details"] |= {"due_by": dispute["evidence_details"]["due_by"] + 3600}
        stripe.till.emit("charge.dispute.updated", dispute)
    hear(stripe)
    assert fresh(order).state == State.CHARGEBACK
    assert [each.id for each, _ in claim_finding.waiting_for(officer.id).to_answer] == [claim.id]
    assert kinds_told(officer.id).count("bank_evidence_wanted") == 2
