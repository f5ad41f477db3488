"""What the parties do to an order. Each deed is a button or a small form of its own on the order's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from marshmallow import Schema
from werkzeug.wrappers import Response

from marketplace.escrow import delivery, paying, payouts, returns, schemas, shipping
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.order_page import order_page
from marketplace.web.person import me

blueprint = Blueprint("order_deeds", __name__, url_prefix="/orders/<int:order_id>")

Page = str | Response | tuple[str, int]

DEEDS = "60 per hour"
_OF_NO_FIELD = {"", "client_key"}
"""Where an error stands that no field of the page shows."""


@blueprint.post("/delivery")
@auth_required()
@limiter.limit(DEEDS)
def choose_delivery(order_id: int) -> Page:
    """The buyer has said where it goes."""
    said = _("It is noted where it goes.")
    return _answer(order_id, "delivery", schemas.ChooseDelivery, delivery.choose_delivery, said)


@blueprint.post("/return-address")
@auth_required()
@limiter.limit(DEEDS)
def name_return_address(order_id: int) -> Page:
    """The seller has said where it goes back to, and the buyer is told."""
    said = _("It is noted, and the buyer is told where to send it.")
    return _answer(order_id, "return_address", schemas.NameReturnAddress, returns.name_return_address, said)


@blueprint.post("/sent")
@auth_required()
@limiter.limit(DEEDS)
def say_sent(order_id: int) -> Page:
    """The buyer has said that the payment is on its way; the treasurer looks for it."""
    said = _("The treasurer now looks for your payment and confirms it here.")
    return _answer(order_id, "sent", schemas.SaySent, paying.say_sent, said)


@blueprint.post("/propose-cancel")
@auth_required()
@limiter.limit(DEEDS)
def propose_cancel(order_id: int) -> Page:
    """One side would call it off, and the other is asked."""
    said = _("The other side is asked. Until it agrees, the order goes on as it is.")
    return _answer(order_id, "cancel", schemas.PlainDeed, paying.propose_cancel, said)


@blueprint.post("/agree-cancel")
@auth_required()
@limiter.limit(DEEDS)
def agree_cancel(order_id: int) -> Page:
    """Both agreed: it is over."""
    said = _("The order is cancelled. Nobody gets a strike.")
    return _answer(order_id, "cancel", schemas.PlainDeed, paying.agree_cancel, said)


@blueprint.post("/ship")
@auth_required()
@limiter.limit(DEEDS)
def ship(order_id: int) -> Page:
    """The seller has posted it, or has it ready."""
    return _answer(order_id, "ship", schemas.Ship, shipping.ship, _("It is noted, and the buyer is told."))


@blueprint.post("/cancel")
@auth_required()
@limiter.limit(DEEDS)
def cancel(order_id: int) -> Page:
    """The money goes back."""
    return _answer(order_id, "cancel", schemas.PlainDeed, shipping.cancel, _("The money goes back to the buyer."))


@blueprint.post("/arrived")
@auth_required()
@limiter.limit(DEEDS)
def say_arrived(order_id: int) -> Page:
    """The buyer has it and inspects it."""
    said = _("Your inspection has begun. The money stays held.")
    return _answer(order_id, "arrived", schemas.PlainDeed, shipping.say_arrived, said)


@blueprint.post("/code")
@auth_required()
@limiter.limit("30 per hour")
def use_code(order_id: int) -> Page:
    """The seller has handed it over and typed the buyer's code."""
    said = _("The code is right. The buyer inspects it now.")
    return _answer(order_id, "code", schemas.UseCode, shipping.use_code, said)


@blueprint.post("/receipt")
@auth_required()
@limiter.limit(DEEDS)
def confirm_receipt(order_id: int) -> Page:
    """The buyer is content, and the money is the seller's."""
    said = _("The money is released. The treasurer pays it out.")
    return _answer(order_id, "receipt", schemas.PlainDeed, shipping.confirm_receipt, said)


@blueprint.post("/extend")
@auth_required()
@limiter.limit(DEEDS)
def extend(order_id: int) -> Page:
    """The buyer has more time."""
    return _answer(order_id, "extend", schemas.PlainDeed, shipping.extend, _("You have more time to inspect it."))


@blueprint.post("/return-sent")
@auth_required()
@limiter.limit(DEEDS)
def ship_return(order_id: int) -> Page:
    """The buyer has sent it back."""
    return _answer(
        order_id, "return", schemas.ShipReturn, returns.ship_return, _("It is noted, and the seller is told.")
    )


@blueprint.post("/return-arrived")
@auth_required()
@limiter.limit(DEEDS)
def say_return_arrived(order_id: int) -> Page:
    """The seller has it back and looks at it."""
    said = _("Now look at what came back. The money stays held.")
    return _answer(order_id, "return", schemas.PlainDeed, returns.say_return_arrived, said)


@blueprint.post("/return-accepted")
@auth_required()
@limiter.limit(DEEDS)
def accept_return(order_id: int) -> Page:
    """The seller has what he sent, and the buyer gets his money."""
    return _answer(order_id, "return", schemas.PlainDeed, returns.accept_return, _("The money goes back to the buyer."))


@blueprint.post("/return-contested")
@auth_required()
@limiter.limit(DEEDS)
def contest_return(order_id: int) -> Page:
    """The seller has something else than he sent; somebody rules on it."""
    said = _("It is noted. The money stays held until it is ruled on.")
    return _answer(order_id, "contest", schemas.ContestReturn, returns.contest_return, said)


@blueprint.post("/payout-missing")
@auth_required()
@limiter.limit(DEEDS)
def payout_missing(order_id: int) -> Page:
    """The payee has seen no money: it is owed again."""
    said = _("It is owed to you again, and the treasurer is told.")
    return _answer(order_id, "payout", schemas.PlainDeed, payouts.payout_missing, said)


def _answer(order_id: int, name: str, schema: type[Schema], deed: Callable[..., object], said: str) -> Page:
    """Do it and say so on the order's page. What a field forbids stands there, with what was typed; what the order
    itself forbids, because it has moved on, is said on the page as it stands now."""
    form = Form.sent(schema)
    with form.refusals():
        data: dict[str, Any] = form.data
        deed(order_id=order_id, by=me(), **data)
        flash(said)
        return _to_order(order_id)
    if set(form.errors) <= _OF_NO_FIELD:
        flash(next(iter(form.errors.values())), "doubt")
        return _to_order(order_id)
    return order_page(order_id, me(), {name: form}), 422


def _to_order(order_id: int) -> Response:
    return redirect(url_for("orders.show", order_id=order_id), 303)
