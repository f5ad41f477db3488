"""Offers on a lot that has passed: making one in two steps, the seller's answers, and my own."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import offer_queries, offering, schemas
from marketplace.auctions.models import Lot
from marketplace.auctions.schemas import as_money
from marketplace.catalog import queries as catalog
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.web import lots
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.paging import row_number
from marketplace.web.person import me

blueprint = Blueprint("offers", __name__)

_LOT = "/g/<slug>/lots/<int:number>"
_ONE = f"{_LOT}/offers/<int:offer_id>"


@blueprint.post(f"{_LOT}/offer/check")
@auth_required()
@limiter.limit("30 per minute")
def check(slug: str, number: int) -> str | tuple[str, int]:
    """The first step of an offer: the full sum, with nothing binding yet."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.CheckOffer)
    with form.refusals():
        amount = as_money(form.data["amount"], lot.currency, field="amount")
        offering.try_offer(lot_id=lot.id, by=me(), amount=amount)
        return render_template(
            "offers/check.html", group=group, lot=lot, item=catalog.item(lot.item_id), form=form, amount=amount
        )
    return lots.lot_page(group, lot, form), 422


@blueprint.post(f"{_LOT}/offer")
@auth_required()
@limiter.limit("30 per minute")
def make(slug: str, number: int) -> Response | tuple[str, int]:
    """The second step: the offer binds, and the seller is told."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.MakeOffer)
    with form.refusals():
        amount = as_money(form.data["amount"], lot.currency, field="amount")
        seen = Money(form.data["shipping_seen"], lot.currency)
        offering.make_offer(
            lot_id=lot.id, by=me(), amount=amount, shipping_seen=seen, client_key=form.data["client_key"]
        )
        flash(_("The seller is told of your offer, and answers within two days."))
        return _to_lot(slug, number)
    return lots.lot_page(group, lot, form), 422


@blueprint.get(f"{_LOT}/offer")
@blueprint.get(f"{_LOT}/offer/check")
def again(slug: str, number: int) -> Response:
    """Who comes back to a step of his offer, from signing in or by the address bar, is at the lot again."""
    return _to_lot(slug, number)


@blueprint.post(f"{_ONE}/withdraw")
@auth_required()
@limiter.limit("30 per minute")
def withdraw(slug: str, number: int, offer_id: int) -> Response:
    """My offer binds me no more."""
    lot = lot_here(slug, number)[1]
    offering.withdraw(lot_id=lot.id, offer_id=offer_id, by=me())
    flash(_("Your offer is withdrawn. You owe nothing."))
    return _to_lot(slug, number)


@blueprint.get(f"{_LOT}/offers")
@auth_required()
def on_lot(slug: str, number: int) -> str:
    """What its seller is offered: those that wait for his answer first."""
    group, lot = _my_lot(slug, number)
    now = clock.now()
    with clock.at(now):  # one page, one moment
        lines = offer_queries.offers_on(lot, now=now)
        return render_template("offers/on_lot.html", group=group, lot=lot, lines=lines)


@blueprint.get(f"{_ONE}/accept")
@auth_required()
def accepting(slug: str, number: int, offer_id: int) -> str:
    """What accepting an offer brings, and what follows from it."""
    group, lot = _my_lot(slug, number)
    return _accept_page(group, lot, offer_id, Form())


@blueprint.post(f"{_ONE}/accept")
@auth_required()
@limiter.limit("30 per minute")
def accept(slug: str, number: int, offer_id: int) -> Response | tuple[str, int]:
    """The lot is sold, and there is an order."""
    group, lot = _my_lot(slug, number)
    form = Form()
    with form.refusals():
        offering.accept(lot_id=lot.id, offer_id=offer_id, by=me())
        flash(_("It is sold. The buyer is told, and pays the group."))
        return _to_lot(slug, number)
    return _accept_page(group, lot, offer_id, form), 422


@blueprint.post(f"{_ONE}/decline")
@auth_required()
@limiter.limit("30 per minute")
def decline(slug: str, number: int, offer_id: int) -> Response:
    """Who made it is told that I do not take it."""
    lot = _my_lot(slug, number)[1]
    offering.decline(lot_id=lot.id, offer_id=offer_id, by=me())
    flash(_("The offer is declined, and its bidder is told."))
    return redirect(url_for(".on_lot", slug=slug, number=number))


@blueprint.get("/offers")
@auth_required()
def mine() -> str:
    """What I have offered for lots that had passed, and what became of it. Nobody else sees this list."""
    now, before = clock.now(), request.args.get("before", type=row_number)
    found = offer_queries.offers_of(me(), now=now, before=before, limit=offer_queries.PAGE + 1)
    shown = found[: offer_queries.PAGE]
    with clock.at(now):
        return render_template(
            "offers/mine.html",
            offers=shown,
            covers=catalog.covers_of(each.lot.item_id for each in shown if each.is_seen),
            more=shown[-1].offer.id if len(found) > len(shown) else None,
            now=now,
        )


def _my_lot(slug: str, number: int) -> tuple[Group, Lot]:
    """To anybody but its seller there are no offers on a lot."""
    group, lot = lot_here(slug, number)
    if lot.seller_id != me():
        raise NotFound("There is no such page.")
    return group, lot


def _accept_page(group: Group, lot: Lot, offer_id: int, form: Form) -> str:
    now = clock.now()
    line = next((each for each in offer_queries.offers_on(lot, now=now) if each.offer.id == offer_id), None)
    if line is None:
        raise NotFound("There is no such offer.")
    with clock.at(now):  # one page, one moment
        item = catalog.item(lot.item_id)
        return render_template("offers/accept.html", group=group, lot=lot, item=item, line=line, form=form)


def _to_lot(slug: str, number: int) -> Response:
    return redirect(url_for("lots.show", slug=slug, number=number))
