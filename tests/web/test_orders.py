"""The page of an order shows where the money is and offers exactly what the law opens to its reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from marketplace.escrow import messages, queries, shipping
from marketplace.escrow.order_rules import State
from marketplace.groups.members import remove_member
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.escrow import an_address, an_order, confirm, fresh, lapse, pay_out
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer, buyer_of, group_of, person, seller_of

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def text_of(answer: object) -> str:
    """What a reader reads: tags gone, blanks folded."""
    plain = re.sub(r"<[^>]+>", " ", answer.text)  # type: ignore[attr-defined]
    return " ".join(plain.replace("&nbsp;", " ").replace("\u00a0", " ").split())


@pytest.mark.parametrize("pick_up", [False, True])
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_page_for_both_sides_and_the_treasurer(
    app: Flask, client_of: ClientOf, state: State, pick_up: bool
) -> None:
    order = an_order(state, pick_up=pick_up)
    for reader in (buyer_of(order), seller_of(order), an_officer(group_of(order))):
        answer = client_of(reader).get(f"/orders/{order.id}")
        assert answer.status_code == 200
        assert answer.text.count('aria-current="step"') in (1, 2)  # the money is in one place; one step is now
        assert len(re.findall(r'<ol class="whereabouts".*?aria-current="step".*?</ol>', answer.text, re.S)) == 1
        whereabouts = re.search(r'<ol class="whereabouts".*?</ol>', answer.text, re.S)
        assert whereabouts and whereabouts[0].count("aria-current") == 1


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.INSPECTING, "The group’s fee − EUR 6.60 Yours once it is released EUR 135.40"),
        (State.RELEASED, "The group’s fee − EUR 6.60 Yours EUR 135.40"),
        (State.CLOSED, "The group’s fee − EUR 6.60 Yours EUR 135.40"),
        (State.SPLIT, "Not released to you − EUR 50.00 The group’s fee − EUR 4.27 Yours EUR 87.73"),
        (State.REFUNDED, "Not released to you − EUR 142.00 The group’s fee none Yours EUR 0.00"),
        (State.UNPAID, "Not released to you − EUR 142.00 The group’s fee none Yours EUR 0.00"),
    ],
)
def test_the_sellers_slip_says_what_is_really_his(app: Flask, client_of: ClientOf, state: State, says: str) -> None:
    order = an_order(state)
    assert says in text_of(client_of(seller_of(order)).get(f"/orders/{order.id}"))


def test_who_paid_in_part_and_in_time_does_not_read_that_he_was_too_late(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.TOPPING_UP)
    clock.move(timedelta(days=3))
    lapse()
    for finish in (lambda: None, lambda: pay_out(order)):
        finish()
        page = text_of(client_of(buyer_of(order)).get(f"/orders/{order.id}"))
        assert "You paid a part" in page and "too late" not in page
        assert "rate each other" not in page


def test_late_money_promises_no_feedback(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.UNPAID)
    confirm(order, 142_00)
    page = text_of(client_of(buyer_of(order)).get(f"/orders/{order.id}"))
    assert "You paid too late" in page and "rate each other" not in page


def test_strangers_members_and_other_officers_find_nothing(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    group = group_of(order)
    outsiders = [a_person(), a_member(group), a_member(group, Role.MODERATOR), a_member(a_group(), Role.TREASURER)]
    for reader in outsiders:
        client = client_of(reader)
        assert client.get(f"/orders/{order.id}").status_code == 404
        for deed in ("receipt", "arrived", "ship", "cancel", "messages", "payout-missing", "delivery"):
            assert client.post(f"/orders/{order.id}/{deed}", data={"text": "x", "delivery": "pick_up"}).status_code in (
                404,
                422,
            )
    assert fresh(order).state == State.INSPECTING
    assert app.test_client().get(f"/orders/{order.id}").status_code == 302


def test_an_order_that_is_not_there_is_not_there(app: Flask, client_of: ClientOf) -> None:
    client = client_of(a_person())
    for path in ("/orders/999999", f"/orders/{2**63 - 1}", f"/orders/{2**70}", "/proofs/999"):
        assert client.get(path).status_code == 404


def test_the_buyer_pays_and_says_so(app: Flask, client_of: ClientOf) -> None:
    order = an_order()
    address = an_address(order.buyer_id)
    client = client_of(buyer_of(order))
    page = text_of(client.get(f"/orders/{order.id}"))
    assert order.reference in page and "IBAN AT61 1904 3002 3457 3201" in page
    assert "If you do nothing , the order ends unpaid at that moment, and a strike is noted against you." in page
    answer = client.post(f"/orders/{order.id}/sent", data={"delivery": str(address)}, follow_redirects=True)
    assert "The treasurer now looks for your payment" in text_of(answer)
    assert fresh(order).state == State.PAYMENT_CLAIMED


def test_who_has_not_said_where_it_goes_is_asked_at_the_field(app: Flask, client_of: ClientOf) -> None:
    order = an_order()
    an_address(order.buyer_id)
    answer = client_of(buyer_of(order)).post(f"/orders/{order.id}/sent", data={})
    assert answer.status_code == 422
    assert "Choose where it goes." in answer.text
    for wrong in ("999999", "-1", "9" * 40, "x", "\x00"):
        answer = client_of(buyer_of(order)).post(f"/orders/{order.id}/sent", data={"delivery": wrong})
        assert answer.status_code == 422
    assert fresh(order).state == State.AWAITING_PAYMENT


def test_the_seller_sees_the_address_when_the_money_is_held_and_not_before(app: Flask, client_of: ClientOf) -> None:
    claimed, held = an_order(State.PAYMENT_CLAIMED), an_order(State.HELD)
    assert "Lindengasse 7" not in client_of(seller_of(claimed)).get(f"/orders/{claimed.id}").text
    assert "Lindengasse 7" in client_of(seller_of(held)).get(f"/orders/{held.id}").text
    assert "Lindengasse 7" not in client_of(an_officer(group_of(held))).get(f"/orders/{held.id}").text


def test_only_the_buyer_sees_the_code(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.SHIPPED, pick_up=True)
    code = order.pick_up_code or ""
    shown = f"{code[:3]}-{code[3:]}"
    assert shown in client_of(buyer_of(order)).get(f"/orders/{order.id}").text
    for reader in (seller_of(order), an_officer(group_of(order))):
        page = client_of(reader).get(f"/orders/{order.id}").text
        assert shown not in page and code not in page


def test_the_seller_ships_and_what_he_typed_is_kept_when_something_is_wrong(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    client = client_of(seller_of(order))
    answer = client.post(f"/orders/{order.id}/ship", data={"carrier": "Post <b>", "tracking": ""})
    assert answer.status_code == 422
    assert "Enter the parcel’s number." in answer.text and "Post &lt;b&gt;" in answer.text
    answer = client.post(f"/orders/{order.id}/ship", data={"carrier": "Post", "tracking": "x" * 100_000})
    assert answer.status_code == 422 and "too long" in answer.text
    answer = client.post(f"/orders/{order.id}/ship", data={"carrier": "Post\x00", "tracking": "1"})
    assert answer.status_code == 422
    answer = client.post(f"/orders/{order.id}/ship", data={"carrier": "Post", "tracking": "CX 1"})
    assert (answer.status_code, fresh(order).state) == (303, State.SHIPPED)


def test_a_double_click_is_one_deed_and_no_alarm(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    client = client_of(buyer_of(order))
    for _ in range(2):
        answer = client.post(
            f"/orders/{order.id}/receipt", data={"client_key": "key-of-the-page"}, follow_redirects=True
        )
        assert "The money is released." in text_of(answer)
        assert "moved on" not in text_of(answer)
    assert [line.action for line in queries.lines_of(order.id)].count("confirm_receipt") == 1


def test_an_old_page_is_answered_with_a_sentence_and_the_page_as_it_stands(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    client = client_of(buyer_of(order))
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)
    answer = client.post(f"/orders/{order.id}/extend", data={"client_key": "key-of-an-old-page"})
    assert answer.status_code == 303
    assert "This order has moved on" in text_of(client.get(answer.location))


def test_what_is_not_open_is_not_offered_and_refused(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    buyer = client_of(buyer_of(order))
    assert "/cancel" not in buyer.get(f"/orders/{order.id}").text
    answer = buyer.post(f"/orders/{order.id}/cancel", follow_redirects=True)
    assert "The seller has until" in text_of(answer)
    clock.move(timedelta(days=3))
    assert f"/orders/{order.id}/cancel" in buyer.get(f"/orders/{order.id}").text
    assert buyer.post(f"/orders/{order.id}/receipt").status_code == 303
    assert client_of(seller_of(order)).post(f"/orders/{order.id}/arrived").status_code == 303
    assert fresh(order).state == State.HELD


def test_what_is_for_the_other_side_is_not_allowed(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    assert client_of(seller_of(order)).post(f"/orders/{order.id}/receipt").status_code == 403
    assert client_of(an_officer(group_of(order))).post(f"/orders/{order.id}/receipt").status_code == 403


def test_a_wrong_code_says_so_at_the_field(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.SHIPPED, pick_up=True)
    client = client_of(seller_of(order))
    answer = client.post(f"/orders/{order.id}/code", data={"code": "AAA-AAA"})
    assert answer.status_code == 422 and "This is not the code." in answer.text
    client.post(f"/orders/{order.id}/code", data={"code": order.pick_up_code})
    assert fresh(order).state == State.INSPECTING


def test_the_whole_way_back_over_the_pages(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.RETURN_DUE)
    buyer, seller = client_of(buyer_of(order)), client_of(seller_of(order))
    seller.post(f"/orders/{order.id}/return-address", data={"delivery": str(an_address(order.seller_id))})
    assert "Lindengasse 7" in buyer.get(f"/orders/{order.id}").text
    assert buyer.post(f"/orders/{order.id}/return-sent", data={"carrier": "", "tracking": ""}).status_code == 422
    buyer.post(f"/orders/{order.id}/return-sent", data={"carrier": "Post", "tracking": "RR 1"})
    seller.post(f"/orders/{order.id}/return-arrived")
    assert seller.post(f"/orders/{order.id}/return-contested", data={"reason": " "}).status_code == 422
    seller.post(f"/orders/{order.id}/return-accepted")
    assert fresh(order).state == State.REFUNDED


def test_a_payee_says_that_nothing_arrived(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.CLOSED)
    client = client_of(seller_of(order))
    assert "My payout did not arrive" in client.get(f"/orders/{order.id}").text
    client.post(f"/orders/{order.id}/payout-missing")
    assert fresh(order).state == State.PAYING_OUT
    pay_out(order)
    assert fresh(order).state == State.CLOSED


def test_a_removed_member_still_reads_and_acts_on_his_order(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    owner = a_member(group_of(order), Role.OWNER)
    remove_member(by=owner.id, group_id=order.group_id, person_id=order.buyer_id, reason="Rude.")
    client = client_of(buyer_of(order))
    assert client.get(f"/orders/{order.id}").status_code == 200
    assert client.post(f"/orders/{order.id}/receipt").status_code == 303
    assert fresh(order).state == State.RELEASED


# ---- Messages ----


def test_messages_are_read_by_both_and_what_is_wrong_is_kept(app: Flask, client_of: ClientOf) -> None:
    order = an_order()
    buyer, seller = client_of(buyer_of(order)), client_of(seller_of(order))
    data = {"text": "Is the **lid** on? <script>alert(1)</script>", "client_key": "key-00001"}
    assert buyer.post(f"/orders/{order.id}/messages", data=data).status_code == 302
    page = seller.get(f"/orders/{order.id}").text
    assert "<strong>lid</strong>" in page and "<script>alert" not in page
    for text in ("", " ", "x" * 100_000, "a\x00b"):
        answer = buyer.post(f"/orders/{order.id}/messages", data={"text": text, "client_key": "key-00002"})
        assert answer.status_code == 422
    assert len(queries.messages_of(order.id)) == 1


# ---- My orders ----


def test_my_orders_are_listed_and_filtered(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    me, other = a_member(group), a_member(group, name="Ottilie Kranz")
    bought = an_order(State.HELD, group=group, buyer=me, seller=other)
    sold = an_order(State.CANCELLED, group=group, buyer=other, seller=me)
    elsewhere = an_order()
    client = client_of(me)

    def listed(query: str = "") -> set[int]:
        return {
            int(number) for number in re.findall(r'<h3><a href="/orders/(\d+)"', client.get(f"/orders{query}").text)
        }

    assert listed() == {bought.id, sold.id}
    assert listed("?side=bought") == {bought.id} and listed("?stage=ended") == {sold.id}
    assert listed("?side=sold&stage=open") == set()
    assert listed("?side=%00&stage=xxx&before=abc") == {bought.id, sold.id}
    assert elsewhere.id not in listed()
    assert "Held, to be shipped" in client.get("/orders").text
    assert app.test_client().get("/orders").status_code == 302


def test_the_list_goes_on_page_by_page(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    me, other = a_member(group), a_member(group)
    orders = [an_order(group=group, buyer=me, seller=other).id for _ in range(queries.PAGE + 1)]
    client = client_of(me)
    first = client.get("/orders").text
    assert f"before={orders[1]}" in first
    assert f'"/orders/{orders[0]}"' in client.get(f"/orders?before={orders[1]}").text


def test_a_page_takes_as_many_queries_however_much_there_is(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    me, other = a_member(group), a_member(group)
    order = an_order(State.INSPECTING, group=group, buyer=me, seller=other)
    client = client_of(me)
    pages = ("/orders", f"/orders/{order.id}")
    few = {page: queries_of(client, page) for page in pages}
    for number in range(4):
        an_order(State.HELD, group=group, buyer=me, seller=other)
        messages.write_message(order_id=order.id, by=me.id, text="Hello.", client_key=f"key-0000{number}")
        messages.write_message(order_id=order.id, by=other.id, text="Hello.", client_key=f"key-0000{number}")
    shipping.extend(order_id=order.id, by=me.id)
    assert {page: queries_of(client, page) for page in pages} == few


def queries_of(client: FlaskClient, path: str) -> int:
    seen: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_clock_moves_an_order_on_under_the_page(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    clock.move(timedelta(days=7))
    lapse()
    page = text_of(client_of(person(order.seller_id)).get(f"/orders/{order.id}"))
    assert "The inspection was over: EUR 135.40 is released to Hedwig Amsel" in page
    assert "EUR 135.40 is yours" in page


def test_a_form_that_is_out_of_date_says_so(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.INSPECTING)
    client = client_of(buyer_of(order))
    answer = client.post(f"/orders/{order.id}/receipt", data={"client_key": "\x00"}, follow_redirects=True)
    assert "This form is out of date." in text_of(answer)
    answer = client.post(f"/orders/{order.id}/messages", data={"text": "Hello.", "client_key": "no"})
    assert answer.status_code == 422 and "Hello." in answer.text
    assert fresh(order).state == State.INSPECTING
