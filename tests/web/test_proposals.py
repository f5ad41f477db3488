"""What takes two officers, on its pages: the first enters it, the second looks at the slip and decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import payout_details, queries as accounts
from marketplace.accounts.models import Person
from marketplace.deposits import putting_up
from marketplace.escrow import parcels, shipping
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups import members, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import State as Course
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock, storage
from marketplace.web.proposal_words import about_of
from marketplace.web.two_officers import case_shown
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.escrow import an_order, fresh, lapse
from tests.factories.groups import a_group, a_member
from tests.factories.proposals import the_proposal
from tests.web.order_pages import an_officer, buyer_of, seller_of

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


@dataclass
class House:
    """A group with two officers who can move money, and both at a browser."""

    group: Group
    agnes: Person
    first: FlaskClient
    hedwig: Person
    second: FlaskClient


@pytest.fixture
def house(app: Flask, client_of: ClientOf) -> House:
    hedwig = a_person(name="Hedwig Amsel", second_factor=True)
    group = a_group(hedwig, terms=Terms(officer_limit_minor=500_00))
    agnes = an_officer(group)
    return House(group, agnes, client_of(agnes), hedwig, client_of(hedwig))


def claimed(house: House, hammer: int = 590_00) -> Order:
    return an_order(State.PAYMENT_CLAIMED, group=house.group, hammer=hammer)


def entered(house: House, order: Order | None = None) -> Order:
    """An order whose payment the first officer entered."""
    order = order or claimed(house)
    assert house.first.post(f"/orders/{order.id}/payment", data=a_slip()).status_code == 303
    return order


def a_slip(amount: str = "600.00", **changes: object) -> dict[str, object]:
    picture = (BytesIO(a_picture()), "slip.jpg")
    return {"amount": amount, "bank_reference": "line 2026-1117-04", "proof": picture, **changes}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("&#160;", " ")


def kept_proofs() -> int:
    return sum(len(batch) for batch in storage._store().list("proofs"))


def test_the_form_says_that_it_takes_two_and_wants_the_picture(house: House) -> None:
    order = claimed(house)
    page = plain(house.first.get(f"/orders/{order.id}/payment").text)
    assert "would pass your limit of" in page and "another officer must approve" in page
    answer = house.first.post(f"/orders/{order.id}/payment", data=a_slip(proof=(BytesIO(b""), "")))
    assert answer.status_code == 422
    assert 'id="proof-error"' in answer.text and "Add its picture." in answer.text
    assert 'value="line 2026-1117-04"' in answer.text
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_within_the_limit_the_form_says_what_is_used_of_it(house: House) -> None:
    order = claimed(house, 100_00)
    assert "you confirmed" in house.first.get(f"/orders/{order.id}/payment").text
    house.first.post(f"/orders/{order.id}/payment", data=a_slip("110.00", proof=(BytesIO(b""), "")))
    assert fresh(order).state == State.HELD
    treasury = plain(house.first.get("/g/lindengasse-antiques/treasury").text)
    assert "110.00" in treasury and "500.00" in treasury


def test_the_second_officer_finds_it_sees_the_slip_above_the_button_and_approves(house: House) -> None:
    order = entered(house)
    proposal_id = the_proposal().id
    assert "Look at the slip, and decide" in house.second.get("/").text
    assert f"/proposals/{proposal_id}" in house.second.get("/g/lindengasse-antiques/treasury").text
    page = house.second.get(f"/proposals/{proposal_id}").text
    assert page.index(f"/proposals/{proposal_id}/proof") < page.index("Approve that")
    assert order.title in page and "line 2026-1117-04" in page and order.reference in page
    assert house.second.get(f"/proposals/{proposal_id}/proof").content_type == "image/jpeg"
    answer = house.second.post(f"/proposals/{proposal_id}/approve")
    assert (answer.status_code, answer.location) == (303, "/g/lindengasse-antiques/treasury")
    assert fresh(order).state == State.HELD
    for client in (house.first, house.second):
        assert "approved by Hedwig Amsel" in client.get(f"/orders/{order.id}").text
        assert "It is confirmed" in client.get(f"/proposals/{proposal_id}").text


def test_the_first_officer_sees_who_is_asked_and_may_take_it_back(house: House) -> None:
    order = entered(house)
    proposal_id = the_proposal().id
    page = house.first.get(f"/proposals/{proposal_id}").text
    assert "Hedwig Amsel" in page and "Withdraw it" in page and "Approve that" not in page
    assert "It waits for a second officer" in house.first.get(f"/orders/{order.id}/payment").text
    assert "Look at the slip, and decide" not in house.first.get("/").text
    assert house.first.post(f"/proposals/{proposal_id}/approve").status_code == 403
    assert house.first.post(f"/proposals/{proposal_id}/withdraw").status_code == 303
    assert the_proposal().state == Course.WITHDRAWN
    assert "Confirm that it came in" in house.first.get(f"/orders/{order.id}/payment").text


def test_a_refusal_wants_its_reason_and_shows_it(house: House) -> None:
    entered(house)
    proposal_id = the_proposal().id
    answer = house.second.post(f"/proposals/{proposal_id}/refuse", data={"reason": " "})
    assert answer.status_code == 422 and 'id="reason-error"' in answer.text
    house.second.post(f"/proposals/{proposal_id}/refuse", data={"reason": "The slip <says> 60."})
    assert "The slip &lt;says&gt; 60." in house.first.get(f"/proposals/{proposal_id}").text
    answer = house.second.post(f"/proposals/{proposal_id}/approve")
    assert answer.status_code == 422 and "decided already" in answer.text


def test_both_sides_read_that_it_is_found_and_not_yet_held(house: House, client_of: ClientOf) -> None:
    order = entered(house)
    assert "Your payment is found" in client_of(buyer_of(order)).get(f"/orders/{order.id}").text
    assert "An officer found the money" in client_of(seller_of(order)).get(f"/orders/{order.id}").text
    house.second.post(f"/proposals/{the_proposal().id}/refuse", data={"reason": "The slip says 60."})
    assert "The treasurer looks for your payment" in client_of(buyer_of(order)).get(f"/orders/{order.id}").text


def test_nobody_else_sees_it(house: House, client_of: ClientOf) -> None:
    order = entered(house)
    proposal_id = the_proposal().id
    readers = (buyer_of(order), seller_of(order), a_member(house.group), a_person(name="A stranger"))
    officers = [an_officer(house.group, Role.MODERATOR)]
    for reader in (*readers, *officers):
        assert client_of(reader).get(f"/proposals/{proposal_id}/proof").status_code == 404
    for officer in officers:
        assert client_of(officer).get(f"/proposals/{proposal_id}").status_code == 404
    assert house.second.get("/proposals/999999").status_code == 404


def test_the_page_of_what_is_overtaken_says_so(house: House) -> None:
    order = entered(house)
    members.give_role(by=house.hedwig.id, group_id=house.group.id, person_id=house.agnes.id, role=Role.MEMBER)
    answer = house.second.post(f"/proposals/{the_proposal().id}/approve", follow_redirects=True)
    assert "Things have moved on" in answer.text and "nothing was confirmed" in answer.text
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_a_double_click_keeps_one_picture(house: House) -> None:
    order, before = claimed(house), kept_proofs()
    for _ in range(2):
        assert house.first.post(f"/orders/{order.id}/payment", data=a_slip(client_key="key-of-page")).status_code == 303
    assert kept_proofs() == before + 1


def test_a_form_sent_again_never_says_that_what_waits_is_confirmed(house: House) -> None:
    order = claimed(house)
    for _ in range(2):
        where = f"/orders/{order.id}/payment"
        page = house.first.post(where, data=a_slip(client_key="key-of-page"), follow_redirects=True).text
        assert "Nothing is confirmed yet" in page and "It is confirmed" not in page


def test_a_form_that_came_to_nothing_says_so_when_it_is_sent_again(house: House) -> None:
    order, before = claimed(house), kept_proofs()
    where = f"/orders/{order.id}/payment"
    house.first.post(where, data=a_slip(client_key="key-of-page"))
    house.second.post(f"/proposals/{the_proposal().id}/refuse", data={"reason": "Another slip."})
    again = house.first.post(where, data=a_slip(client_key="key-of-page"))
    assert again.status_code == 422 and "nothing was confirmed" in again.text
    assert kept_proofs() == before + 1 and fresh(order).state == State.PAYMENT_CLAIMED


def test_a_payout_shows_where_it_should_have_gone(house: House) -> None:
    order = an_order(State.INSPECTING, group=house.group, terms=Terms(officer_limit_minor=500_00), hammer=400_00)
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    lapse()
    where = f"/orders/{order.id}/payouts/seller"
    assert "would pass your limit" in plain(house.first.get(where).text)
    assert house.first.post(where, data=a_slip()).status_code == 303
    assert "It waits for a second officer" in house.first.get(where).text
    page = house.second.get(f"/proposals/{the_proposal().id}").text
    assert "Where it should have gone" in page and "no payout details in use" in page
    house.second.post(f"/proposals/{the_proposal().id}/approve")
    assert fresh(order).state == State.CLOSED


def test_who_has_just_become_an_officer_may_refuse_a_payout_and_is_told_why_he_cannot_approve_it(
    house: House, client_of: ClientOf
) -> None:
    order = an_order(State.INSPECTING, group=house.group, terms=Terms(officer_limit_minor=500_00), hammer=400_00)
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    lapse()
    assert house.first.post(f"/orders/{order.id}/payouts/seller", data=a_slip()).status_code == 303
    friend = a_member(house.group, person=a_person(name="Freya Noll", second_factor=True))
    members.give_role(by=house.hedwig.id, group_id=house.group.id, person_id=friend.id, role=Role.TREASURER)
    third, where = client_of(friend), f"/proposals/{the_proposal().id}"
    page = third.get(where).text
    assert "less than three days before" in page and f"{where}/approve" not in page and f"{where}/refuse" in page
    assert "Freya Noll" not in house.first.get(where).text
    answer = third.post(f"{where}/approve")
    assert answer.status_code == 422 and "too short a time" in answer.text
    assert fresh(order).state == State.PAYING_OUT


def test_the_slip_is_compared_with_the_account_of_that_day(house: House) -> None:
    order = an_order(State.INSPECTING, group=house.group, terms=Terms(officer_limit_minor=500_00), hammer=400_00)
    now = clock.now()
    for days, details in ((-9, "The old account"), (-2, "The new account")):
        with clock.at(now + timedelta(days=days)):
            payout_details.change_payout_details(by=order.seller_id, details=details)
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    lapse()
    house.first.post(f"/orders/{order.id}/payouts/seller", data=a_slip())
    with clock.at(now + timedelta(days=2)):
        in_use = accounts.payout_details_of(order.seller_id, clock.now())
        about = about_of(case_shown(the_proposal()), at=the_proposal().proposed_at)
    assert (in_use, about.details) == ("The new account", "The old account")


def test_who_is_no_officer_any_more_reads_no_payout_details(house: House) -> None:
    order = an_order(State.INSPECTING, group=house.group, terms=Terms(officer_limit_minor=500_00), hammer=400_00)
    details = "AT61 1904 3002 3457 3201"
    with clock.at(clock.now() - timedelta(days=4)):
        payout_details.change_payout_details(by=order.seller_id, details=details)
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    lapse()
    house.first.post(f"/orders/{order.id}/payouts/seller", data=a_slip())
    where = f"/proposals/{the_proposal().id}"
    assert details in house.first.get(where).text
    members.give_role(by=house.hedwig.id, group_id=house.group.id, person_id=house.agnes.id, role=Role.MEMBER)
    members.remove_member(by=house.hedwig.id, group_id=house.group.id, person_id=house.agnes.id, reason="Gone.")
    assert details in house.second.get(where).text
    page = house.first.get(where).text
    assert "Withdraw it" in page and details not in page


def test_a_parcel_and_a_deposit_wait_on_their_own_pages(house: House, client_of: ClientOf) -> None:
    seller, buyer = a_member(house.group, name="Sepp"), a_member(house.group, name="Berta")
    pair = [an_order(group=house.group, seller=seller, buyer=buyer, hammer=290_00, further=0) for _ in range(2)]
    parcel_id = parcels.put_together(order_id=pair[0].id, by=buyer.id, together=[pair[1].id])
    house.first.post(f"/parcels/{parcel_id}/payment", data=a_slip("590.00"))
    assert "It waits for a second officer" in house.first.get(f"/parcels/{parcel_id}/payment").text
    assert pair[0].title in house.second.get(f"/proposals/{the_proposal().id}").text

    where = f"/g/lindengasse-antiques/treasury/deposits/{buyer.id}"
    assert house.first.get(where).status_code == 200  # there is no row of it yet
    putting_up.say_sent(group_id=house.group.id, by=buyer.id)
    house.first.post(where, data=a_slip("501.00"))
    assert "It waits for a second officer" in house.first.get(where).text
    page = house.second.get(f"/proposals/{the_proposal().id}").text
    assert "A deposit" in page and "501.00" in plain(page)
    house.second.post(f"/proposals/{the_proposal().id}/approve")
    mine = client_of(buyer).get("/g/lindengasse-antiques/deposit").text
    assert "approved by Hedwig Amsel" in mine


def test_the_terms_say_it_the_owner_sets_it_and_is_warned_where_he_is_alone(app: Flask, client_of: ClientOf) -> None:
    hedwig = a_person(name="Hedwig Amsel", second_factor=True)
    group = a_group(hedwig, terms=Terms())
    client, terms = client_of(hedwig), "/g/lindengasse-antiques/terms"
    assert "What one officer confirms alone" in client.get(terms).text
    assert "500.00" in client.get(terms).text
    assert "Only one member can confirm money here" in app.test_client().get(terms).text
    form = client.get("/g/lindengasse-antiques/settings/terms").text
    assert 'name="officer_limit_minor"' in form and 'value="500.00"' in form
    assert "Only one member can confirm money here" in form
    fields = {name: str(value) for name, value in Terms().as_dict().items()}
    fields |= {"fee_basis_points": "5", "seller_pays_return": "1", "deposit_threshold_minor": "", "deposit_minor": ""}
    for typed, minor, shown in (("0", 0, "always two"), ("750.50", 750_50, "750.50"), ("", 500_00, "500.00")):
        answer = client.post(
            "/g/lindengasse-antiques/settings/terms", data={**fields, "officer_limit_minor": typed}
        )  # fmt: skip
        assert answer.status_code == 302
        assert groups.group(group.id).terms.officer_limit_minor == minor
        assert shown in client.get(terms).text
    client.post("/g/lindengasse-antiques/settings/terms", data={**fields, "officer_limit_minor": "0"})
    assert 'value="0.00"' in client.get("/g/lindengasse-antiques/settings/terms").text
    a_member(group, Role.TREASURER)
    assert "Only one member can confirm money here" not in client.get(terms).text
