"""The second factor in a person's settings: set up, proved, turned off, and the recovery codes."""

from __future__ import annotations

from flask import Blueprint, Response as FileResponse, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import doors, rules, second_factors
from marketplace.accounts.queries import person
from marketplace.accounts.schemas import ProveCode
from marketplace.kernel.database import unit_of_work
from marketplace.kernel.errors import NotFound
from marketplace.web import fresh, security_notes
from marketplace.web.back import path_of
from marketplace.web.forms import Form
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.security_words import DOUBT, MONEY

blueprint = Blueprint("second_factor", __name__, url_prefix="/settings/second-factor")

_SECRET = "second_factor_secret"  # noqa: S105 - the name that it has in the session
_FRESH_MINUTES = int(rules.FRESH_FOR.total_seconds() // 60)

Page = str | Response | tuple[str, int]


@blueprint.get("")
@auth_required(within=_FRESH_MINUTES)
def show() -> Page:
    """Who has none sees what to scan and where to type the first code; who has one, how to turn it off."""
    if not current_user.has_second_factor:
        return _set_up_page(Form())
    return render_template("accounts/second_factor.html", codes_left=len(current_user.mf_recovery_codes or []))


@blueprint.post("")
@auth_required(within=_FRESH_MINUTES)
@limiter.limit("30 per minute")
def set_up() -> Page:
    """The first code from the app: from now on it is asked for at every sign-in."""
    form = Form.sent(ProveCode)
    with form.refusals():
        with unit_of_work():
            second_factors.set_up(by=me(), secret=_secret(), code=form.data["code"])
            security_notes.second_factor_changed(person(me()), "second_factor_on", _("Your second factor is set up"))
        session.pop(_SECRET, None)
        fresh.mark_proved(person(me()))
        flash(_("Your second factor is set up. Keep these recovery codes where your phone is not."), MONEY)
        return redirect(url_for(".recovery_codes"))
    return _set_up_page(form), 422


@blueprint.get("/drawing.svg")
@auth_required(within=_FRESH_MINUTES)
def drawing() -> FileResponse:
    """What the app scans, for whoever is setting it up."""
    if current_user.has_second_factor or _SECRET not in session:
        raise NotFound("There is nothing to scan.")
    picture = second_factors.drawing_of(_secret(), person(me()).email)
    return FileResponse(picture, mimetype="image/svg+xml", headers={"Cache-Control": "no-store, private"})


@blueprint.post("/off")
@fresh_second_factor
def turn_off() -> Page:
    """The password alone is enough again."""
    with unit_of_work():
        second_factors.turn_off(by=me())
        security_notes.second_factor_changed(person(me()), "second_factor_off", _("Your second factor was turned off"))
    flash(_("Your second factor is off. You cannot move money until you set one up again."), DOUBT)
    return redirect(url_for("accounts.overview"))


@blueprint.get("/recovery-codes")
@fresh_second_factor
def recovery_codes() -> Page:
    """The recovery codes that are left, to be printed or written down."""
    codes = second_factors.recovery_codes_of(person(me()))
    way_back = fresh.way_back()
    fresh.forget_way_back()
    return render_template("accounts/recovery_codes.html", codes=codes, way_back=way_back)


@blueprint.post("/recovery-codes")
@fresh_second_factor
@limiter.limit("30 per hour")
def renew_recovery_codes() -> Page:
    """Ten new codes in the place of the old ones."""
    with unit_of_work():
        second_factors.renew_recovery_codes(by=me())
        security_notes.second_factor_changed(person(me()), "recovery_codes", _("New recovery codes were made"))
    flash(_("These are your new recovery codes. The old ones open nothing any more."), MONEY)
    return redirect(url_for(".recovery_codes"))


@blueprint.get("/prove")
@auth_required()
def prove() -> Page:
    """Asks for a code before money is moved, and says that it does so."""
    if not current_user.has_second_factor:
        return fresh.to_set_up(path_of(request.args.get("next")) or url_for("accounts.overview"))
    return _prove_page(Form())


@blueprint.post("/prove")
@auth_required()
@limiter.limit("30 per minute")
def prove_now() -> Page:
    """The code is right: back to where it was asked for. It is not: the failure counts."""
    form = Form.sent(ProveCode)
    with unit_of_work(), form.refusals():
        used_recovery_code = doors.prove_code(person(me()), form.data["code"])
    if form.errors:
        return _prove_page(form), 422
    fresh.mark_proved(person(me()), by_recovery_code=used_recovery_code)
    return redirect(path_of(request.form.get("next")) or url_for("accounts.overview"))


def _set_up_page(form: Form) -> str:
    return render_template("accounts/second_factor_set_up.html", form=form, key=second_factors.key_of(_secret()))


def _prove_page(form: Form) -> str:
    way_on = path_of(request.values.get("next")) or ""
    return render_template("accounts/prove.html", form=form, way_on=way_on)


def _secret() -> str:
    """One secret until it is set up: a page loaded again shows the code that was scanned already."""
    if _SECRET not in session:
        session[_SECRET] = second_factors.new_secret()
    return str(session[_SECRET])
