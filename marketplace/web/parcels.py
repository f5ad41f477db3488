"""One parcel: what a buyer pays together, what its seller packs together, and what an officer confirms at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.catalog import queries as catalog
from marketplace.escrow import parcel_paying, parcel_queries, parcels, schemas
from marketplace.escrow.judging_rules import open_to
from marketplace.escrow.models import Order
from marketplace.escrow.order_rules import Action, Party, State
from marketplace.escrow.parcel_models import Parcel
from marketplace.escrow.parcel_paying import ParcelPayment
from marketplace.escrow.parcel_queries import Together
from marketplace.groups import queries as groups
from marketplace.groups.proposal_rules import Outcome
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed
from marketplace.payments import queries as movements
from marketplace.web.forms import Form
from marketplace.web.frame import able_in
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.order_page import group_of, order_page
from marketplace.web.person import me
from marketplace.web.proofs import Page, confirm_with_proof, from_bank_line
from marketplace.web.treasury import to_queue
from marketplace.web.two_officers import limit_here

blueprint = Blueprint("parcels", __name__)

# What is to be done with a parcel, by the first of these states that one of its orders is in.
STAGES = (State.AWAITING_PAYMENT, State.PAYMENT_CLAIMED, State.TOPPING_UP, State.HELD)


@blueprint.get("/parcels/<int:parcel_id>")
@auth_required()
def show(parcel_id: int) -> Page:
    """What is in it, what it costs together, and what is to be done: to pay once, to pack, to look for one payment."""
    return _parcel_page(parcel_id, Form())


@blueprint.post("/orders/<int:order_id>/parcel")
@auth_required()
@limiter.limit("60 per hour")
def put_together(order_id: int) -> Page:
    """The buyer has put his orders into one parcel, and sees what it costs."""
    form = Form.sent(schemas.PutTogether)
    with form.refusals():
        parcel_id = parcels.put_together(order_id=order_id, by=me(), **form.data)
        flash(_("They are in one parcel. Pay it once, with its own reference."))
        return redirect(url_for(".show", parcel_id=parcel_id), 303)
    return order_page(order_id, me(), {"parcel": form}), 422


@blueprint.post("/orders/<int:order_id>/parcel/leave")
@auth_required()
@limiter.limit("60 per hour")
def take_out(order_id: int) -> Page:
    """The buyer pays this order by itself after all."""
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        parcels.take_out(order_id=order_id, by=me(), **form.data)
        flash(_("It is taken out. Pay it by itself, with its own reference."))
        return redirect(url_for("orders.show", order_id=order_id), 303)
    flash(next(iter(form.errors.values())), "doubt")
    return redirect(url_for("orders.show", order_id=order_id), 303)


@blueprint.post("/parcels/<int:parcel_id>/sent")
@auth_required()
@limiter.limit("60 per hour")
def say_sent(parcel_id: int) -> Page:
    """The buyer has said that his one payment is on its way."""
    form = Form.sent(schemas.SayParcelSent)
    with form.refusals():
        parcel_paying.say_sent(parcel_id=parcel_id, by=me(), **form.data)
        flash(_("The treasurer now looks for your payment and confirms it here."))
        return redirect(url_for(".show", parcel_id=parcel_id), 303)
    return _parcel_page(parcel_id, form), 422


@blueprint.get("/parcels/<int:parcel_id>/payment")
@fresh_second_factor
def payment(parcel_id: int) -> Page:
    """What to look for in the group's account for all of it, and a form for what was found there."""
    parcel, together = _of_others(parcel_id)
    return _payment_page(parcel, together, from_bank_line(together.orders[0].group_id))


