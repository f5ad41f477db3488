"""Who is not paid in time reads why and whom to ask; after five days all members read that a payout is late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts import payout_details
from marketplace.accounts.models import Person
from marketplace.deposits.rules import State as DepositState
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import State
from marketplace.groups.models import Group, Membership
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.payments import asking
from marketplace.payments.models import Movement
from tests.factories.deposits import a_club, a_deposit, give_back
from tests.factories.escrow import an_order, fresh, lapse, pay_out, treasurer_of
from tests.factories.groups import a_group, a_member
from tests.web.order_pages import an_officer, group_of, seller_of

pytestmark = pytest.mark.one_database
ClientOf = Callable[..., FlaskClient]
DAY = timedelta(days=1)


def words(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\u00a0", " ")


def a_late_payout(after: timedelta, *, with_details: bool = True) -> Order:
    """Released so long ago, and not paid."""
    order = an_order(State.PAYING_OUT, group=a_group())
    treasurer_of(order)
    if with_details:
        with clock.at(clock.now() - 9 * DAY):
            payout_details.change_payout_details(by=order.seller_id, details="AT61 1904 3002 3457 3201")
    asking.ask_gateways()
    clock.move(after)
    lapse()
    return fresh(order)


def test_the_seller_reads_who_should_have_paid_and_whom_to_ask(app: Flask, client_of: ClientOf) -> None:
    order = a_late_payout(2 * DAY)
    client = client_of(seller_of(order))
    page = words(client, f"/orders/{order.id}")
    assert "is not paid to you yet." in page and "Theo Treasurer" in page and "Olga Owner" in page
    assert "write below, and tick that the treasurer is told" in page
    home = words(client, "/")
    assert (
        "is not paid to you yet" in home
        and "It is yours since" in home
        and "Ask what keeps it" in home
        and "Theo Treasurer" in home
    )


def test_before_two_days_nothing_is_said(app: Flask, client_of: ClientOf) -> None:
    order = a_late_payout(2 * DAY - timedelta(hours=1))
    client = client_of(seller_of(order))
    assert "is not paid to you yet" not in words(client, f"/orders/{order.id}") + words(client, "/")


@pytest.mark.parametrize("path", ["/g/{}/books", "/g/{}"])
def test_after_five_days_every_member_reads_it_but_not_to_whom(app: Flask, client_of: ClientOf, path: str) -> None:
    order = a_late_payout(5 * DAY - timedelta(hours=1))
    group = group_of(order)
    member = client_of(a_member(group))
    assert "payout is late" not in words(member, path.format(group.slug))
    clock.move(timedelta(hours=2))
    page = words(member, path.format(group.slug))
    assert f"1 payout is late: EUR 135.40 for lot {order.lot_number}, due since" in page
    assert seller_of(order).name not in page.split("Transfers")[0].split("payout is late")[1].split("these")[0]
    pay_out(order)
    assert "payout is late" not in words(member, path.format(group.slug))


def test_a_stranger_at_the_groups_page_reads_nothing_of_it(
    app: Flask, client_of: ClientOf, client: FlaskClient
) -> None:
    group = group_of(a_late_payout(6 * DAY))
    assert "payout is late" not in words(client, f"/g/{group.slug}")


def test_what_waits_for_the_payee_is_his_to_do_and_not_the_groups_to_see(app: Flask, client_of: ClientOf) -> None:
    order = a_late_payout(9 * DAY, with_details=False)
    client = client_of(seller_of(order))
    assert "Say where you are paid" in words(client, f"/orders/{order.id}")
    home = client.get("/").text
    assert "Say where you are paid" in home and 'href="/settings/payout-details"' in home
    assert "payout is late" not in words(client, f"/g/{group_of(order).slug}/books")


def test_officers_see_which_are_late_first(app: Flask, client_of: ClientOf) -> None:
    order = a_late_payout(5 * DAY)
    other = an_order(State.PAYING_OUT, group=group_of(order))
    page = words(client_of(an_officer(group_of(order))), f"/g/{group_of(order).slug}/treasury")
    assert page.count("Late since") == page.count("All members see that a payout is late") == 1
    assert page.index(f"Order {order.id},") < page.index(f"Order {other.id},")


def test_officers_see_what_the_processor_is_late_with(app: Flask, client_of: ClientOf) -> None:
    order = a_late_payout(3 * DAY)
    with unit_of_work():
        db.session.get_one(Order, order.id).is_for_officers = False
    page = words(client_of(an_officer(group_of(order))), f"/g/{group_of(order).slug}/treasury")
    assert "Late, and not in this queue" in page and seller_of(order).name in page


def test_a_late_deposit_is_said_to_its_member_and_marked_for_officers(app: Flask, client_of: ClientOf) -> None:
    group, _treasurer, member = a_club()
    with clock.at(clock.now() - 9 * DAY):
        payout_details.change_payout_details(by=member.id, details="AT61 1904 3002 3457 3201")
    a_deposit(group, member, DepositState.RETURN_ASKED)
    give_back()
    clock.move(3 * DAY)
    assert "Ask them what keeps it." in words(client_of(member), f"/g/{group.slug}/deposit")
    assert "is not paid to you yet" in words(client_of(member), "/")
    officer = an_officer(group, Role.TREASURER)
    assert "Late since" in words(client_of(officer), f"/g/{group.slug}/treasury/deposits")


def test_where_nobody_is_left_who_could_pay_it_is_said(app: Flask, client_of: ClientOf) -> None:
    group = a_group()
    seller = db.session.get_one(Person, group.founded_by)
    order = an_order(State.HELD, group=group, seller=seller)
    with unit_of_work():
        row = db.session.get_one(Order, order.id)
        db.session.add(_owed(row))
    with clock.at(clock.now() - 9 * DAY):
        payout_details.change_payout_details(by=seller.id, details="AT61 1904 3002 3457 3201")
    with unit_of_work():
        for officer in _treasurers(group):
            officer.role, officer.officer_since = Role.MEMBER, None
    clock.move(3 * DAY)
    assert "Nobody is left who could pay it" in words(client_of(seller), "/")


def _owed(order: Order) -> Movement:
    now = clock.now()
    return Movement(
        group_id=order.group_id, order_id=order.id, person_id=order.seller_id, gateway="treasurer", kind="payout",
        amount_minor=100, currency="EUR", purpose=f"order:{order.id}:payout:seller", idempotency_key="by-hand",
        state="asked", intended_at=now, owed_since=now,
    )  # fmt: skip


def _treasurers(group: Group) -> list[Membership]:
    wanted = select(Membership).where(Membership.group_id == group.id, Membership.role == Role.TREASURER)
    return list(db.session.scalars(wanted))
