"""Links in mails that say whose an address is: the first one, after signing up, and the one to a new address."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import check_and_get_token_status, login_user, logout_user
from flask_security.change_email import change_email_confirm
from flask_security.confirmable import confirm_email_token_status
from flask_security.utils import get_message
from werkzeug.wrappers import Response

from marketplace.accounts import doors, queries, service
from marketplace.accounts.models import Person
from marketplace.accounts.schemas import GivePassword
from marketplace.kernel.database import unit_of_work
from marketplace.web import known_devices
from marketplace.web.forms import Form
from marketplace.web.security_words import MONEY

Page = str | Response | tuple[str, int]


def prove_address(token: str) -> Page:
    """Asks for the password that was chosen at sign-up; who knows it has proved his address, and is in.

    The link alone proves nothing: a stranger may have signed up with somebody's address and a password of his own, and
    machines open the links in mails, too.
    """
    is_old, is_wrong, person = confirm_email_token_status(token)  # type: ignore[no-untyped-call]
    if is_old:
        return _dead("CONFIRMATION_EXPIRED", "security.send_confirmation", within=_("2 days"))
    if is_wrong or not isinstance(person, Person):
        return _dead("INVALID_CONFIRMATION_TOKEN", "security.send_confirmation")
    if person.confirmed_at is not None:
        return _dead("ALREADY_CONFIRMED", "security.login")
    if request.method != "POST":
        return _page(Form(), person)
    form, signed_up_as = Form.sent(GivePassword), person.fs_uniquifier
    with unit_of_work(), form.refusals():
        doors.enter(address=person.email, password=form.data["password"], tokens=known_devices.shown())
        service.prove_address(by=person.id, signed_up_as=signed_up_as)
    return (_page(form, person), 422) if form.errors else _in(person)


def change_address(token: str) -> Any:
    """The new address is his who opens the link that was mailed there; who only signed up with it gives way."""
    within = current_app.config["SECURITY_CHANGE_EMAIL_WITHIN"]
    is_old, is_wrong, content = check_and_get_token_status(token, "change_email", within)
    if not (is_old or is_wrong) and queries.person_by_session(content[0]) is not None:
        service.give_up_address(email=content[2])
    return change_email_confirm(token)  # type: ignore[no-untyped-call]


def _in(person: Person) -> Any:
    """Signed in, whoever was before; with a code, if there is a second factor."""
    logout_user()
    flash(_("Your e-mail address is proved."), MONEY)
    plugins = current_app.extensions["security"].two_factor_plugins
    asks_for_code = plugins.tf_enter(person, False, "password", next_loc=None)
    if asks_for_code:
        return asks_for_code
    login_user(person, authn_via=["password"])
    return redirect("/")


def _dead(message: str, way_on: str, **details: str) -> Page:
    """What is wrong with the link, and the page where one goes on."""
    flash(*get_message(message, **details))
    return redirect(url_for(way_on))


def _page(form: Form, person: Person) -> str:
    return render_template("security/prove_link.html", form=form, email=person.email)
