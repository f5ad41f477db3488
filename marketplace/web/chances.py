"""The second chance: what is offered to me, taking it or passing it on, and wanting no such offers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import chances, schemas
from marketplace.auctions.models import Lot
from marketplace.catalog import queries as catalog
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.person import me

blueprint = Blueprint("chances", __name__)


@blueprint.get("/g/<slug>/lots/<int:number>/second-chance")
@auth_required()
def show(slug: str, number: int) -> str:
    """What the lot costs me, until when I may have it, and why I am asked."""
    return _page(*lot_here(slug, number), Form())


@blueprint.post("/g/<slug>/lots/<int:number>/second-chance")
@auth_required()
@limiter.limit("30 per minute")
def take(slug: str, number: int) -> Response | tuple[str, int]:
    """It is mine, and there is an order to pay."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.BuyNow)
    with form.refusals():
        seen = {name: Money(minor, lot.currency) for name, minor in form.data.items()}
        chances.take(lot_id=lot.id, by=me(), **seen)
        flash(_("It is yours. Now pay for it: the money is held until you confirm receipt."))
        return redirect(url_for("lots.show", slug=slug, number=number))
    return _page(group, lot, form), 422


@blueprint.post("/g/<slug>/lots/<int:number>/second-chance/decline")
@auth_required()
@limiter.limit("30 per minute")
def decline(slug: str, number: int) -> Response:
    """It goes on to the next in line."""
    lot = lot_here(slug, number)[1]
    chances.decline(lot_id=lot.id, by=me())
    flash(_("You have passed it on."))
    return redirect(url_for("lots.show", slug=slug, number=number))


@blueprint.post("/bids/second-chances")
@auth_required()
@limiter.limit("30 per hour")
def choose() -> Response:
    """From now on I am passed over, or no longer."""
    form = Form.sent(schemas.NoChances)
    with form.refusals():
        chances.refuse_chances(by=me(), **form.data)
        flash(_("You are offered no second chances any more.") if form.data["wants_none"] else
              _("If a buyer does not pay and you were next, we offer you the lot."))  # fmt: skip
    return redirect(url_for("bids.mine"))


def _page(group: Group, lot: Lot, form: Form) -> str:
    chance = chances.open_chance(lot, me())
    if chance is None:
        raise NotFound("Nothing is offered to you here.")
    now = clock.now()
    with clock.at(now):
        return render_template(
            "lots/second_chance.html", group=group, lot=lot, item=catalog.item(lot.item_id), form=form, chance=chance,
            is_over=now >= chance.ends_at,
        )  # fmt: skip
