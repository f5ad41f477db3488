"""Views that move money, or change where it goes and who moves it: only with a password of today and a second factor of
this quarter of an hour."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from flask import current_app, flash, redirect, request, session, url_for
from flask_babel import gettext as _, ngettext
from flask_login import current_user
from flask_security import check_and_update_authn_fresh
from werkzeug.wrappers import Response

from marketplace.accounts import rules
from marketplace.accounts.models import Person
from marketplace.kernel import clock
from marketplace.web.back import here
from marketplace.web.security_words import DOUBT

View = TypeVar("View", bound=Callable[..., Any])

_PROVED = "second_factor"
_BACK = "after_second_factor"


def fresh_second_factor(view: View) -> View:
    """For officers who move money or give roles, and whoever changes where he is paid; it asks to sign in, too.

    A person without a second factor is sent to set one up, and told why. One who gave his password more than 12 hours
    ago gives it again, one whose code is older than 15 minutes a new one; a form that was opened in time may be sent
    for half an hour longer. All come back here, or to the page whose form they sent, where `proof_wanted` asks before
    anything is typed. It stands below the route:

        @blueprint.post("/payments/<int:movement_id>/confirm")
        @fresh_second_factor
    """

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_authenticated:
            return current_app.extensions["security"]._unauthn_handler(["session"])
        if not current_user.has_second_factor:
            return to_set_up(here())
        sends_form = request.method == "POST"
        if not gave_password(sends_form=sends_form):
            flash(_("Enter your password again: the next page moves money."), DOUBT)
            return redirect(url_for("security.verify", next=here()))
        if not is_proved(sends_form=sends_form):
            return redirect(url_for("second_factor.prove", next=here()))
        return view(*args, **kwargs)

    return cast("View", guarded)


def fresh_if_any(view: View) -> View:
    """For views that change how one signs in: who has a second factor proves it first, who has none goes on."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_user.is_authenticated and current_user.has_second_factor and not is_proved():
            return redirect(url_for("second_factor.prove", next=here()))
        return view(*args, **kwargs)

    return cast("View", guarded)


def may_move_money() -> bool:
    """Whether `fresh_second_factor` would let the person at the page through: for a page that asks later."""
    return current_user.has_second_factor and gave_password() and is_proved()


def proof_wanted() -> str | None:
    """Where the person at the page proves himself before a form is shown to him; None if he did so a moment ago."""
    if not gave_password():
        return url_for("security.verify", next=here())
    return None if is_proved() else url_for("second_factor.prove", next=here())


def to_set_up(way_back: str) -> Response:
    """The way to a second factor for who has none, who comes back to `way_back`."""
    session[_BACK] = way_back
    flash(_("For this you need a second factor, so that a stolen password is not enough. Set it up first."), DOUBT)
    return redirect(url_for("second_factor.show"))


def gave_password(*, sends_form: bool = False) -> bool:
    """Whether the person at the page typed his password in the last 12 hours, in this browser."""
    within = rules.PASSWORD_GOOD_FOR + (rules.TIME_TO_TYPE if sends_form else timedelta())
    return bool(check_and_update_authn_fresh(within, timedelta(0), "session"))


def is_proved(*, sends_form: bool = False) -> bool:
    """Whether the person at the page used his second factor in the last 15 minutes, in this browser."""
    match session.get(_PROVED):
        case [str(whose), int() | float() as seconds] if whose == current_user.get_id():
            return rules.is_fresh(datetime.fromtimestamp(seconds, UTC), clock.now(), sends_form=sends_form)
    return False


def mark_proved(person: Person, *, by_recovery_code: bool = False) -> None:
    """The person has just shown a code. It counts for him in this browser, and until he is signed out everywhere."""
    session[_PROVED] = [person.fs_uniquifier, clock.now().timestamp()]
    if not by_recovery_code:
        return
    left = len(person.mf_recovery_codes or [])
    flash(
        ngettext(
            "That recovery code is used up; %(num)d is left. You can make new ones in your settings.",
            "That recovery code is used up; %(num)d are left. You can make new ones in your settings.",
            left,
        ),
        DOUBT,
    )


def way_back() -> str | None:
    """Where a person was going when he was sent to set up his second factor."""
    way: str | None = session.get(_BACK)
    return way


def forget_way_back() -> None:
    session.pop(_BACK, None)
