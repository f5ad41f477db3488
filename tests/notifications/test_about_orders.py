"""Whoever an order concerns is told, once, where the money is and what happens if he does nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.escrow import messages, payouts, queries as orders, treasury
from marketplace.escrow.clause_rules import Clause
from marketplace.escrow.events import OrderChanged
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.rules import LAW
from marketplace.groups.members import leave_group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.money import Money
from marketplace.notifications import about_orders, rules, writing
from marketplace.notifications.models import Notice
from marketplace.notifications.order_rules import NOT_TOLD_HERE
from tests.factories import escrow as trade
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order, treasurer_of
from tests.factories.groups import a_group, a_member
from tests.notifications.letters import all_letters, kinds_told, letters_to


@pytest.mark.one_database
@pytest.mark.parametrize("clause", LAW, ids=lambda clause: f"{clause.given}-{clause.action}-{clause.by}-{clause.then}")
def test_each_change_can_be_written_out_for_all_whom_it_concerns(app: Flask, clause: Clause) -> None:
    order = an_order()
    treasurer_of(order)
    now, money = clock.now(), Money(50_00, "EUR")
    changed = replace(
        order.facts(),
        state=clause.then,
        since=now,
        deadline=now + timedelta(days=3),
        owed_buyer=money,
        owed_seller=money,
    )
    about_orders.changed(
        OrderChanged(
            order=changed, lot_id=order.lot_id, lot_number=1, title=order.title, number=2, action=clause.action,
            by=clause.by, person_id=None, was=clause.given, amount=money,
            payee=Party.SELLER if "payout" in clause.action else None, note="CX 1", at=now,
        )
    )  # fmt: skip
    letters = all_letters()[1:]  # the first says that there is something to pay
    is_silent = (clause.action, clause.by) == ("payout_failed", "gateway")
    is_silent = is_silent or (clause.action, clause.then) == ("lapse", "closed") or clause.action in NOT_TOLD_HERE
    assert bool(letters) != is_silent
    for notice in db.session.scalars(select(Notice)):
        sentence, details = writing.sentence_of(notice, str)
        assert "None" not in sentence % details


def test_a_deal_that_goes_well_is_told_step_by_step(app: Flask) -> None:
    order = an_order(State.CLOSED)
    treasurer = treasurer_of(order)
    assert kinds_told(order.buyer_id) == ["order_to_pay", "payment_confirmed", "shipped", "feedback_open"]
    assert kinds_told(order.seller_id) == ["payment_confirmed", "arrived", "released", "payout_sent", "feedback_open"]
    assert kinds_told(treasurer) == ["payout_to_make"]


def test_the_buyer_hears_where_his_money_is_and_what_comes_next(app: Flask) -> None:
    order = an_order(State.SHIPPED)
    to_pay, confirmed, shipped = letters_to(order.buyer_id)
    assert to_pay.subject == "You won, pay EUR\u00a0142.00: Bow porcelain teapot"
    assert "If you do not pay by then, the order ends and a strike is noted against you." in to_pay.body
    assert "Your EUR\u00a0142.00 for Bow porcelain teapot came in. The group holds it for this order." in confirmed.body
    assert "The parcel: Post CX 4471 9920 3 AT" in shipped.body
    assert "If you say nothing by" in shipped.body
    assert f"http://127.0.0.1:8000/orders/{order.id}\n" in shipped.body
    assert "Its times are Vienna time." in shipped.body


def test_the_seller_hears_when_to_ship_and_that_the_clock_refunds(app: Flask) -> None:
    order = an_order(State.HELD)
    [letter] = letters_to(order.seller_id)
    assert letter.subject == "Held: EUR\u00a0142.00 for Bow porcelain teapot"
    assert "Marta Lind has paid EUR\u00a0142.00" in letter.body
    assert "the money goes back to Marta Lind." in letter.body


def test_who_picks_up_hears_of_his_code_but_not_the_code(app: Flask) -> None:
    order = an_order(State.SHIPPED, pick_up=True)
    letter = letters_to(order.buyer_id)[-1]
    code = orders.order(order.id).pick_up_code
    assert "Your code stands on the order’s page." in letter.body
    assert code is not None
    assert code not in letter.body


def test_the_seller_hears_what_is_his_after_the_fee(app: Flask) -> None:
    order = an_order(State.RELEASED)
    released = letters_to(order.seller_id)[-1]
    assert "EUR\u00a0135.40 is yours, after the group’s fee of EUR\u00a06.60." in released.body


def test_who_did_it_himself_is_not_told(app: Flask) -> None:
    order = an_order(State.REFUNDED)  # its seller cancelled
    assert "refunded" in kinds_told(order.buyer_id)
    assert "refunded" not in kinds_told(order.seller_id)


def test_officers_who_are_no_party_hear_what_to_look_for(app: Flask) -> None:
    group = a_group()
    seller = a_member(group, Role.TREASURER)
    other = a_member(group, Role.TREASURER)
    moderator = a_member(group, Role.MODERATOR)
    an_order(State.PAYMENT_CLAIMED, group=group, seller=seller)
    assert "payment_said_sent" in kinds_told(other)
    assert "payment_said_sent" not in kinds_told(seller)
    assert "payment_said_sent" not in kinds_told(moderator)


def test_when_the_treasurer_sleeps_every_officer_is_asked_and_then_nobody_is_punished(app: Flask) -> None:
    group = a_group()
    moderator = a_member(group, Role.MODERATOR)
    order = an_order(State.PAYMENT_CLAIMED, group=group)
    with clock.at(clock.now() + timedelta(days=3, minutes=1)):
        trade.lapse()
        [asked] = letters_to(moderator)
        assert "every officer may confirm it now" in asked.body
    with clock.at(clock.now() + timedelta(days=6)):
        trade.lapse()
    assert kinds_told(order.buyer_id)[-1] == "order_cancelled"
    assert "nobody gets a strike" in letters_to(order.buyer_id)[-1].body


def test_where_nobody_can_confirm_the_money_the_owner_hears_it_at_each_lapse(app: Flask) -> None:
    owner = a_person("Olga Owner")
    group = a_group(owner)
    treasurer = a_member(group, Role.TREASURER)
    order = an_order(State.RELEASED, group=group, seller=owner)
    leave_group(by=treasurer.id, group_id=group.id)
    trade.lapse()
    clock.move(timedelta(days=2))
    trade.lapse()
    trade.lapse()
    assert kinds_told(owner)[-2:] == ["confirmer_missing"] * 2
    letter = letters_to(owner)[-1]
    assert letter.subject == "Nobody can confirm the money: Bow porcelain teapot"
    assert f"http://127.0.0.1:8000/g/{group.slug}/members" in letter.body
    assert [each.id for each in treasury.without_confirmer()] == [order.id]
    a_member(group, Role.TREASURER)
    assert treasury.without_confirmer() == []
    clock.move(timedelta(days=2))
    trade.lapse()
    assert kinds_told(owner).count("confirmer_missing") == 2


def test_each_side_of_a_split_hears_of_his_own_payout(app: Flask) -> None:
    order = an_order(State.SPLIT)
    trade.lapse()
    to_make = [letter for letter in letters_to(treasurer_of(order)) if letter.subject.startswith("Pay out")]
    assert {letter.subject for letter in to_make} == {
        "Pay out EUR\u00a050.00 to Marta Lind",
        "Pay out EUR\u00a087.73 to Hedwig Amsel",
    }
    trade.pay_out(order, Party.BUYER)
    assert kinds_told(order.buyer_id)[-1] == "payout_sent"
    assert kinds_told(order.seller_id)[-1] == "split"


def test_a_payout_that_did_not_arrive_is_told_to_the_treasurer(app: Flask) -> None:
    order = an_order(State.CLOSED)
    payouts.payout_missing(order_id=order.id, by=order.seller_id)
    letter = letters_to(treasurer_of(order))[-1]
    assert letter.subject == "Did not arrive: EUR\u00a0135.40 to Hedwig Amsel"


def test_whoever_has_to_act_is_reminded_twice_with_what_happens_then(app: Flask) -> None:
    order = an_order(State.INSPECTING)
    assert order.deadline is not None
    for before in (timedelta(days=2), timedelta(hours=12)):
        with clock.at(order.deadline - before):
            trade.lapsing.remind_due_orders()
            trade.lapsing.remind_due_orders()
    assert kinds_told(order.buyer_id)[-2:] == ["deadline_two_days", "deadline_twelve_hours"]
    last = letters_to(order.buyer_id)[-1]
    assert "If you do nothing: The money is released to the seller." in last.body


def test_who_has_not_said_where_it_goes_is_told_and_reminded(app: Flask) -> None:
    order = an_order()
    trade.confirm(order)
    assert "You have not said where it goes." in letters_to(order.buyer_id)[-1].body
    deadline = trade.fresh(order).deadline
    assert deadline is not None
    with clock.at(deadline - timedelta(days=2)):
        trade.lapsing.remind_due_orders()
    assert kinds_told(order.buyer_id)[-1] == "deadline_two_days"
    assert "say where it goes" in letters_to(order.buyer_id)[-1].body


def test_a_message_is_told_to_the_other_side(app: Flask) -> None:
    order = an_order()
    for key in ("key-00001", "key-00001", "key-00002"):
        messages.write_message(order_id=order.id, by=order.buyer_id, text="Is it sent?", client_key=key)
    assert kinds_told(order.seller_id) == ["message_new", "message_new"]
    assert "Is it sent?" not in letters_to(order.seller_id)[0].body


def test_the_same_is_told_once_however_often_it_is_heard(app: Flask) -> None:
    order = an_order()
    heard = OrderChanged(
        order=order.facts(), lot_id=order.lot_id, lot_number=1, title=order.title, number=7, action=Action.NOT_FOUND,
        by=Party.TREASURER, person_id=None, was=State.PAYMENT_CLAIMED, amount=None, payee=None, note="", at=clock.now(),
    )  # fmt: skip
    about_orders.changed(heard)
    about_orders.changed(heard)
    assert kinds_told(order.buyer_id).count("payment_not_found") == 1
    assert rules.telling_of("payment_not_found").mailed
