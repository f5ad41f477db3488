"""What the law needs to know from the books, and the movements of money that follow from what it decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from marketplace.escrow import finding, order_rules
from marketplace.escrow.condition_rules import is_paid_by_hand
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.order_rules import Party, State
from marketplace.groups import queries as groups
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger import queries as books, service as ledger
from marketplace.ledger.rules import fees, guarantee_fund, receivable
from marketplace.payments import queries as movements, service as payments, sources
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State as MovementState, Through

KINDS = {Party.BUYER: Kind.REFUND, Party.SELLER: Kind.PAYOUT}
_OPEN = {MovementState.INTENDED, MovementState.ASKED}


def with_books(order: Order) -> order_rules.Order:
    """The order as the law sees it, with what its seller owes the group. What is taken out of one debt by two orders at
    once is taken out once: where there is one, the books are locked before they are read. A seller who has left owes
    it, too, while money is being taken back from him: what comes of that pays it, and is not his again."""
    facts = order.facts()
    debt, fund = receivable(order.group_id, order.seller_id), guarantee_fund(order.group_id)
    of_buyer = receivable(order.group_id, order.buyer_id)
    earned = fees(order.group_id)
    found = books.balances([debt, of_buyer, fund, earned], order.currency)
    may_lose = facts.is_by_gateway and (facts.processor_fee or facts.state is State.CHARGEBACK)
    if found[debt] or found[of_buyer] or may_lose:
        ledger.lock(order.group_id, currency=order.currency)
        found = books.balances([debt, of_buyer, fund, earned], order.currency)
    return replace(
        facts, seller_owes=found[debt], buyer_owes=_owed_for(order, of_buyer, found[of_buyer]), fund=found[fund],
        fees_there=found[earned], is_seller_member=_owes_what_is_lost(order),
    )  # fmt: skip


def _owes_what_is_lost(order: Order) -> bool:
    if order.terms.gateway is Through.TREASURER or groups.membership(order.group_id, order.seller_id) is not None:
        return True
    return bool(_being_taken_back(order))


def _owed_for(order: Order, debt: str, owed_in_all: Money) -> Money:
    """What of a member's debt is because of this order."""
    if not owed_in_all:
        return owed_in_all
    of_order = books.balances_of_order(order.id).get(debt, order.money(0))
    return max(order.money(0), min(owed_in_all, of_order))


def follow_money(order: Order, before: order_rules.Order, after: order_rules.Order) -> None:
    """Intend a movement for each sum that has become due. While a chargeback is open nothing leaves, and what the
    seller was paid is asked back."""
    if after.state is State.CHARGEBACK:
        if before.state is not State.CHARGEBACK:
            _hold_back(order)
        _take_back(order, after, since=before)
        return
    for payee in finding.PAYEES:
        if before.state is State.CHARGEBACK:
            due = owed(after, payee) - on_its_way(order, payee)
        elif is_paid_by_hand(after, payee) and owed(after, payee) > owed(before, payee):
            due = owed(after, payee)
        else:
            due = owed(after, payee) - owed(before, payee)
        if due > after.nothing():
            intend_payout(order, payee, due)


def payout_purpose(order: Order, payee: Party) -> str:
    """What a payout of this order is known by among the movements."""
    return f"order:{order.id}:payout:{payee}"


def intend_payout(
    order: Order, payee: Party, amount: Money, *, pause: timedelta = timedelta(), owed_since: datetime | None = None
) -> None:
    """`amount` of what is owed to one side is to be paid, after a pause. Each try is a movement of its own, known by
    the deed it follows from; through a processor one for each payment that it is drawn on."""
    purpose = payout_purpose(order, payee)
    by_hand = is_paid_by_hand(order.facts(), payee)
    gateway = Through.TREASURER if by_hand else order.terms.gateway
    drawn = sources.parts_of(order.id, KINDS[payee], amount) if gateway is Through.STRIPE else [amount]
    for number, part in enumerate(drawn):
        payments.intend(
            group_id=order.group_id, kind=KINDS[payee], amount=part, person_id=finding.person_of(order, payee),
            purpose=purpose, key=f"{purpose}:{order.line_count}{f':{number}' if number else ''}", order_id=order.id,
            pause=pause, gateway=gateway, owed_since=owed_since,
        )  # fmt: skip


def payouts_of(order: Order, payee: Party) -> list[Movement]:
    """Every try to pay one side of the order, oldest first."""
    purpose = payout_purpose(order, payee)
    return [movement for movement in movements.of_order(order.id) if movement.purpose == purpose]


def withdraw_payouts(order: Order, payee: Party) -> None:
    """What is still to be asked of the gateway is not asked any more. Raises RuleBroken where it may have heard."""
    for movement in payouts_of(order, payee):
        if movement.state in _OPEN:
            payments.withdraw(movement_id=movement.id, by=None)


def _hold_back(order: Order) -> None:
    """What the gateway has not heard of stays here. What it has is heard of later, and taken back."""
    for payee in finding.PAYEES:
        for movement in payouts_of(order, payee):
            if movement.state == MovementState.INTENDED:
                try:
                    payments.withdraw(movement_id=movement.id, by=None)
                except RuleBroken:
                    continue


def _take_back(order: Order, after: order_rules.Order, *, since: order_rules.Order) -> None:
    known = since.paid_seller if since.state is State.CHARGEBACK else _being_taken_back(order)
    amount = after.paid_seller - known
    if amount <= after.nothing() or is_paid_by_hand(after, Party.SELLER):
        return
    purpose = f"order:{order.id}:reversal"
    for number, part in enumerate(sources.parts_of(order.id, Kind.REVERSAL, amount)):
        payments.intend(
            group_id=order.group_id, kind=Kind.REVERSAL, amount=part, person_id=order.seller_id, purpose=purpose,
            key=f"{purpose}:{order.line_count}{f':{number}' if number else ''}", order_id=order.id,
            gateway=order.terms.gateway,
        )  # fmt: skip


def _being_taken_back(order: Order) -> Money:
    """What the gateway was asked to take back from the seller, and has not yet."""
    back = [each for each in movements.of_order(order.id) if each.kind == Kind.REVERSAL and each.state in _OPEN]
    return sum((each.amount for each in back), order.money(0))


def on_its_way(order: Order, payee: Party) -> Money:
    """What is being paid to one side already."""
    going = (each.amount for each in payouts_of(order, payee) if each.state in _OPEN)
    return sum(going, order.money(0))
