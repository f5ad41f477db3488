"""What is done to a parcel is told once, with what is to be done until when."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from marketplace.escrow import parcel_paying, parcels, paying
from marketplace.escrow.models import Order
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.notifications import writing
from marketplace.notifications.models import Notice
from tests.factories.escrow import an_address, an_order, fresh, treasurer_of
from tests.factories.groups import a_group, a_member
from tests.notifications.letters import kinds_told, letters_to


def a_parcel() -> tuple[int, list[Order]]:
    """Three orders of 132.00 each; shipping 10.00, and 3.00 for each further one."""
    group = a_group()
    how: dict[str, Any] = {
        "group": group, "seller": a_member(group, name="Hedwig Amsel"), "buyer": a_member(group, name="Marta Lind")
    }  # fmt: skip
    orders = [an_order(further=3_00, **how) for _ in range(3)]
    treasurer_of(orders[0])
    others = [order.id for order in orders[1:]]
    parcel_id = parcels.put_together(order_id=orders[0].id, by=orders[0].buyer_id, together=others)
    return parcel_id, [fresh(order) for order in orders]


def sent(parcel_id: int, order: Order) -> None:
    parcel_paying.say_sent(parcel_id=parcel_id, by=order.buyer_id, address_id=an_address(order.buyer_id))


def confirm(parcel_id: int, order: Order, minor: int, line: str) -> None:
    parcel_paying.confirm_payment(
        parcel_id=parcel_id, by=treasurer_of(order).id, amount=Money(minor, "EUR"), bank_reference=line
    )


def newest(person_id: int) -> str:
    """The last letter to somebody, subject and all, with plain blanks."""
    letter = letters_to(person_id)[-1]
    return f"{letter.subject}\n{letter.body}".replace("\u00a0", " ")


def is_whole() -> bool:
    """Whether no sentence on a page lacks a detail."""
    told = [writing.sentence_of(notice, str) for notice in db.session.scalars(select(Notice))]
    return not any("None" in sentence % details for sentence, details in told)


def test_the_treasurer_hears_of_one_payment_with_its_sum_and_its_reference(app: Flask) -> None:
    parcel_id, orders = a_parcel()
    sent(parcel_id, orders[0])
    treasurer = treasurer_of(orders[0])
    assert kinds_told(treasurer) == ["parcel_said_sent"]
    letter = newest(treasurer.id)
    assert "Look for EUR 412.00: parcel P-" in letter
    assert f"http://127.0.0.1:8000/parcels/{parcel_id}/payment\n" in letter
    assert is_whole()


def test_both_hear_once_that_all_of_it_is_held(app: Flask) -> None:
    parcel_id, orders = a_parcel()
    sent(parcel_id, orders[0])
    confirm(parcel_id, orders[0], 412_00, "line 1")
    assert kinds_told(orders[0].buyer_id)[-1] == "parcel_confirmed"
    assert kinds_told(orders[0].seller_id) == ["parcel_confirmed"]
    assert "Ship them in one parcel" in newest(orders[0].seller_id)
    assert "You have not said where it goes" not in newest(orders[0].buyer_id)
    assert is_whole()


def test_too_little_says_what_is_missing_of_the_whole_and_until_when(app: Flask) -> None:
    parcel_id, orders = a_parcel()
    confirm(parcel_id, orders[0], 150_00, "line 1")
    letter = newest(orders[0].buyer_id)
    assert "EUR 150.00 came in for your parcel" in letter and "EUR 262.00 is missing" in letter
    assert kinds_told(orders[0].seller_id) == ["payment_confirmed"]
    assert is_whole()


def test_the_buyer_hears_that_it_was_not_found_and_what_it_costs_when_one_has_ended(app: Flask) -> None:
    parcel_id, orders = a_parcel()
    sent(parcel_id, orders[0])
    parcel_paying.not_found(parcel_id=parcel_id, by=treasurer_of(orders[0]).id)
    assert "cannot find it. Nothing is held for any of" in newest(orders[0].buyer_id)
    paying.propose_cancel(order_id=orders[0].id, by=orders[0].buyer_id)
    paying.agree_cancel(order_id=orders[0].id, by=orders[0].seller_id)
    assert "parcel_changed" in kinds_told(orders[0].buyer_id)
    changed = next(letter for letter in letters_to(orders[0].buyer_id) if "costs" in letter.subject)
    assert "EUR\u00a0277.00" in changed.subject
    assert is_whole()
