"""Where a person is paid, in his settings; and the page where a change is taken back without signing in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import payout_details, queries
from marketplace.accounts.schemas import ChangePayoutDetails
from marketplace.kernel import clock
from marketplace.web.forms import Form
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.security_pages import keep_nothing
from marketplace.web.security_words import DOUBT, MONEY

blueprint = Blueprint("payout_details", __name__, url_prefix="/settings/payout-details")
blueprint.after_request(keep_nothing)

Page = str | Response | tuple[str, int]


@blueprint.get("")
@fresh_second_factor
def show() -> Page:
    """What is used, what is used later, and a form for new details that says when they will be."""
    return _page(Form())


@blueprint.post("")
@fresh_second_factor
@limiter.limit("20 per hour")
def change() -> Page:
    """The new details wait 72 hours; the person and the officers of his groups are told at once."""
    form = Form.sent(ChangePayoutDetails)
    with form.refusals():
        usable_from = payout_details.change_payout_details(by=me(), **form.data)
        if usable_from > clock.now():
            flash(_("The new payout details are kept. They are used from the moment that stands below."), MONEY)
        else:
            flash(_("These are the payout details that are used already. Nothing was changed."), DOUBT)
        return redirect(url_for(".show"))
    return _page(form), 422


@blueprint.post("/keep")
@auth_required()
@limiter.limit("60 per hour")
def keep() -> Page:
    """New details that are not used yet are thrown away. No code is asked for: it may be the answer to a thief."""
    payout_details.keep_payout_details(by=me())
    flash(_("The new payout details are thrown away. You are paid as before."), MONEY)
    return redirect(url_for("accounts.overview"))


@blueprint.get("/change/<token>")
def show_change(token: str) -> Page:
    """Whoever has the link from the mail about it sees that there is a change, and can take it back."""
    return _change_page(token, Form())


@blueprint.post("/change/<token>")
@limiter.limit("60 per hour")
def take_back(token: str) -> Page:
    """The details that are new are thrown away. It tells nothing but that, and can do nothing else."""
    form = Form()
    with form.refusals():
        payout_details.take_back(token=token)
        return redirect(url_for(".show_change", token=token))
    return _change_page(token, form), 422


def _change_page(token: str, form: Form) -> str:
    change = payout_details.change_by(token)
    return render_template(
        "accounts/payout_change.html", form=form, change=change, is_used=change.usable_from <= clock.now()
    )


def _page(form: Form) -> str:
    now = clock.now()
    return render_template(
        "accounts/payout_details.html",
        form=form,
        current=queries.payout_details_of(me(), now),
        coming=queries.coming_payout_details(me(), now),
    )
