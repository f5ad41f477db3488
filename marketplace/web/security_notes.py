"""What Flask-Security did with an account is written down, and its owner is told where it could be a thief's doing."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, render_template
from flask_babel import gettext as _
from flask_security import (
    change_email_confirmed,
    password_changed,
    password_reset,
)

from marketplace.accounts import doors, payout_details
from marketplace.accounts.models import Person
from marketplace.kernel import audit, clock
from marketplace.notifications.service import queue_mail

_BY_MAIL = "by a link that was mailed"


def listen(app: Flask) -> None:
    for signal, handler in (
        (password_reset, password_set),
        (password_changed, password_was_changed),
        (change_email_confirmed, address_changed),
    ):
        signal.connect(handler, app)


def password_set(app: Flask, *, user: Person, **_more: Any) -> None:
    """By a mailed link: it proves the address, ends a pause that somebody else may have caused, and takes back what a
    thief of the old password may have said of where the person is paid."""
    user.confirmed_at = user.confirmed_at or clock.now()
    doors.forget_failures(user)
    audit.note("set new password", f"person:{user.id}", by=user.id, why=_BY_MAIL)
    payout_details.withdraw_change(user.id, by=user.id, why=_BY_MAIL)


def password_was_changed(app: Flask, *, user: Person, **_more: Any) -> None:
    audit.note("change password", f"person:{user.id}", by=user.id)


def address_changed(app: Flask, *, user: Person, old_email: str, **_more: Any) -> None:
    """The old address is told: it may be the only place where its owner hears of it."""
    user.fs_uniquifier = uuid.uuid4().hex  # links that were mailed to the old address open nothing any more
    audit.note("change e-mail", f"person:{user.id}", by=user.id)
    body = render_template("mail/accounts/address_changed.txt", user=user)
    queue_mail(to=old_email, subject=_("Your e-mail address was changed"), body=body, person_id=user.id)


def second_factor_changed(person: Person, template: str, subject: str) -> None:
    """Set up, turned off or given new recovery codes: told by mail, for a thief would do it first."""
    body = render_template(f"mail/accounts/{template}.txt", user=person)
    queue_mail(to=person.email, subject=subject, body=body, person_id=person.id)
