"""Buying a lot at once: the whole sum, then the deed."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import buying, queries, schemas
from marketplace.auctions.models import Lot
from marketplace.catalog import queries as catalog
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed
from marketplace.kernel.money import Money
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.person import me

blueprint = Blueprint("buying", __name__, url_prefix="/g/<slug>/lots/<int:number>")


@blueprint.get("/buy")
@auth_required()
def asking(slug: str, number: int) -> str:
    """What it costs with shipping, and what buying binds me to."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.PLACE_BID)
    if lot.seller_id == me():
        raise NotAllowed("You cannot buy your own lot.")
    return _page(group, lot, Form())


@blueprint.post("/buy")
@auth_required()
@limiter.limit("30 per minute")
def buy(slug: str, number: int) -> Response | tuple[str, int]:
    """It is mine, and there is an order to pay."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.BuyNow)
    with form.refusals():
        seen = {name: Money(minor, lot.currency) for name, minor in form.data.items()}
        buying.buy_now(lot_id=lot.id, by=me(), **seen)
        flash(_("It is yours. Now pay for it: the money is held until you confirm receipt."))
        return redirect(url_for("lots.show", slug=slug, number=number))
    return _page(group, lot, form), 422


def _page(group: Group, lot: Lot, form: Form) -> str:
    seat = queries.seat_of(lot, me(), now=clock.now())
    item = catalog.item(lot.item_id)
    return render_template("lots/buy.html", group=group, lot=lot, item=item, form=form, seat=seat)
