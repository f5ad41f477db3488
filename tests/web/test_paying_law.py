"""How paying works: open to everybody, with the numbers of the usual terms and an example that the law has computed."""

from __future__ import annotations

from flask.testing import FlaskClient

from marketplace.groups.term_rules import Terms
from tests.web.groups_pages import words


def test_the_page_says_what_becomes_of_the_money_to_the_cent(client: FlaskClient) -> None:
    page = words(client.get("/how-paying-works"))
    assert "EUR 142.00 are held" in page
    assert "You confirm Who has The seller EUR 135.40 The group EUR 6.60" in page
    assert "It goes back Who has You EUR 142.00" in page
    # 100.00 of 142.00 go to the seller, with 6.60 in proportion: 4.64.
    assert "A ruling gives you EUR 42.00 back Who has You EUR 42.00 The seller EUR 95.36 The group EUR 4.64" in page
    assert "paid by card Who has The seller EUR 133.02 The group EUR 6.60 Stripe EUR 2.38" in page


def test_its_days_are_those_of_the_usual_terms(client: FlaskClient) -> None:
    page, usual = words(client.get("/how-paying-works")), Terms()
    assert f"ships within {usual.days_to_ship} days" in page
    assert f"after {usual.days_until_unshipped_refund} days the clock gives you the money back" in page
    assert f"{usual.days_in_transit} days on the way it starts by itself" in page


def test_the_first_page_and_every_foot_lead_there(client: FlaskClient) -> None:
    assert client.get("/").text.count('href="/how-paying-works"') == 2
    assert 'href="/how-paying-works"' in client.get("/how-bidding-works").text
