"""What orders wait for, who reads what, and what an officer's queue shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from marketplace.accounts.models import Person
from marketplace.escrow import messages, paying, queries, treasury, waiting
from marketplace.escrow.events import MessageWritten
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.parcel_queries import Together
from marketplace.escrow.reminding_rules import ship_until
from marketplace.escrow.waiting import MoneyWaits, OrderWaits
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.kernel.money import Money
from tests.factories.accounts import a_person
from tests.factories.escrow import an_order, confirm, fresh, lapse, say_sent, treasurer_of
from tests.factories.groups import a_group, a_member


def waits(person_id: int) -> list[OrderWaits | MoneyWaits]:
    db.session.rollback()
    return waiting.waiting_for(person_id)


# ---- What waits ----


@pytest.mark.parametrize(
    ("state", "party"),
    [
        (State.AWAITING_PAYMENT, Party.BUYER),
        (State.TOPPING_UP, Party.BUYER),
        (State.HELD, Party.SELLER),
        (State.SHIPPED, Party.BUYER),
        (State.INSPECTING, Party.BUYER),
        (State.RETURN_DUE, Party.BUYER),
        (State.RETURN_SHIPPED, Party.SELLER),
        (State.RETURN_RECEIVED, Party.SELLER),
    ],
)
def test_an_order_waits_for_whoever_has_to_act(app: Flask, state: State, party: Party) -> None:
    order = an_order(state)
    found = {side: waits(person_id) for side, person_id in sides(order).items()}
    (wait,) = found[party]
    assert isinstance(wait, OrderWaits)
    until = ship_until(order.facts()) if state is State.HELD else order.deadline
    assert (wait.order_id, wait.state, wait.whose, wait.until) == (order.id, state, party, until)
    assert not found[Party.SELLER if party is Party.BUYER else Party.BUYER]


@pytest.mark.parametrize("state", [State.PAYMENT_CLAIMED, State.DISPUTED, State.PAYING_OUT, State.CLOSED, State.UNPAID])
def test_where_others_have_to_act_nothing_waits(app: Flask, state: State) -> None:
    order = an_order(state)
    assert not waits(order.buyer_id) and not waits(order.seller_id)


def test_what_is_missing_is_what_waits_to_be_paid(app: Flask) -> None:
    order = an_order(State.TOPPING_UP)
    (wait,) = waits(order.buyer_id)
    assert isinstance(wait, OrderWaits) and wait.amount == Money(42_00, "EUR")


def test_a_seller_is_asked_when_the_buyer_would_cancel(app: Flask) -> None:
    order = an_order()
    paying.propose_cancel(order_id=order.id, by=order.buyer_id)
    (wait,) = waits(order.seller_id)
    assert isinstance(wait, OrderWaits) and wait.is_cancel_proposed


def test_the_treasurer_is_told_how_many_payments_and_payouts_wait(app: Flask) -> None:
    group = a_group()
    orders = [an_order(state, group=group) for state in (State.PAYMENT_CLAIMED, State.PAYING_OUT, State.PAYING_OUT)]
    (wait,) = waits(treasurer_of(orders[0]).id)
    assert isinstance(wait, MoneyWaits)
    assert (wait.payments, wait.payouts, wait.slug) == (1, 2, group.slug)
    assert wait.until == min(order.deadline for order in orders if order.deadline)


def test_no_officer_waits_for_his_own_money(app: Flask) -> None:
    group = a_group()
    officer = a_member(group, Role.TREASURER)
    an_order(State.PAYMENT_CLAIMED, group=group, seller=officer)
    assert not waits(officer.id)


def test_a_moderator_is_asked_only_when_the_treasurer_is_late(app: Flask) -> None:
    group = a_group()
    moderator = a_member(group, Role.MODERATOR)
    an_order(State.PAYMENT_CLAIMED, group=group)
    assert not waits(moderator.id)
    clock.move(timedelta(days=3))
    lapse()
    (wait,) = waits(moderator.id)
    assert isinstance(wait, MoneyWaits) and wait.payments == 1


def test_the_most_urgent_stands_first_and_it_takes_as_many_queries_as_ever(app: Flask) -> None:
    group = a_group()
    buyer = a_member(group)
    for state in (State.SHIPPED, State.INSPECTING, State.AWAITING_PAYMENT):
        an_order(state, group=group, buyer=buyer)
    few = count_queries(lambda: waits(buyer.id))
    for _ in range(3):
        an_order(State.INSPECTING, group=group, buyer=buyer)
    assert count_queries(lambda: waits(buyer.id)) == few
    deadlines = [wait.until for wait in waits(buyer.id) if wait.until]
    assert deadlines == sorted(deadlines)


# ---- The officer's queue ----


def orders_in(payments: list[Together]) -> list[tuple[Order, ...]]:
    return [payment.orders for payment in payments]


def test_the_queue_shows_what_is_to_be_done_most_urgent_first(app: Flask) -> None:
    group = a_group()
    orders = {state: an_order(state, group=group) for state in (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED)}
    orders |= {state: an_order(state, group=group) for state in (State.TOPPING_UP, State.PAYING_OUT, State.HELD)}
    queue = treasury.queue_for(group.id, treasurer_of(orders[State.HELD]).id)
    assert [order.id for (order,) in orders_in(queue.payments)] == [orders[State.PAYMENT_CLAIMED].id]
    assert [order.id for order in queue.payouts] == [orders[State.PAYING_OUT].id]
    awaited = [orders[State.AWAITING_PAYMENT].id, orders[State.TOPPING_UP].id]
    assert [order.id for (order,) in orders_in(queue.expected)] == awaited


def test_an_officers_own_orders_are_counted_and_not_shown(app: Flask) -> None:
    group = a_group()
    officer = a_member(group, Role.TREASURER)
    order = an_order(State.PAYMENT_CLAIMED, group=group, buyer=officer)
    queue = treasury.queue_for(group.id, officer.id)
    assert (queue.payments, queue.own) == ([], 1)
    assert treasury.order_with(group.id, officer.id, order.reference) is None


def test_the_queue_is_for_officers_of_the_group(app: Flask) -> None:
    group = a_group()
    with pytest.raises(NotAllowed):
        treasury.queue_for(group.id, a_member(group).id)
    with pytest.raises(NotFound):
        treasury.queue_for(group.id, a_person().id)
    with pytest.raises(NotFound):
        treasury.queue_for(group.id, a_member(a_group(), Role.TREASURER).id)


def test_a_moderator_sees_what_is_late(app: Flask) -> None:
    group = a_group()
    moderator = a_member(group, Role.MODERATOR)
    an_order(State.PAYMENT_CLAIMED, group=group)
    assert not treasury.queue_for(group.id, moderator.id).payments
    clock.move(timedelta(days=3))
    lapse()
    assert len(treasury.queue_for(group.id, moderator.id).payments) == 1


def test_a_line_of_the_statement_finds_its_order(app: Flask) -> None:
    order = an_order(State.PAYMENT_CLAIMED)
    officer = treasurer_of(order).id
    for text in (order.reference, f"SEPA {order.reference.lower()} thanks", str(order.id), f" {order.id} "):
        found = treasury.order_with(order.group_id, officer, text)
        assert found is not None and found.id == order.id
    for text in ("", "E-1-AAA", "9" * 30, "\x00", "x" * 100_000):
        assert treasury.order_with(order.group_id, officer, text) is None
    elsewhere = a_group()
    owner = a_member(elsewhere, Role.OWNER)
    assert treasury.order_with(elsewhere.id, owner.id, order.reference) is None


# ---- Lists and sums ----


def test_my_orders_come_in_pages_newest_first(app: Flask) -> None:
    group = a_group()
    me, other = a_member(group), a_member(group)
    bought = [an_order(group=group, buyer=me, seller=other).id for _ in range(3)]
    sold = an_order(State.CANCELLED, group=group, buyer=other, seller=me).id
    an_order(group=group)
    first = queries.orders_of(me.id, limit=2)
    then = queries.orders_of(me.id, before=first[-1].id)
    assert [order.id for order in [*first, *then]] == [sold, *bought[::-1]]
    assert [order.id for order in queries.orders_of(me.id, side=Party.SELLER)] == [sold]
    assert [order.id for order in queries.orders_of(me.id, is_open=True)] == bought[::-1]
    assert [order.id for order in queries.orders_of(me.id, is_open=False)] == [sold]


def test_what_is_mine_in_the_groups_hands(app: Flask) -> None:
    group = a_group()
    me, other = a_member(group), a_member(group)
    an_order(State.HELD, group=group, buyer=me, seller=other)
    an_order(State.HELD, group=group, buyer=other, seller=me, hammer=50_00)
    an_order(State.PAYING_OUT, group=group, buyer=other, seller=me)
    sums = queries.sums_of(me.id, group.id, "EUR")
    assert (sums.held_as_buyer.minor, sums.held_as_seller.minor, sums.owed.minor) == (142_00, 60_00, 135_40)
    assert queries.sums_of(a_person().id, group.id, "EUR").owed == Money(0, "EUR")


# ---- Messages ----


def test_the_parties_write_to_each_other(app: Flask, heard: list[object]) -> None:
    order = an_order()
    for _ in range(2):
        messages.write_message(order_id=order.id, by=order.buyer_id, text="Is the lid on?", client_key="key-00001")
    messages.write_message(order_id=order.id, by=order.seller_id, text="It is.", client_key="key-00001")
    assert [message.text for message in queries.messages_of(order.id)] == ["Is the lid on?", "It is."]
    told = [fact.reader_ids for fact in heard if isinstance(fact, MessageWritten)]
    assert told == [(order.seller_id,), (order.buyer_id,)]


def test_the_treasurer_is_told_when_he_is_asked(app: Flask, heard: list[object]) -> None:
    order = an_order()
    treasurer = treasurer_of(order)
    messages.write_message(
        order_id=order.id, by=order.buyer_id, text="Did it come?", to_treasurer=True, client_key="key-00001"
    )
    (told,) = [fact.reader_ids for fact in heard if isinstance(fact, MessageWritten)]
    assert order.seller_id in told and treasurer.id in told and order.buyer_id not in told
    messages.write_message(order_id=order.id, by=treasurer.id, text="Not yet.", client_key="key-00002")
    assert len(queries.messages_of(order.id)) == 2


def test_nobody_else_writes_or_reads_a_message(app: Flask) -> None:
    order = an_order()
    message = messages.write_message(order_id=order.id, by=order.buyer_id, text="Hello.", client_key="key-00001")
    group = db.session.get_one(Group, order.group_id)
    for stranger in (a_person(), a_member(group), a_member(group, Role.MODERATOR)):
        with pytest.raises(NotFound):
            messages.write_message(order_id=order.id, by=stranger.id, text="Me, too.", client_key="key-00002")
        with pytest.raises(NotFound):
            queries.message_for(message.id, stranger.id)
    assert queries.message_for(message.id, order.seller_id).text == "Hello."


def test_orders_that_can_go_together_are_between_the_same_two_and_stand_alike(app: Flask) -> None:
    first = an_order()
    group = db.session.get_one(Group, first.group_id)
    buyer, seller = db.session.get_one(Person, first.buyer_id), db.session.get_one(Person, first.seller_id)
    alike = an_order(group=group, buyer=buyer, seller=seller)
    an_order(State.HELD, group=group, buyer=buyer, seller=seller)
    an_order(group=group, buyer=buyer)
    assert [order.id for order in queries.alike(fresh(first))] == [alike.id]


def test_the_newest_order_of_a_lot(app: Flask) -> None:
    order = an_order()
    say_sent(order)
    confirm(order)
    found = queries.order_of_lot(order.lot_id)
    assert found is not None and found.id == order.id
    assert queries.order_of_lot(order.lot_id + 1000) is None


def sides(order: Order) -> dict[Party, int]:
    return {Party.BUYER: order.buyer_id, Party.SELLER: order.seller_id}


def count_queries(act: object) -> int:
    seen: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()  # type: ignore[operator]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)
