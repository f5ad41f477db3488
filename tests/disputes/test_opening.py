"""The buyer says what is wrong: the order stands still, the seller is told, and what was promised is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.catalog import queries as catalog
from marketplace.disputes import evidence, queries, service
from marketplace.disputes.dispute_rules import Outcome, Party, Reason, Remedy, State
from marketplace.disputes.events import DisputeOpened
from marketplace.disputes.models import Dispute, Evidence
from marketplace.escrow import lapsing
from marketplace.escrow.order_rules import State as OrderState
from marketplace.kernel import clock, images, storage
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, TooLate
from marketplace.kernel.money import Money
from marketplace.notifications.models import Notice
from tests.disputes.conftest import Heard
from tests.factories.accounts import a_person
from tests.factories.disputes import REFUND, a_dispute, a_key, a_part, an_upload, fresh, order_of
from tests.factories.escrow import an_order, fresh as fresh_order, treasurer_of

WORDS = "The lid is a later replacement."


def open_it(order, by=None, **how):
    how = {"reason": Reason.NOT_AS_DESCRIBED, "asked": REFUND, "words": WORDS, "client_key": a_key(), **how}
    return service.open_dispute(order_id=order.id, by=by or order.buyer_id, **how)


def count(table) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_dispute_stops_every_other_clock_of_the_order(app: Flask) -> None:
    dispute = a_dispute()
    order = order_of(dispute)
    assert (order.state, order.deadline) == (OrderState.DISPUTED, None)
    assert order.facts().held == Money(142_00, "EUR") == dispute.held
    with clock.at(clock.now() + timedelta(days=400)):
        assert lapsing.lapse_due_orders() == 0


def test_they_talk_first_and_then_the_seller_answers(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(asked=a_part())
    assert dispute.state == State.TALKING
    assert dispute.deadline == dispute.opened_at + timedelta(days=2)
    (fact,) = heard.of(DisputeOpened)
    assert (fact.reason, fact.asked, fact.deadline) == (Reason.NOT_AS_DESCRIBED, a_part(), dispute.deadline)
    assert fact.answer_by == dispute.opened_at + timedelta(days=5)
    notice = db.session.scalars(select(Notice).where(Notice.kind == "dispute_opened")).one()
    assert notice.person_id == order_of(dispute).seller_id


def test_a_fake_is_answered_at_once(app: Flask, heard: Heard) -> None:
    dispute = a_dispute(reason=Reason.NOT_AUTHENTIC)
    assert dispute.state == State.AWAITING_ANSWER
    (fact,) = heard.of(DisputeOpened)
    assert fact.deadline == fact.answer_by == dispute.opened_at + timedelta(days=3)


def test_what_did_not_come_is_disputed_while_it_is_on_its_way(app: Flask) -> None:
    dispute = a_dispute(reason=Reason.NOT_RECEIVED)
    assert order_of(dispute).state == OrderState.DISPUTED


def test_a_parcel_that_came_is_not_disputed_before_the_buyer_says_so(app: Flask) -> None:
    order = an_order(OrderState.SHIPPED)
    with pytest.raises(RuleBroken) as refused:
        open_it(order, reason=Reason.DAMAGED)
    assert refused.value.field == "reason"
    assert fresh_order(order).state == OrderState.SHIPPED


def test_what_was_picked_up_with_the_code_did_arrive(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING, pick_up=True)
    with pytest.raises(RuleBroken):
        open_it(order, reason=Reason.NOT_RECEIVED)
    assert fresh(open_it(order, reason=Reason.DAMAGED)).code_used


def test_a_dispute_recorded_before_the_deadline_wins_against_the_clock(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING)
    deadline = order.deadline
    assert deadline
    with clock.at(deadline - timedelta(microseconds=1)):
        open_it(order)
    with clock.at(deadline):
        lapsing.lapse_due_orders()
    assert fresh_order(order).state == OrderState.DISPUTED


def test_at_the_deadlines_second_it_is_too_late(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING)
    assert order.deadline
    with clock.at(order.deadline), pytest.raises(TooLate):
        open_it(order)


def test_a_form_sent_twice_opens_one_dispute(app: Flask) -> None:
    order, key = an_order(OrderState.INSPECTING), a_key()
    first = open_it(order, client_key=key, uploads=[an_upload()])
    assert open_it(order, client_key=key, uploads=[an_upload()]) == first
    assert count(Dispute) == 1
    assert len(queries.evidence_of(first)[Party.BUYER]) == 1


def test_a_second_dispute_is_refused(app: Flask) -> None:
    dispute = a_dispute()
    with pytest.raises(RuleBroken):
        open_it(order_of(dispute))


def test_only_the_buyer_opens_one(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING)
    with pytest.raises(NotAllowed):
        open_it(order, by=order.seller_id)
    with pytest.raises(NotAllowed):
        open_it(order, by=treasurer_of(order).id)
    with pytest.raises(NotFound):
        open_it(order, by=a_person().id)
    with pytest.raises(NotFound):
        service.open_dispute(
            order_id=10**9, by=order.buyer_id, reason=Reason.DAMAGED, asked=REFUND, words=WORDS, client_key=a_key()
        )
    assert count(Dispute) == 0


@pytest.mark.parametrize(
    "asked",
    [Remedy(Outcome.RELEASE), Remedy(Outcome.SPLIT), a_part(0), a_part(142_00), a_part(-1), a_part(10**12)],
)
def test_what_cannot_be_had_is_not_asked_for(app: Flask, asked: Remedy) -> None:
    order = an_order(OrderState.INSPECTING)
    with pytest.raises(RuleBroken):
        open_it(order, asked=asked)
    assert fresh_order(order).state == OrderState.INSPECTING


# ---- what is shown ----


def test_the_listings_photographs_are_the_sellers_first_exhibits(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING)
    photo = catalog.photos_of([order.item_id])[order.item_id][0]
    shown = queries.evidence_of(open_it(order, uploads=[an_upload("The lid, from below")]))
    (promised,), (own,) = shown[Party.SELLER], shown[Party.BUYER]
    assert (promised.name, promised.is_listing, promised.alt) == ("S1", True, photo.alt)
    assert (own.name, own.is_listing, own.alt) == ("B1", False, "The lid, from below")


def test_the_hash_is_of_the_file_that_is_handed_out(app: Flask) -> None:
    shown = queries.evidence_of(open_it(an_order(OrderState.INSPECTING), uploads=[an_upload()]))
    for each in (*shown[Party.SELLER], *shown[Party.BUYER]):
        content = storage.get(images.file_of(each.key, evidence.LARGE))
        assert evidence._hash_of(content) == each.sha256


def test_what_was_promised_stays_to_be_seen_when_the_listing_changes(app: Flask) -> None:
    dispute = a_dispute()
    item_id = order_of(dispute).item_id
    (photo,) = catalog.photos_of([item_id])[item_id]
    key = photo.key
    with unit_of_work():
        db.session.delete(catalog.photos_of([item_id])[item_id][0])
    images.forget(key, widths=evidence.WIDTHS)
    (promised,) = queries.evidence_of(dispute.id)[Party.SELLER]
    assert storage.get(images.file_of(promised.key, evidence.SMALL))


def test_a_file_of_the_listing_that_got_lost_keeps_nobody_from_disputing(app: Flask) -> None:
    order = an_order(OrderState.INSPECTING)
    (photo,) = catalog.photos_of([order.item_id])[order.item_id]
    images.forget(photo.key, widths=evidence.WIDTHS)
    assert queries.evidence_of(open_it(order))[Party.SELLER] == []


def test_what_is_no_photograph_opens_nothing_and_leaves_no_file(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    keep = images.keep
    monkeypatch.setattr(images, "keep", lambda *args, **how: kept.append(keep(*args, **how)) or kept[-1])
    order = an_order(OrderState.INSPECTING)
    kept.clear()
    with pytest.raises(RuleBroken) as refused:
        open_it(order, uploads=[an_upload(), an_upload(field="photo_2", content=b"\x00 no photograph")])
    assert refused.value.field == "photo_2"
    assert kept and fresh_order(order).state == OrderState.INSPECTING
    for key in kept:
        with pytest.raises(NotFound):
            storage.get(images.file_of(key, evidence.SMALL))


def test_if_writing_it_down_fails_the_order_goes_on_and_no_file_stays(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = an_order(OrderState.INSPECTING)
    kept: list[str] = []
    keep = images.keep
    monkeypatch.setattr(images, "keep", lambda *args, **how: kept.append(keep(*args, **how)) or kept[-1])

    def killed(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(service.telling, "opened", killed)
    with pytest.raises(KeyboardInterrupt):
        open_it(order, uploads=[an_upload()])
    assert (count(Dispute), count(Evidence), fresh_order(order).state) == (0, 0, OrderState.INSPECTING)
    assert fresh_order(order).deadline is not None
    for key in kept:
        with pytest.raises(NotFound):
            storage.get(images.file_of(key, evidence.SMALL))
