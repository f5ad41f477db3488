"""The way back, where it was agreed or ruled that the goods return before the money does."""

from __future__ import annotations

from marketplace.escrow import finding
from marketplace.escrow.acting import act, take
from marketplace.escrow.delivery import address_of
from marketplace.escrow.order_rules import Action, Deed, Party
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotAllowed


@use_case
def name_return_address(*, order_id: int, by: int, address_id: int, client_key: str | None = None) -> None:
    """The seller says to which of his addresses it goes back. It then stays: the buyer may be on his way with it."""
    order = finding.locked_order(order_id)
    if finding.party_of(order, by) is not Party.SELLER:
        raise NotAllowed("Where it goes back to is for the seller to say.")
    address = address_of(by, address_id)
    if act(order, Deed(Action.NAME_RETURN_ADDRESS, Party.SELLER), by=by, client_key=client_key):
        order.return_address = address


@use_case
def ship_return(*, order_id: int, by: int, carrier: str, tracking: str, client_key: str | None = None) -> None:
    """The buyer has sent it back."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.SHIP_RETURN, finding.party_of(order, by))
    if act(order, deed, by=by, note=f"{carrier} {tracking}".strip(), client_key=client_key):
        order.return_carrier, order.return_tracking = carrier, tracking


@use_case
def say_return_arrived(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The seller has it back: his time to look at it begins."""
    take(Action.SAY_RETURN_ARRIVED, order_id=order_id, by=by, client_key=client_key)


@use_case
def accept_return(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The seller finds what he sent: the buyer is refunded."""
    take(Action.ACCEPT_RETURN, order_id=order_id, by=by, client_key=client_key)


@use_case
def contest_return(*, order_id: int, by: int, reason: str, client_key: str | None = None) -> None:
    """The seller finds something else than he sent, and says what. There is one review of it."""
    take(Action.CONTEST_RETURN, order_id=order_id, by=by, note=reason, client_key=client_key)
