"""Proposals about orders: what each is about, and what becomes of it when the order moves on."""

from __future__ import annotations

from marketplace.escrow import finding, parcel_queries, parcels
from marketplace.escrow.confirmations import PAYOUTS, OrderPayment, OrderPayout
from marketplace.escrow.events import OrderChanged
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Party, State
from marketplace.escrow.parcel_paying import ParcelPayment
from marketplace.escrow.rules import AWAITED, ENDED
from marketplace.groups import confirming, proposal_queries as proposals
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Deed
from marketplace.kernel.database import db

DEEDS = (Deed.PAYMENT, Deed.PARCEL_PAYMENT, *PAYOUTS.values())
# Where money may be confirmed: nothing else that happens to an order touches what waits.
_STATES = {*AWAITED, *ENDED, State.PAYING_OUT}
_PAYEES = {deed: party for party, deed in PAYOUTS.items()}


def case_of(proposal: Proposal) -> Confirmation:
    """What it is about, locked."""
    if proposal.deed == Deed.PARCEL_PAYMENT:
        return ParcelPayment(*parcels.locked(proposal.subject_id))
    return _of_order(Deed(proposal.deed), finding.locked_order(proposal.subject_id))


def case_shown(proposal: Proposal) -> Confirmation:
    """The same for a page, which locks nothing."""
    if proposal.deed == Deed.PARCEL_PAYMENT:
        return ParcelPayment(*parcel_queries.parcel_with_orders(proposal.subject_id))
    return _of_order(Deed(proposal.deed), db.session.get_one(Order, proposal.subject_id))


def order_changed(fact: OrderChanged) -> None:
    """What waits about the order, or about its parcel, is looked at again."""
    if fact.was not in _STATES and fact.order.state not in _STATES:
        return
    order = db.session.get_one(Order, fact.order.id)
    about = [(deed, order.id) for deed in (Deed.PAYMENT, *PAYOUTS.values())]
    if order.parcel_id is not None:
        about.append((Deed.PARCEL_PAYMENT, order.parcel_id))
    for proposal in proposals.open_among(about):
        confirming.look_again(proposal, case_shown(proposal))


def _of_order(deed: Deed, order: Order) -> Confirmation:
    payee: Party | None = _PAYEES.get(deed)
    return OrderPayment(order) if payee is None else OrderPayout(order, payee)
