"""Who is reminded of a deadline, when, and in which words: what is to be done, and what the clock does then.

The words are marked for the translators here and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from marketplace.escrow.condition_rules import is_paid_by_hand
from marketplace.escrow.money_rules import owed
from marketplace.escrow.order_rules import Order, Party, State
from marketplace.escrow.rules import time_to_name_return_address

# Two days and twelve hours before each deadline: once in time to act, once in time to save it.
LEADS = (timedelta(days=2), timedelta(hours=12))


def _(sentence: str) -> str:
    """Marks a sentence for the translators."""
    return sentence


class Duty(NamedTuple):
    """What one side has to do in a state, and what follows if it does not."""

    whose: Party
    deed: str
    then: str


S, P = State, Party

# fmt: off
DUTIES = {
    S.AWAITING_PAYMENT: Duty(P.BUYER,     _("pay, and say that you have sent it"),
                             _("The order ends unpaid, and a strike is noted against you.")),
    S.PAYMENT_CLAIMED:  Duty(P.TREASURER, _("look for the payment and confirm it"),
                             _("Any other officer may confirm it; if nobody does, the order is cancelled.")),
    S.TOPPING_UP:       Duty(P.BUYER,     _("send the rest of the payment"),
                             _("What is held goes back to you, and the order ends.")),
    S.HELD:             Duty(P.SELLER,    _("ship it and enter the parcel number"),
                             _("The money goes back to the buyer.")),
    S.SHIPPED:          Duty(P.BUYER,     _("say whether it arrived"),
                             _("The inspection begins by itself.")),
    S.INSPECTING:       Duty(P.BUYER,     _("compare it with what was promised, then confirm or dispute"),
                             _("The money is released to the seller.")),
    S.RETURN_DUE:       Duty(P.BUYER,     _("send it back"),
                             _("The money is released to the seller.")),
    S.RETURN_SHIPPED:   Duty(P.SELLER,    _("say whether the return arrived"),
                             _("It counts as arrived.")),
    S.RETURN_RECEIVED:  Duty(P.SELLER,    _("look at what came back, then accept or contest it"),
                             _("The money goes back to the buyer.")),
    S.PAYING_OUT:       Duty(P.TREASURER, _("pay it out and confirm it"),
                             _("Every other officer is asked to do it.")),
}
# fmt: on

# Once the treasurer's time is over, any officer may act, and the clock then does something else.
FOR_SECOND_OFFICER = {
    S.PAYMENT_CLAIMED: Duty(
        P.TREASURER, _("look for the payment and confirm it"), _("The order is cancelled, without a strike.")
    ),
    S.PAYING_OUT: Duty(P.TREASURER, _("pay it out and confirm it"), _("It stays owed, and you are asked again.")),
}

# What has to be done before the state's own deadline.
SHIP_IN_TIME = Duty(P.SELLER, _("ship it and enter the parcel number"), _("The buyer may cancel."))
NAME_RETURN_ADDRESS = Duty(
    P.SELLER,
    _("say where it goes back to"),
    _("You cannot say it any more: nothing comes back, and the money goes back to the buyer."),
)

# Who paid before he said where it goes.
NAME_ADDRESS = Duty(P.BUYER, _("say where it goes"), _("The seller cannot ship it, and the money goes back to you."))


class Due(NamedTuple):
    """A duty, and until when it is to be done."""

    duty: Duty
    until: datetime


def dues_of(order: Order) -> list[Due]:
    """What has to be done on an order as it stands, the soonest first; nothing where it is for nobody, or a ruling."""
    if order.deadline is None or _is_at_work(order):
        return []
    if order.state is State.RETURN_DUE and not order.has_return_address:
        return [Due(NAME_RETURN_ADDRESS, name_return_address_until(order))]
    if order.state is State.HELD and order.is_address_missing:
        return [Due(NAME_ADDRESS, order.deadline)]
    duties = {**DUTIES, **FOR_SECOND_OFFICER} if order.is_second_officer_due else DUTIES
    last = [Due(duties[order.state], order.deadline)] if order.state in duties else []
    if order.state is State.HELD and ship_until(order) < order.deadline:
        return [Due(SHIP_IN_TIME, ship_until(order)), *last]
    return last


def _is_at_work(order: Order) -> bool:
    """Whether the payment processor is to do the next thing, and nobody has to be asked."""
    sides = [side for side in (Party.BUYER, Party.SELLER) if owed(order, side)]
    pays = order.state is State.PAYING_OUT and not any(is_paid_by_hand(order, side) for side in sides)
    return order.is_by_gateway and (pays or order.state is State.PAYMENT_CLAIMED)


def due_of(order: Order, *, now: datetime) -> Due | None:
    """What has to be done next, if anything. What the clock ends stays due until it has acted."""
    return next((due for due in dues_of(order) if now < due.until or due.until == order.deadline), None)


def ship_until(order: Order) -> datetime:
    """Until when the seller has to ship an order that is held; after that the buyer may cancel."""
    return order.since + timedelta(days=order.terms.days_to_ship)


def name_return_address_until(order: Order) -> datetime:
    """Until when the seller can say where it goes back to; after that it does not come back."""
    return order.since + time_to_name_return_address(order.terms)


def next_reminder(order: Order, *, after: datetime) -> datetime | None:
    """When to remind of what is due next, later than `after`; none if that was all."""
    return _next_of(dues_of(order), after=max(after, order.since))


def first_reminder(pay_until: datetime, *, after: datetime) -> datetime | None:
    """When to remind the buyer of an order that is opened now: the same, before there is an order."""
    return _next_of([Due(DUTIES[S.AWAITING_PAYMENT], pay_until)], after=after)


def _next_of(dues: Iterable[Due], *, after: datetime) -> datetime | None:
    """What is due sooner than a lead is not reminded at that lead: it would be told what it was told just now."""
    moments = [due.until - lead for due in dues for lead in LEADS]
    return min((moment for moment in moments if moment > after), default=None)


def hours_left(due: Due, *, now: datetime) -> int | None:
    """Which reminder is due now, as the hours it was to come before the moment; none once that has passed."""
    if now >= due.until:
        return None
    reached = [lead for lead in LEADS if now >= due.until - lead]
    return int(min(reached) / timedelta(hours=1)) if reached else None
