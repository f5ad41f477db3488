"""From the money held to the goods in the buyer's hands, and his word on them."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from marketplace.escrow import finding
from marketplace.escrow.acting import act, take
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Deed, Party
from marketplace.escrow.reference_rules import CODE_LENGTH, plain_code
from marketplace.kernel import clock
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken
from marketplace.payments.reference_rules import LETTERS

# Whoever has the goods has the code on the first try; a seller who guesses gets nowhere.
TRIES = 5
TRIES_COUNT_FOR = timedelta(hours=1)


@use_case
def ship(
    *, order_id: int, by: int, carrier: str = "", tracking: str = "", together: Collection[int] = (),
    client_key: str | None = None,
) -> None:  # fmt: skip
    """The seller has posted it, or has it ready to be picked up: then the buyer gets a code to prove the pick-up with.

    `together`: other orders of the same buyer that are in the same parcel.
    """
    orders = finding.locked_orders({order_id, *together})
    finding.check_same_parties(orders)
    for order in orders:
        deed = Deed(Action.SHIP, finding.party_of(order, by))
        parcel = f"{carrier} {tracking}".strip() if not order.is_pick_up else ""
        if act(order, deed, by=by, note=parcel, client_key=client_key):
            _send(order, carrier, tracking)


def use_code(*, order_id: int, by: int, code: str, client_key: str | None = None) -> None:
    """The buyer stands before the seller and reads out his code: the goods are his to inspect."""
    refusal = _try_code(order_id=order_id, by=by, code=plain_code(code), client_key=client_key)
    if refusal is not None:
        raise refusal


@use_case
def say_arrived(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The buyer has it: his time to inspect it begins."""
    take(Action.SAY_ARRIVED, order_id=order_id, by=by, client_key=client_key)


@use_case
def confirm_receipt(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The buyer is content: the money is the seller's."""
    take(Action.CONFIRM_RECEIPT, order_id=order_id, by=by, client_key=client_key)


@use_case
def extend(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The buyer needs more time to inspect it; once."""
    take(Action.EXTEND, order_id=order_id, by=by, client_key=client_key)


@use_case
def cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The seller cannot send it, or the buyer has waited long enough: the money goes back."""
    take(Action.CANCEL, order_id=order_id, by=by, client_key=client_key)


def _send(order: Order, carrier: str, tracking: str) -> None:
    if order.is_pick_up:
        order.pick_up_code = "".join(secrets.choice(LETTERS) for _place in range(CODE_LENGTH))
        return
    if order.address is None:
        raise RuleBroken("The buyer has not said where it goes. Write to the other side below, and ask.")
    if not carrier:
        raise RuleBroken("Enter who carries the parcel.", field="carrier")
    if not tracking:
        raise RuleBroken("Enter the parcel’s number.", field="tracking")
    order.carrier, order.tracking = carrier, tracking


@use_case
def _try_code(*, order_id: int, by: int, code: str, client_key: str | None) -> RuleBroken | None:
    """One try. A wrong one is counted, so it is kept: the refusal is handed back, to be raised after the commit."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.USE_CODE, finding.party_of(order, by))
    now = clock.now()
    is_guess = deed.by is Party.SELLER and order.pick_up_code is not None
    is_right = secrets.compare_digest(order.pick_up_code or "", code) and not _is_shut(order, now)
    if is_guess and not is_right:
        return _refusal(order, now)
    act(order, deed, by=by, client_key=client_key)
    return None


def _refusal(order: Order, now: datetime) -> RuleBroken:
    if _is_shut(order, now):
        return RuleBroken("That was tried too often. Try again %(when)s.", field="code", when=_open_again(order))
    if order.wrong_codes_since is None or now >= order.wrong_codes_since + TRIES_COUNT_FOR:
        order.wrong_codes, order.wrong_codes_since = 0, now
    order.wrong_codes += 1
    return RuleBroken("This is not the code. Let the buyer read it out again from the order’s page.", field="code")


def _is_shut(order: Order, now: datetime) -> bool:
    return order.wrong_codes >= TRIES and order.wrong_codes_since is not None and now < _open_again(order)


def _open_again(order: Order) -> datetime:
    return (order.wrong_codes_since or order.since) + TRIES_COUNT_FOR
