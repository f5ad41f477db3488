"""The treasurer sends the bank's statement and says what its lines are; an officer attests the month's balance."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.bankbook import attesting, attesting_rules
from marketplace.bankbook.models import AttestationCalendar
from marketplace.escrow.debt_rules import reference_of as debt_reference
from marketplace.escrow.order_rules import State
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.payments.bank_matching_rules import LineState
from marketplace.payments.bank_models import BankStatement
from tests.factories.accounts import a_person
from tests.factories.bank import a_file, kept, lines_in, sent, today
from tests.factories.catalog import a_picture
from tests.factories.debts import a_debt
from tests.factories.escrow import an_order, fresh
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]
HERE = "/g/lindengasse-antiques/treasury/bank"


def words(page: str) -> str:
    """What a reader reads."""
    text = re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ")
    return " ".join(html.unescape(text).split())


def a_form(content: bytes, name: str = "bank.csv", key: str = "key-of-the-page") -> dict[str, object]:
    return {"table": (BytesIO(content), name), "client_key": key}


def the_group(order: object) -> Group:
    return db.session.get_one(Group, order.group_id)  # type: ignore[attr-defined]


def test_a_statement_goes_from_the_file_to_the_books(app: Flask, client_of: ClientOf) -> None:
    """A whole one: sent, looked at, kept, a payment confirmed from its line, the rest explained."""
    order = an_order(State.PAYMENT_CLAIMED)
    group = the_group(order)
    client = client_of(an_officer(group))
    assert "There is no statement yet." in words(client.get(HERE).text)
    content = a_file((-2, f"Marta Lind {order.reference}", 142_00), (-1, "Account fee", -3_00), balance=50_00)
    answer = client.post(HERE, data=a_form(content))
    assert answer.status_code == 302
    page = words(client.get(answer.location).text)
    assert "2 new lines" in page and "EUR 189.00" in page and f"Marta Lind {order.reference}" in page
    assert client.post(f"{answer.location}/keep", data={"closing": ""}).location == HERE

    page = client.get(HERE).text
    assert "The bank and the books do not agree" in words(page) and "Lines to explain" in words(page)
    client.post(f"{HERE}/other", data={"amount": "50.00", "note": "Dues of last year."})
    line, fee = lines_in(group)
    page = client.get(f"{HERE}/lines/{line.id}").text
    link = html.unescape(re.findall(r'href="(/orders/[^"]+/payment\?line=[^"]+)"', page)[0])
    filled = client.get(link).text
    assert 'value="142.00"' in filled and f'value="Marta Lind {order.reference}"' in filled
    confirm = {"amount": "142.00", "bank_reference": f"Marta Lind {order.reference}", "client_key": "key-of-the-page"}
    assert client.post(f"/orders/{order.id}/payment", data=confirm).status_code == 303
    assert fresh(order).state == State.HELD

    assert client.post(f"{HERE}/lines/{fee.id}/own", data={"kind": "charges", "note": ""}).location == HERE
    page = words(client.get(HERE).text)
    assert "The bank and the books agree" in page and "Every line is explained." in page
    assert "Dues of last year. (Treasurer with a phone)" in page
    listed = words(client.get(f"{HERE}/lines").text)
    assert "matched" in listed and "The bank’s charges" in listed


def test_a_bad_file_says_what_to_do_and_keeps_nothing(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    client = client_of(an_officer(group))
    for content, said in (
        (b"", "Choose the file"),
        (b"hello", "no payment in this file"),
        (b"\xff\xfeD", "file of text"),
    ):
        answer = client.post(HERE, data=a_form(content))
        assert answer.status_code == 422 and said in answer.text
    assert db.session.query(BankStatement).count() == 0


def test_columns_that_are_not_known_are_chosen_on_the_page(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    client = client_of(an_officer(group))
    place = client.post(HERE, data=a_form(f"{today()};Dues;-12,50".encode())).location
    page = words(client.get(place).text)
    assert "no names that we know" in page and "Choose the column with the day." in page and "Column 3" in page
    answer = client.post(f"{place}/columns", data={"day": "0", "amount": "2"})
    assert answer.status_code == 422 and "Choose the columns with the text" in answer.text
    assert client.post(f"{place}/columns", data={"day": "0", "amount": "2", "texts": "1"}).status_code == 303
    page = words(client.get(place).text)
    assert "One new line" in page and "-EUR 12.50" in page.replace("EUR -12.50", "-EUR 12.50")


def test_days_that_could_be_two_are_asked_about(app: Flask, client_of: ClientOf) -> None:
    client = client_of(an_officer(a_group()))
    place = client.post(HERE, data=a_form(b"Date;Text;Amount\n03/04/2026;Dues;10.00")).location
    assert "could be read in two ways" in client.get(place).text
    answer = client.post(f"{place}/keep", data={})
    assert answer.status_code == 422 and "could be read in two ways" in answer.text
    client.post(f"{place}/columns", data={"day": "0", "amount": "2", "texts": "1", "order": "dmy"})
    assert "3 Apr 2026" in client.get(place).text


def test_what_is_here_already_is_said_before_it_is_kept(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    treasurer = an_officer(group)
    kept(group, (-1, "Dues", 10_00))
    client = client_of(treasurer)
    content = a_file((-1, "Dues", 10_00), (-1, "Dues of May", 10_00), (0, "Rent", -1_00))
    place = f"{HERE}/statements/{sent(group, content, by=treasurer).id}"
    page = words(client.get(place).text)
    assert "is here already" in page and "one of that day and amount with another text is here" in page
    assert client.post(f"{place}/throw-away").location == HERE
    assert client.get(place).status_code == 404


def test_an_officer_chooses_among_payments_and_takes_it_back(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    group = the_group(order)
    kept(group, (-1, "Lind", 141_00), (-1, "Lind again", 142_00))
    short, bare = lines_in(group)
    client = client_of(an_officer(group))
    assert "What it may be" in client.get(HERE).text
    page = client.get(f"{HERE}/lines/{bare.id}").text
    chosen = re.findall(r'name="chosen" value="([^"]+)"', page)
    assert len(chosen) == 1 and "Marta Lind" in page
    answer = client.post(f"{HERE}/lines/{bare.id}/match", data={"chosen": []})
    assert answer.status_code == 422 and "Choose the payment" in answer.text
    answer = client.post(f"{HERE}/lines/{short.id}/match", data={"chosen": chosen, "note": ""})
    assert answer.status_code == 422 and "differ by EUR 1.00" in words(answer.text)
    assert client.post(f"{HERE}/lines/{bare.id}/match", data={"chosen": chosen}).status_code == 303
    page = words(client.get(f"{HERE}/lines/{bare.id}").text)
    assert "Treasurer with a phone said so" in page and f"order {order.id}" in page
    assert client.post(f"{HERE}/lines/{bare.id}/undo").status_code == 303
    assert [line.state for line in lines_in(group)] == [LineState.OPEN, LineState.OPEN]


def test_a_line_that_names_a_debt_leads_to_its_form_filled_in(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    debtor = a_member(group)
    a_debt(group, debtor, 50_00)
    member = groups.membership_row(group.id, debtor.id)
    assert member is not None
    kept(group, (-1, f"Berta {debt_reference(member.id)}", 20_00))
    client = client_of(an_officer(group))
    page = client.get(f"{HERE}/lines/{lines_in(group)[0].id}").text
    form = client.get(html.unescape(re.findall(r'href="([^"]+/debts/[^"]+)"', page)[0])).text
    assert 'value="20.00"' in form and f'value="Berta {debt_reference(member.id)}"' in form


def test_what_the_bank_does_not_have_stands_on_the_page(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.HELD)
    group = the_group(order)
    with clock.at(clock.now() + timedelta(days=6)):
        kept(group, (-7, "Dues", 1_00), (0, "Dues", 1_00))
    page = words(client_of(an_officer(group)).get(HERE).text)
    assert "Confirmed here, and on no line" in page and "missing at the bank" in page
    assert "The bank’s balance is not known" in page


def test_more_lines_than_a_page_are_read_on(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    kept(group, *[(-(number % 30) - 1, f"Dues {number}", 1_00 + number) for number in range(120)])
    client = client_of(an_officer(group))
    first = client.get(f"{HERE}/lines").text
    older = html.unescape(re.findall(r'href="([^"]+)" rel="next"', first)[0])
    second = client.get(older).text
    found = [set(re.findall(rf'href="{HERE}/lines/(\d+)"', page)) for page in (first, second)]
    assert (len(found[0]), len(found[1]), found[0] & found[1]) == (100, 20, set())
    assert client.get(f"{HERE}/lines?before=999999").status_code == 404


def test_a_line_fills_in_nothing_for_who_may_not_read_it(app: Flask, client_of: ClientOf) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    group = the_group(order)
    elsewhere = a_group()
    kept(elsewhere, (-1, "Their secret", 7_77))
    client = client_of(an_officer(group))
    for number in (lines_in(elsewhere)[0].id, 99_999):
        page = client.get(f"/orders/{order.id}/payment?line={number}").text
        assert "Their secret" not in page and 'value="142.00"' in page
    assert client.get(f"{HERE}/lines/{lines_in(elsewhere)[0].id}").status_code == 404


# ---- The month's balance ----


def a_month_ago() -> tuple[Group, Person]:
    """A group that had money last month, and an officer who moved none."""
    group = a_group()
    with clock.at(clock.now() - timedelta(days=32)):
        an_order(State.HELD, group=group)
    moderator = a_member(group, Role.MODERATOR, person=a_person("Mo Moderator", second_factor=True))
    month = attesting_rules.months_before(clock.now(), group.time_zone)[0]
    with unit_of_work():
        db.session.get_one(AttestationCalendar, group.id).first_month = month
    return group, moderator


def test_an_officer_attests_and_every_member_reads_it(app: Flask, client_of: ClientOf) -> None:
    group, moderator = a_month_ago()
    month = attesting_rules.months_before(clock.now(), group.time_zone)[0]
    books = f"/g/{group.slug}/books"
    reader = client_of(a_member(group))
    assert "not attested" in words(reader.get(books).text)
    client = client_of(moderator)
    page = client.get(f"{HERE}/attest").text
    assert 'value="142.00"' in page and "What the bank had" in page
    form = {"month": f"{month:%Y-%m}", "bank": "140.00", "note": ""}
    answer = client.post(f"{HERE}/attest", data=form)
    assert answer.status_code == 422 and "EUR 2.00 less than the books" in words(answer.text)
    picture = {"proof": (BytesIO(a_picture()), "bank.png")}
    answer = client.post(f"{HERE}/attest", data={**form, "note": "The bank kept 2.00.", **picture})
    assert (answer.status_code, answer.location) == (303, f"{books}#bank-h")
    page = reader.get(books).text
    said = words(page)
    assert "attested by Mo Moderator" in said and "EUR 2.00 less in the bank" in said
    assert "The bank kept 2.00." in said and "Picture of the bank" not in said
    found = attesting.attestation_of(group.id, month)
    assert found is not None
    place = f"{HERE}/attestations/{found.id}/picture"
    assert client.get(place).mimetype == "image/jpeg"
    assert reader.get(place).status_code == 403
    assert "is attested by Mo Moderator" in words(client.get(f"{HERE}/attest").text)


def test_who_imported_the_statement_reads_who_may(app: Flask, client_of: ClientOf) -> None:
    group, _moderator = a_month_ago()
    treasurer = an_officer(group)
    month = attesting_rules.months_before(clock.now(), group.time_zone)[0]
    kept(group, (-31, "Dues", 1_00), (0, "Dues", 1_00), by=treasurer)
    client = client_of(treasurer)
    page = words(client.get(f"{HERE}/attest").text)
    assert "You imported the bank’s statement of this month." in page and "Mo Moderator" in page
    answer = client.post(f"{HERE}/attest", data={"month": f"{month:%Y-%m}", "bank": "142.00"})
    assert answer.status_code == 403


def test_attesting_asks_for_a_fresh_second_factor(app: Flask, client_of: ClientOf) -> None:
    group, moderator = a_month_ago()
    client = client_of(moderator, fresh=False)
    assert client.get(f"{HERE}/attest").status_code == 302
    assert client.post(f"{HERE}/attest", data={"month": "2026-01", "bank": "1"}).status_code == 302
    assert attesting.months_of(group)[0].attestation is None


def test_a_group_without_money_has_nothing_to_attest(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    client = client_of(an_officer(group, Role.MODERATOR))
    assert "No month with money" in client.get(f"{HERE}/attest").text
    answer = client.post(f"{HERE}/attest", data={"month": "2026-01", "bank": "1.00"})
    assert answer.status_code == 422 and "nothing to attest yet" in answer.text
    assert client.post(f"{HERE}/attest", data={"month": "nonsense", "bank": "x"}).status_code == 422
    assert "What the bank had" not in client.get(f"/g/{group.slug}/books").text
    assert Money(0, "EUR") == attesting.books_at(group, clock.now())
