"""The pages of a parcel: put together, paid once, confirmed once, packed once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.escrow import parcel_paying, parcels
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.escrow.parcel_models import Parcel
from marketplace.kernel import clock, storage
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.escrow import an_address, an_order, fresh, lapse
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer, buyer_of, group_of, seller_of

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def text_of(answer: object) -> str:
    plain = re.sub(r"<[^>]+>", " ", answer.text)  # type: ignore[attr-defined]
    return " ".join(plain.replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u2011", "-").split())


def two_orders() -> list[Order]:
    """Each 132.00 at the hammer; shipping 8.00 and 10.00 by themselves, 2.00 and 3.00 beside another."""
    group = a_group()
    how = {"group": group, "seller": a_member(group, name="Hedwig Amsel"), "buyer": a_member(group, name="Marta Lind")}
    made = [an_order(shipping=8_00, further=2_00, **how), an_order(shipping=10_00, further=3_00, **how)]
    return [fresh(order) for order in made]


def a_parcel(orders: list[Order], *, is_sent: bool = False) -> int:
    by = orders[0].buyer_id
    parcel_id = parcels.put_together(order_id=orders[0].id, by=by, together=[order.id for order in orders[1:]])
    if is_sent:
        parcel_paying.say_sent(parcel_id=parcel_id, by=by, address_id=an_address(by))
    return parcel_id


def reference_of(parcel_id: int) -> str:
    return db.session.get_one(Parcel, parcel_id).reference


def test_a_buyer_puts_them_together_pays_once_and_all_is_held(app: Flask, client_of: ClientOf) -> None:
    first, second = two_orders()
    an_address(first.buyer_id)
    buyer, officer = client_of(buyer_of(first)), client_of(an_officer(group_of(first)))
    offer = "Pay these 2 lots of Hedwig Amsel in one parcel, and save EUR 6.00"
    assert offer in text_of(buyer.get("/orders"))
    assert "Pay these 2 lots in one parcel, and save EUR 6.00" in text_of(buyer.get(f"/orders/{first.id}"))
    answer = buyer.post(f"/orders/{first.id}/parcel", data={"together": str(second.id)}, follow_redirects=True)
    page = text_of(answer)
    parcel_id = fresh(first).parcel_id
    assert parcel_id is not None
    assert "To send, for all of them EUR 276.00" in page and reference_of(parcel_id) in page
    assert "Saved on shipping EUR 6.00" in page
    assert offer not in text_of(buyer.get("/orders"))
    alone = text_of(buyer.get(f"/orders/{first.id}"))
    assert "EUR 276.00 for all of them" in alone and "IBAN" not in alone

    address = an_address(first.buyer_id)
    data = {"delivery": str(address), "client_key": "key-of-the-page"}
    for _ in range(2):
        assert buyer.post(f"/parcels/{parcel_id}/sent", data=data).status_code == 303
    queue = text_of(officer.get(f"/g/{group_of(first).slug}/treasury"))
    assert "Look for EUR 276.00 from Marta Lind" in queue and queue.count("Look for EUR") == 1
    moved = officer.get(f"/orders/{first.id}/payment")
    assert (moved.status_code, moved.location) == (302, f"/parcels/{parcel_id}/payment")
    assert 'value="276.00"' in officer.get(f"/parcels/{parcel_id}/payment").text
    slip = {"amount": "276.00", "bank_reference": "line 4", "client_key": "key-of-the-slip"}
    for _ in range(2):
        answer = officer.post(f"/parcels/{parcel_id}/payment", data=slip)
        assert (answer.status_code, answer.location) == (303, f"/g/{group_of(first).slug}/treasury")
    assert {fresh(order).state for order in (first, second)} == {State.HELD}
    assert (fresh(first).held_minor, fresh(second).held_minor) == (134_00, 142_00)


def test_the_seller_packs_by_one_list_and_enters_one_number(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=True)
    seller, officer = client_of(seller_of(orders[0])), client_of(an_officer(group_of(orders[0])))
    before = text_of(seller.get(f"/parcels/{parcel_id}"))
    assert "Do not ship yet" in before and "Lindengasse 7" not in before
    officer.post(f"/parcels/{parcel_id}/payment", data={"amount": "276.00", "bank_reference": "line 4"})
    page = text_of(seller.get(f"/parcels/{parcel_id}"))
    assert "Pack these" in page and "Lindengasse 7" in page
    form = seller.get(f"/orders/{orders[0].id}").text
    assert re.search(rf'name="together" value="{orders[1].id}" checked', form)
    data = {"carrier": "Post", "tracking": "CX 1", "together": str(orders[1].id)}
    assert seller.post(f"/orders/{orders[0].id}/ship", data=data).status_code == 303
    assert {fresh(order).state for order in orders} == {State.SHIPPED}
    assert "Nothing is left to pack" in text_of(seller.get(f"/parcels/{parcel_id}"))


def test_what_is_wrong_with_the_slip_is_said_at_its_field_and_nothing_is_held(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=True)
    officer = client_of(an_officer(group_of(orders[0])))
    kept = [item["path"] for batch in storage._store().list("proofs") for item in batch]
    for field, value in (("amount", "276.01"), ("amount", "0"), ("amount", "1.999"), ("bank_reference", " ")):
        proof = (BytesIO(a_picture()), "slip.jpg")
        data = {"amount": "276.00", "bank_reference": "line 4", "proof": proof, field: value}
        answer = officer.post(f"/parcels/{parcel_id}/payment", data=data)
        assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    assert [item["path"] for batch in storage._store().list("proofs") for item in batch] == kept
    assert {fresh(order).state for order in orders} == {State.PAYMENT_CLAIMED}


def test_the_picture_of_the_one_slip_is_shown_with_every_order(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=True)
    officer = client_of(an_officer(group_of(orders[0])))
    data = {"amount": "276.00", "bank_reference": "line 4", "proof": (BytesIO(a_picture()), "slip.jpg")}
    officer.post(f"/parcels/{parcel_id}/payment", data=data)
    buyer = client_of(buyer_of(orders[0]))
    for order in orders:
        (proof,) = re.findall(r"/proofs/\d+", buyer.get(f"/orders/{order.id}").text)
        assert buyer.get(proof).status_code == 200
        assert client_of(seller_of(order)).get(proof).status_code == 404


def test_too_little_says_on_every_page_what_is_missing(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=True)
    officer, buyer = client_of(an_officer(group_of(orders[0]))), client_of(buyer_of(orders[0]))
    officer.post(f"/parcels/{parcel_id}/payment", data={"amount": "142.00", "bank_reference": "line 4"})
    assert [fresh(order).state for order in orders] == [State.TOPPING_UP, State.HELD]
    assert "EUR 134.00 is missing. You act now" in text_of(buyer.get(f"/parcels/{parcel_id}"))
    page = text_of(buyer.get(f"/orders/{orders[0].id}"))
    assert "Of what came in for the parcel nothing was left for this order" in page
    assert "Then the order is cancelled, without a strike." in page
    assert "EUR 134.00" in text_of(officer.get(f"/g/{group_of(orders[0]).slug}/treasury"))
    clock.move(timedelta(days=3))
    lapse()
    assert "The rest did not come in time: the order is cancelled" in text_of(buyer.get(f"/orders/{orders[0].id}"))
    assert buyer.get(f"/parcels/{parcel_id}").status_code == 200


def test_a_payment_that_is_not_there_puts_all_back(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=True)
    officer = client_of(an_officer(group_of(orders[0])))
    assert officer.post(f"/parcels/{parcel_id}/payment/not-found").status_code == 303
    assert {fresh(order).state for order in orders} == {State.AWAITING_PAYMENT}
    page = text_of(client_of(buyer_of(orders[0])).get(f"/parcels/{parcel_id}"))
    assert "The treasurer could not find your payment." in page and "Take it out" not in page
    answer = officer.post(f"/parcels/{parcel_id}/payment/not-found")
    assert answer.status_code == 422 and "moved on" in answer.text


def test_an_order_is_taken_out_and_shows_its_own_reference_again(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    a_parcel(orders)
    buyer = client_of(buyer_of(orders[0]))
    answer = buyer.post(f"/orders/{orders[0].id}/parcel/leave", follow_redirects=True)
    page = text_of(answer)
    assert "It is taken out." in page and orders[0].reference in page
    assert [fresh(order).parcel_id for order in orders] == [None, None]
    again = buyer.post(f"/orders/{orders[0].id}/parcel/leave", follow_redirects=True)
    assert "It is in no parcel." in text_of(again)


def test_a_form_without_a_choice_says_so_at_its_field(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    buyer = client_of(buyer_of(orders[0]))
    answer = buyer.post(f"/orders/{orders[0].id}/parcel", data={})
    assert answer.status_code == 422 and 'id="together-error"' in answer.text
    for wrong in ("-1", "x", "9" * 40, "\x00"):
        assert buyer.post(f"/orders/{orders[0].id}/parcel", data={"together": wrong}).status_code == 422
    assert buyer.post(f"/orders/{orders[0].id}/parcel", data={"together": "999999"}).status_code == 404
    parcel_id = a_parcel(orders)
    an_address(orders[0].buyer_id)
    for wrong in ("", "pick_up", "999999"):
        answer = buyer.post(f"/parcels/{parcel_id}/sent", data={"delivery": wrong})
        assert answer.status_code == 422 and 'id="delivery-error"' in answer.text


def test_strangers_find_no_parcel(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders)
    for stranger in (a_person(), a_member(group_of(orders[0])), an_officer(a_group())):
        client = client_of(stranger)
        assert client.get(f"/parcels/{parcel_id}").status_code == 404
        assert client.post(f"/parcels/{parcel_id}/sent", data={"delivery": "1"}).status_code == 404
        assert client.post(f"/orders/{orders[0].id}/parcel", data={"together": str(orders[1].id)}).status_code == 404
        assert client.post(f"/orders/{orders[0].id}/parcel/leave").status_code in (302, 404)
    assert app.test_client().get(f"/parcels/{parcel_id}").status_code == 302


def test_the_treasury_finds_a_parcel_by_its_reference(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders)
    officer = client_of(an_officer(group_of(orders[0])))
    answer = officer.get(f"/g/{group_of(orders[0]).slug}/treasury", query_string={"q": reference_of(parcel_id)})
    assert (answer.status_code, answer.location) == (302, f"/parcels/{parcel_id}")
    assert "Look for EUR 276.00" in text_of(officer.get(answer.location))


def test_what_waits_is_one_thing_to_do(app: Flask, client_of: ClientOf) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders)
    page = client_of(buyer_of(orders[0])).get("/").text
    assert f'href="/parcels/{parcel_id}"' in page
    assert "Bow porcelain teapot and 1 more" in page
    assert f'href="/orders/{orders[1].id}"' not in page


@pytest.mark.parametrize("stage", ["open", "sent", "short", "held", "ended"])
def test_every_stage_has_a_page_for_both_sides_and_the_treasurer(app: Flask, client_of: ClientOf, stage: str) -> None:
    orders = two_orders()
    parcel_id = a_parcel(orders, is_sent=stage in ("sent", "short", "held"))
    officer = an_officer(group_of(orders[0]))
    if stage in ("short", "held"):
        amount = "150.00" if stage == "short" else "276.00"
        data = {"amount": amount, "bank_reference": "line 4"}
        assert client_of(officer).post(f"/parcels/{parcel_id}/payment", data=data).status_code == 303
    if stage == "ended":
        clock.move(timedelta(days=3))
        lapse()
    for reader in (buyer_of(orders[0]), seller_of(orders[0]), officer):
        page = client_of(reader).get(f"/parcels/{parcel_id}")
        assert page.status_code == 200 and 'id="now-h"' in page.text
        assert client_of(reader).get(f"/orders/{orders[0].id}").status_code == 200
    assert client_of(officer).get(f"/parcels/{parcel_id}/payment").status_code == 200
