"""An officer confirms other members' money, with a second factor, and never his own."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import payout_details
from marketplace.accounts.rules import PAYOUT_DETAILS_WAIT
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.rules import Role
from marketplace.kernel import clock, images, storage
from marketplace.kernel.database import db
from marketplace.payments import queries as movements
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.escrow import an_order, fresh
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer, buyer_of, group_of, seller_of

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def slip(**changes: object) -> dict[str, object]:
    return {"amount": "142.00", "bank_reference": "line 2026-1117-04", "client_key": "key-of-the-page", **changes}


def officers_client(client_of: ClientOf, order: Order) -> FlaskClient:
    return client_of(an_officer(group_of(order)))


def proofs() -> list[str]:
    """The files of proofs in the storage."""
    store = storage._store()
    return [item["path"] for batch in store.list("proofs") for item in batch]


def test_the_treasurer_confirms_what_came_in(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    client = officers_client(client_of, order)
    page = client.get(f"/orders/{order.id}/payment").text
    assert order.reference in page and 'value="142.00"' in page
    answer = client.post(f"/orders/{order.id}/payment", data=slip())
    assert (answer.status_code, answer.location) == (303, "/g/lindengasse-antiques/treasury")
    assert fresh(order).state == State.HELD


def test_a_double_click_confirms_once(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    client = officers_client(client_of, order)
    for _ in range(2):
        data = slip(amount="50.00", proof=(BytesIO(a_picture()), "slip.jpg"))
        assert client.post(f"/orders/{order.id}/payment", data=data).status_code == 303
    assert fresh(order).held_minor == 50_00
    assert len(proofs_of(order)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "142.01"}, "amount"),
        ({"amount": "1.999"}, "amount"),
        ({"amount": "9" * 40}, "amount"),
        ({"bank_reference": " "}, "bank_reference"),
        ({"bank_reference": "x" * 100_000}, "bank_reference"),
        ({"bank_reference": "a\x00b"}, "bank_reference"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(
    app: Flask, client_of: ClientOf, changes: dict[str, object], field: str
) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    answer = officers_client(client_of, order).post(f"/orders/{order.id}/payment", data=slip(**changes))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_a_picture_of_the_slip_is_kept_clean_for_those_whom_it_concerns(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = group_of(order)
    client = officers_client(client_of, order)
    data = slip(proof=(BytesIO(a_picture("PNG")), "../../slip.png"))
    assert client.post(f"/orders/{order.id}/payment", data=data).status_code == 303
    movement = movements.of_order(order.id)[0]
    answer = client_of(buyer_of(order)).get(f"/proofs/{movement.id}")
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "no-store"
    assert client_of(seller_of(order)).get(f"/proofs/{movement.id}").status_code == 404
    assert f"/proofs/{movement.id}" in client_of(buyer_of(order)).get(f"/orders/{order.id}").text
    assert client.get(f"/proofs/{movement.id}").status_code == 200
    for stranger in (a_person(), a_member(group), a_member(group, Role.MODERATOR), an_officer(a_group())):
        assert client_of(stranger).get(f"/proofs/{movement.id}").status_code == 404
    assert app.test_client().get(f"/proofs/{movement.id}").status_code == 302


def test_what_is_no_picture_is_refused_and_nothing_is_kept(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    before = proofs()
    client = officers_client(client_of, order)
    answer = client.post(f"/orders/{order.id}/payment", data=slip(proof=(BytesIO(b"%PDF-1.7"), "slip.pdf")))
    assert answer.status_code == 422 and 'id="proof-error"' in answer.text
    wrong = slip(amount="142.01", proof=(BytesIO(a_picture()), "slip.jpg"))
    assert client.post(f"/orders/{order.id}/payment", data=wrong).status_code == 422
    assert proofs() == before
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_a_payment_that_is_not_there(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    client = officers_client(client_of, order)
    assert client.post(f"/orders/{order.id}/payment/not-found").status_code == 303
    assert fresh(order).state == State.AWAITING_PAYMENT
    answer = client.post(f"/orders/{order.id}/payment/not-found")
    assert answer.status_code == 422 and "moved on" in answer.text


def test_payout_details_are_shown_to_who_pays_and_to_nobody_else(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYING_OUT)
    payout_details.change_payout_details(by=order.seller_id, details="IBAN DE02 1203 0000 0000 2020 51")
    client = officers_client(client_of, order)
    path = f"/orders/{order.id}/payouts/seller"
    assert "DE02" not in client.get(path).text
    clock.move(PAYOUT_DETAILS_WAIT)
    client = officers_client(client_of, order)
    assert "DE02 1203" in client.get(path).text
    assert "DE02" not in client.get(f"/orders/{order.id}").text
    for reader in (buyer_of(order), seller_of(order)):
        answer = client_of(reader).get(path)
        assert answer.status_code in (302, 403) and "DE02" not in answer.text


def test_the_treasurer_pays_out(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYING_OUT)
    client = officers_client(client_of, order)
    path = f"/orders/{order.id}/payouts/seller"
    assert client.post(path, data={"bank_reference": ""}).status_code == 422
    assert client.post(f"{path}/failed", data={"reason": "Unknown account."}).status_code == 303
    assert "Unknown account." in client.get(path).text
    for _ in range(2):
        data = {"bank_reference": "line 7", "client_key": "key-of-the-page"}
        assert client.post(path, data=data).status_code == 303
    assert fresh(order).state == State.CLOSED
    assert "nothing to pay out here" in client.get(path).text
    assert client.post(path, data={"bank_reference": "line 8"}).status_code == 422
    assert client.get(f"/orders/{order.id}/payouts/nobody").status_code == 404


def test_money_moves_only_with_a_fresh_second_factor(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    officer = an_officer(group_of(order))
    plain = a_member(group_of(order), Role.TREASURER)
    for client in (client_of(officer, second_factor=False), client_of(plain), app.test_client()):
        for answer in (
            client.get(f"/orders/{order.id}/payment"),
            client.post(f"/orders/{order.id}/payment", data=slip()),
            client.post(f"/orders/{order.id}/payment/not-found"),
            client.get(f"/orders/{order.id}/payouts/seller"),
            client.post(f"/orders/{order.id}/payouts/seller", data={"bank_reference": "x"}),
        ):
            assert answer.status_code == 302
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_nobody_confirms_in_his_own_order(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    officer = an_officer(group)
    order = an_order(State.PAYMENT_CLAIMED, group=group, buyer=officer)
    client = client_of(officer)
    assert client.get(f"/orders/{order.id}/payment").status_code == 403
    answer = client.post(f"/orders/{order.id}/payment", data=slip())
    assert answer.status_code == 403 and "your own order" in answer.text
    page = client.get("/g/lindengasse-antiques/treasury").text
    assert f"/orders/{order.id}/payment" not in page
    assert "1 order of your own waits for another officer" in page


def test_officers_of_elsewhere_and_members_confirm_nothing(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = group_of(order)
    member = a_member(group, person=a_person(second_factor=True))
    for stranger in (an_officer(a_group()), member, an_officer(group, Role.MODERATOR)):
        client = client_of(stranger)
        assert client.get(f"/orders/{order.id}/payment").status_code == 404
        assert client.post(f"/orders/{order.id}/payment", data=slip()).status_code == 404
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_the_queue_is_for_officers(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = group_of(order)
    path = f"/g/{group.slug}/treasury"
    assert order.reference in client_of(an_officer(group)).get(path).text
    assert client_of(an_officer(group, Role.MODERATOR)).get(path).status_code == 200
    assert client_of(a_member(group)).get(path).status_code == 403
    assert client_of(a_person()).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    assert client_of(a_person()).get("/g/no-such-group/treasury").status_code == 404


def test_a_reference_leads_to_its_order(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.UNPAID)
    client = officers_client(client_of, order)
    path = f"/g/{group_of(order).slug}/treasury"
    answer = client.get(path, query_string={"q": f"from Marta {order.reference}"})
    assert answer.location == f"/orders/{order.id}"
    for text in ("E-1-AAA", "\x00E-1-AAA", "x" * 5000, "%00"):
        answer = client.get(path, query_string={"q": text})
        assert (
            answer.status_code == 200
            and "No order, parcel or deposit of other members has this reference" in answer.text
        )
    assert client.get(path, query_string={"q": "\x00"}).status_code == 200


def test_late_money_is_owed_back(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.UNPAID)
    client = officers_client(client_of, order)
    page = client.get(f"/orders/{order.id}/payment").text
    assert "This order needs no more money." in page
    assert client.post(f"/orders/{order.id}/payment", data=slip(amount="142")).status_code == 303
    assert fresh(order).state == State.REFUNDED


def test_the_page_says_what_to_do_with_money_that_comes_on_top(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    client = officers_client(client_of, order)
    path = f"/orders/{order.id}/payment"
    assert "send that back from the bank to where it came from" in client.get(path).text
    refunded = an_order(State.REFUNDED, group=group_of(order))
    page = client.get(f"/orders/{refunded.id}/payment").text
    assert "first confirm the payout to Marta Lind that is open" in page
    assert f'href="/orders/{refunded.id}/payouts/buyer"' in page
    closed = an_order(State.CLOSED, group=group_of(order))
    path = f"/orders/{closed.id}/payment"
    assert f'href="{path}"' in client.get(f"/orders/{closed.id}").text
    assert "owed back to Marta Lind at once" in client.get(path).text
    assert client.post(path, data=slip(amount="42")).status_code == 303
    assert fresh(closed).owed_buyer_minor == 42_00
    assert "on top, which goes back to Marta Lind" in client.get(f"/orders/{closed.id}").text


def test_what_was_said_of_a_payout_that_did_not_arrive_stays(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYING_OUT)
    client, seller = officers_client(client_of, order), client_of(seller_of(order))
    path = f"/orders/{order.id}/payouts/seller"
    for reference in ("line 7", "line 9"):
        data = {"bank_reference": reference, "proof": (BytesIO(a_picture()), "slip.jpg")}
        assert client.post(path, data=data).status_code == 303
        if reference == "line 7":
            assert seller.post(f"/orders/{order.id}/payout-missing").status_code == 303
            first = movements.of_order(order.id)[-2]
            assert "line 7" in client.get(path).text and f"/proofs/{first.id}" in client.get(path).text
    last = movements.of_order(order.id)[-1]
    for reader in (client, seller):
        page = reader.get(f"/orders/{order.id}").text
        for reference, movement in (("line 7", first), ("line 9", last)):
            assert reference in page and f"/proofs/{movement.id}" in page
            assert reader.get(f"/proofs/{movement.id}").status_code == 200
    assert len(proofs_of(order)) == 2


def test_a_slip_is_for_him_whose_payment_it_is(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYING_OUT)
    client = officers_client(client_of, order)
    data = {"bank_reference": "line 7", "proof": (BytesIO(a_picture()), "slip.jpg")}
    assert client.post(f"/orders/{order.id}/payouts/seller", data=data).status_code == 303
    movement = movements.of_order(order.id)[-1]
    for reader, status in ((seller_of(order), 200), (buyer_of(order), 404)):
        assert client_of(reader).get(f"/proofs/{movement.id}").status_code == status
        is_linked = f"/proofs/{movement.id}" in client_of(reader).get(f"/orders/{order.id}").text
        assert is_linked is (status == 200)


def proofs_of(order: Order) -> list[str]:
    db.session.rollback()
    keys = [movement.proof_key for movement in movements.of_order(order.id) if movement.proof_key]
    return [path for path in proofs() if any(path == images.file_of(key, 1600) for key in keys)]
