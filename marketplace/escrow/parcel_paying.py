"""One payment for a parcel: said to be sent once, confirmed once. Every order's money goes into its own account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.escrow import delivery, finding, parcels
from marketplace.escrow.acting import act
from marketplace.escrow.confirmations import book, check_line_is_new, limit_of, stage_of
from marketplace.escrow.models import Order, OrderLine
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.parcel_rules import allot, total
from marketplace.escrow.rules import AWAITED
from marketplace.groups import confirming, proposal_rules, queries as groups_read, service as groups
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_rules import Outcome, Slip
from marketplace.groups.rules import CONFIRMERS, OFFICERS
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotAllowed, RuleBroken, Stale
from marketplace.kernel.money import Money


@use_case
def say_sent(*, parcel_id: int, by: int, address_id: int | None, client_key: str | None = None) -> None:
    """The buyer says that his one payment for all of it is on its way, and where the parcel goes."""
    parcel, orders = parcels.locked(parcel_id)
    if party_in(orders, by) is not Party.BUYER:
        raise NotAllowed("This is for the buyer to say, not for you.")
    if _said_before(orders, Action.SAY_SENT, client_key):
        return
    unpaid = _those_in(orders, {State.AWAITING_PAYMENT})
    with clock.at(clock.now()):  # one deed, one moment: what they have the same time for ends together
        for order in unpaid:
            delivery.deliver(order, address_id=address_id)
            deed = Deed(Action.SAY_SENT, Party.BUYER)
            act(order, deed, by=by, note=parcel.reference, client_key=client_key, in_parcel=True)
    parcel.fixed_at = parcel.fixed_at or clock.now()
    parcels.tell(parcel, unpaid, Action.SAY_SENT, by=by)


class ParcelPayment(Confirmation):
    """The buyer's one payment for all of it has come into the group's account."""

    deed = proposal_rules.Deed.PARCEL_PAYMENT

    def __init__(self, parcel: Parcel, orders: Sequence[Order]) -> None:
        self.parcel, self.orders = parcel, orders
        self.waiting = [order for order in orders if order.state in AWAITED]
        self.subject_id, self.group_id, self.title = parcel.id, parcel.group_id, parcel.reference
        self.person_id, self.other_id, self.stage = parcel.buyer_id, parcel.seller_id, stage_of(orders)

    @property
    def limit_minor(self) -> int:
        return limit_of(self.waiting or self.orders)

    @property
    def until(self) -> datetime | None:
        return min((order.deadline for order in self.waiting if order.deadline), default=None)

    @property
    def is_second_officer_due(self) -> bool:
        return is_late(self.orders)

    def confirmers(self) -> tuple[int, ...]:
        officers = groups_read.officers(self.group_id, OFFICERS if self.is_second_officer_due else CONFIRMERS)
        parties = (self.person_id, self.other_id)
        return tuple(officer.person_id for officer in officers if officer.person_id not in parties)

    def was_done(self, slip: Slip) -> bool:
        check_officer(self.orders, slip.by)
        return _was_confirmed(self.orders, slip)

    def check(self, slip: Slip) -> None:
        check_officer(self.orders, slip.by)
        whole = total(slip.amount.currency, [order.facts().missing for order in self._due()])
        if not 0 < slip.amount.minor <= whole.minor:
            raise RuleBroken(
                "Enter more than nothing and at most %(missing)s, which is what is missing. Send back what came on "
                "top.",
                field="amount",
                missing=whole,
            )
        check_line_is_new([order.id for order in self.orders], slip.bank_reference)

    def carry_out(self, slip: Slip, *, second: int | None) -> None:
        """All its orders are held, or none is. Too little pays them one after the other, first the one with the
        dearest shipping; those for which it did not last wait for the rest as long as the one that got a part."""
        due, amount = self._due(), slip.amount
        missing = [order.facts().missing for order in due]
        is_whole = amount == total(amount.currency, missing)
        how = {"by": slip.by, "note": slip.bank_reference, "client_key": slip.client_key, "second": second}
        with clock.at(clock.now()):
            for order, part in zip(due, allot(amount, missing), strict=True):
                _take_in(order, part, in_parcel=is_whole or part != order.facts().missing, **how)
                if part:
                    book(order, part, slip)
        self.parcel.fixed_at = self.parcel.fixed_at or clock.now()
        told_of = due if is_whole else [order for order in due if order.state == State.TOPPING_UP]
        parcels.tell(self.parcel, told_of, Action.CONFIRM_PAYMENT, by=slip.by, amount=amount)

    def wait(self, slip: Slip) -> None:
        """Nobody calls unpaid what an officer has found."""
        with clock.at(clock.now()):
            for order in self.orders:
                if order.state == State.AWAITING_PAYMENT:
                    act(order, Deed(Action.PROPOSE_PAYMENT, Party.TREASURER), by=slip.by, in_parcel=True)
        self.parcel.fixed_at = self.parcel.fixed_at or clock.now()

    def _due(self) -> list[Order]:
        """Those that wait for money, in the order in which they are paid."""
        waiting = _those_in(self.orders, AWAITED)
        return sorted(waiting, key=lambda order: (-(order.parcel_shipping_minor or 0), order.id))


@use_case
def confirm_payment(
    *, parcel_id: int, by: int, amount: Money, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> Outcome:  # fmt: skip
    """An officer who is no party has found `amount` for the parcel. What came of it: what passes his limit waits for a
    second officer."""
    case = ParcelPayment(*parcels.locked(parcel_id))
    return confirming.confirm(case, Slip(by, amount, bank_reference, proof_key, client_key))


@use_case
def not_found(*, parcel_id: int, by: int, client_key: str | None = None) -> None:
    """An officer looked, and the parcel's payment is not there. The buyer has some hours to look into it; once."""
    parcel, orders = parcels.locked(parcel_id)
    check_officer(orders, by)
    if _said_before(orders, Action.NOT_FOUND, client_key):
        return
    confirming.check_is_free(proposal_rules.Deed.PARCEL_PAYMENT, parcel_id)
    claimed = _those_in(orders, {State.PAYMENT_CLAIMED})
    with clock.at(clock.now()):
        for order in claimed:
            act(order, Deed(Action.NOT_FOUND, Party.TREASURER), by=by, client_key=client_key, in_parcel=True)
    parcels.tell(parcel, claimed, Action.NOT_FOUND, by=by)


