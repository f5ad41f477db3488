"""A seller's account at Stripe, in his settings: to begin, to go on, and what is still wanted of him."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import get_locale, gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts.countries import countries
from marketplace.accounts.queries import addresses_of
from marketplace.accounts.schemas import BePaidByCard
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.payments import sellers, stripe_client
from marketplace.web.card_payments import way_to
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.fresh import fresh_if_any
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.wanted_words import wanted_words

blueprint = Blueprint("card_accounts", __name__, url_prefix="/settings/card-payments")

Page = str | Response | tuple[str, int]


@blueprint.get("")
@auth_required()
def show() -> Page:
    """Whether I can be paid by card, and what Stripe still wants to know."""
    _check_set_up()
    return _page(Form())


@blueprint.post("")
@auth_required()
@fresh_if_any
@limiter.limit("20 per hour")
def connect() -> Page:
    """On to Stripe's form, by a link that works once; the first time, with the seller's country."""
    form = Form.sent(BePaidByCard)
    with form.refusals():
        return _to_form(form.data["country"])
    return _page(form), 422


@blueprint.get("/again")
@auth_required()
@fresh_if_any
@limiter.limit("20 per hour")
def again() -> Page:
    """The link was used or too old, Stripe says: another one, for who has begun. A link from elsewhere begins nothing,
    and leads no thief with a stolen cookie to the form that says where the money goes."""
    _check_set_up()
    account = sellers.account_of(me())
    if account is None or account.account_id is None:
        return redirect(url_for(".show"))
    return _to_form()


@blueprint.get("/back")
@auth_required()
@limiter.limit("60 per hour")
def back() -> Page:
    """The seller is back from Stripe's form. That proves nothing: Stripe is asked."""
    _check_set_up()
    sellers.fetch(me())
    return redirect(url_for(".show"))


@blueprint.post("/dashboard")
@auth_required()
@fresh_if_any
@limiter.limit("20 per hour")
def dashboard() -> Page:
    """To the seller's own pages at Stripe: what came, what was paid out, and his bank account."""
    _check_set_up()
    try:
        return way_to(sellers.login_link_for(by=me()))
    except RuleBroken as broken:
        return _refused(broken)


def _to_form(country: str = "") -> Page:
    _check_set_up()
    base = str(current_app.config["EARNEST"].base_url)
    to = {"return_url": base + url_for(".back"), "refresh_url": base + url_for(".again")}
    try:
        url = sellers.link_for(by=me(), country=country, **to)
    except RuleBroken as broken:
        if broken.field:
            raise
        return _refused(broken)
    return way_to(url)


def _page(form: Form) -> str:
    account = sellers.account_of(me())
    homes = addresses_of(me()) if account is None else []
    return render_template(
        "accounts/card_payments.html", account=account, wanted=wanted_words(account.wanted) if account else [],
        form=form, countries=countries(str(get_locale() or "en")), country=homes[0].country if homes else "",
    )  # fmt: skip


def _refused(broken: RuleBroken) -> Page:
    flash(sentence_of(broken), "doubt")
    return redirect(url_for(".show"), 303)


def _check_set_up() -> None:
    if not stripe_client.is_set_up():
        raise NotFound(_("There is no such page."))
