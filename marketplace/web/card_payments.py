"""The buyer pays by card, on Stripe's own page: no card is ever typed here. Coming back from there proves nothing."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.escrow import card_paying, finding, schemas
from marketplace.escrow.order_rules import Party
from marketplace.kernel.errors import NotFound
from marketplace.payments import checkouts
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.order_page import order_page
from marketplace.web.person import me

blueprint = Blueprint("card_payments", __name__, url_prefix="/orders/<int:order_id>/card")

Page = str | Response | tuple[str, int]

_OF_NO_FIELD = {""}


@blueprint.post("")
@auth_required()
@limiter.limit("20 per hour")
def pay(order_id: int) -> Page:
    """The way to Stripe's page; or, where it was paid meanwhile, the order."""
    form = Form.sent(schemas.PayByCard)
    _order, party = finding.order_for(order_id, me())
    with form.refusals():
        if party is Party.BUYER and checkouts.has_paid(order_id):  # before another address makes it another sum
            return redirect(url_for(".back", order_id=order_id), 303)
        checkout_id = card_paying.begin_card_payment(order_id=order_id, by=me(), **form.data)
        url = checkouts.open_session(
            checkout_id,
            title=card_paying.title_of(order_id, me()),
            paid_url=_here("card_payments.back", order_id),
            back_url=_here("orders.show", order_id),
        )
        if url is not None:
            return way_to(url)
        return redirect(url_for(".back", order_id=order_id), 303)
    if set(form.errors) <= _OF_NO_FIELD:
        flash(next(iter(form.errors.values())), "doubt")
        return redirect(url_for("orders.show", order_id=order_id), 303)
    return order_page(order_id, me(), {"sent": form}), 422


@blueprint.get("/back")
@auth_required()
def back(order_id: int) -> Page:
    """The buyer is back from Stripe's page, or says so: the order shows that it is paid when Stripe has told us."""
    _order, party = finding.order_for(order_id, me())
    if party is not Party.BUYER:
        raise NotFound("There is no such page.")
    flash(_("Your payment is being processed. It shows here within a minute or so; you need not pay again."))
    return redirect(url_for("orders.show", order_id=order_id))


def way_to(url: str) -> str:
    """A page that leads on to Stripe by itself: the content policy keeps forms from doing so."""
    return render_template("away.html", url=url)


def _here(endpoint: str, order_id: int) -> str:
    """An address of ours as people open it, never as some request was made."""
    return str(current_app.config["EARNEST"].base_url) + url_for(endpoint, order_id=order_id)
