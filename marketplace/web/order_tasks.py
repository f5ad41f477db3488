"""What orders wait for, in words: for their parties, and for the officers who look after the money."""

from __future__ import annotations

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from marketplace.accounts import queries as people
from marketplace.escrow import waiting
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.waiting import MoneyWaits, OrderWaits
from marketplace.groups import queries as groups
from marketplace.web.format import money_text
from marketplace.web.tasks import Task, Words

# fmt: off
WORDS: dict[tuple[Party, State], Words] = {
    (Party.BUYER, State.AWAITING_PAYMENT): Words(
        _l("Pay for %(title)s"), _l("See what to send"),
        _l("%(amount)s, to the group; it is held until you confirm receipt."),
        _l("Then the order is unpaid, and you get a strike.")),
    (Party.BUYER, State.TOPPING_UP): Words(
        _l("Send the rest for %(title)s"), _l("See what is missing"),
        _l("%(amount)s is missing."), _l("Then what came is sent back to you.")),
    (Party.BUYER, State.HELD): Words(
        _l("Say where it goes: %(title)s"), _l("Choose your address"),
        _l("%(other)s can ship it only when you have. %(amount)s is held."),
        _l("Then it cannot be shipped, and is refunded to you.")),
    (Party.BUYER, State.SHIPPED): Words(
        _l("Say when it arrives: %(title)s"), _l("See where it is"),
        _l("%(other)s shipped it. %(amount)s is held."), _l("Then your inspection begins by itself.")),
    (Party.BUYER, State.INSPECTING): Words(
        _l("Inspect %(title)s"), _l("Inspect and decide"),
        _l("%(amount)s is held."), _l("Then it is released to %(other)s.")),
    (Party.BUYER, State.RETURN_DUE): Words(
        _l("Send back %(title)s"), _l("Enter the parcel number"),
        _l("%(amount)s is held, and refunded when it came back."), _l("Then it is released to %(other)s.")),
    (Party.SELLER, State.RETURN_DUE): Words(
        _l("Say where it goes back to: %(title)s"), _l("Choose your address"),
        _l("%(other)s can send it back only when you have. %(amount)s is held."),
        _l("Then you cannot any more: nothing comes back, and %(other)s is refunded.")),
    (Party.SELLER, State.AWAITING_PAYMENT): Words(
        _l("%(other)s proposes to call it off: %(title)s"), _l("Answer"),
        _l("Nothing is paid yet."), _l("Then the order is unpaid by itself.")),
    (Party.SELLER, State.HELD): Words(
        _l("Ship %(title)s"), _l("Enter the parcel number"),
        _l("%(other)s paid, and %(amount)s is held."),
        _l("Then %(other)s may cancel, and is refunded after %(days)s days in all.")),
    (Party.SELLER, State.RETURN_SHIPPED): Words(
        _l("Say when it comes back: %(title)s"), _l("See where it is"),
        _l("%(other)s sent it back. %(amount)s is held."), _l("Then your time to look at it begins by itself.")),
    (Party.SELLER, State.RETURN_RECEIVED): Words(
        _l("Look at what came back: %(title)s"), _l("Look and decide"),
        _l("%(amount)s is held."), _l("Then it is refunded to %(other)s.")),
}
# The seller would call off what the buyer has not paid yet.
PROPOSED_TO_BUYER = Words(
        _l("%(other)s proposes to call it off: %(title)s"), _l("Answer"),
        _l("Agree, and nobody gets a strike; or pay %(amount)s."),
        _l("Then the order is unpaid, and you get a strike."))
# Once the seller's days to ship are over.
LATE: dict[Party, Words] = {
    Party.BUYER: Words(
        _l("%(title)s is not shipped"), _l("Cancel, or wait"),
        _l("You may cancel now, and get %(amount)s back."), _l("Then it is refunded to you by itself.")),
    Party.SELLER: Words(
        _l("Ship %(title)s"), _l("Enter the parcel number"),
        _l("%(other)s may cancel now. %(amount)s is held."), _l("Then %(other)s is refunded.")),
}
# fmt: on


def tasks_of(person_id: int) -> Iterable[Task]:
    """The orders in which this person has to act, and the money that he looks after."""
    waits = waiting.waiting_for(person_id)
    orders = [wait for wait in waits if isinstance(wait, OrderWaits)]
    names = people.names_of({wait.other_id for wait in orders})
    zones = {group_id: group.time_zone for group_id, group in groups.groups({wait.group_id for wait in waits}).items()}
    for wait in waits:
        if isinstance(wait, OrderWaits):
            yield _order_task(wait, names[wait.other_id], zones[wait.group_id])
        else:
            yield _money_task(wait, zones[wait.group_id])


def _order_task(wait: OrderWaits, other: str, zone: str) -> Task:
    is_proposed = wait.is_cancel_proposed and wait.whose is Party.BUYER
    usual = LATE[wait.whose] if wait.is_late else WORDS[wait.whose, wait.state]
    words = PROPOSED_TO_BUYER if is_proposed else usual
    return words.task(
        {
            "title": ngettext("%(title)s and %(num)d more", "%(title)s and %(num)d more", wait.more, title=wait.title)
            if wait.more
            else wait.title,
            "amount": money_text(wait.amount),
            "other": other,
            "days": str(wait.days_to_refund),
        },
        url=_page_of(wait),
        deadline=wait.until,
        zone=zone,
        item_id=wait.item_id,
    )


def _page_of(wait: OrderWaits) -> str:
    """Where it is done: a parcel is paid on its own page, and shipped from that of any of its orders."""
    if wait.parcel_id is not None and wait.state in (State.AWAITING_PAYMENT, State.TOPPING_UP):
        return url_for("parcels.show", parcel_id=wait.parcel_id)
    return url_for("orders.show", order_id=wait.order_id)


def _money_task(wait: MoneyWaits, zone: str) -> Task:
    payments = ngettext("%(num)d payment to confirm", "%(num)d payments to confirm", wait.payments)
    payouts = ngettext("%(num)d payout to make", "%(num)d payouts to make", wait.payouts)
    if wait.payments and wait.payouts:
        title = _("%(payments)s, %(payouts)s", payments=payments, payouts=payouts)
    else:
        title = payments if wait.payments else payouts
    return Task(
        title=title,
        url=url_for("treasury.show", slug=wait.slug),
        button=_("To the treasury"),
        text=_("In %(group)s, the most urgent first.", group=wait.group_name),
        deadline=wait.until,
        zone=zone,
        then=_("What happens then, the treasury says."),
    )
