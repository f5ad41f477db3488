"""The pages of what members owe, and of what a group has earned."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.escrow import debts, fees
from marketplace.groups import members, proposal_queries
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.database import db
from tests.factories.accounts import a_person
from tests.factories.catalog import a_picture
from tests.factories.debts import a_debt, earned
from tests.factories.groups import a_group, a_member

pytestmark = pytest.mark.one_database

Clients = Callable[..., FlaskClient]


def test_a_debt_is_read_paid_and_set_off(app: Flask, client_of: Clients) -> None:
    group = a_group()
    slug, group_id, treasurer = group.slug, group.id, a_person("Theo", second_factor=True)
    a_member(group, Role.TREASURER, person=treasurer)
    debtor = a_member(group, name="Hedwig Amsel")
    debtor_id = debtor.id
    a_debt(group, debtor)
    officer, client = client_of(treasurer), client_of(debtor)
    assert f"You owe {group.name}" in client.get("/").text
    page = client.get(f"/g/{slug}/debt").text
    reference = debts.debt_of(group_id, debtor_id).reference
    assert reference in page and "pays this first" in page
    assert "Hedwig Amsel" in officer.get(f"/g/{slug}/treasury/debts").text
    found = officer.get(f"/g/{slug}/treasury", query_string={"q": f"from Hedwig {reference.lower()}"})
    assert found.location == f"/g/{slug}/treasury/debts/{debtor_id}"
    path = f"/g/{slug}/treasury/debts/{debtor_id}"
    form = {"amount": "41.00", "bank_reference": "Line 7", "client_key": "key-of-payment"}
    refused = officer.post(f"{path}/paid", data=form)
    assert refused.status_code == 422 and "which is what is owed" in refused.text and "Line 7" in refused.text
    officer.post(f"{path}/paid", data=form | {"amount": "40.00"})
    assert "You owe this group nothing." in client.get(f"/g/{slug}/debt").text
    assert "nothing that one owes" in officer.get(f"/g/{slug}/treasury", query_string={"q": reference}).text
    assert "Paid by a member who owed it to the group" in client.get(f"/g/{slug}/books").text
    assert "Hedwig Amsel" not in officer.get(f"/g/{slug}/books").text


def test_who_has_left_reads_what_he_owes_and_nobody_else_does(app: Flask, client_of: Clients) -> None:
    """He is told of it where money was still being taken back from him when he left."""
    group = a_group()
    slug, debtor, other = group.slug, a_member(group), a_member(group)
    members.leave_group(by=debtor.id, group_id=group.id)
    a_debt(group, debtor)
    left, stranger = client_of(debtor), client_of(a_person())
    assert "40.00" in left.get(f"/g/{slug}/debt").text
    assert "40.00" not in client_of(other).get(f"/g/{slug}/debt").text
    assert stranger.get(f"/g/{slug}/debt").status_code == 404
    assert left.get(f"/g/{slug}/treasury/debts/{debtor.id}").status_code == 404


def test_what_passes_the_limit_waits_for_a_second_officer_with_its_slip(app: Flask, client_of: Clients) -> None:
    owner, treasurer = a_person("Olga", second_factor=True), a_person("Theo", second_factor=True)
    group = a_group(owner, terms=Terms(officer_limit_minor=0))
    slug, group_id, debtor_id = group.slug, group.id, a_member(group, name="Hedwig Amsel").id
    a_member(group, Role.TREASURER, person=treasurer)
    a_debt(group, db.session.get_one(Person, debtor_id))
    first, second = client_of(treasurer), client_of(owner)
    path = f"/g/{slug}/treasury/debts/{debtor_id}"
    assert "Here two officers confirm everything" in first.get(path).text
    form = {"amount": "40.00", "bank_reference": "Line 7", "client_key": "key-of-payment"}
    without = first.post(f"{path}/paid", data=form)
    assert without.status_code == 422 and "picture of the slip" in without.text and "Line 7" in without.text
    waits = first.post(f"{path}/paid", data=form | {"proof": (BytesIO(a_picture()), "slip.jpg")}, follow_redirects=True)
    assert "It waits for a second officer" in waits.text and "Confirm that it came in" not in waits.text
    proposal = proposal_queries.open_for(group_id, owner.id)[0]
    page = second.get(f"/proposals/{proposal.id}").text
    assert "What he owes the group" in page and debts.debt_of(group_id, debtor_id).reference in page
    second.post(f"/proposals/{proposal.id}/approve", data={"client_key": "key-of-approving"})
    assert "Paid by a member who owed it to the group" in second.get(f"/g/{slug}/books").text


def test_an_owner_proposes_another_agrees(app: Flask, client_of: Clients) -> None:
    owner, second = a_person("Olga", second_factor=True), a_person("Vera", second_factor=True)
    group = a_group(owner)
    slug, debtor = group.slug, a_member(group)
    a_member(group, Role.MODERATOR, person=second)
    a_debt(group, debtor)
    path = f"/g/{slug}/treasury/debts/{debtor.id}"
    first, other = client_of(owner), client_of(second)
    first.post(f"{path}/write-off", data={"reason": "He has moved.", "client_key": "key-of-writing-off"})
    assert "Agree: write it off" not in first.get(path).text
    assert "He has moved." in other.get(path).text
    assert "Agree to write off" in other.get("/").text
    other.post(f"{path}/write-off/agree", data={"client_key": "key-of-agreeing"})
    assert "Written off: a member owed it to the group" in other.get(f"/g/{slug}/books").text


def test_fees_are_asked_for_by_the_group_and_paid_by_the_operator(app: Flask, client_of: Clients) -> None:
    owner, operator = a_person("Olga", second_factor=True), a_person("Otto", is_operator=True, second_factor=True)
    group = a_group(owner)
    slug, group_id, member = group.slug, group.id, a_member(group)
    earned(group, 50_00)
    first, site = client_of(owner), client_of(operator)
    page = client_of(member).get(f"/g/{slug}/fees").text
    assert "What the group has earned" in page and "Ask for it" not in page
    assert first.post(f"/g/{slug}/fees/ask", data={"amount": "51.00"}).status_code == 422
    first.post(f"/g/{slug}/fees/ask", data={"amount": "30.00"})
    first.post(f"/g/{slug}/fees/fund", data={"fund_amount": "20.00", "client_key": "key-of-the-fund"})
    number = fees.open_requests()[0].id
    assert group.name in site.get("/operator/fees").text
    assert site.post(f"/operator/fees/{number}/paid", data={"reference": ""}).status_code == 422
    site.post(f"/operator/fees/{number}/paid", data={"reference": "Wire 7"})
    assert "Wire 7" in first.get(f"/g/{slug}/fees").text
    page = first.get(f"/g/{slug}/books").text
    assert "Fees paid to the group" in page and "Fees put into the guarantee fund" in page
    found = fees.earnings_of(group_id)
    assert (found.earned.minor, found.fund.minor) == (0, 20_00)
    assert first.get("/operator/fees").status_code == 404
