"""The pages on which the treasury passes from one to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.escrow import payouts
from marketplace.escrow.order_rules import Party, State as OrderState
from marketplace.groups import handover_queries
from marketplace.groups.handover_rules import State
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from tests.factories.accounts import a_person
from tests.factories.deposits import a_deposit, claim
from tests.factories.disputes import a_dispute
from tests.factories.escrow import an_order
from tests.factories.groups import a_member
from tests.factories.handovers import a_cast, confirm, fresh, named, stated
from tests.web.groups_pages import words

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]
SAID = {"amount": "0.00", "reference": "statement 11", "note": ""}


def test_the_page_lists_what_is_in_hand_without_names(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    an_order(OrderState.HELD, group=cast.group)
    claimed = an_order(OrderState.PAYMENT_CLAIMED, group=cast.group)
    due = an_order(OrderState.PAYING_OUT, group=cast.group)
    a_deposit(cast.group, a_member(cast.group), minor=50_00)
    claim(cast.group, a_member(cast.group))
    stated(cast, 334_00)
    page = words(client_of(cast.successor).get(f"/g/{cast.group.slug}/treasury/handover"))
    assert "EUR 334.00" in page and "Of that the deposit of 1 member EUR 50.00" in page
    assert f"Order {claimed.id}, lot {claimed.lot_number}" in page and "1 deposit is said to be sent" in page
    assert f"EUR 135.40 for order {due.id}" in page
    assert "Hedwig" not in page and "Marta" not in page
    assert "IBAN AT61 1904 3002 3457 3201, Lindengasse" in page


def test_a_payout_that_a_bank_refused_or_that_is_late_says_so(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    due = an_order(OrderState.PAYING_OUT, group=cast.group)
    payouts.payout_failed(
        order_id=due.id, by=cast.parting.id, payee=Party.SELLER, reason="No such account."
    )  # fmt: skip
    clock.move(timedelta(days=3))
    page = words(client_of(cast.owner).get(f"/g/{cast.group.slug}/treasury/handover"))
    assert "The bank refused it: No such account." in page and "waits for the payee" in page


def test_from_the_wish_to_the_end_page_by_page(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    path = f"/g/{cast.group.slug}/treasury/handover"
    parting, owner, successor = (client_of(each) for each in (cast.parting, cast.owner, cast.successor))
    assert "you keep the role" in words(parting.post(f"{path}/ask", follow_redirects=True))
    assert "asks to step down" in words(owner.get(path))
    choice = {"parting_id": cast.parting.id, "successor_id": cast.successor.id}
    assert "Both are told." in words(owner.post(f"{path}/name", data=choice, follow_redirects=True))
    found = handover_queries.open_in(cast.group.id)
    assert found is not None
    assert "it is said" in words(parting.post(f"{path}/{found.id}/state", data=SAID, follow_redirects=True)).lower()
    page = words(successor.get(path))
    assert "That is what the books say." in page and "I have EUR 0.00 , and take the treasury over" in page
    sent = {"amount_minor": "0", "statement": "1"}
    done = successor.post(f"{path}/{found.id}/confirm", data=sent, follow_redirects=True)
    assert "You look after the money now." in words(done)
    books = words(client_of(a_member(cast.group)).get(f"/g/{cast.group.slug}/books"))
    assert "The treasury passed from Theo Treasurer to Anna Following on" in books


def test_nobody_is_named_by_chance(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    path = f"/g/{cast.group.slug}/treasury/handover"
    owner = client_of(cast.owner)
    assert '<option value="" selected>' in owner.get(path).text
    answer = owner.post(f"{path}/name", data={"parting_id": cast.parting.id, "successor_id": ""})
    assert answer.status_code == 422
    assert "Choose a member from the list." in words(answer)
    assert handover_queries.open_in(cast.group.id) is None


def test_a_difference_is_asked_for_and_shown(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    handover = named(cast)
    path = f"/g/{cast.group.slug}/treasury/handover"
    answer = client_of(cast.parting).post(f"{path}/{handover.id}/state", data=SAID | {"amount": "12.00"})
    assert answer.status_code == 422
    assert "say in a sentence why it differs" in words(answer) and 'value="12.00"' in answer.text
    told = SAID | {"amount": "12.00", "note": "One payment has no reference."}
    client_of(cast.parting).post(f"{path}/{handover.id}/state", data=told)
    page = words(client_of(cast.successor).get(path))
    assert "EUR 12.00 more than the books say. One payment has no reference." in page


@pytest.mark.parametrize("amount", ["", "-1", "12.345", "much"])
def test_what_is_no_amount_is_refused(app: Flask, client_of: ClientOf, amount: str) -> None:
    cast = a_cast()
    handover = named(cast)
    path = f"/g/{cast.group.slug}/treasury/handover/{handover.id}/state"
    assert client_of(cast.parting).post(path, data=SAID | {"amount": amount}).status_code == 422
    assert fresh(handover).state == State.NAMED


@pytest.mark.parametrize("how", [{"fresh": False}, {"second_factor": False}])
def test_an_old_sign_in_says_and_confirms_nothing(app: Flask, client_of: ClientOf, how: dict[str, bool]) -> None:
    cast = a_cast()
    handover = named(cast)
    path = f"/g/{cast.group.slug}/treasury/handover/{handover.id}"
    assert client_of(cast.parting, **how).post(f"{path}/state", data=SAID).status_code == 302
    assert fresh(handover).state == State.NAMED
    stated(cast)
    sent = {"amount_minor": "0", "statement": "1"}
    assert client_of(cast.successor, **how).post(f"{path}/confirm", data=sent).status_code == 302
    assert fresh(handover).state == State.STATED


def test_the_proof_is_asked_before_anything_is_typed(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    named(cast)
    page = words(client_of(cast.parting, fresh=False).get(f"/g/{cast.group.slug}/treasury/handover"))
    assert "This wants a code of your second factor" in page and "Where it is to be seen" not in page


def test_a_successor_without_a_second_factor_is_led_to_set_one_up(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    cast = cast._replace(successor=a_member(cast.group, person=a_person("No Phone")))
    handover = stated(cast)
    path = f"/g/{cast.group.slug}/treasury/handover/{handover.id}/confirm"
    answer = client_of(cast.successor).post(path, data={"amount_minor": "0", "statement": "1"})
    assert answer.status_code == 302 and "second-factor" in (answer.location or "")


def test_said_in_his_place_is_marked_for_all_members(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    handover = named(cast)
    clock.move(timedelta(days=7))
    path = f"/g/{cast.group.slug}/treasury/handover"
    assert "Say it in the place of Theo Treasurer" in words(client_of(cast.owner).get(path))
    client_of(cast.owner).post(f"{path}/{handover.id}/state", data=SAID)
    assert "in the place of Theo Treasurer, who was gone or silent" in words(client_of(cast.successor).get(path))
    confirm(handover, cast.successor)
    books = words(client_of(a_member(cast.group)).get(f"/g/{cast.group.slug}/books"))
    assert "Olga Owner said what was handed over, in the place of Theo Treasurer." in books


def test_who_may_not_see_it_finds_nothing(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    stated(cast)
    path = f"/g/{cast.group.slug}/treasury/handover"
    assert client_of(a_member(cast.group)).get(path).status_code == 404
    assert client_of(a_person()).get(path).status_code == 404
    assert client_of(a_member(cast.group, Role.MODERATOR)).get(path).status_code == 200


def test_who_is_in_dispute_names_no_treasurer(app: Flask, client_of: ClientOf) -> None:
    """He could name who rules on it."""
    cast = a_cast()
    order = an_order(OrderState.INSPECTING, group=cast.group, seller=cast.owner)
    a_dispute(order)
    choice = {"parting_id": cast.parting.id, "successor_id": cast.successor.id}
    answer = client_of(cast.owner).post(f"/g/{cast.group.slug}/treasury/handover/name", data=choice)
    assert answer.status_code == 422 and "While a dispute of yours is open here" in words(answer)
    assert handover_queries.open_in(cast.group.id) is None


def test_what_waits_stands_on_the_first_page(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    named(cast)
    assert "in his place" not in words(client_of(cast.owner).get("/"))
    clock.move(timedelta(days=7))
    assert "you can say it in his place" in words(client_of(cast.owner).get("/"))
    stated(cast)
    assert "Take the treasury of Lindengasse Antiques over" in words(client_of(cast.successor).get("/"))


def test_the_way_to_new_instructions_is_shown_to_officers(app: Flask, client_of: ClientOf) -> None:
    cast = a_cast()
    path = f"/g/{cast.group.slug}/treasury/handover"
    page = client_of(cast.owner).get(path).text
    assert f"/g/{cast.group.slug}/settings/instructions" in page
    assert f'href="{path}"' in client_of(cast.owner).get(f"/g/{cast.group.slug}/treasury").text