def party_in(orders: Sequence[Order], person_id: int) -> Party:
    """In which capacity somebody deals with a parcel's orders. Raises NotFound to everybody whom none concerns.

    An officer who acts in the treasurer's place does so once the treasurer is late with all that waits in it.
    """
    if not orders:
        raise parcels.no_such_parcel()
    first = orders[0]
    if finding.is_party(first, person_id):
        return Party.BUYER if person_id == first.buyer_id else Party.SELLER
    parties = frozenset({first.buyer_id, first.seller_id})
    if groups.may_confirm(first.group_id, person_id, parties=parties, second_officer=is_late(orders)):
        return Party.TREASURER
    raise parcels.no_such_parcel()


def is_late(orders: Sequence[Order]) -> bool:
    """Whether any officer may confirm what waits in it: the treasurer is late with all of that."""
    waiting = [order for order in orders if order.state in AWAITED]
    return bool(waiting) and all(order.is_second_officer_due for order in waiting)


def check_officer(orders: Sequence[Order], person_id: int) -> None:
    """Raise NotFound, or NotAllowed where it is his own: the law of people around an order."""
    if party_in(orders, person_id) is not Party.TREASURER:
        raise NotAllowed("This is your own order. Another officer looks after its money.")


def _take_in(order: Order, part: Money, **how: Any) -> None:
    """Its part of what came in; where nothing is left for it, it waits for the rest like those that got a part."""
    if part:
        act(order, Deed(Action.CONFIRM_PAYMENT, Party.TREASURER, part), **how)
    elif order.state != State.TOPPING_UP:
        act(order, Deed(Action.FALL_SHORT, Party.TREASURER), **how)


def _those_in(orders: Sequence[Order], states: set[State]) -> list[Order]:
    found = [order for order in orders if order.state in states]
    if not found:
        raise RuleBroken("This parcel has moved on, and that is no longer possible. Look at where it stands now.")
    return found


def _lines(orders: Sequence[Order], actions: Sequence[Action], client_key: str | None) -> list[OrderLine]:
    """What the same form has done to them already."""
    if client_key is None:
        return []
    done = select(OrderLine).where(OrderLine.order_id.in_([order.id for order in orders]))
    return list(db.session.scalars(done.where(OrderLine.client_key == client_key, OrderLine.action.in_(actions))))


def _said_before(orders: Sequence[Order], action: Action, client_key: str | None) -> bool:
    return bool(_lines(orders, [action], client_key))


def _was_confirmed(orders: Sequence[Order], slip: Slip) -> bool:
    lines = _lines(orders, [Action.CONFIRM_PAYMENT], slip.client_key)
    if not lines:
        return False
    said = sum(line.amount_minor or 0 for line in lines)
    if said != slip.amount.minor or any(line.note != slip.bank_reference for line in lines):
        raise Stale("This form was sent once already, with something else in it. Look at where the parcel stands now.")
    return True