@blueprint.post("/parcels/<int:parcel_id>/payment")
@fresh_second_factor
@limiter.limit("120 per hour")
def confirm_payment(parcel_id: int) -> Page:
    """Every order's money is held; if it was too little, as far as it lasts."""
    parcel, together = _of_others(parcel_id)

    def confirm(amount: Any, **data: Any) -> Outcome:
        money = as_money(amount, together.orders[0].currency, field="amount")
        return parcel_paying.confirm_payment(parcel_id=parcel_id, by=me(), amount=money, **data)

    return confirm_with_proof(
        schemas.ConfirmPayment, confirm, _("It is confirmed for every order in it, and both sides are told."),
        done=lambda: to_queue(parcel.group_id), again=lambda form: _payment_page(parcel, together, form),
    )  # fmt: skip


@blueprint.post("/parcels/<int:parcel_id>/payment/not-found")
@fresh_second_factor
@limiter.limit("60 per hour")
def not_found(parcel_id: int) -> Page:
    """The buyer is asked to look into it."""
    parcel, together = _of_others(parcel_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        parcel_paying.not_found(parcel_id=parcel_id, by=me(), **form.data)
        flash(_("The buyer is told that the payment cannot be found."))
        return to_queue(parcel.group_id)
    return _payment_page(parcel, together, form), 422


def _of_others(parcel_id: int) -> tuple[Parcel, Together]:
    """The parcel, for an officer who looks after its money. Raises NotFound, and NotAllowed where it is his own."""
    parcel, together, party = parcel_queries.parcel_for(parcel_id, me())
    if party is not Party.TREASURER:
        raise NotAllowed("This is your own order. Another officer looks after its money.")
    return parcel, together


def _parcel_page(parcel_id: int, form: Form) -> str:
    parcel, together, party = parcel_queries.parcel_for(parcel_id, me())
    group, now = group_of(together.orders[0]), clock.now()
    stage = _stage_of(together)
    pays = party is Party.BUYER and bool(together.waiting)
    may_leave = {order.id for order in together.orders if _may_leave(order, party, now)}
    with clock.at(now):  # one page, one moment
        return render_template(
            "parcels/show.html",
            parcel=parcel,
            together=together,
            party=party,
            stage=stage,
            staged=[order for order in together.orders if order.state == stage],
            until=min((order.deadline for order in together.waiting if order.deadline), default=None),
            may_leave=may_leave,
            more=parcel_queries.could_join(together.waiting[0]) if may_leave else [],
            instructions=groups.instructions_of(parcel.group_id, now) if pays else None,
            addresses=accounts.addresses_of(parcel.buyer_id) if pays else [],
            names=accounts.names_of([parcel.buyer_id, parcel.seller_id]),
            covers=catalog.covers_of(order.item_id for order in together.orders),
            group=group,
            able=able_in(group),
            form=form,
            blank=Form(),
        )


def _stage_of(together: Together) -> State | None:
    states = {order.state for order in together.orders}
    return next((state for state in STAGES if state in states), None)


def _may_leave(order: Order, party: Party, now: datetime) -> bool:
    return party is Party.BUYER and Action.LEAVE_PARCEL in open_to(order.facts(), by=party, now=now)


def _payment_page(parcel: Parcel, together: Together, form: Form) -> str:
    group = group_of(together.orders[0])
    waiting = together.waiting
    claimed = [order for order in waiting if order.state == State.PAYMENT_CLAIMED]
    may_not_find = bool(claimed) and not any(order.was_not_found for order in claimed)
    moved = movements.of_orders([order.id for order in together.orders])
    return render_template(
        "treasury/parcel.html",
        parcel=parcel,
        together=together,
        group=group,
        form=form,
        until=min((order.deadline for order in waiting if order.deadline), default=None),
        hours=together.orders[0].terms.hours_after_not_found,
        may_not_find=may_not_find,
        limit=limit_here(ParcelPayment(parcel, together.orders)),
        names=accounts.names_of([parcel.buyer_id, parcel.seller_id]),
        seen=[each for order in moved.values() for each in order if each.moved and each.purpose.endswith(":payment")],
    )
