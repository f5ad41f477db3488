"""What an officer confirms of one order: that its payment came in, or that a payout went out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import chain

from marketplace.escrow import finding
from marketplace.escrow.acting import act, check, was_done
from marketplace.escrow.models import Order
from marketplace.escrow.money_rules import owed
from marketplace.escrow.moving import payouts_of
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.reference_rules import parcel_reference_of
from marketplace.escrow.rules import AWAITED
from marketplace.groups import proposal_rules, queries as groups
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_rules import Slip
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.payments import queries as movements, service as payments
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State as MovementState

PAYOUTS = {
    Party.BUYER: proposal_rules.Deed.BUYER_PAYOUT,
    Party.SELLER: proposal_rules.Deed.SELLER_PAYOUT,
}  # fmt: skip


class OfOrder(Confirmation):
    """What both have in common: the order, and who looks after its money."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.subject_id, self.group_id, self.title = order.id, order.group_id, order.title

    @property
    def limit_minor(self) -> int:
        return limit_of([self.order])

    @property
    def until(self) -> datetime | None:
        return self.order.deadline

    @property
    def is_second_officer_due(self) -> bool:
        return self.order.is_second_officer_due

    def confirmers(self) -> tuple[int, ...]:
        return finding.confirmers_of(self.order)


class OrderPayment(OfOrder):
    """The buyer's money has come into the group's account."""

    deed = proposal_rules.Deed.PAYMENT

    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.person_id, self.other_id = order.buyer_id, order.seller_id
        self.stage = stage_of([order])

    def was_done(self, slip: Slip) -> bool:
        return was_done(self.order, self._deed(slip), note=slip.bank_reference, client_key=slip.client_key)

    def check(self, slip: Slip) -> None:
        deed = self._deed(slip)
        if deed.by is Party.TREASURER:
            check_is_alone(self.order)
        check(self.order, deed, by=slip.by)
        check_line_is_new([self.order.id], slip.bank_reference)

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        act(
            self.order, self._deed(slip), by=slip.by, note=slip.bank_reference, client_key=slip.client_key,
            second=second,
        )  # fmt: skip
        book(self.order, slip.amount, slip)

    def wait(self, slip: Slip) -> None:
        """Nobody calls unpaid what an officer has found."""
        if self.order.state == State.AWAITING_PAYMENT:
            act(self.order, Deed(Action.PROPOSE_PAYMENT, Party.TREASURER, slip.amount), by=slip.by)

    def _deed(self, slip: Slip) -> Deed:
        return Deed(Action.CONFIRM_PAYMENT, finding.party_of(self.order, slip.by), slip.amount)


class OrderPayout(OfOrder):
    """What is owed to one side has left the group's account."""

    def __init__(self, order: Order, payee: Party) -> None:
        super().__init__(order)
        self.payee, self.deed = payee, PAYOUTS[payee]
        self.person_id = finding.person_of(order, payee)
        self.other_id = order.buyer_id if payee is Party.SELLER else order.seller_id

    @property
    def due(self) -> Money:
        """What is owed to him."""
        return owed(self.order.facts(), self.payee)

    def was_done(self, slip: Slip) -> bool:
        return was_done(self.order, self._deed(slip), note=slip.bank_reference, client_key=slip.client_key)

    def check(self, slip: Slip) -> None:
        check(self.order, self._deed(slip), by=slip.by)
        if self.due != slip.amount:
            raise RuleBroken("Another sum is owed now. Look at where the order stands.")
        if self._movement().amount != self.due:
            raise RuleBroken(
                "The payment processor is still paying a part of this. Wait until it has, then pay the rest."
            )

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        act(
            self.order, self._deed(slip), by=slip.by, note=slip.bank_reference, client_key=slip.client_key,
            second=second,
        )  # fmt: skip
        payments.confirm(
            movement_id=self._movement().id, by=slip.by, bank_reference=slip.bank_reference, proof_key=slip.proof_key
        )

    def _deed(self, slip: Slip) -> Deed:
        return Deed(Action.CONFIRM_PAYOUT, finding.party_of(self.order, slip.by), payee=self.payee)

    def _movement(self) -> Movement:
        return payouts_of(self.order, self.payee)[-1]


def limit_of(orders: Iterable[Order]) -> int:
    """What an officer may confirm of these alone, in minor units: a group that lowers its limit is heard at once, one
    that raises it changes no deal that runs."""
    orders = list(orders)
    now = groups.group(orders[0].group_id).terms.officer_limit_minor
    return min(now, *(order.terms.officer_limit_minor for order in orders))


def stage_of(orders: Iterable[Order]) -> str:
    """Whether money that comes is held, or goes back because the order is over."""
    return "awaited" if any(order.state in AWAITED for order in orders) else "over"


def book(order: Order, amount: Money, slip: Slip) -> None:
    """Write down which line of the bank's statement the order's money came with."""
    purpose = f"order:{order.id}:payment"
    movement = payments.intend(
        group_id=order.group_id, kind=Kind.COLLECT, amount=amount, person_id=order.buyer_id, purpose=purpose,
        key=f"{purpose}:{order.line_count}", order_id=order.id,
    )  # fmt: skip
    payments.confirm(
        movement_id=movement.id, by=slip.by, bank_reference=slip.bank_reference, proof_key=slip.proof_key
    )  # fmt: skip


def check_line_is_new(order_ids: Collection[int], bank_reference: str) -> None:
    """One line of the bank's statement pays an order, or the orders of a parcel, once."""
    for movement in chain.from_iterable(movements.of_orders(order_ids).values()):
        is_payment = movement.kind == Kind.COLLECT and movement.state == MovementState.CONFIRMED
        if is_payment and movement.bank_reference == bank_reference:
            raise RuleBroken(
                "%(amount)s with this reference was confirmed already. Give the reference of the new payment.",
                field="bank_reference",
                amount=movement.moved or movement.amount,
            )


def check_is_alone(order: Order) -> None:
    """What is paid for a parcel is said and confirmed of all its orders at once."""
    if order.parcel_id is not None and order.state in AWAITED:
        raise RuleBroken(
            "This order is paid in the parcel %(reference)s. Say it on the parcel's page, for all that is in it.",
            reference=parcel_reference_of(order.parcel_id),
        )
