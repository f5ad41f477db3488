"""Orders, walked to where a test wants them through the services themselves: pay(), ship(), receive() …"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from marketplace.accounts import addresses
from marketplace.accounts.models import Person
from marketplace.accounts.queries import addresses_of
from marketplace.auctions.rules import State as LotState
from marketplace.catalog.models import Item
from marketplace.escrow import chargebacks, delivery, lapsing, paying, payouts, returns, service, shipping
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.kernel.money import Money
from marketplace.ledger.rules import escrow
from marketplace.payments import service as payments
from marketplace.payments.events import ChargebackOpened
from marketplace.payments.rules import Kind, Through
from tests.factories.auctions import a_lot
from tests.factories.catalog import an_item
from tests.factories.groups import a_group, a_member

_numbers = itertools.count(1)


def an_order(
    state: State = State.AWAITING_PAYMENT,
    *,
    group: Group | None = None,
    seller: Person | None = None,
    buyer: Person | None = None,
    item: Item | None = None,
    hammer: int = 132_00,
    shipping: int = 10_00,
    pick_up: bool = False,
    terms: Terms | None = None,
    further: int | None = None,
    title: str = "Bow porcelain teapot",
) -> Order:
    """An order of a group with a treasurer, in `state`. Amounts are in minor units of the group's currency."""
    group = group or a_group()
    if state is State.CHARGEBACK:
        terms = replace(terms or group.terms, gateway=Through.STRIPE)
    seller = seller or a_member(group, name="Hedwig Amsel")
    buyer = buyer or a_member(group, name="Marta Lind")
    costs = {"shipping_minor": shipping, "shipping_further_minor": further}
    item = item or an_item(seller, group, title=title, **costs)
    now = clock.now()
    lot = a_lot(
        item, starts_at=now - timedelta(days=7), ends_at=now, opening=hammer,
        **costs, state=LotState.SOLD, leader_id=buyer.id,
        leader_maximum_minor=hammer, bid_count=1, terms=terms or group.terms,
    )  # fmt: skip
    order = service.open_order(
        lot_id=lot.id, group_id=group.id, item_id=item.id, number=lot.number, title=lot.title, seller_id=seller.id,
        buyer_id=buyer.id, hammer=lot.price, shipping=lot.shipping, terms=lot.terms, sold_at=clock.now(),
        shipping_further=lot.shipping_further,
    )  # fmt: skip
    for step in _way_to(state, pick_up=pick_up):
        step(order)
    return fresh(order)


def fresh(order: Order) -> Order:
    """The order as it stands in the database now."""
    db.session.rollback()
    return db.session.get_one(Order, order.id)


def treasurer_of(order: Order) -> Person:
    """Somebody who may confirm the order's money; made the group's treasurer if there is none but the parties."""
    for officer in groups.officers(order.group_id, (Role.TREASURER,)):
        if officer.person_id not in (order.buyer_id, order.seller_id):
            return db.session.get_one(Person, officer.person_id)
    group = db.session.get_one(Group, order.group_id)
    return a_member(group, Role.TREASURER, name="Theo Treasurer")


def an_address(person_id: int) -> int:
    """An address of the person, made if he has none; its number."""
    kept = addresses_of(person_id)
    if kept:
        return kept[0].id
    made = addresses.add_address(
        by=person_id, recipient="Marta Lind", street="Lindengasse 7", postal_code="1070", city="Wien", country="AT"
    )
    return made.id


def say_sent(order: Order, *, pick_up: bool = False, **how: Any) -> None:
    address_id = None if pick_up else an_address(order.buyer_id)
    paying.say_sent(order_id=order.id, by=order.buyer_id, address_id=address_id, **how)


def confirm(order: Order, minor: int | None = None, **how: Any) -> None:
    """The treasurer confirms what is missing, or `minor` units of it."""
    missing = fresh(order).facts().missing
    amount = missing if minor is None else Money(minor, order.currency)
    reference = how.pop("bank_reference", f"statement line {next(_numbers)}")
    paying.confirm_payment(order_id=order.id, by=treasurer_of(order).id, amount=amount, bank_reference=reference, **how)


def pay(order: Order, *, pick_up: bool = False) -> None:
    """The buyer sends it all, and the treasurer finds it."""
    say_sent(order, pick_up=pick_up)
    confirm(order)


def ship(order: Order, **how: Any) -> None:
    shipping.ship(order_id=order.id, by=order.seller_id, carrier="Post", tracking="CX 4471 9920 3 AT", **how)


def receive(order: Order) -> None:
    """The buyer has it in his hands: by his word, or by his code."""
    code = fresh(order).pick_up_code
    if code:
        shipping.use_code(order_id=order.id, by=order.seller_id, code=code)
    else:
        shipping.say_arrived(order_id=order.id, by=order.buyer_id)


def release(order: Order) -> None:
    shipping.confirm_receipt(order_id=order.id, by=order.buyer_id)


def dispute(order: Order) -> None:
    service.open_dispute(order_id=order.id, by=order.buyer_id, action=Action.DISPUTE)


