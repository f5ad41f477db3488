"""On which conditions a clause of the law of escrow holds, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.escrow.clause_rules import When
from marketplace.escrow.gateway_rules import DAYS_UNTIL_OTHERWISE
from marketplace.escrow.money_rules import owed, paid
from marketplace.escrow.order_rules import Deed, Order, Party
from marketplace.escrow.rules import time_to_name_return_address
from marketplace.kernel.errors import RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money


class Condition(NamedTuple):
    """Whether a clause holds now, and what to say when it does not."""

    holds: Callable[[Order, Deed, datetime], bool]
    refusal: Callable[[Order], RuleBroken]


BY_AMOUNT = {When.IN_FULL, When.IN_PART, When.NOT_MORE, When.SPLITS, When.TOO_MUCH, When.ANY_AMOUNT, When.TAKES_ALL}
"""These depend on the amount that is entered with the deed."""


def _in_time(order: Order, now: datetime) -> bool:
    return order.deadline is None or now < order.deadline


def _is_over(order: Order, now: datetime) -> bool:
    return order.deadline is not None and now >= order.deadline


def _may_name_address(order: Order, now: datetime) -> bool:
    return not order.has_return_address and now < order.since + time_to_name_return_address(order.terms)


def _fits(order: Order, deed: Deed, most: Money) -> bool:
    return deed.amount is not None and order.nothing() < deed.amount <= most


def is_paid_by_hand(order: Order, payee: Party | None) -> bool:
    """Whether an officer pays this side of the order, and not a payment processor."""
    otherwise = {Party.BUYER: order.buyer_otherwise, Party.SELLER: order.seller_otherwise}
    return not order.is_by_gateway or otherwise.get(payee or Party.CLOCK, False)


def may_pay_otherwise(order: Order, payee: Party, now: datetime) -> bool:
    """Whether the gateway has not paid this side for so long that officers may. A refund waits for no processor; what
    is the seller's waits until the processor must not hold it any more."""
    if is_paid_by_hand(order, payee) or not owed(order, payee) or not order.is_second_officer_due:
        return False
    held_at = order.held_at or order.since
    return payee is Party.BUYER or now >= held_at + timedelta(days=DAYS_UNTIL_OTHERWISE)


def is_for_officers(order: Order, now: datetime) -> bool:
    """Whether officers have to look after the order's money: not while a payment processor does."""
    sides = (Party.BUYER, Party.SELLER)
    by_hand = any(owed(order, side) and is_paid_by_hand(order, side) for side in sides)
    return not order.is_by_gateway or by_hand or any(may_pay_otherwise(order, side, now) for side in sides)


def _is_his(order: Order, deed: Deed) -> bool:
    """A payment that a processor takes is confirmed by it, any other by officers."""
    return deed.by is Party.GATEWAY or not order.is_by_gateway


def _pays(order: Order, deed: Deed) -> bool:
    return bool(owed(order, deed.payee)) and is_paid_by_hand(order, deed.payee)


def _is_last(order: Order, deed: Deed) -> bool:
    other = Party.SELLER if deed.payee is Party.BUYER else Party.BUYER
    return _pays(order, deed) and not owed(order, other)


def _is_owed(order: Order, deed: Deed) -> bool:
    """For a payment that was asked for under this sum, whoever was to pay it then."""
    return deed.payee is not None and _fits(order, deed, owed(order, deed.payee))


def _is_not_owed(order: Order, deed: Deed) -> bool:
    return deed.payee is not None and deed.amount is not None and deed.amount > owed(order, deed.payee)


def _is_last_owed(order: Order, deed: Deed) -> bool:
    return _is_owed(order, deed) and deed.amount == order.owed_buyer + order.owed_seller


def _was_paid_out(order: Order, deed: Deed) -> bool:
    return deed.payee is not None and _fits(order, deed, paid(order, deed.payee))


def _debt_takes(order: Order, deed: Deed) -> bool:
    """Whether what comes back to the seller all pays what he owes the group, and nothing is left to be paid out."""
    owes = order.seller_owes or order.nothing()
    return deed.amount is not None and owes >= deed.amount and not order.owed_buyer + order.owed_seller


def _takes_all(order: Order, deed: Deed) -> bool:
    return deed.amount is not None and deed.amount >= order.held + order.owed_buyer + order.owed_seller


def _no_hand(order: Order) -> RuleBroken:
    if order.is_by_gateway:
        return RuleBroken("This order is paid by card, and its money comes and goes by itself. Look at the order.")
    return _too_much(order)


def _no_payout(order: Order) -> RuleBroken:
    if order.is_by_gateway and (order.owed_buyer or order.owed_seller):
        return RuleBroken("The payment processor pays this. If it cannot for too long, two officers pay it otherwise.")
    return RuleBroken("This has been paid out already.")


def _ships_late(order: Order, now: datetime) -> bool:
    return now >= order.since + timedelta(days=order.terms.days_to_ship)


