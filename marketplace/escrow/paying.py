"""From the hammer to the money in the group's hands, or to the end of an order that is not paid."""

from __future__ import annotations

from collections.abc import Collection

from marketplace.escrow import delivery, finding, parcels
from marketplace.escrow.acting import act, take
from marketplace.escrow.confirmations import OrderPayment, check_is_alone
from marketplace.escrow.order_rules import Action, Deed, Party, State
from marketplace.groups import confirming, proposal_rules
from marketplace.groups.proposal_rules import Outcome, Slip
from marketplace.kernel.database import use_case
from marketplace.kernel.money import Money


@use_case
def say_sent(
    *, order_id: int, by: int, address_id: int | None, together: Collection[int] = (), client_key: str | None = None
) -> None:
    """The buyer says that his payment is on its way, and where the goods go; None where he picks them up.

    `together`: other orders with the same seller that the same payment is for. Each stays an order of its own.
    """
    orders = finding.locked_orders({order_id, *together})
    finding.check_same_parties(orders)
    references = [order.reference for order in orders]
    for order in orders:
        others = " ".join(reference for reference in references if reference != order.reference)
        deed = Deed(Action.SAY_SENT, finding.party_of(order, by))
        if deed.by is Party.BUYER and order.state == State.AWAITING_PAYMENT:
            check_is_alone(order)
            delivery.deliver(order, address_id=address_id)
        act(order, deed, by=by, note=others, client_key=client_key)


@use_case
def confirm_payment(
    *, order_id: int, by: int, amount: Money, bank_reference: str, proof_key: str | None = None,
    client_key: str | None = None,
) -> Outcome:  # fmt: skip
    """An officer who is no party has found `amount` in the group's account. What came of it.

    Too little is held until the rest comes; for an order that is over it is owed back at once. What passes his limit
    waits for a second officer.
    """
    case = OrderPayment(finding.locked_order(order_id))
    return confirming.confirm(case, Slip(by, amount, bank_reference, proof_key, client_key))


@use_case
def not_found(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """An officer looked, and the payment is not there. The buyer has some hours to look into it; once."""
    order = finding.locked_order(order_id)
    deed = Deed(Action.NOT_FOUND, finding.party_of(order, by))
    if deed.by is Party.TREASURER:
        check_is_alone(order)
    confirming.check_is_free(proposal_rules.Deed.PAYMENT, order_id)
    act(order, deed, by=by, client_key=client_key)


@use_case
def propose_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """One side would call an unpaid order off."""
    take(Action.PROPOSE_CANCEL, order_id=order_id, by=by, client_key=client_key)


@use_case
def agree_cancel(*, order_id: int, by: int, client_key: str | None = None) -> None:
    """The other side agrees: the order is over, and nobody is to blame."""
    order = parcels.locked_for_end(order_id)
    if act(order, Deed(Action.AGREE_CANCEL, finding.party_of(order, by)), by=by, client_key=client_key):
        parcels.follow_end(order, by=by)
