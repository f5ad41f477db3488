"""A person's settings: what others see of him, where his parcels and his money go, how he signs in."""

from __future__ import annotations

from flask import Blueprint, Response as FileResponse, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required, logout_user
from werkzeug.wrappers import Response

from marketplace.accounts import pictures, queries, service
from marketplace.accounts.schemas import DescribePerson
from marketplace.kernel import clock, images
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.payments import stripe_client
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.people import knows
from marketplace.web.person import me
from marketplace.web.security_words import DOUBT, MONEY

blueprint = Blueprint("accounts", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/settings")
@auth_required()
def overview() -> Page:
    """Everything about the person at one glance, each part with a way to change it."""
    now = clock.now()
    return render_template(
        "accounts/overview.html",
        person=queries.person(me()),
        addresses=queries.addresses_of(me()),
        takes_cards=stripe_client.is_set_up(),
        has_payout_details=queries.payout_details_of(me(), now) is not None,
        coming=queries.coming_payout_details(me(), now),
    )


@blueprint.get("/settings/profile")
@auth_required()
def profile() -> Page:
    """Name, picture and what the person says of himself."""
    return _profile_page(Form())


@blueprint.post("/settings/profile")
@auth_required()
@limiter.limit("60 per hour")
def change_profile() -> Page:
    """Name and words are kept; other members see them at once."""
    form = Form.sent(DescribePerson)
    with form.refusals():
        service.describe(by=me(), **form.data)
        flash(_("Your profile is kept. Other members see it so."), MONEY)
        return redirect(url_for(".overview"))
    return _profile_page(form), 422


@blueprint.post("/settings/picture")
@auth_required()
@limiter.limit("30 per hour")
def change_picture() -> Page:
    """The picture is made square and small, and everything that the camera wrote into it is gone."""
    form = Form()
    with form.refusals():
        key = pictures.keep(_sent("picture"), field="picture")
        _forget(service.show_picture(by=me(), picture_key=key))
        flash(_("Your new picture is kept."), MONEY)
        return redirect(url_for(".profile"))
    return _profile_page(form), 422


@blueprint.post("/settings/picture/remove")
@auth_required()
@limiter.limit("60 per hour")
def remove_picture() -> Page:
    """No picture any more."""
    _forget(service.show_picture(by=me(), picture_key=None))
    flash(_("Your picture is gone."), DOUBT)
    return redirect(url_for(".profile"))


@blueprint.get("/people/<int:person_id>/picture")
def picture(person_id: int) -> FileResponse:
    """A member's picture, for whoever may see his page. Its address changes with it, so browsers may keep it."""
    shown = queries.person(person_id) if knows(person_id) else None
    if shown is None or shown.picture_key is None:
        raise NotFound("There is no such picture.")
    content = pictures.content_of(shown.picture_key)
    return FileResponse(content, mimetype="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


@blueprint.post("/settings/sign-out-everywhere")
@auth_required()
@limiter.limit("60 per hour")
def sign_out_everywhere() -> Page:
    """Out on every device, this one too."""
    service.sign_out_everywhere(by=me())
    logout_user()
    flash(_("You are signed out on every device."), MONEY)
    return redirect(url_for("security.login"))


def _profile_page(form: Form) -> str:
    return render_template("accounts/profile.html", form=form, person=queries.person(me()))


def _sent(name: str) -> bytes:
    """The file of a form, read no further than it may be long."""
    file = request.files.get(name)
    content = file.read(images.MOST_BYTES + 1) if file else b""
    if not content:
        raise RuleBroken("Choose a photograph first: JPEG, PNG or WebP.", field=name)
    return content


def _forget(key: str | None) -> None:
    if key is not None:
        pictures.forget(key)