def _was_paid(order: Order, deed: Deed, now: datetime) -> bool:
    paid_at = order.paid_buyer_at if deed.by is Party.BUYER else order.paid_seller_at
    in_days = paid_at is not None and now < paid_at + timedelta(days=order.terms.days_for_feedback)
    by_hand = deed.payee is deed.by and is_paid_by_hand(order, deed.by)
    return by_hand and in_days and not owed(order, deed.by) and _fits(order, deed, paid(order, deed.by))


def _too_late(order: Order) -> RuleBroken:
    return TooLate("The time for this ended %(deadline)s.", deadline=order.deadline)


def _too_early(order: Order) -> RuleBroken:
    return TooEarly("The clock acts %(deadline)s, not before.", deadline=order.deadline)


def _no_way_back(order: Order) -> RuleBroken:
    if order.has_return_address:
        return _too_late(order)
    return RuleBroken("It is not known where it goes back to. If the seller does not say so, you are refunded.")


def _address_stands(order: Order) -> RuleBroken:
    if order.has_return_address:
        return RuleBroken("The buyer has been told where it goes back to. Write to the other side below.")
    until = order.since + time_to_name_return_address(order.terms)
    return TooLate("The time to say where it goes back to ended %(until)s.", until=until)


def _may_join(order: Order, now: datetime) -> bool:
    is_free = not order.is_in_parcel and not order.was_not_found and not order.is_by_gateway
    return _in_time(order, now) and order.can_be_posted and is_free


def _no_parcel(order: Order) -> RuleBroken:
    if order.is_by_gateway:
        return RuleBroken("This order is paid by card. Pay it by itself.")
    if not order.can_be_posted:
        return RuleBroken("This is only for picking up, so it goes into no parcel. Pay it by itself.")
    if order.is_in_parcel:
        return RuleBroken("It is in a parcel already. Look at the parcel's page.")
    if order.was_not_found:
        return RuleBroken("You said that it is sent, so its sum stays as it is. Pay it by itself.")
    return _too_late(order)


def _parcel_stands(order: Order) -> RuleBroken:
    if not order.is_in_parcel:
        return RuleBroken("It is in no parcel. Look at where the order stands now.")
    return RuleBroken("You said that the parcel's payment is sent, so what is in it stays in it.")


def _says(message: str) -> Callable[[Order], RuleBroken]:
    return lambda order: RuleBroken(message)


def _too_much(order: Order) -> RuleBroken:
    return RuleBroken(
        "Enter more than nothing and at most %(missing)s, which is what is missing. Send back what came on top.",
        field="amount",
        missing=order.missing,
    )


def _refund_open(order: Order) -> RuleBroken:
    if order.owed_buyer:
        return RuleBroken("First confirm the payout to the buyer that is open, then book this.")
    return _too_much(order)


