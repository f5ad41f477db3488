"""Opening a dispute and answering it, in pages that say beforehand what silence means."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.disputes import answering, queries
from marketplace.disputes.dispute_rules import Party, Reason, State
from marketplace.disputes.models import Dispute
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State as OrderState
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.disputes import (
    RETURN_FIRST,
    a_dispute,
    a_moderator,
    a_part,
    an_upload,
    appeal,
    contest,
    contest_return,
    fresh,
    lapse,
    order_of,
    ruled,
    sides_of,
    under_review,
)
from tests.factories.escrow import an_order, fresh as fresh_order
from tests.factories.statements import statements

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]
KEY = "a-key-of-a-form-1"
OPEN = {
    "reason": "not_as_described", "outcome": "split", "part": "60.00", "words": "The lid is **new**.",
    "client_key": KEY,
}  # fmt: skip


def buyer_of(order: Order) -> Person:
    return db.session.get_one(Person, order.buyer_id)


def dispute_of(order: Order) -> Dispute | None:
    db.session.rollback()
    return queries.dispute_of_order(order.id)


def page_of(dispute: Dispute, deed: str = "") -> str:
    return f"/disputes/{dispute.id}{deed}"


# ---- opening ----


@pytest.fixture
def order(app: Flask) -> Order:
    return an_order(OrderState.INSPECTING)


def send(client_of: ClientOf, order: Order, by: Person | None = None, **changed: Any) -> Any:
    return client_of(by or buyer_of(order)).post(f"/orders/{order.id}/dispute/new", data={**OPEN, **changed})


def test_the_form_says_what_each_reason_means_and_what_the_sellers_silence_gives(
    order: Order, client_of: ClientOf
) -> None:
    page = client_of(buyer_of(order)).get(f"/orders/{order.id}/dispute/new").text
    for reason in Reason:
        assert f'value="{reason}"' in page
    assert "If Hedwig Amsel says nothing</b>, you get what you ask for." in page
    assert "There is no talking first: the seller has to answer at once." in page
    assert page.count("checked") == 0, "nothing is chosen for him"


def test_what_is_still_on_its_way_did_not_arrive_and_is_not_sent_back(app: Flask, client_of: ClientOf) -> None:
    order = an_order(OrderState.SHIPPED)
    page = client_of(buyer_of(order)).get(f"/orders/{order.id}/dispute/new").text
    assert 'value="not_received"' in page and 'value="damaged"' not in page
    assert 'value="return_first"' not in page


def test_a_dispute_is_opened_with_photographs(order: Order, client_of: ClientOf) -> None:
    buyer = client_of(buyer_of(order))
    photos = {"photo_1": (BytesIO(a_picture()), "a.jpg"), "alt_1": "The lid", "photo_3": (BytesIO(a_picture()), "b")}
    answer = buyer.post(f"/orders/{order.id}/dispute/new", data={**OPEN, **photos})
    dispute = dispute_of(order)
    assert dispute is not None
    assert (answer.status_code, answer.location) == (302, page_of(dispute))
    assert dispute.facts().asked == a_part(60_00)
    assert [each.alt for each in queries.evidence_of(dispute.id)[Party.BUYER]] == ["The lid", ""]
    page = buyer.get(page_of(dispute)).text
    assert "The dispute is open." in page and "<strong>new</strong>" in page


def test_a_double_click_opens_one_dispute(order: Order, client_of: ClientOf) -> None:
    first, second = send(client_of, order), send(client_of, order)
    assert first.location == second.location


def test_the_way_from_the_order_leads_to_the_form_and_then_to_the_dispute(order: Order, client_of: ClientOf) -> None:
    buyer = client_of(buyer_of(order))
    assert buyer.get(f"/orders/{order.id}/dispute").location == f"/orders/{order.id}/dispute/new"
    send(client_of, order)
    dispute = dispute_of(order)
    assert dispute is not None
    for path in (f"/orders/{order.id}/dispute", f"/orders/{order.id}/dispute/new"):
        assert buyer.get(path).location == page_of(dispute)
    moderator, stranger = client_of(a_moderator(order.group_id)), client_of(a_person())
    assert moderator.get(f"/orders/{order.id}/dispute").location == page_of(dispute), "as notices lead him"
    assert stranger.get(f"/orders/{order.id}/dispute").status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "ugly"}, "reason"),
        ({"outcome": ""}, "outcome"),
        ({"outcome": "release"}, "outcome"),
        ({"outcome": "contest"}, "outcome"),
        ({"part": ""}, "part"),
        ({"part": "-5"}, "part"),
        ({"part": "0"}, "part"),
        ({"part": "142.00"}, "part"),
        ({"part": "1e9"}, "part"),
        ({"part": "9" * 40}, "part"),
        ({"part": "60.001"}, "part"),
        ({"part": "six"}, "part"),
        ({"words": ""}, "words"),
        ({"words": " \u202e "}, "words"),
        ({"words": "x" * 3001}, "words"),
        ({"words": "x" * 100_000}, "words"),
        ({"words": "nul \x00 byte"}, "words"),
        ({"alt_1": "x" * 201}, "alt_1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    order: Order, client_of: ClientOf, changed: dict[str, str], field: str
) -> None:
    answer = send(client_of, order, **changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh_order(order).state == OrderState.INSPECTING
    if "words" not in changed:
        assert "The lid is **new**." in answer.text


def test_a_file_that_is_no_photograph_is_named_and_the_rest_kept(order: Order, client_of: ClientOf) -> None:
    answer = send(client_of, order, photo_2=(BytesIO(b"MZ\x00 not at all"), "lid.jpg"), alt_2="The lid")
    assert answer.status_code == 422
    assert 'id="photo_2-error"' in answer.text and "Choose them again" in answer.text
    assert "<details open>" in answer.text and 'value="The lid"' in answer.text
    assert dispute_of(order) is None


def test_others_open_nothing(order: Order, client_of: ClientOf, client: FlaskClient) -> None:
    seller = db.session.get_one(Person, order.seller_id)
    path = f"/orders/{order.id}/dispute/new"
    assert client.get(path).status_code == 302
    assert client_of(seller).get(path).status_code == 403
    assert send(client_of, order, seller).status_code == 403
    stranger = a_person()
    assert client_of(stranger).get(path).status_code == 404
    assert client_of(stranger).get(f"/orders/{order.id}/dispute").status_code == 404
    assert send(client_of, order, stranger).status_code == 404
    assert client_of(stranger).get("/orders/99999999999999999999/dispute/new").status_code == 404


def test_an_order_that_cannot_be_disputed_says_so(app: Flask, client_of: ClientOf) -> None:
    order = an_order(OrderState.HELD)
    assert client_of(buyer_of(order)).get(f"/orders/{order.id}/dispute/new").status_code == 409
    assert send(client_of, order).status_code == 422


# ---- the page ----


def test_both_sides_stand_in_the_same_rows_and_the_buyer_left(app: Flask, client_of: ClientOf) -> None:
    dispute = contest(a_dispute(asked=a_part(60_00), uploads=[an_upload("The lid, from below")]))
    buyer, _seller = sides_of(dispute)
    page = client_of(buyer).get(page_of(dispute)).text
    assert page.index("The buyer says") < page.index("The seller says")
    for heading in ("<dt>Asks for</dt>", "<dt>Offers</dt>"):
        assert heading in page
    assert page.count("<dt>Amount</dt>") == 2
    (shown,) = queries.evidence_of(dispute.id)[Party.BUYER]
    assert f"sha256 {shown.sha256[:4]}…{shown.sha256[-4:]}" in page
    assert "B1. The lid, from below" in page and "S1. From the listing" in page
    assert "data-sure=" in page, "what was promised"


@pytest.mark.parametrize("who", ["buyer", "seller", "moderator"])
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_page_for_everybody_that_names_what_silence_means(
    app: Flask, client_of: ClientOf, who: str, state: State
) -> None:
    dispute = in_state(state)
    people = dict(zip(("buyer", "seller"), sides_of(dispute), strict=True))
    people["moderator"] = a_moderator(dispute.group_id)
    with clock.at(dispute.since):
        answer = client_of(people[who]).get(page_of(dispute))
    assert answer.status_code == 200
    assert said_in(state) in answer.text


def in_state(state: State) -> Dispute:
    match state:
        case State.TALKING:
            return a_dispute()
        case State.AWAITING_ANSWER:
            return lapse(a_dispute())
        case State.NEGOTIATING:
            return contest(a_dispute())
        case State.UNDER_REVIEW:
            return under_review()
        case State.RULED:
            return ruled()[0]
        case State.APPEALED:
            return _appealed()
        case State.RETURN_REVIEWED:
            return _return_reviewed()
    dispute = a_dispute()
    answering.accept(dispute_id=dispute.id, by=order_of(dispute).seller_id)
    return fresh(dispute)


def said_in(state: State) -> str:
    return {
        State.TALKING: "If Hedwig Amsel says nothing by then: <data",
        State.AWAITING_ANSWER: "If Hedwig Amsel says nothing by then: <data",
        State.NEGOTIATING: "Without an agreement, somebody who is party to neither side rules.",
        State.UNDER_REVIEW: "Without a ruling: <data",
        State.RULED: "If nobody appeals, the ruling is carried out on",
        State.APPEALED: "Without a second ruling the first one stands:",
        State.RETURN_REVIEWED: "Without a ruling: <data",
        State.SETTLED: "They agreed.",
    }[state]


def _appealed() -> Dispute:
    dispute, _first = ruled()
    return appeal(dispute, sides_of(dispute)[1])


def _return_reviewed() -> Dispute:
    return contest_return(lapse(ruled(RETURN_FIRST)[0]))


def test_the_page_asks_as_much_of_the_database_however_long_the_dispute(app: Flask, client_of: ClientOf) -> None:
    dispute = contest(a_dispute())
    buyer, seller = sides_of(dispute)
    browser = client_of(buyer)
    browser.get(page_of(dispute))
    with statements() as short:
        browser.get(page_of(dispute))
    for number in range(5):
        answering.say_more(dispute_id=dispute.id, by=seller.id, words=f"And {number}.", uploads=[an_upload()])
    with statements() as long:
        browser.get(page_of(dispute))
    assert len(short) == len(long)


def test_statements_are_made_safe(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute(words="<script>alert(1)</script> ![x](https://evil.example/x.png) [a](javascript:alert(1))")
    page = client_of(sides_of(dispute)[1]).get(page_of(dispute)).text
    assert "<script>alert" not in page and '<img src="https://evil' not in page and 'href="javascript' not in page


# ---- what the sides do ----


def test_the_seller_offers_a_part_and_the_buyer_takes_it(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    data = {"outcome": "split", "part": "42.00", "words": "", "client_key": KEY}
    assert client_of(seller).post(page_of(dispute, "/answer"), data=data).status_code == 302
    page = client_of(buyer).get(page_of(dispute)).text
    assert "Take it: <data" in page
    browser = client_of(buyer)
    taken = browser.post(
        page_of(dispute, "/take-offer"), data={"offer": fresh(dispute).offer_number, "client_key": KEY}
    )
    assert taken.status_code == 302
    assert order_of(dispute).state == OrderState.SPLIT
    assert "It is settled as it was offered." in browser.get(page_of(dispute)).text


def test_an_offer_that_has_changed_is_shown_anew(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    for part in (60_00, 6_00):
        answering.offer(dispute_id=dispute.id, by=seller.id, remedy=a_part(part), words="")
    answer = client_of(buyer).post(page_of(dispute, "/take-offer"), data={"offer": 2, "client_key": KEY})
    assert answer.status_code == 422
    assert "The offer has changed since you read it." in answer.text
    assert fresh(dispute).state == State.TALKING


def test_the_seller_contests_with_a_photograph(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    seller = sides_of(dispute)[1]
    data = {"outcome": "contest", "words": "See S2.", "client_key": KEY, "alt_1": "Invoice"}
    data |= {"photo_1": (BytesIO(a_picture()), "invoice.jpg")}  # type: ignore[dict-item]
    assert client_of(seller).post(page_of(dispute, "/answer"), data=data).status_code == 302
    assert fresh(dispute).state == State.NEGOTIATING
    assert [each.alt for each in queries.evidence_of(dispute.id)[Party.SELLER]][1:] == ["Invoice"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"outcome": "contest", "words": ""}, "words"),
        ({"outcome": "split", "part": ""}, "part"),
        ({"outcome": "split", "part": "142"}, "part"),
        ({"outcome": "release"}, "outcome"),
        ({}, "outcome"),
        ({"outcome": "split", "part": "1", "words": "x\x00"}, "words"),
    ],
)
def test_an_answer_that_is_wrong_comes_again(app: Flask, client_of: ClientOf, data: dict[str, str], field: str) -> None:
    dispute = a_dispute()
    answer = client_of(sides_of(dispute)[1]).post(page_of(dispute, "/answer"), data={"client_key": KEY, **data})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh(dispute).state == State.TALKING


def test_a_form_without_its_key_is_out_of_date(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    for key in ("", "short", "<script>" * 3):
        answer = client_of(sides_of(dispute)[1]).post(page_of(dispute, "/accept"), data={"client_key": key})
        assert answer.status_code == 422
    assert fresh(dispute).state == State.TALKING


def test_the_seller_gives_what_is_asked_in_one_click_and_a_second_changes_nothing(
    app: Flask, client_of: ClientOf
) -> None:
    dispute = a_dispute()
    seller = client_of(sides_of(dispute)[1])
    for _click in range(2):
        assert seller.post(page_of(dispute, "/accept"), data={"client_key": KEY}).status_code == 302
    assert order_of(dispute).state == OrderState.REFUNDED


def test_the_buyer_withdraws(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    buyer = client_of(sides_of(dispute)[0])
    assert "Withdraw, and release <data" in buyer.get(page_of(dispute)).text
    assert buyer.post(page_of(dispute, "/withdraw"), data={"client_key": KEY}).status_code == 302
    assert order_of(dispute).state == OrderState.RELEASED


def test_more_is_said_and_shown(app: Flask, client_of: ClientOf) -> None:
    dispute = under_review()
    buyer = client_of(sides_of(dispute)[0])
    data = {"words": "One thing more.", "client_key": KEY, "photo_1": (BytesIO(a_picture()), "x.png"), "alt_1": "Mark"}
    assert buyer.post(page_of(dispute, "/say"), data=data).status_code == 302
    page = buyer.get(page_of(dispute)).text
    assert "One thing more." in page and "B1. Mark" in page
    nothing = buyer.post(page_of(dispute, "/say"), data={"words": " ", "client_key": KEY + "2"})
    assert nothing.status_code == 422 and "Write something, or choose a photograph." in nothing.text


def test_what_came_too_late_says_so_on_the_page(app: Flask, client_of: ClientOf) -> None:
    dispute = lapse(a_dispute())
    with unit_of_work():
        db.session.get_one(Dispute, dispute.id).deadline = clock.now()
    data = {"outcome": "contest", "words": "No.", "client_key": KEY}
    answer = client_of(sides_of(dispute)[1]).post(page_of(dispute, "/answer"), data=data)
    assert answer.status_code == 422
    assert "The time for this ended" in answer.text


DEEDS = ["/answer", "/accept", "/take-offer", "/withdraw", "/say"]


@pytest.mark.parametrize("deed", DEEDS)
def test_others_see_and_do_nothing(app: Flask, client_of: ClientOf, client: FlaskClient, deed: str) -> None:
    dispute = a_dispute()
    data = {"outcome": "contest", "words": "Hm.", "offer": "1", "client_key": KEY}
    assert client.post(page_of(dispute, deed), data=data).status_code == 302, "to sign in"
    assert client_of(a_person()).post(page_of(dispute, deed), data=data).status_code == 404
    moderator = a_moderator(dispute.group_id)
    assert client_of(moderator).post(page_of(dispute, deed), data=data).status_code in (403, 422)
    assert client_of(moderator).post(f"/disputes/{10**12}{deed}", data=data).status_code == 404
    assert len(queries.lines_of(dispute.id)) == 1


# ---- what is shown ----


def test_a_photograph_is_handed_out_as_it_was_hashed_and_only_to_whom_the_dispute_is_shown(
    app: Flask, client_of: ClientOf, client: FlaskClient
) -> None:
    dispute = a_dispute(uploads=[an_upload()])
    (shown,) = queries.evidence_of(dispute.id)[Party.BUYER]
    path = f"/evidence/{shown.id}"
    for person in (*sides_of(dispute), a_moderator(dispute.group_id)):
        for each in (path, f"{path}/small"):
            answer = client_of(person).get(each)
            assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
            assert "private" in answer.headers["Cache-Control"]
        assert hashlib.sha256(client_of(person).get(path).data).hexdigest() == shown.sha256
    assert client.get(path).status_code == 302
    assert client_of(a_person()).get(path).status_code == 404
    assert client_of(a_person()).get(f"{path}/small").status_code == 404
    assert client_of(sides_of(dispute)[0]).get("/evidence/999999").status_code == 404


def test_a_browser_that_has_the_photograph_is_not_sent_it_again(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute(uploads=[an_upload()])
    (shown,) = queries.evidence_of(dispute.id)[Party.BUYER]
    buyer = client_of(sides_of(dispute)[0])
    tag = buyer.get(f"/evidence/{shown.id}").headers["ETag"]
    again = buyer.get(f"/evidence/{shown.id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_form_that_comes_after_it_was_settled_leads_to_the_dispute(app: Flask, client_of: ClientOf) -> None:
    dispute = a_dispute()
    buyer, seller = sides_of(dispute)
    answering.accept(dispute_id=dispute.id, by=seller.id)
    late = {"reason": "damaged", "outcome": "refund", "words": "Broken.", "client_key": "a-key-that-is-late"}
    browser = client_of(buyer)
    answer = browser.post(f"/orders/{dispute.order_id}/dispute/new", data=late)
    assert (answer.status_code, answer.location) == (302, f"/disputes/{dispute.id}")
    assert "This order is disputed already, or was." in browser.get(answer.location).text
