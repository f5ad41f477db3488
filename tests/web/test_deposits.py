"""The pages of deposits: a member's own, the treasurer's, and what lots, books and terms say of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.auctions import service as auctions
from marketplace.auctions.models import Lot
from marketplace.deposits.reference_rules import reference_of
from marketplace.deposits.rules import State
from marketplace.groups import founding, members, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.worker import duties, ledger_commands, loop
from tests.factories.accounts import a_person
from tests.factories.auctions import a_lot
from tests.factories.catalog import a_picture, an_item
from tests.factories.deposits import (
    DEAR,
    a_deposit,
    an_unpaid_order,
    claim,
    confirm,
    findings,
    fresh,
    pay_out,
    payouts_to,
)
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]

HERE = "/g/lindengasse-antiques"
MINE = f"{HERE}/deposit"


def a_club() -> tuple[Group, Person, Person]:
    group = a_group(terms=DEAR)
    return group, an_officer(group), a_member(group, name="Marta Lind")


def a_dear_lot(group: Group, **how: Any) -> Lot:
    return a_lot(an_item(a_member(group), group), **({"opening": 100_00, "terms": DEAR} | how))


def of(person: Person) -> str:
    return f"{HERE}/treasury/deposits/{person.id}"


def words(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def reference(group: Group, person: Person) -> str:
    found = groups.membership_row(group.id, person.id)
    assert found is not None
    return reference_of(found.id)


# ---- the member's ----


def test_the_page_says_what_to_send_where_and_takes_his_word(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    client = client_of(marta)
    page = client.get(MINE).text
    assert "Put up" in page and 'value="50.00"' in page and "AT61 1904" in page and reference(group, marta) in page
    answer = client.post(f"{MINE}/sent", data={"client_key": "key-of-one-form"}, follow_redirects=True)
    assert "The treasurer looks for what you sent" in answer.text
    assert fresh(group, marta).state == State.CLAIMED


def test_asked_back_it_says_what_it_waits_for_and_can_be_kept(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    lot = a_dear_lot(group)
    client = client_of(marta)
    sent = {
        "maximum": "110",
        "client_key": "key-of-bid-form",
        "confirmed": "1",
        "shipping_seen": str(lot.shipping_minor),
    }
    assert client.post(f"{HERE}/lots/{lot.number}/bid", data=sent).status_code == 302
    page = client.post(f"{MINE}/return", data={"client_key": "key-of-one-form"}, follow_redirects=True).text
    assert "It waits until nothing is open" in page and "a bid, an offer or a second chance" in page
    assert "Keep it here" in page
    page = client.post(f"{MINE}/keep", data={"client_key": "key-of-two-form"}, follow_redirects=True).text
    assert "Ask for it back" in page


def test_what_has_moved_on_is_said_on_the_page(app: Flask, client_of: ClientOf) -> None:
    _group, _treasurer, marta = a_club()
    page = client_of(marta).post(f"{MINE}/return", data={"client_key": "key-of-one-form"}, follow_redirects=True).text
    assert "The deposit has moved on" in page


def test_who_has_gone_sees_his_money_to_its_end_and_nothing_else(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    members.leave_group(by=marta.id, group_id=group.id)
    client = client_of(marta)
    page = client.get(MINE).text
    assert "It goes back by itself" in words(page) and "Ask for it back" not in page
    assert client.get(f"{HERE}/books").status_code == 404
    assert client_of(a_person()).get(MINE).status_code == 404


def test_a_payout_that_did_not_arrive_is_said_by_its_payee(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta, State.EMPTY)
    [payout] = payouts_to(group, marta)
    client = client_of(marta)
    assert "The treasurer pays it out until" in client.get(MINE).text
    pay_out(payout, bank_reference="P-77")
    page = client.get(MINE).text
    assert "It did not arrive" in page and "P-77" in page
    client.post(f"{MINE}/payouts/{payout.id}/missing", data={"client_key": "key-of-one-form"})
    assert "The treasurer pays it out until" in client.get(MINE).text


def test_who_left_two_orders_unpaid_reads_it_and_what_it_cost(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    seller = a_member(group, name="Sigrid")
    a_deposit(group, marta)
    an_unpaid_order(group, marta, seller)
    an_unpaid_order(group, marta, seller)
    page = words(client_of(marta).get(MINE).text)
    assert "Every lot here asks you for a deposit" in page and "Forfeited: Bow porcelain teapot was not paid" in page
    assert "nothing forfeited" in page
    assert "Your part of a buyer’s deposit" in client_of(seller).get(MINE).text


# ---- the treasurer's ----


def test_the_treasurer_finds_it_by_its_reference_and_confirms_it(app: Flask, client_of: ClientOf) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    client = client_of(treasurer)
    assert "Deposits: 1 waits" in client.get(f"{HERE}/treasury").text
    found = client.get(f"{HERE}/treasury", query_string={"q": f"transfer {reference(group, marta).lower()}"})
    assert found.location == of(marta)
    assert "Look for a deposit of Marta Lind" in client.get(f"{HERE}/treasury/deposits").text
    assert 'value="50.00"' in client.get(of(marta)).text
    sent = {"amount": "", "bank_reference": "line 4", "client_key": "key-of-one-form"}
    refused = client.post(of(marta), data=sent)
    assert refused.status_code == 422 and 'value="line 4"' in refused.text
    sent |= {"amount": "60", "proof": (BytesIO(a_picture()), "slip.jpg")}  # type: ignore[dict-item]
    assert client.post(of(marta), data=sent).location == f"{HERE}/treasury/deposits"
    assert fresh(group, marta).held == Money(60_00, "EUR")
    page = client_of(marta).get(MINE).text
    proof = page.split("/deposit-proofs/")[1].split('"')[0]
    assert client_of(marta).get(f"/deposit-proofs/{proof}").content_type == "image/jpeg"
    assert client_of(a_member(group)).get(f"/deposit-proofs/{proof}").status_code == 404


def test_of_his_own_he_hears_that_another_officer_does_it(app: Flask, client_of: ClientOf) -> None:
    group, treasurer, _marta = a_club()
    claim(group, treasurer)
    client = client_of(treasurer)
    answer = client.get(of(treasurer))
    assert answer.status_code == 403 and "Another officer" in answer.text
    assert "waits for another officer" in client.get(f"{HERE}/treasury/deposits").text


def test_money_of_officers_wants_a_second_factor(app: Flask, client_of: ClientOf) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    assert client_of(treasurer, fresh=False).post(of(marta), data={}).status_code == 302
    assert fresh(group, marta).state == State.CLAIMED


def test_what_waits_stands_in_the_officers_queue(app: Flask, client_of: ClientOf) -> None:
    group, treasurer, marta = a_club()
    claim(group, marta)
    a_deposit(group, a_member(group), State.EMPTY)
    page = words(client_of(treasurer).get("/").text)
    assert "1 deposit to look for, 1 payout out of a deposit" in page
    assert "deposit to look for" not in client_of(marta).get("/").text


# ---- lots, terms, books ----


def test_a_dear_lot_says_what_it_asks_and_has_a_form_for_who_has_it(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    lot, cheap = a_dear_lot(group), a_dear_lot(group, opening=99_99)
    client = client_of(marta)
    path = f"{HERE}/lots/{lot.number}"
    page = words(client.get(path).text)
    assert "Deposit, to bid" in page and "This needs a deposit of EUR 50.00" in page and "Check bid" not in page
    assert client.post(f"{path}/check", data={"maximum": "110", "client_key": "key-of-k-form"}).status_code == 422
    other = client.get(f"{HERE}/lots/{cheap.number}").text
    assert "Deposit, to bid" not in other and "Check bid" in other
    a_deposit(group, marta)
    page = client.get(path).text
    assert "Check bid" in page and "This needs a deposit" not in page
    seller = client_of(db.session.get_one(Person, lot.seller_id))
    assert "This needs a deposit" not in seller.get(path).text


def test_a_page_that_the_browser_kept_is_not_the_same_once_the_deposit_stands(
    app: Flask, client_of: ClientOf
) -> None:  # fmt: skip
    group, _treasurer, marta = a_club()
    lot = a_dear_lot(group, ends_at=clock.now() + timedelta(days=5))
    client = client_of(marta)
    path = f"{HERE}/lots/{lot.number}"
    clock.move(timedelta(seconds=6))
    client.get(path)  # the first visit sets the session up
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    claim(group, marta)
    confirm(group, marta)
    clock.move(timedelta(seconds=6))
    answer = client.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200 and "Check bid" in answer.text


def test_the_terms_say_it_and_owners_set_it(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    owner = client_of(db.session.get_one(Person, group.founded_by))
    form = owner.get(f"{HERE}/settings/terms").text
    assert 'name="deposit_threshold_minor"' in form and 'value="100.00"' in form
    page = words(client_of(marta).get(f"{HERE}/terms").text)
    assert "Lots from this price on ask for a deposit" in page and "EUR 100.00" in page
    assert "EUR 50.00, for lots from EUR 100.00 on" in words(client_of(marta).get(HERE).text)


def test_sums_that_cannot_be_are_refused_at_their_fields(app: Flask, client_of: ClientOf) -> None:
    group = a_group(currency="JPY", terms=Terms())
    client = client_of(db.session.get_one(Person, group.founded_by))
    path = f"/g/{group.slug}/settings/terms"
    fields = {name: str(value) for name, value in Terms().as_dict().items()}
    fields |= {"fee_basis_points": "5", "seller_pays_return": "1", "deposit_minor": "80.50"}
    fields |= {"deposit_threshold_minor": ""}
    refused = client.post(path, data=fields)
    assert refused.status_code == 422 and "has no decimals" in refused.text and 'value="80.50"' in refused.text
    assert client.post(path, data=fields | {"deposit_minor": "0"}).status_code == 422
    assert client.post(path, data=fields | {"deposit_minor": "8000", "deposit_threshold_minor": "20000"}).location
    db.session.rollback()
    terms = db.session.get_one(Group, group.id).terms
    assert (terms.deposit_minor, terms.deposit_threshold_minor) == (8000, 20000)
    assert client.post(path, data=fields | {"deposit_minor": ""}).status_code == 302
    db.session.rollback()
    terms = db.session.get_one(Group, group.id).terms
    assert (terms.deposit_minor, terms.deposit_threshold_minor) == (5000, 0)


def test_the_books_count_deposits_and_say_what_became_of_them(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta, minor=200_00)
    an_unpaid_order(group, marta, a_member(group))
    page = words(client_of(marta).get(f"{HERE}/books").text)
    assert "Deposit of 1 member" in page and "Guarantee fund" in page and "The two sides agree to the cent." in page
    assert "Deposit put up" in page and "Deposit forfeited, half to the seller" in page
    only = words(client_of(marta).get(f"{HERE}/books", query_string={"k": "deposits"}).text)
    assert "Deposit put up" in only
    assert "Your deposit" in client_of(marta).get(f"{HERE}/books", query_string={"mine": 1}).text
    assert "deposit:" in client_of(marta).get(f"{HERE}/books.csv").text


# ---- the whole way ----


def test_put_up_bid_won_not_paid_and_forfeited(app: Flask, client_of: ClientOf) -> None:
    """Through the pages, with the worker in between; at the end the books are reckoned again."""
    group, treasurer, marta = a_club()
    seller = a_member(group, name="Sigrid Seller")
    item = an_item(seller, group)
    lot = auctions.list_lot(
        by=seller.id, item_id=item.id, opening=Money(120_00, "EUR"), ends_at=clock.now() + timedelta(days=3),
        client_key="key-of-the-lot",
    )  # fmt: skip
    founding.change_terms(by=group.founded_by, group_id=group.id, terms=Terms())  # the lot keeps what it started with
    buyer, officer, page = client_of(marta), client_of(treasurer), f"{HERE}/lots/{lot.number}"
    assert "This needs a deposit" in buyer.get(page).text
    buyer.post(f"{MINE}/sent", data={"client_key": "key-of-sent-form"})
    sent = {"amount": "50", "bank_reference": "line 1", "client_key": "key-of-found-form"}
    assert officer.post(of(marta), data=sent).status_code == 303
    bid = {
        "maximum": "130",
        "client_key": "key-of-bid-form",
        "confirmed": "1",
        "shipping_seen": str(lot.shipping_minor),
    }
    assert buyer.post(f"{page}/bid", data=bid).status_code == 302
    buyer.post(f"{MINE}/return", data={"client_key": "key-of-back-form"})
    for days in (3.1, 3.1):  # the lot ends, then the time to pay
        clock.move(timedelta(days=days))
        assert loop.run_once(app, [duty for duty in duties.TIMETABLE if not duty.calls_outside])
    assert fresh(group, marta).held == Money(0, "EUR")
    assert "Forfeited" in buyer.get(MINE).text
    [share] = payouts_to(group, seller)
    payout = {"bank_reference": "line 2", "client_key": "key-of-paid-form"}
    path = f"{HERE}/treasury/deposit-payouts/{share.id}"
    assert client_of(treasurer).post(path, data=payout).status_code == 303
    assert "line 2" in client_of(seller).get(MINE).text
    result = app.test_cli_runner().invoke(ledger_commands.ledger, ["verify", "--json"])
    assert (result.exit_code, json.loads(result.output)["findings"]) == (0, [])
    assert findings() == []


def test_a_deposit_that_was_changed_by_hand_is_named(app: Flask) -> None:
    group, _treasurer, marta = a_club()
    a_deposit(group, marta)
    a_member(group, Role.MODERATOR)
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deposits SET held_minor = 60")
    assert [what for what, _sentence in findings()] == ["held"]
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deposits SET held_minor = 5000, state = 'return_asked'")
    assert [what for what, _sentence in findings()] == ["changed"]
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE deposits SET state = 'standing', person_id = :1", (group.founded_by,))
    assert [what for what, _sentence in findings()] == ["held", "held"]
