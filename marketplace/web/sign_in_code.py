"""The second step of signing in: a code, for whoever set up a second factor."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security.tf_plugin import tf_check_state
from werkzeug.wrappers import Response

from marketplace.accounts import doors
from marketplace.accounts.models import Person
from marketplace.accounts.schemas import ProveCode
from marketplace.kernel.database import unit_of_work
from marketplace.web import fresh
from marketplace.web.back import path_of
from marketplace.web.forms import Form
from marketplace.web.security_words import CLOCK

Page = str | Response | tuple[str, int]


def sign_in_code() -> Page:
    """Asks for a code from the app, or a recovery code, and signs in. Flask-Security knows who gave his password."""
    if current_user.is_authenticated:
        return redirect("/")
    person = tf_check_state(["ready"])
    if not isinstance(person, Person):
        flash(_("Sign in again: this page cannot be opened by itself."), CLOCK)
        return redirect(url_for("security.login"))
    if request.method != "POST":
        return _page(Form())
    form = Form.sent(ProveCode)
    with unit_of_work(), form.refusals():
        used_recovery_code = doors.prove_code(person, form.data["code"])
    if form.errors:
        return _page(form), 422
    current_app.extensions["security"].two_factor_plugins.tf_complete(person, True)
    fresh.mark_proved(person, by_recovery_code=used_recovery_code)
    return redirect(path_of(request.form.get("next")) or "/")


def _page(form: Form) -> str:
    return render_template("security/code.html", form=form, way_on=path_of(request.values.get("next")) or "")
