"""The doors of an account: address and password, password alone, code. Who fails too often waits, whoever he is.
A device on which the person has signed in before has a door of its own: strangers cannot shut it before him.

Failures are counted in the database, so that it does not matter which process is asked. A door is known by what was
typed, and an address that nobody has counts, pauses and answers exactly as one that somebody has.

A failure must be kept, so these functions run inside the caller's unit of work and he keeps it: the refusal is caught
within (web/security_forms.py), not left to roll it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from flask import current_app
from flask_security import hash_password
from sqlalchemy import delete, select

from marketplace.accounts import devices, rules
from marketplace.accounts.events import SignInPaused
from marketplace.accounts.models import Person, SignInTries
from marketplace.accounts.rules import Door
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.events import announce
from marketplace.kernel.statements import insert_into

# Every address is the same to a person who types it in capitals; nothing longer than this is one (RFC 5321, 4.5.3.1).
_LONGEST_ADDRESS = 320


def enter(*, address: str, password: str, tokens: Iterable[str] = ()) -> Person:
    """Whose account it is, if the password is right. Raises TooManyTries or WrongSecret; to strangers, too.

    `tokens`: what the device shows of the people who have signed in on it.
    """
    device = devices.device_of(_plain(address), tokens)
    tries = _knock(door_of(Door.DEVICE, device) if device else door_of(Door.ADDRESS, _plain(address)))
    person = db.session.scalar(select(Person).where(Person.email == _plain(address)))
    is_right = _is_password(password, person)
    if person is None or not is_right:
        refusal = _failure(tries, Door.ADDRESS)
        if tries.paused_until and not device and person and person.confirmed_at:
            announce(SignInPaused(person.id, tries.paused_until))
        raise refusal
    _open(tries)
    return person


def prove_password(person: Person, password: str) -> None:
    """Make sure that it is still he who is signed in. Raises TooManyTries or WrongSecret."""
    tries = _knock(door_of(Door.PASSWORD, person.id))
    if not _is_password(password, person):
        raise _failure(tries, Door.PASSWORD)
    _open(tries)


def prove_code(person: Person, code: str) -> bool:
    """A code from the authenticator app, or a recovery code, which is used up. Says whether it was the latter.

    Raises TooManyTries or WrongSecret.
    """
    tries = _knock(door_of(Door.CODE, person.id))
    db.session.refresh(person, with_for_update=True)  # codes used a moment ago elsewhere are seen
    is_app_code = _is_app_code(person, code)
    if not is_app_code and not _is_recovery_code(person, code):
        raise _failure(tries, Door.CODE)
    _open(tries)
    return not is_app_code


def door_of(door: Door, what: str | int) -> str:
    """The name of a door in the database. What was typed cannot be read from it: it may be somebody's password."""
    key = str(current_app.config["SECRET_KEY"]).encode()[:64]
    return hashlib.blake2b(f"{door}:{what}".encode(), key=key, digest_size=24, person=b"earnest-doors").hexdigest()


def _knock(door: str) -> SignInTries:
    """Take the door, so that the tries at it come one after the other. Raises TooManyTries while it is shut."""
    row = _held(door)
    now = clock.now()
    rules.judge_try(row.facts(), now)
    row.take(rules.counted(row.facts(), now))
    return row


def _held(door: str) -> SignInTries:
    new = insert_into(SignInTries).values(door=door, failures=0, since=clock.now()).on_conflict_do_nothing()
    while True:  # the sweep may come between
        db.session.execute(new)
        row = db.session.get(SignInTries, door, with_for_update=True, populate_existing=True)
        if row is not None:
            return row


def _failure(tries: SignInTries, door: Door) -> rules.WrongSecret:
    """Count it. Gives the refusal, which says what is left."""
    after = rules.after_failure(tries.facts(), clock.now())
    tries.take(after)
    return rules.refusal(door, after)


def _open(tries: SignInTries) -> None:
    """It was the right person: what came before is forgotten."""
    tries.take(rules.fresh_tries(clock.now()))


def forget_failures(person: Person) -> None:
    """Somebody proved by mail who he is: his pause is over."""
    door = door_of(Door.ADDRESS, person.email)
    db.session.execute(delete(SignInTries).where(SignInTries.door == door))


@use_case
def forget_old_tries() -> int:
    """A duty: tries that count no more are removed. Says how many."""
    before = clock.now() - 2 * (rules.TRIES_COUNT_FOR + rules.PAUSE)
    old = select(SignInTries.door).where(SignInTries.since < before).limit(1000).with_for_update(skip_locked=True)
    doors = list(db.session.scalars(old))
    db.session.execute(delete(SignInTries).where(SignInTries.door.in_(doors)))
    return len(doors)


def _plain(address: str) -> str:
    return address.strip().lower()[:_LONGEST_ADDRESS].replace("\x00", "")


def _is_password(password: str, person: Person | None) -> bool:
    """Takes as long for nobody as for somebody."""
    typed = current_app.extensions["security"].password_util.normalize(password[: rules.LONGEST_PASSWORD + 1])
    if person is None or not person.password or not rules.can_be_password(typed):
        hash_password("not-a-password")
        return False
    return bool(person.verify_and_update_password(typed))


def _is_app_code(person: Person, code: str) -> bool:
    totp = current_app.extensions["security"].totp_factory
    digits = "".join(code.split())
    if not (person.tf_totp_secret and digits.isascii() and digits.isdigit() and len(digits) == 6):  # noqa: PLR2004
        return False
    return bool(totp.verify_totp(digits, person.tf_totp_secret, person, window=rules.CODE_WINDOW_SECONDS))


def _is_recovery_code(person: Person, code: str) -> bool:
    """Dashes, spaces and capitals are typed as they come."""
    codes = current_app.extensions["security"].mf_recovery_codes_util
    typed = "".join(char for char in code.lower() if char.isalnum())[:40]
    for known in codes.get_recovery_codes(person):
        if known.replace("-", "") == typed:
            return bool(codes.delete_recovery_code(person, known))
    return False
