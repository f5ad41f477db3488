"""Every member checks that his own money is in what the group says that it owes; nobody sees whose the rest is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Person
from marketplace.escrow.order_rules import State
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.ledger import reserves, verify
from tests.factories.escrow import an_order
from tests.factories.groups import a_group, a_member
from tests.ledger.test_audit import change

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]


def path_of(slug: str) -> str:
    return f"/g/{slug}/books/proof"


def test_a_buyer_finds_his_held_money_and_his_file_proves_it(app: Flask, client_of: ClientOf, tmp_path: Path) -> None:
    group = a_group()
    mine, other = an_order(State.HELD, group=group), an_order(State.HELD, group=group)
    reserves.take_root(group_id=group.id)
    client = client_of(db.session.get_one(Person, mine.buyer_id))
    page = client.get(path_of(group.slug)).text.replace("\u00a0", " ")
    assert "Held equals owed" in page and "All of it is in the sealed sum" in page
    assert f"Held for order {mine.id}" in page
    assert f"order {other.id}" not in page
    answer = client.get(f"{path_of(group.slug)}.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    file = tmp_path / "proof.json"
    file.write_bytes(answer.data)
    assert verify.main([str(file)]) == 0
    assert [proof["account"] for proof in json.loads(answer.data)["proofs"]] == [f"escrow:{mine.id}"]


def test_who_has_nothing_there_sees_that_and_the_days(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    an_order(State.HELD, group=group)
    now = clock.now()
    for days in range(33):
        with clock.at(now + timedelta(days=days)):
            reserves.take_root(group_id=group.id)
    client = client_of(a_member(group))
    page = client.get(path_of(group.slug)).text
    assert "Nothing was held for you" in page
    assert "Earlier days" in page
    oldest = f"{now:%Y-%m-%d}"
    assert oldest not in page
    assert oldest in client.get(f"{path_of(group.slug)}?before={now + timedelta(days=2):%Y-%m-%d}").text
    assert client.get(f"{path_of(group.slug)}.json?day={oldest}").status_code == 200
    assert client.get(f"{path_of(group.slug)}.json?day=2001-01-01").status_code == 404
    assert client.get(f"{path_of(group.slug)}?before=nonsense").status_code == 200


def test_before_the_first_root_the_page_says_when_it_comes(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    client = client_of(a_member(group))
    assert "Nothing is sealed yet" in client.get(path_of(group.slug)).text
    assert client.get(f"{path_of(group.slug)}.json").status_code == 404


def test_a_member_whose_money_was_left_out_is_told(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    mine = an_order(State.HELD, group=group)
    reserves.take_root(group_id=group.id)
    change("UPDATE ledger_roots SET owed_minor = owed_minor - 100, held_minor = held_minor - 100")
    page = client_of(db.session.get_one(Person, mine.buyer_id)).get(path_of(group.slug)).text
    assert "This does not add up" in page
    assert "nothing should be paid out until it is clear" in page
    assert "All of it is in the sealed sum" not in page


@pytest.mark.parametrize(
    ("statement", "can_be_downloaded"),
    [
        ("UPDATE ledger_entries SET account = 'escrow:999' WHERE account LIKE 'escrow:%'", True),
        ("UPDATE ledger_entries SET account = 'nonsense:1' WHERE account LIKE 'escrow:%'", False),
        ("UPDATE ledger_entries SET side = 'debit' WHERE account LIKE 'escrow:%'", False),
    ],
)
def test_a_member_whose_money_was_taken_out_of_the_books_does_not_read_that_nothing_was_his(
    app: Flask, client_of: ClientOf, statement: str, can_be_downloaded: bool
) -> None:
    group = a_group()
    mine = an_order(State.HELD, group=group)
    reserves.take_root(group_id=group.id)
    change(statement)
    client = client_of(db.session.get_one(Person, mine.buyer_id))
    page = client.get(path_of(group.slug)).text
    assert "This does not add up" in page and "they do not give this sum any more" in page
    assert "Nothing was held for you" not in page
    assert "keep them" in page
    assert ("Download my proof" in page) == can_be_downloaded
    answer = client.get(f"{path_of(group.slug)}.json")
    assert answer.status_code == (200 if can_be_downloaded else 409)
