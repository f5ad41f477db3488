"""The second factor: an authenticator app, and recovery codes for the day the phone is gone."""

from __future__ import annotations

import base64
from typing import Any

from flask import current_app

from marketplace.accounts import rules
from marketplace.accounts.models import Person
from marketplace.accounts.service import locked
from marketplace.kernel import audit
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import RuleBroken


def new_secret() -> str:
    """For an app to scan; encrypted, so that a page may carry it in its session."""
    return str(_security().totp_factory.generate_totp_secret())


@use_case
def set_up(*, by: int, secret: str, code: str) -> None:
    """Take `secret` as the person's second factor, once his app has shown a code made from it."""
    person = locked(by)
    if person.has_second_factor:
        raise RuleBroken("You have a second factor already. Turn it off first, then set up the new one.")
    digits = "".join(code.split())[:10]
    if not _security().totp_factory.verify_totp(digits, secret, person, window=rules.CODE_WINDOW_SECONDS):
        raise RuleBroken(
            "This code does not match. Look whether the clock of your phone is right, then enter the code that the "
            "app shows now.",
            field="code",
        )
    _write(person, secret)


@use_case
def give(*, person_id: int) -> None:
    """A second factor without a phone: for the demo, whose codes stand on its sign-in page."""
    person = locked(person_id)
    person.tf_last_counter = None
    _write(person, new_secret())


@use_case
def turn_off(*, by: int) -> None:
    """The password alone signs the person in again, and money waits for a new second factor."""
    person = locked(by)
    if not person.has_second_factor:
        return
    forget(person)
    audit.note("turn off second factor", f"person:{by}", by=by)


def forget(person: Person) -> None:
    """Nothing of it is left: neither the app nor a recovery code proves anything any more."""
    _security().datastore.tf_reset(person)
    person.tf_last_counter, person.mf_recovery_codes = None, None


@use_case
def renew_recovery_codes(*, by: int) -> None:
    """New recovery codes; the old ones open nothing any more."""
    person = locked(by)
    if not person.has_second_factor:
        raise RuleBroken("Set up a second factor first: recovery codes stand in for it.")
    _security().mf_recovery_codes_util.create_recovery_codes(person)
    audit.note("renew recovery codes", f"person:{by}", by=by)


def code_now(person: Person) -> str | None:
    """The next code that the person can use, where the demo and tests stand in for his phone."""
    if person.tf_totp_secret is None:
        return None
    code: str = _security().totp_factory.unused_code(person.tf_totp_secret, person.tf_last_counter)
    return code


def key_of(secret: str) -> str:
    """The secret as it is typed into an app."""
    return str(_security().totp_factory.get_totp_pretty_key(secret))


def drawing_of(secret: str, email: str) -> bytes:
    """The secret as an app scans it: an SVG picture, black on white in dark rooms, too."""
    address = str(_security().totp_factory.generate_qrcode(email, secret))  # data:image/svg+xml;base64,…
    drawing = base64.b64decode(address.partition(",")[2]).decode()
    tag, first, rest = drawing.partition("<svg:rect")
    return (tag + '<svg:rect width="100%" height="100%" fill="#fff"/>' + first + rest).encode()


def recovery_codes_of(person: Person) -> list[str]:
    """The recovery codes that are left, as they are typed."""
    return list(_security().mf_recovery_codes_util.get_recovery_codes(person))


def _write(person: Person, secret: str) -> None:
    person.tf_primary_method, person.tf_totp_secret = "authenticator", secret
    _security().mf_recovery_codes_util.create_recovery_codes(person)
    audit.note("set up second factor", f"person:{person.id}", by=person.id)


def _security() -> Any:
    return current_app.extensions["security"]
