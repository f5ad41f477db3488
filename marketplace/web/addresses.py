"""A person's postal addresses, in his settings."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import get_locale, gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import addresses, queries
from marketplace.accounts.countries import countries
from marketplace.accounts.models import Address
from marketplace.accounts.schemas import KeepAddress
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.security_words import DOUBT, MONEY

blueprint = Blueprint("addresses", __name__, url_prefix="/settings/addresses")

Page = str | Response | tuple[str, int]


@blueprint.get("/new")
@auth_required()
def new() -> Page:
    """An empty address."""
    return _page(Form(), None)


@blueprint.post("/new")
@auth_required()
@limiter.limit("60 per hour")
def add() -> Page:
    """One address more; the first is where parcels go unless an order says otherwise."""
    form = Form.sent(KeepAddress)
    with form.refusals():
        addresses.add_address(by=me(), **form.data)
        flash(_("The address is kept. Nobody sees it but the seller of an order that you paid."), MONEY)
        return redirect(url_for("accounts.overview"))
    return _page(form, None), 422


@blueprint.get("/<int:address_id>")
@auth_required()
def show(address_id: int) -> Page:
    """One address, to be changed or removed."""
    return _page(Form(), queries.address_of(me(), address_id))


@blueprint.post("/<int:address_id>")
@auth_required()
@limiter.limit("60 per hour")
def change(address_id: int) -> Page:
    """The address is written anew; orders that are under way keep the one they have."""
    form = Form.sent(KeepAddress)
    address = queries.address_of(me(), address_id)
    with form.refusals():
        addresses.change_address(by=me(), address_id=address_id, **form.data)
        flash(_("The address is changed. Orders that are under way keep the old one."), MONEY)
        return redirect(url_for("accounts.overview"))
    return _page(form, address), 422


@blueprint.post("/<int:address_id>/remove")
@auth_required()
@limiter.limit("60 per hour")
def remove(address_id: int) -> Page:
    """The address is forgotten."""
    addresses.remove_address(by=me(), address_id=address_id)
    flash(_("The address is removed. Orders that are under way keep it."), DOUBT)
    return redirect(url_for("accounts.overview"))


def _page(form: Form, address: Address | None) -> str:
    named = countries(str(get_locale() or "en"))
    return render_template("accounts/address.html", form=form, address=address, countries=[("", ""), *named.items()])
