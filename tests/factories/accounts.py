"""People for tests, and the way in without typing a password."""

from __future__ import annotations

import functools
import itertools
import time
import uuid

from flask.testing import FlaskClient
from flask_security import hash_password

from marketplace.accounts import second_factors
from marketplace.accounts.models import Person
from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work

PASSWORD = "collect-honestly"

_count = itertools.count(1)


def a_person(
    name: str = "Marta",
    *,
    email: str | None = None,
    password: str = PASSWORD,
    confirmed: bool = True,
    second_factor: bool = False,
    is_operator: bool = False,
) -> Person:
    """Somebody who proved his address, unless told otherwise. With a second factor, `code_of` gives its codes."""
    with unit_of_work():
        now = clock.now()
        person = Person(
            email=email or f"{''.join(filter(str.isalnum, name.lower())) or 'person'}{next(_count)}@example.org",
            name=name,
            password=_hash_of(password),
            fs_uniquifier=uuid.uuid4().hex,
            confirmed_at=now if confirmed else None,
            is_operator=is_operator,
            created_at=now,
        )
        if second_factor:
            person.tf_primary_method = "authenticator"
            person.tf_totp_secret = second_factors.new_secret()
        db.session.add(person)
    return person


def sign_in(client: FlaskClient, person: Person, *, fresh: bool = True, second_factor: bool | None = None) -> None:
    """Sign `person` in on `client`. `fresh`: the password was typed just now. `second_factor`: so was a code (by
    default, if he is fresh and has one)."""
    proved = (fresh and person.has_second_factor) if second_factor is None else second_factor
    with client.session_transaction() as session:
        session.clear()
        session["_user_id"] = person.fs_uniquifier
        session["_fresh"] = fresh
        session["fs_cc"] = "set"
        session["fs_paa"] = time.time() if fresh else 0  # Flask-Security's own clock, which tests do not move
        if proved:
            session["second_factor"] = [person.fs_uniquifier, clock.now().timestamp()]


def code_of(person: Person) -> str:
    """The code that the person's authenticator app shows now; after one was used, the next."""
    now = db.session.get_one(Person, person.id, populate_existing=True)
    return second_factors.code_now(now) or ""


@functools.lru_cache
def _hash_of(password: str) -> str:
    """Hashing takes its time by design: tests share the few passwords they use."""
    return str(hash_password(password))
