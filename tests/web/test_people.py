"""A member's page, and saying how a deal went."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.groups import members
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.reputation import queries
from marketplace.reputation.rules import Ending, Grade
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.factories.reputation import DAYS, a_closed_deal, an_open_deal, feedback
from tests.factories.statements import statements

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]
GOOD = {"description": "good", "shipping": "good", "communication": "fair", "words": "Well packed."}


class Trade(NamedTuple):
    group: Group
    buyer: Person
    seller: Person

    def page_of(self, person: Person) -> str:
        return f"/g/{self.group.slug}/members/{person.id}"


@pytest.fixture
def trade(app: Flask) -> Trade:
    group = a_group()
    return Trade(group, a_member(group, name="Bruno"), a_member(group, name="Selma"))


def test_a_member_is_seen_with_what_his_standing_is_made_of(trade: Trade, client_of: ClientOf) -> None:
    for _ in range(3):
        order_id = a_closed_deal(*trade)
        feedback(order_id, by=trade.buyer, words="Just as **promised**.")
        feedback(order_id, by=trade.seller)
    page = client_of(trade.buyer).get(trade.page_of(trade.seller)).text
    assert "<h1>Selma</h1>" in page
    assert "Risk <b>low</b>" in page
    assert 'data-level="2"' in page
    assert "3 closed deals in 1 day" in page
    assert "<dt>Sales</dt><dd>3</dd>" in page
    assert "100 % of 3" in page
    assert "<strong>promised</strong>" in page
    assert f'href="{trade.page_of(trade.buyer)}"' in page


def test_of_a_newcomer_the_risk_is_unknown(trade: Trade, client_of: ClientOf) -> None:
    page = client_of(trade.buyer).get(trade.page_of(trade.seller)).text
    assert "Risk <b>unknown</b>" in page
    assert "no closed deal yet" in page


def test_only_members_of_the_group_see_its_members(trade: Trade, client_of: ClientOf, client: FlaskClient) -> None:
    path = trade.page_of(trade.seller)
    assert client.get(path).status_code == 302
    assert client_of(a_person()).get(path).status_code == 404
    assert client_of(a_member(a_group())).get(path).status_code == 404


def test_who_never_belonged_to_the_group_has_no_page_in_it(trade: Trade, client_of: ClientOf) -> None:
    assert client_of(trade.buyer).get(trade.page_of(a_person())).status_code == 404
    assert client_of(trade.buyer).get(f"/g/{trade.group.slug}/members/0").status_code == 404


def test_who_left_keeps_his_page_for_what_was_said_of_him(trade: Trade, client_of: ClientOf) -> None:
    members.leave_group(by=trade.seller.id, group_id=trade.group.id)
    page = client_of(trade.buyer).get(trade.page_of(trade.seller)).text
    assert "No longer a member" in page


def test_a_member_can_be_reported_but_not_by_himself(trade: Trade, client_of: ClientOf) -> None:
    path = trade.page_of(trade.seller)
    assert f"/g/{trade.group.slug}/report?subject=person:{trade.seller.id}" in client_of(trade.buyer).get(path).text
    assert "/report?" not in client_of(trade.seller).get(path).text


def test_officers_find_the_way_to_roles_and_removal(trade: Trade, client_of: ClientOf) -> None:
    moderator = a_member(trade.group, Role.MODERATOR)
    assert "Role and removal" in client_of(moderator).get(trade.page_of(trade.seller)).text
    assert "Role and removal" not in client_of(trade.buyer).get(trade.page_of(trade.seller)).text


def test_by_his_number_alone_a_member_is_found_in_the_shared_group(trade: Trade, client_of: ClientOf) -> None:
    answer = client_of(trade.buyer).get(f"/people/{trade.seller.id}")
    assert answer.location == trade.page_of(trade.seller)
    other = a_group(name="Gauge 0 Sundays")
    for person in (trade.buyer, trade.seller):
        a_member(other, person=person)
    both = client_of(trade.buyer).get(f"/people/{trade.seller.id}").text
    assert trade.group.name in both
    assert "Gauge 0 Sundays" in both
    assert client_of(a_person()).get(f"/people/{trade.seller.id}").status_code == 404


def test_what_was_said_comes_in_pages(trade: Trade, client_of: ClientOf) -> None:
    for number in range(22):
        order_id = a_closed_deal(*trade, title=f"Lot {number:02}")
        feedback(order_id, by=trade.seller)
        feedback(order_id, by=trade.buyer)
    client = client_of(trade.buyer)
    first = client.get(trade.page_of(trade.seller)).text
    assert "Lot 21" in first
    assert "Lot 01" not in first
    last = queries.feedback_for(trade.seller.id, trade.group.id, limit=20)[-1]
    rest = client.get(f"{trade.page_of(trade.seller)}?before={last.id}").text
    assert "Lot 01" in rest
    assert "Lot 02" not in rest


def test_the_page_asks_the_database_the_same_whatever_was_said(trade: Trade, client_of: ClientOf) -> None:
    client = client_of(trade.buyer)
    counts = []
    for _ in range(2):
        for _ in range(5):
            order_id = a_closed_deal(trade.group, buyer=a_member(trade.group), seller=trade.seller)
            feedback(order_id, by=trade.seller)
            with clock.at(clock.now()):
                feedback(order_id, by=_buyer_of(order_id, trade))
        with statements() as sent:
            client.get(trade.page_of(trade.seller))
        counts.append(len(sent))
    assert counts[0] == counts[1]


def _buyer_of(order_id: int, trade: Trade) -> Person:
    return Person(id=queries.deal_of(order_id, trade.seller.id).other_id)


def test_the_form_says_what_happens_then(trade: Trade, client_of: ClientOf) -> None:
    order_id = a_closed_deal(*trade)
    page = client_of(trade.buyer).get(f"/orders/{order_id}/feedback").text
    assert "How did the deal with Selma go?" in page
    assert "If you say nothing, nothing is noted." in page
    assert "Was it as described?" in page
    assert "Did the buyer keep to what was agreed?" in client_of(trade.seller).get(f"/orders/{order_id}/feedback").text


def test_what_is_said_is_on_record_and_hidden_from_the_other(trade: Trade, client_of: ClientOf) -> None:
    order_id = a_closed_deal(*trade)
    path = f"/orders/{order_id}/feedback"
    answer = client_of(trade.buyer).post(path, data=GOOD, follow_redirects=True)
    assert "What you said is on record." in answer.text
    assert "Well packed." in answer.text
    assert "Well packed." not in client_of(trade.seller).get(path).text
    client_of(trade.seller).post(path, data=GOOD | {"words": ""})
    assert "Well packed." in client_of(trade.seller).get(path).text
    assert "Well packed." in client_of(trade.seller).get(trade.page_of(trade.seller)).text


def test_sending_it_twice_is_saying_it_once(trade: Trade, client_of: ClientOf) -> None:
    path = f"/orders/{a_closed_deal(*trade)}/feedback"
    client = client_of(trade.buyer)
    client.post(path, data=GOOD)
    again = client.post(path, data=GOOD | {"words": "Otherwise."})
    assert again.status_code == 422
    assert "Otherwise." not in client.get(path).text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"description": ""}, "Choose one of the three."),
        ({"shipping": "excellent"}, "Choose one of the three."),
        ({"communication": None}, "Choose one of the three."),
        ({"words": "a" * 1001}, "This is too long."),
        ({"words": "a\x00b"}, "cannot be stored"),
        ({"words": "x" * 100_000}, "This is too long."),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_the_rest_is_kept(
    trade: Trade, client_of: ClientOf, wrong: dict[str, str | None], told: str
) -> None:
    path = f"/orders/{a_closed_deal(*trade)}/feedback"
    typed = {name: value for name, value in (GOOD | wrong).items() if value is not None}
    answer = client_of(trade.buyer).post(path, data=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert queries.waiting_for(trade.buyer.id)
    if "words" not in wrong:
        assert "Well packed." in answer.text


def test_nobody_but_the_two_sides_has_a_page_for_it(trade: Trade, client_of: ClientOf, client: FlaskClient) -> None:
    path = f"/orders/{a_closed_deal(*trade)}/feedback"
    officer = client_of(a_member(trade.group, Role.OWNER))
    assert officer.get(path).status_code == 404
    assert officer.post(path, data=GOOD).status_code == 404
    assert client.get(path).status_code == 302
    assert client_of(trade.buyer).get("/orders/77777/feedback").status_code == 404


def test_before_the_end_and_after_the_time_there_is_no_form(trade: Trade, client_of: ClientOf) -> None:
    client = client_of(trade.buyer)
    running = client.get(f"/orders/{an_open_deal(*trade)}/feedback").text
    assert "Feedback opens when the order is closed." in running
    unpaid = client.get(f"/orders/{a_closed_deal(*trade, ending=Ending.FELL_THROUGH)}/feedback").text
    assert "there is nothing to grade" in unpaid
    with clock.at(clock.now() - timedelta(days=DAYS + 1)):
        old = a_closed_deal(*trade)
    over = client.get(f"/orders/{old}/feedback").text
    assert "You said nothing, and nothing is noted." in over
    assert 'name="description"' not in over
    assert client.post(f"/orders/{old}/feedback", data=GOOD).status_code == 422


def test_a_poor_grade_is_told_in_a_word_and_not_by_colour_alone(trade: Trade, client_of: ClientOf) -> None:
    order_id = a_closed_deal(*trade)
    feedback(order_id, by=trade.buyer, grade=Grade.POOR)
    feedback(order_id, by=trade.seller)
    page = client_of(trade.buyer).get(trade.page_of(trade.seller)).text
    assert 'data-tone="clock">Negative<' in page
    assert "Risk <b>high</b>" in page


def test_what_was_traded_is_told_to_the_two_alone(trade: Trade, client_of: ClientOf) -> None:
    order_id = a_closed_deal(trade.group, trade.buyer, trade.seller, title="Bow porcelain teapot")
    for person in (trade.buyer, trade.seller):
        feedback(order_id, by=person, words="Well packed.")
    for reader, reads in ((trade.buyer, True), (trade.seller, True), (a_member(trade.group), False)):
        for person in (trade.buyer, trade.seller):
            page = client_of(reader).get(trade.page_of(person)).get_data(as_text=True)
            assert "Well packed." in page
            assert ("Bow porcelain teapot" in page) == reads
