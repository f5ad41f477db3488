"""Several lots of one seller are paid together, confirmed together and posted together; each stays its own order."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.models import Person
from marketplace.auctions import closing
from marketplace.escrow import (
    delivery,
    lapsing,
    parcel_paying,
    parcel_queries,
    parcels,
    paying,
    proving,
    queries,
    shipping,
    treasury,
    waiting,
)
from marketplace.escrow.events import OrderChanged, ParcelChanged
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.waiting import MoneyWaits, OrderWaits
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken, Stale
from marketplace.kernel.money import Money
from marketplace.ledger import audit, queries as ledger
from marketplace.ledger.models import Transfer
from marketplace.ledger.rules import escrow, gateway, payable
from marketplace.notifications.models import Notice
from marketplace.payments import queries as movements
from tests.at_once import at_once
from tests.factories.accounts import a_person
from tests.factories.auctions import a_bid, a_lot
from tests.factories.catalog import an_item
from tests.factories.escrow import an_address, an_order, confirm, fresh, lapse, release, say_sent, ship, treasurer_of
from tests.factories.groups import a_group, a_member

_numbers = itertools.count(1)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def orders_of_one_pair(*costs: tuple[int, int | None], **how: Any) -> list[Order]:
    """Orders over 100.00 each between the same two; of each its shipping, and that of a further lot."""
    group = a_group()
    how = {"group": group, "seller": a_member(group), "buyer": a_member(group), "hammer": 100_00} | how
    made = [an_order(shipping=full, further=further, **how) for full, further in costs]
    treasurer_of(made[0])
    return [fresh(order) for order in made]


def three() -> list[Order]:
    """The second is the dearest: together they cost 300.00 and 10.00 + 2.00 + 4.50."""
    return orders_of_one_pair((8_00, 2_00), (10_00, 3_00), (4_50, None))


def together(orders: Sequence[Order], **how: Any) -> int:
    first, *others = orders
    return parcels.put_together(
        order_id=first.id, by=first.buyer_id, together=[other.id for other in others], **how
    )  # fmt: skip


def sent(parcel_id: int, order: Order, **how: Any) -> None:
    parcel_paying.say_sent(parcel_id=parcel_id, by=order.buyer_id, address_id=an_address(order.buyer_id), **how)


def confirm_all(parcel_id: int, order: Order, minor: int, **how: Any) -> Outcome:
    line = how.pop("bank_reference", f"parcel line {next(_numbers)}")
    return parcel_paying.confirm_payment(
        parcel_id=parcel_id, by=how.pop("by", treasurer_of(order).id), amount=eur(minor), bank_reference=line, **how
    )


def parts(orders: Sequence[Order]) -> list[int]:
    return [fresh(order).facts().shipping.minor for order in orders]


def states(orders: Sequence[Order]) -> list[str]:
    return [fresh(order).state for order in orders]


def held(orders: Sequence[Order]) -> list[int]:
    db.session.rollback()
    return [ledger.balance(escrow(order.id), "EUR").minor for order in orders]


def is_sound() -> bool:
    db.session.rollback()
    return not [*audit.findings(), *proving.held_findings()]


# ---- Together ----


def test_the_dearest_shipping_is_paid_in_full_and_the_others_as_further_lots(app: Flask) -> None:
    orders = three()
    together(orders)
    assert parts(orders) == [2_00, 10_00, 4_50]
    assert [order.facts().total for order in orders] == [eur(102_00), eur(110_00), eur(104_50)]
    assert is_sound()


def test_what_was_won_later_joins_the_parcel_that_is_open(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders[:1] + orders[2:])
    assert parts(orders) == [8_00, 10_00, 4_50]
    assert together([orders[1], orders[0]]) == parcel_id
    assert parts(orders) == [2_00, 10_00, 4_50]
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1
    assert is_sound()


def test_each_deed_leaves_a_line_of_history_and_of_the_audit(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    reference = db.session.get_one(Parcel, parcel_id).reference
    joined, shared = queries.lines_of(orders[0].id)
    assert (joined.action, joined.note, joined.by_party) == ("join_parcel", reference, Party.BUYER)
    assert (shared.action, shared.amount_minor, shared.by_party) == ("share_anew", 2_00, Party.CLOCK)
    assert [line.action for line in queries.lines_of(orders[1].id)] == ["join_parcel"]
    said = db.session.scalars(select(AuditLine.what).where(AuditLine.subject == f"order:{orders[0].id}")).all()
    assert {"join parcel", "share anew"} <= set(said)
    assert db.session.scalar(select(AuditLine.what).where(AuditLine.subject == f"parcel:{parcel_id}")) == "open parcel"


def test_joining_moves_no_deadline(app: Flask) -> None:
    orders = three()
    before = [order.deadline for order in orders]
    clock.move(timedelta(days=1))
    together(orders)
    assert [fresh(order).deadline for order in orders] == before


def test_the_same_form_twice_is_one_parcel(app: Flask) -> None:
    orders = three()
    assert together(orders, client_key="key-00001") == together(orders, client_key="key-00001")
    assert [line.action for line in queries.lines_of(orders[1].id)] == ["join_parcel"]


def test_one_order_is_no_parcel_and_the_form_says_so(app: Flask) -> None:
    (order,) = orders_of_one_pair((8_00, 2_00))
    with pytest.raises(RuleBroken) as refusal:
        together([order])
    assert refusal.value.field == "together"


def test_nobody_elses_order_goes_into_it(app: Flask) -> None:
    mine, other = an_order(), an_order()
    with pytest.raises(NotFound):
        together([mine, other])
    with pytest.raises(NotFound):
        parcels.put_together(order_id=mine.id, by=a_person().id, together=[])
    sellers = orders_of_one_pair((8_00, None), (8_00, None))
    with pytest.raises(NotAllowed):
        parcels.put_together(order_id=sellers[0].id, by=sellers[0].seller_id, together=[sellers[1].id])
    assert fresh(mine).parcel_id is None


def test_of_the_same_two_in_another_group_it_is_another_parcel(app: Flask) -> None:
    here, there = a_group(), a_group()
    seller, buyer = a_member(here), a_member(here)
    a_member(there, person=seller)
    a_member(there, person=buyer)
    orders = [an_order(group=group, seller=seller, buyer=buyer) for group in (here, there)]
    with pytest.raises(NotFound):
        together(orders)


def test_what_is_only_picked_up_stays_out_and_what_could_be_is_posted(app: Flask) -> None:
    first, second = orders_of_one_pair((8_00, 2_00), (10_00, 3_00))
    delivery.choose_delivery(order_id=first.id, by=first.buyer_id, address_id=None)
    together([first, second])
    assert not fresh(first).is_pick_up
    with pytest.raises(RuleBroken, match="in a parcel"):
        delivery.choose_delivery(order_id=first.id, by=first.buyer_id, address_id=None)
    only, other = orders_of_one_pair((8_00, None), (8_00, None))
    with unit_of_work():
        db.session.get_one(Order, only.id).can_be_posted = False
    with pytest.raises(RuleBroken, match="only for picking up"):
        together([other, only])
    assert fresh(other).parcel_id is None


def test_what_its_seller_stated_on_the_item_reaches_the_order(app: Flask) -> None:
    lot = a_lot(an_item(shipping_minor=8_00, shipping_further_minor=2_00), shipping_further_minor=2_00)
    a_bid(lot)
    with clock.at(lot.ends_at):
        closing.close_due_lots()
    db.session.rollback()
    order = queries.order_of_lot(lot.id)
    assert order is not None
    assert (order.shipping_minor, order.shipping_further_minor) == (8_00, 2_00)


# ---- Out again ----


def test_what_is_taken_out_pays_its_own_shipping_again(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    parcels.take_out(order_id=orders[1].id, by=orders[1].buyer_id, client_key="key-00002")
    parcels.take_out(order_id=orders[1].id, by=orders[1].buyer_id, client_key="key-00002")
    assert parts(orders) == [8_00, 10_00, 4_50]
    assert [fresh(order).parcel_id for order in orders] == [parcel_id, None, parcel_id]
    assert is_sound()


def test_the_last_but_one_takes_the_last_along(app: Flask) -> None:
    orders = orders_of_one_pair((8_00, 2_00), (10_00, 3_00))
    parcel_id = together(orders)
    parcels.take_out(order_id=orders[1].id, by=orders[1].buyer_id)
    assert [fresh(order).parcel_id for order in orders] == [None, None]
    assert [line.action for line in queries.lines_of(orders[0].id)][-1] == "leave_parcel"
    assert db.session.get_one(Parcel, parcel_id).fixed_at is not None
    assert together(orders) != parcel_id


def test_only_the_buyer_takes_out_and_not_what_was_said_to_be_sent(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    with pytest.raises(NotAllowed):
        parcels.take_out(order_id=orders[0].id, by=orders[0].seller_id)
    with pytest.raises(NotFound):
        parcels.take_out(order_id=orders[0].id, by=a_person().id)
    sent(parcel_id, orders[0])
    with pytest.raises(RuleBroken):
        parcels.take_out(order_id=orders[0].id, by=orders[0].buyer_id)


# ---- One of them ends ----


def test_when_one_ends_unpaid_the_rest_is_reckoned_anew_and_the_buyer_hears_it(app: Flask) -> None:
    group = a_group()
    how: dict[str, Any] = {"group": group, "seller": a_member(group), "buyer": a_member(group), "hammer": 100_00}
    dearest = an_order(shipping=10_00, further=3_00, **how)
    clock.move(timedelta(days=2))
    left = [an_order(shipping=8_00, further=2_00, **how), an_order(shipping=4_50, **how)]
    together([dearest, *left])
    clock.move(timedelta(days=1))
    lapse()
    assert states([dearest, *left]) == [State.UNPAID, State.AWAITING_PAYMENT, State.AWAITING_PAYMENT]
    assert parts(left) == [8_00, 4_50]
    (told,) = notices(dearest.buyer_id, "parcel_changed")
    assert told["count"] == 2
    assert is_sound()


def test_when_both_call_one_off_the_other_is_left_with_its_full_shipping(app: Flask) -> None:
    first, second = orders_of_one_pair((8_00, 2_00), (10_00, 3_00))
    parcel_id = together([first, second])
    paying.propose_cancel(order_id=second.id, by=second.buyer_id)
    paying.agree_cancel(order_id=second.id, by=second.seller_id)
    assert parts([first]) == [8_00]
    sent(parcel_id, first)
    confirm_all(parcel_id, first, 108_00)
    assert states([first, second]) == [State.HELD, State.CANCELLED]
    assert is_sound()


def test_a_parcel_of_which_nothing_is_left_is_closed(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    clock.move(timedelta(days=3))
    lapse()
    assert set(states(orders)) == {State.UNPAID}
    assert db.session.get_one(Parcel, parcel_id).fixed_at is not None
    assert not notices(orders[0].buyer_id, "parcel_changed"), "nobody is told of a sum that he cannot pay any more"
    assert is_sound()


# ---- Paying ----


def test_one_payment_pays_for_all_and_every_order_holds_its_own_part(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    assert states(orders) == [State.PAYMENT_CLAIMED] * 3
    assert confirm_all(parcel_id, orders[0], 316_50)
    assert states(orders) == [State.HELD] * 3
    assert held(orders) == [102_00, 110_00, 104_50]
    assert ledger.balance(gateway(orders[0].group_id), "EUR") == eur(316_50)
    references = db.session.scalars(select(Transfer.reference).order_by(Transfer.number)).all()
    assert len(set(references)) == 3
    assert is_sound()


def test_all_goes_to_one_address(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    assert {fresh(order).address for order in orders} == {"Marta Lind\nLindengasse 7\n1070 Wien\nAustria"}


def test_it_can_come_before_the_buyer_says_so_and_then_he_says_once_where_it_goes(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    confirm_all(parcel_id, orders[0], 316_50)
    assert states(orders) == [State.HELD] * 3 and fresh(orders[2]).address is None
    delivery.choose_delivery(
        order_id=orders[0].id, by=orders[0].buyer_id, address_id=an_address(orders[0].buyer_id)
    )  # fmt: skip
    assert all(fresh(order).address for order in orders)


def test_an_order_in_a_parcel_is_not_paid_by_itself(app: Flask) -> None:
    orders = three()
    together(orders)
    with pytest.raises(RuleBroken, match="in the parcel P-"):
        say_sent(orders[0])
    with pytest.raises(RuleBroken, match="in the parcel P-"):
        confirm(orders[0], 102_00)
    assert states(orders) == [State.AWAITING_PAYMENT] * 3


def test_a_double_click_pays_once(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    for _ in range(2):
        sent(parcel_id, orders[0], client_key="key-00001")
    news = [
        confirm_all(parcel_id, orders[0], 316_50, bank_reference="line 4", client_key="key-00002") for _ in range(2)
    ]
    assert news == [Outcome.DONE, Outcome.KNOWN]
    with pytest.raises(Stale):
        confirm_all(parcel_id, orders[0], 300_00, bank_reference="line 4", client_key="key-00002")
    with pytest.raises(RuleBroken, match="moved on"):
        confirm_all(parcel_id, orders[0], 316_50, client_key="key-00003")
    assert held(orders) == [102_00, 110_00, 104_50]
    assert is_sound()


def test_too_little_pays_the_dearest_shipping_first_and_all_wait_for_the_rest(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    confirm_all(parcel_id, orders[0], 150_00, bank_reference="line 1")
    assert held(orders) == [0, 110_00, 40_00]
    assert states(orders) == [State.TOPPING_UP, State.HELD, State.TOPPING_UP]
    assert len({fresh(order).deadline for order in (orders[0], orders[2])}) == 1
    assert is_sound()
    with pytest.raises(RuleBroken, match="confirmed already") as refusal:
        confirm_all(parcel_id, orders[0], 166_50, bank_reference="line 1")
    assert refusal.value.field == "bank_reference"
    confirm_all(parcel_id, orders[0], 166_50, bank_reference="line 2")
    assert states(orders) == [State.HELD] * 3
    assert is_sound()


def test_if_the_rest_does_not_come_what_is_paid_in_full_goes_on(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    confirm_all(parcel_id, orders[0], 150_00)
    ship(orders[1])
    clock.move(timedelta(days=3))
    lapse()
    assert states(orders) == [State.CANCELLED, State.SHIPPED, State.PAYING_OUT]
    assert fresh(orders[2]).owed_buyer_minor == 40_00
    assert not groups.strikes_of(orders[0].buyer_id, orders[0].group_id, now=clock.now())
    assert ledger.balance(payable(orders[0].group_id, orders[0].buyer_id), "EUR") == eur(40_00)
    assert is_sound()


def test_more_than_is_missing_is_refused_at_the_amount(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    for minor in (316_51, 0, -1):
        with pytest.raises(RuleBroken) as refusal:
            confirm_all(parcel_id, orders[0], minor)
        assert refusal.value.field == "amount"
    assert held(orders) == [0, 0, 0]


def test_a_payment_that_is_not_found_puts_all_of_it_back_once(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    for _ in range(2):
        parcel_paying.not_found(parcel_id=parcel_id, by=treasurer_of(orders[0]).id, client_key="key-00004")
    assert states(orders) == [State.AWAITING_PAYMENT] * 3
    assert {fresh(order).deadline - order.since for order in orders} == {timedelta(hours=48)}
    later = an_order(group=db.session.get_one(Group, orders[0].group_id), seller=person(orders[0].seller_id),
                     buyer=person(orders[0].buyer_id))  # fmt: skip
    with pytest.raises(RuleBroken):
        together([orders[0], later])
    sent(parcel_id, orders[0])
    with pytest.raises(RuleBroken, match="once before"):
        parcel_paying.not_found(parcel_id=parcel_id, by=treasurer_of(orders[0]).id)
    confirm_all(parcel_id, orders[0], 316_50)
    assert is_sound()


def test_a_sleeping_treasurer_cancels_all_of_it_without_a_strike(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    moderator = a_member(db.session.get_one(Group, orders[0].group_id), Role.MODERATOR)
    with pytest.raises(NotFound):
        confirm_all(parcel_id, orders[0], 316_50, by=moderator.id)
    clock.move(timedelta(days=3))
    lapsing._lapse_one(orders[0].id)
    with pytest.raises(NotFound):  # he is late with one, and not yet with the others
        confirm_all(parcel_id, orders[0], 316_50, by=moderator.id)
    lapse()
    assert parcel_queries.parcel_for(parcel_id, moderator.id)[2] is Party.TREASURER
    clock.move(timedelta(days=2))
    lapse()
    assert set(states(orders)) == {State.CANCELLED}
    assert not groups.strikes_of(orders[0].buyer_id, orders[0].group_id, now=clock.now())


def test_late_money_is_booked_order_by_order_and_owed_back(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    clock.move(timedelta(days=3))
    lapse()
    with pytest.raises(RuleBroken, match="moved on"):
        confirm_all(parcel_id, orders[0], 316_50)
    confirm(orders[1], 110_00)
    assert fresh(orders[1]).owed_buyer_minor == 110_00
    assert is_sound()


# ---- Who may ----


def test_somebody_elses_parcel_is_not_there(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    group = db.session.get_one(Group, orders[0].group_id)
    for stranger in (a_person(), a_member(group), a_member(group, Role.MODERATOR), treasurer_of(an_order())):
        with pytest.raises(NotFound):
            parcel_queries.parcel_for(parcel_id, stranger.id)
        with pytest.raises(NotFound):
            confirm_all(parcel_id, orders[0], 316_50, by=stranger.id)
        with pytest.raises(NotFound):
            parcel_paying.say_sent(parcel_id=parcel_id, by=stranger.id, address_id=None)
        with pytest.raises(NotFound):
            parcel_paying.not_found(parcel_id=parcel_id, by=stranger.id)
    with pytest.raises(NotFound):
        parcel_queries.parcel_for(parcel_id + 1000, orders[0].buyer_id)


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_an_officer_confirms_no_parcel_of_his_own(app: Flask, side: str) -> None:
    group = a_group()
    officer = a_member(group, Role.TREASURER)
    how: dict[str, Any] = {"group": group, "seller": a_member(group), "buyer": a_member(group), side: officer}
    orders = [an_order(**how), an_order(**how)]
    parcel_id = together(orders)
    for deed in (lambda: confirm_all(parcel_id, orders[0], 284_00, by=officer.id),
                 lambda: parcel_paying.not_found(parcel_id=parcel_id, by=officer.id)):  # fmt: skip
        with pytest.raises(NotAllowed, match="your own order"):
            deed()
    with pytest.raises(NotAllowed):
        parcel_paying.say_sent(parcel_id=parcel_id, by=orders[0].seller_id, address_id=None)


# ---- Shipping, and undoing one of them ----


def test_one_parcel_number_for_all_of_it_and_what_was_refunded_stays_behind(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    confirm_all(parcel_id, orders[0], 316_50)
    shipping.cancel(order_id=orders[1].id, by=orders[1].seller_id)
    assert fresh(orders[1]).owed_buyer_minor == 110_00, "its hammer price and its own part of the shipping"
    assert parts(orders) == [2_00, 10_00, 4_50], "what the others paid stays as it is"
    first = fresh(orders[0])
    beside = queries.alike(first)
    assert [other.id for other in beside] == [orders[2].id]
    ship(orders[0], together=[orders[2].id])
    assert {fresh(order).tracking for order in (orders[0], orders[2])} == {"CX 4471 9920 3 AT"}
    release(orders[2])
    assert states(orders) == [State.SHIPPED, State.REFUNDED, State.RELEASED]
    assert is_sound()


# ---- What waits, and what is told ----


def test_a_parcel_is_one_thing_to_pay_one_to_look_for_and_one_to_ship(app: Flask) -> None:
    orders = three()
    alone = an_order(group=db.session.get_one(Group, orders[0].group_id), buyer=person(orders[0].buyer_id))
    parcel_id = together(orders)
    wait = next(each for each in waits(orders[0].buyer_id) if each.parcel_id)
    assert (wait.more, wait.amount) == (2, eur(316_50))
    assert len(waits(orders[0].buyer_id)) == 2
    sent(parcel_id, orders[0])
    say_sent(alone)
    treasurer_id = treasurer_of(orders[0]).id
    (money,) = [each for each in waiting.waiting_for(treasurer_id) if isinstance(each, MoneyWaits)]
    assert money.payments == 2
    queue = treasury.queue_for(orders[0].group_id, treasurer_id)
    assert sorted(payment.missing.minor for payment in queue.payments) == [142_00, 316_50]
    confirm_all(parcel_id, orders[0], 316_50)
    (to_ship,) = waits(orders[0].seller_id)
    assert (to_ship.state, to_ship.more) == (State.HELD, 2)


def test_the_reference_of_a_parcel_finds_it_for_an_officer(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    reference = db.session.get_one(Parcel, parcel_id).reference
    treasurer_id, group_id = treasurer_of(orders[0]).id, orders[0].group_id
    assert treasury.parcel_with(group_id, treasurer_id, f"SEPA {reference.lower()} thanks") == parcel_id
    assert treasury.order_with(group_id, treasurer_id, reference) is None
    assert treasury.parcel_with(group_id, treasurer_id, orders[0].reference) is None


def test_what_is_done_to_all_is_told_once(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    treasurer_id, buyer_id, seller_id = treasurer_of(orders[0]).id, orders[0].buyer_id, orders[0].seller_id
    assert len(notices(treasurer_id, "parcel_said_sent")) == 1
    assert not notices(treasurer_id, "payment_said_sent")
    confirm_all(parcel_id, orders[0], 150_00)
    (short,) = notices(buyer_id, "parcel_short")
    assert short["missing"] == {"money": [166_50, "EUR"]}
    assert len(notices(seller_id, "payment_confirmed")) == 1, "of the order that is paid in full already"
    assert not notices(buyer_id, "payment_short")
    confirm_all(parcel_id, orders[0], 166_50)
    assert len(notices(buyer_id, "parcel_confirmed")) == len(notices(seller_id, "parcel_confirmed")) == 1
    assert len(notices(seller_id, "payment_confirmed")) == 1


def test_every_change_is_announced_for_who_listens(app: Flask, heard: list[object]) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    assert [fact.action for fact in heard if isinstance(fact, ParcelChanged)] == [Action.SAY_SENT]
    said = [fact for fact in heard if isinstance(fact, OrderChanged) and fact.action is Action.SAY_SENT]
    assert len(said) == 3 and all(fact.in_parcel for fact in said)


def test_what_a_buyer_could_pay_together_is_offered_with_what_it_saves(app: Flask) -> None:
    orders = three()
    an_order(group=db.session.get_one(Group, orders[0].group_id), buyer=person(orders[0].buyer_id))
    (offer,) = parcel_queries.offers_to(orders[0].buyer_id)
    assert (offer.saving, len(offer.orders)) == (eur(6_00), 3)
    assert [order.id for order in parcel_queries.could_join(orders[1])] == [orders[0].id, orders[2].id]
    together(orders)
    db.session.rollback()
    assert not parcel_queries.offers_to(orders[0].buyer_id)
    assert not parcel_queries.could_join(fresh(orders[0]))


# ---- The audit ----


def test_a_part_that_was_changed_by_hand_is_found(app: Flask) -> None:
    orders = three()
    together(orders)
    assert is_sound()
    with unit_of_work():
        db.session.get_one(Order, orders[0].id).parcel_shipping_minor = 1_00
    found = [each.sentence for each in proving.held_findings()]
    assert any(f"Order {orders[0].id} pays EUR 1.00 for its part" in sentence for sentence in found)


def test_an_order_in_a_parcel_of_other_people_is_found(app: Flask) -> None:
    orders = three()
    parcel_id, stranger_id = together(orders), a_person().id
    with unit_of_work():
        db.session.get_one(Parcel, parcel_id).buyer_id = stranger_id
    assert {each.what for each in proving.held_findings()} == {"party"}


# ---- At the same moment ----


def test_two_forms_at_the_same_moment_make_one_parcel(app: Flask) -> None:
    ids = [(order.id, order.buyer_id) for order in three()]
    (first, by), (second, _), (third, _) = ids
    at_once(
        app,
        lambda: parcels.put_together(order_id=first, by=by, together=[second], client_key="key-a0001"),
        lambda: parcels.put_together(order_id=second, by=by, together=[third], client_key="key-b0001"),
        lambda: parcels.put_together(order_id=first, by=by, together=[second], client_key="key-a0001"),
    )
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1
    joined = select(func.count()).select_from(OrderLine).where(OrderLine.action == "join_parcel")
    inside = select(func.count()).select_from(Order).where(Order.parcel_id.is_not(None))
    assert db.session.scalar(joined) == db.session.scalar(inside) >= 2
    assert is_sound()


def test_joining_and_paying_come_one_after_the_other(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders[:2])
    address_id = an_address(orders[0].buyer_id)
    late, first, by = orders[2].id, orders[0].id, orders[0].buyer_id
    at_once(
        app,
        lambda: parcels.put_together(order_id=late, by=by, together=[first]),
        lambda: parcel_paying.say_sent(parcel_id=parcel_id, by=by, address_id=address_id),
    )
    found = states(orders)
    assert found[:2] == [State.PAYMENT_CLAIMED] * 2
    is_inside = fresh(orders[2]).parcel_id is not None
    assert found[2] == (State.PAYMENT_CLAIMED if is_inside else State.AWAITING_PAYMENT)
    assert is_sound()


def test_paying_and_the_clock_come_one_after_the_other(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    address_id = an_address(orders[0].buyer_id)
    by, treasurer_id = orders[0].buyer_id, treasurer_of(orders[0]).id
    clock.move(timedelta(days=3))
    at_once(
        app,
        lapsing.lapse_due_orders,
        lambda: parcel_paying.say_sent(parcel_id=parcel_id, by=by, address_id=address_id),
        lambda: parcel_paying.confirm_payment(
            parcel_id=parcel_id, by=treasurer_id, amount=eur(316_50), bank_reference="line 9"
        ),
        lapsing.lapse_due_orders,
    )
    assert set(states(orders)) <= {State.HELD, State.UNPAID, State.AWAITING_PAYMENT}
    assert len(set(states(orders))) <= 2
    lapse()
    assert is_sound()


def test_two_treasurers_confirm_one_payment(app: Flask) -> None:
    orders = three()
    parcel_id = together(orders)
    sent(parcel_id, orders[0])
    group = db.session.get_one(Group, orders[0].group_id)
    officers = [treasurer_of(orders[0]).id, a_member(group, Role.TREASURER).id]
    failures = at_once(
        app,
        *[
            lambda officer=officer: parcel_paying.confirm_payment(  # type: ignore[misc]
                parcel_id=parcel_id, by=officer, amount=eur(316_50), bank_reference="line 1"
            )
            for officer in officers * 2
        ],
    )
    assert len(failures) == 3 and all(isinstance(each, RuleBroken) for each in failures)
    assert held(orders) == [102_00, 110_00, 104_50]
    assert sum(len(movements.of_order(order.id)) for order in orders) == 3
    assert is_sound()


def person(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def waits(person_id: int) -> list[OrderWaits]:
    db.session.rollback()
    return [each for each in waiting.waiting_for(person_id) if isinstance(each, OrderWaits)]


def notices(person_id: int, kind: str) -> list[dict[str, Any]]:
    """What a person was told of that kind, as it is kept."""
    db.session.rollback()
    found = db.session.scalars(select(Notice).where(Notice.person_id == person_id, Notice.kind == kind))
    return [notice.data for notice in found]