def rule(order: Order, action: Action = Action.REFUND, minor: int | None = None) -> None:
    amount = None if minor is None else Money(minor, order.currency)
    service.rule(order_id=order.id, action=action, amount=amount, by=None)


def name_return_address(order: Order) -> None:
    """The seller says where it goes back to."""
    returns.name_return_address(order_id=order.id, by=order.seller_id, address_id=an_address(order.seller_id))


def send_back(order: Order) -> None:
    """To where the seller says, if he has not yet."""
    if order.return_address is None:
        name_return_address(order)
    returns.ship_return(order_id=order.id, by=order.buyer_id, carrier="Post", tracking="RR 1 AT")


def pay_out(order: Order, *payees: Party) -> None:
    """The treasurer pays whoever is owed, and confirms it."""
    facts = fresh(order).facts()
    due = [payee for payee in (Party.BUYER, Party.SELLER) if getattr(facts, f"owed_{payee}")]
    for payee in payees or due:
        payouts.confirm_payout(
            order_id=order.id, by=treasurer_of(order).id, payee=payee, bank_reference=f"payout {next(_numbers)}"
        )


def lapse() -> None:
    """The worker comes by, until nothing is due."""
    while lapsing.lapse_due_orders():
        pass


def account_of(order: Order) -> str:
    """The order's own account in the books."""
    return escrow(order.id)


def comes(order: Order, minor: int | None = None) -> None:
    """A payment processor says that the buyer's money came."""
    if order.state == State.AWAITING_PAYMENT:
        delivery.choose_delivery(order_id=order.id, by=order.buyer_id, address_id=an_address(order.buyer_id))
    amount = order.money(order.facts().total.minor if minor is None else minor)
    purpose = f"order:{order.id}:payment"
    movement = payments.intend(
        group_id=order.group_id, kind=Kind.COLLECT, amount=amount, person_id=order.buyer_id, purpose=purpose,
        key=f"{purpose}:{next(_numbers)}", order_id=order.id, gateway=Through.STRIPE,
    )  # fmt: skip
    payments.confirm(movement_id=movement.id, by=None, bank_reference=f"ch_{movement.id}")


def is_asked_back(order: Order, fee: int = 1500, *, inquiry: bool = False) -> None:
    """The buyer's bank asks all of it back."""
    order = fresh(order)
    with unit_of_work():
        chargebacks.opened(
            ChargebackOpened(
                order.group_id, order.id, f"dp_{order.id}", order.facts().total, clock.now(), is_inquiry=inquiry,
                fee=order.money(0 if inquiry else fee), reason="fraudulent", evidence_due_at=None,
            )
        )  # fmt: skip


def _way_to(state: State, *, pick_up: bool) -> list[Any]:
    paid = [lambda order: pay(order, pick_up=pick_up)]
    shipped = [*paid, ship]
    inspecting = [*shipped, receive]
    disputed = [*inspecting, dispute]
    returned = [*disputed, lambda order: an_address(order.seller_id), lambda order: rule(order, Action.RETURN_FIRST)]
    sent_back = [*returned, send_back]
    back = [*sent_back, lambda order: returns.say_return_arrived(order_id=order.id, by=order.seller_id)]
    agree = [
        lambda order: paying.propose_cancel(order_id=order.id, by=order.buyer_id),
        lambda order: paying.agree_cancel(order_id=order.id, by=order.seller_id),
    ]
    released = [*inspecting, release]
    ways: dict[State, list[Any]] = {
        State.AWAITING_PAYMENT: [],
        State.PAYMENT_CLAIMED: [lambda order: say_sent(order, pick_up=pick_up)],
        State.TOPPING_UP: [lambda order: say_sent(order, pick_up=pick_up), lambda order: confirm(order, 100_00)],
        State.HELD: paid,
        State.SHIPPED: shipped,
        State.INSPECTING: inspecting,
        State.DISPUTED: disputed,
        State.RETURN_DUE: returned,
        State.RETURN_SHIPPED: sent_back,
        State.RETURN_RECEIVED: back,
        State.RETURN_CONTESTED: [
            *back,
            lambda order: returns.contest_return(order_id=order.id, by=order.seller_id, reason="The lid is missing."),
        ],
        State.RELEASED: released,
        State.REFUNDED: [*paid, lambda order: shipping.cancel(order_id=order.id, by=order.seller_id)],
        State.SPLIT: [*disputed, lambda order: rule(order, Action.DIVIDE, 50_00)],
        State.PAYING_OUT: [*released, lambda order: lapse()],
        State.CLOSED: [*released, lambda order: lapse(), pay_out],
        State.UNPAID: [_make_unpaid],
        State.CANCELLED: agree,
        State.CHARGEBACK: [comes, is_asked_back],
    }
    return ways[state]


def _make_unpaid(order: Order) -> None:
    """Nobody paid. Time stands still for everything else."""
    assert order.deadline is not None
    with clock.at(order.deadline):
        lapsing._lapse_one(order.id)
