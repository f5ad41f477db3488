"""The pages of Flask-Security that we use, where they are, and how often one address may send their forms.

Flask-Security changes people through its datastore and commits after the view; our database is written only inside a
unit of work. So each of its views that writes runs as one: whatever it and its forms did is kept together, a failed
try among it, and the datastore's own commit has nothing left to do.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any, cast

from flask import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_limiter import RequestLimit
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_security import views
from flask_security.change_email import change_email
from flask_security.utils import get_message
from sqlalchemy.exc import IntegrityError

from marketplace.kernel.database import use_case
from marketplace.web.back import here, path_of
from marketplace.web.fresh import fresh_if_any
from marketplace.web.limits import limiter
from marketplace.web.mailed_links import change_address, prove_address
from marketplace.web.security_forms import Shown, as_form
from marketplace.web.security_words import DOUBT
from marketplace.web.sign_in_code import sign_in_code

View = Callable[..., Any]

blueprint = Blueprint("security", __name__)

# Enough for a club evening behind one address, and for nobody who guesses.
_OFTEN, _SELDOM = "30 per minute; 300 per hour", "30 per hour"
# One mailbox cannot be flooded through us, from however many addresses.
_MAILS = "6 per hour"

# Pages that show the same form again after it worked: it is sent once, and the sentence waits on another page.
_AFTER_SENT = {
    "security.forgot_password": "security.login",
    "security.send_confirmation": "security.login",
    "security.change_email": "accounts.overview",
}
# What these say whether or not they write to somebody; and so beyond the limit, too, or whoever uses up the patience
# of a mailbox would keep its owner from asking.
_SAID_ANYWAY = {
    "security.forgot_password": "PASSWORD_RESET_REQUEST",
    "security.send_confirmation": "CONFIRMATION_REQUEST",
}
# A link in a mail that changes something when it is opened.
_WRITING_LINKS = {"security.change_email_confirm"}


def page(view: View) -> View:
    """A view of Flask-Security's as a page of ours: form posts only, safe ways on, one unit of work."""

    @functools.wraps(view)
    def shown(**kwargs: Any) -> Any:
        if request.is_json:
            abort(415)
        if any(way and path_of(way) is None for way in request.values.getlist("next")):
            return redirect(url_for(str(request.endpoint), **kwargs))
        writes = request.method == "POST" or request.endpoint in _WRITING_LINKS
        answer = _in_one_unit(view)(**kwargs) if writes else view(**kwargs)
        if g.pop("form_worked", False) and request.endpoint in _AFTER_SENT:
            return redirect(url_for(_way_on(request.endpoint)))
        return answer

    return shown


def _in_one_unit(view: View) -> View:
    kept = dict(session)

    @use_case
    def whole(**kwargs: Any) -> Any:
        if dict(session) != kept:  # a second run: the first left nothing in the database, nor may it here
            session.clear()
            session.update(kept)
        return view(**kwargs)

    def twice(**kwargs: Any) -> Any:
        """Two who ask for one address at the same moment: the slower finds it taken when he looks again."""
        try:
            return whole(**kwargs)
        except IntegrityError:
            return whole(**kwargs)

    return twice


def render(template: str, **context: Any) -> str:
    """A page or a mail of Flask-Security's, by our templates. A page gets `form`; where that is wrong, it is a 422."""
    if not template.startswith("security/"):
        return render_template(template, **context)
    form = as_form(next(value for value in context.values() if isinstance(value, Shown)))
    if form.errors:
        after_this_request(_unprocessable)
    g.form_worked = request.method == "POST" and not form.errors
    if g.form_worked and request.endpoint in _AFTER_SENT:
        return ""  # the page that follows says so
    return render_template(template, form=form, **context)


def _unprocessable(response: Response) -> Response:
    response.status_code = 422
    return response


def ask_who(mechanisms: list[str] | None = None, headers: dict[str, str] | None = None) -> Any:
    """Somebody opened a page that wants to know who he is: to sign in, and back."""
    flash(_("Sign in to see this page."), DOUBT)
    return redirect(url_for("security.login", next=here()))


def ask_again(within: object = None, grace: object = None) -> Any:
    """Somebody signed in a while ago, and the page changes how he signs in: his password again, and back."""
    flash(_("Enter your password again: the next page changes how you sign in."), DOUBT)
    return redirect(url_for("security.verify", next=here()))


def typed_address() -> str:
    """The mailbox that a form asks us to write to."""
    typed = request.form.get("email", "").strip().lower()
    return "mailbox:" + hashlib.sha256(typed.encode(errors="replace")).hexdigest()


def as_always(_limit: RequestLimit) -> Response | None:
    """One mailbox has had its mails for now: no more is sent, and nobody learns that from the answer. Who asks too
    often wherever he writes to is told so."""
    endpoint, used_up = str(request.endpoint), [limit for limit in limiter.current_limits if limit.breached]
    if endpoint not in _SAID_ANYWAY or len(used_up) > 1:
        return None
    flash(*get_message(_SAID_ANYWAY[endpoint], email=request.form.get("email", "").strip()[:254]))
    return cast("Response", redirect(url_for(_way_on(endpoint))))


def _way_on(endpoint: str) -> str:
    return "accounts.overview" if current_user.is_authenticated else _AFTER_SENT[endpoint]


@blueprint.after_request
def keep_nothing(response: Response) -> Response:
    """Pages with passwords and links that open accounts stay in no cache, signed in or not."""
    response.headers["Cache-Control"] = "no-store, private"
    if request.endpoint == "security.logout":  # nor what the browser kept of other pages, to ask about it again
        response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _add(path: str, name: str, view: View, *, limit: str = _OFTEN, mails: bool = False) -> None:
    shown = page(view)
    if mails:
        shown = limiter.limit(_MAILS, key_func=typed_address, methods=["POST"], on_breach=as_always)(shown)
    shown = limiter.limit(limit, key_func=get_remote_address, methods=["POST"])(shown)
    blueprint.add_url_rule(path, name, shown, methods=["GET", "POST"])


_add("/sign-in", "login", views.login)
_add("/sign-in/code", "two_factor_token_validation", sign_in_code)
_add("/sign-up", "register", views.register, limit=_SELDOM, mails=True)
_add("/prove-address", "send_confirmation", views.send_confirmation, limit=_SELDOM, mails=True)
_add("/prove-address/<token>", "confirm_email", prove_address)
_add("/new-password", "forgot_password", views.forgot_password, limit=_SELDOM, mails=True)
_add("/new-password/<token>", "reset_password", views.reset_password)
_add("/settings/verify", "verify", views.verify)
_add("/settings/password", "change_password", views.change_password)
_add("/settings/email", "change_email", fresh_if_any(change_email), limit=_SELDOM, mails=True)
_add("/settings/email/<token>", "change_email_confirm", change_address)
blueprint.add_url_rule("/sign-out", "logout", page(views.logout), methods=["POST"])