CONDITIONS: dict[When, Condition] = {
    When.ANY_TIME: Condition(lambda o, d, now: True, _too_late),
    When.IN_TIME: Condition(lambda o, d, now: _in_time(o, now), _too_late),
    When.OVERDUE: Condition(lambda o, d, now: _is_over(o, now), _too_early),
    When.SHIPPING_LATE: Condition(
        lambda o, d, now: _ships_late(o, now),
        lambda o: TooEarly(
            "The seller has until %(until)s to ship. After that you can cancel.",
            until=o.since + timedelta(days=o.terms.days_to_ship),
        ),
    ),
    When.IN_FULL: Condition(lambda o, d, now: _is_his(o, d) and d.amount == o.missing, _no_hand),
    When.IN_PART: Condition(
        lambda o, d, now: _is_his(o, d) and _fits(o, d, o.missing) and d.amount != o.missing, _no_hand
    ),
    When.TOO_MUCH: Condition(lambda o, d, now: d.amount is not None and d.amount > o.missing, _too_much),
    When.ANY_AMOUNT: Condition(lambda o, d, now: d.amount is not None and d.amount > o.nothing(), _too_much),
    When.NOT_MORE: Condition(lambda o, d, now: _is_his(o, d) and _fits(o, d, o.total), _no_hand),
    When.NO_REFUND_OPEN: Condition(
        lambda o, d, now: _is_his(o, d) and not o.owed_buyer and _fits(o, d, o.total), _refund_open
    ),
    When.SPLITS: Condition(
        lambda o, d, now: _fits(o, d, o.held) and d.amount != o.held,
        lambda o: RuleBroken(
            "%(held)s is held. Enter less than that and more than nothing, or give it all to one side.",
            field="amount",
            held=o.held,
        ),
    ),
    When.TO_AN_ADDRESS: Condition(lambda o, d, now: _in_time(o, now) and o.has_return_address, _no_way_back),
    When.NO_ADDRESS_YET: Condition(lambda o, d, now: _may_name_address(o, now), _address_stands),
    When.OVERDUE_TO_AN_ADDRESS: Condition(lambda o, d, now: _is_over(o, now) and o.has_return_address, _too_early),
    When.OVERDUE_TO_NOBODY: Condition(lambda o, d, now: _is_over(o, now) and not o.has_return_address, _too_early),
    When.BY_HAND_IN_TIME: Condition(
        lambda o, d, now: not o.is_by_gateway and _in_time(o, now),
        lambda o: _no_hand(o) if o.is_by_gateway else _too_late(o),
    ),
    When.SECOND_TIME: Condition(lambda o, d, now: o.was_not_found, _too_late),
    When.FIRST_TIME: Condition(
        lambda o, d, now: _is_his(o, d) and not o.was_not_found,
        _says("You said once before that it cannot be found. Now confirm it, or let the clock cancel the order."),
    ),
    When.NOT_EXTENDED: Condition(
        lambda o, d, now: _in_time(o, now) and not o.was_extended,
        _says("The inspection can be made longer once, before it ends. That is used or over."),
    ),
    When.OTHER_PROPOSED: Condition(
        lambda o, d, now: o.proposed_by not in (None, d.by), _says("The other side has not proposed to cancel.")
    ),
    When.NOT_PROPOSED: Condition(
        lambda o, d, now: o.proposed_by is None,
        _says("To cancel has been proposed already. It needs the other side's word."),
    ),
    When.PICK_UP: Condition(
        lambda o, d, now: o.is_pick_up, _says("This order is posted, not picked up: there is no code.")
    ),
    # A bank that is late needs no second officer.
    When.FIRST_LAPSE: Condition(
        lambda o, d, now: _is_over(o, now) and not (o.is_second_officer_due or o.is_by_gateway), _too_early
    ),
    When.SECOND_LAPSE: Condition(
        lambda o, d, now: _is_over(o, now) and (o.is_second_officer_due or o.is_by_gateway), _too_early
    ),
    When.LAST_PAYOUT: Condition(lambda o, d, now: _is_last(o, d), _no_payout),
    When.OTHER_PAYOUT_OPEN: Condition(lambda o, d, now: _pays(o, d) and not _is_last(o, d), _no_payout),
    When.OWED_SO_MUCH: Condition(lambda o, d, now: _is_owed(o, d), _no_payout),
    When.NOT_OWED_SO_MUCH: Condition(lambda o, d, now: _is_not_owed(o, d), _no_payout),
    When.LAST_OF_GATEWAY: Condition(lambda o, d, now: _is_last_owed(o, d), _no_payout),
    When.MORE_OF_GATEWAY: Condition(lambda o, d, now: _is_owed(o, d) and not _is_last_owed(o, d), _no_payout),
    When.PAID_SO_MUCH: Condition(lambda o, d, now: _was_paid_out(o, d), _says("So much was not paid out.")),
    When.DEBT_TAKES_IT: Condition(
        lambda o, d, now: _was_paid_out(o, d) and _debt_takes(o, d), _says("So much was not paid out.")
    ),
    When.OWED_AFTER_IT: Condition(
        lambda o, d, now: _was_paid_out(o, d) and not _debt_takes(o, d), _says("So much was not paid out.")
    ),
    When.OVERDUE_OWING: Condition(
        lambda o, d, now: _is_over(o, now) and bool(o.owed_buyer + o.owed_seller), _too_early
    ),
    When.OVERDUE_OWING_NOTHING: Condition(
        lambda o, d, now: _is_over(o, now) and not o.owed_buyer + o.owed_seller, _too_early
    ),
    When.GATEWAY_CANNOT: Condition(
        lambda o, d, now: d.payee is not None and may_pay_otherwise(o, d.payee, now) and o.otherwise_payee != d.payee,
        _says("The payment processor still has time for this, or another officer has proposed it already."),
    ),
    When.OTHERWISE_PROPOSED: Condition(
        lambda o, d, now: d.payee is not None and may_pay_otherwise(o, d.payee, now) and o.otherwise_payee == d.payee,
        _says("First one officer proposes to pay it otherwise, then another agrees."),
    ),
    When.TAKES_WHAT_GOES_BACK: Condition(lambda o, d, now: bool(o.held) and _fits(o, d, o.owed_buyer), _too_much),
    When.TAKES_ALL: Condition(lambda o, d, now: _takes_all(o, d), _too_much),
    When.LEAVES_SOME: Condition(lambda o, d, now: d.amount is not None and not _takes_all(o, d), _too_much),
    When.NOT_YET_SENT: Condition(lambda o, d, now: _may_join(o, now), _no_parcel),
    When.IN_UNSENT_PARCEL: Condition(lambda o, d, now: o.is_in_parcel and not o.was_not_found, _parcel_stands),
    When.IN_PARCEL: Condition(lambda o, d, now: o.is_in_parcel, _says("It is in no parcel. Look at the order.")),
    When.OVERDUE_HOLDING: Condition(lambda o, d, now: _is_over(o, now) and bool(o.held), _too_early),
    When.OVERDUE_EMPTY: Condition(lambda o, d, now: _is_over(o, now) and not o.held, _too_early),
    When.WAS_PAID: Condition(
        _was_paid,
        lambda o: RuleBroken(
            "This can be said of the last payout to you, within %(days)s days of it and while no other is open.",
            days=o.terms.days_for_feedback,
        ),
    ),
}
