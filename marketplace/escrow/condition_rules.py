"""On which conditions a clause of the law of escrow holds, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.escrow.money_rules import owed, paid
from marketplace.escrow.order_rules import Deed, Order, Party
from marketplace.escrow.rules import When, time_to_name_return_address
from marketplace.kernel.errors import RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money


class Condition(NamedTuple):
    """Whether a clause holds now, and what to say when it does not."""

    holds: Callable[[Order, Deed, datetime], bool]
    refusal: Callable[[Order], RuleBroken]


BY_AMOUNT = {When.IN_FULL, When.IN_PART, When.NOT_MORE, When.SPLITS}
"""These depend on the amount that is entered with the deed."""


def _in_time(order: Order, now: datetime) -> bool:
    return order.deadline is None or now < order.deadline


def _is_over(order: Order, now: datetime) -> bool:
    return order.deadline is not None and now >= order.deadline


def _may_name_address(order: Order, now: datetime) -> bool:
    return not order.has_return_address and now < order.since + time_to_name_return_address(order.terms)


def _fits(order: Order, deed: Deed, most: Money) -> bool:
    return deed.amount is not None and order.nothing() < deed.amount <= most


def _is_last(order: Order, deed: Deed) -> bool:
    other = Party.SELLER if deed.payee is Party.BUYER else Party.BUYER
    return bool(owed(order, deed.payee)) and not owed(order, other)


def _ships_late(order: Order, now: datetime) -> bool:
    return now >= order.since + timedelta(days=order.terms.days_to_ship)


def _was_paid(order: Order, deed: Deed, now: datetime) -> bool:
    paid_at = order.paid_buyer_at if deed.by is Party.BUYER else order.paid_seller_at
    in_days = paid_at is not None and now < paid_at + timedelta(days=order.terms.days_for_feedback)
    return deed.payee is deed.by and in_days and not owed(order, deed.by) and _fits(order, deed, paid(order, deed.by))


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
    return _in_time(order, now) and order.can_be_posted and not order.is_in_parcel and not order.was_not_found


def _no_parcel(order: Order) -> RuleBroken:
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
    When.IN_FULL: Condition(lambda o, d, now: d.amount == o.missing, _too_much),
    When.IN_PART: Condition(lambda o, d, now: _fits(o, d, o.missing) and d.amount != o.missing, _too_much),
    When.NOT_MORE: Condition(lambda o, d, now: _fits(o, d, o.total), _too_much),
    When.NO_REFUND_OPEN: Condition(lambda o, d, now: not o.owed_buyer and _fits(o, d, o.total), _refund_open),
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
    When.FIRST_TIME: Condition(
        lambda o, d, now: not o.was_not_found,
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
    When.FIRST_LAPSE: Condition(lambda o, d, now: _is_over(o, now) and not o.is_second_officer_due, _too_early),
    When.SECOND_LAPSE: Condition(lambda o, d, now: _is_over(o, now) and o.is_second_officer_due, _too_early),
    When.LAST_PAYOUT: Condition(lambda o, d, now: _is_last(o, d), _says("This has been paid out already.")),
    When.OTHER_PAYOUT_OPEN: Condition(
        lambda o, d, now: bool(owed(o, d.payee)) and not _is_last(o, d), _says("This has been paid out already.")
    ),
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
