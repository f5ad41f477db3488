"""Accounts: made, described, and closed to every device."""

from __future__ import annotations

import uuid

from flask_security import hash_password
from sqlalchemy import select

from marketplace.accounts import rules
from marketplace.accounts.models import Person
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken


@use_case
def create_person(
    *, email: str, name: str, password: str, confirmed: bool = False, is_operator: bool = False
) -> Person:
    """An account that nobody signed up for: the first operator, the people of the demo."""
    if not rules.SHORTEST_PASSWORD <= len(password) <= rules.LONGEST_PASSWORD:
        raise RuleBroken(
            "Choose a password of %(least)s to %(most)s characters.",
            field="password", least=rules.SHORTEST_PASSWORD, most=rules.LONGEST_PASSWORD,
        )  # fmt: skip
    if db.session.scalar(select(Person.id).where(Person.email == email.strip().lower())):
        raise RuleBroken("There is an account with this e-mail address already.", field="email")
    person = enrol(email=email, name=name, password_hash=hash_password(password))
    person.is_operator = is_operator
    person.confirmed_at = person.created_at if confirmed else None
    db.session.flush()
    return person


def enrol(*, email: str, name: str, password_hash: str) -> Person:
    """The row of a new account. An account whose address nobody proved belongs to whoever asks for it last: else a
    stranger could sign up with the address first and wait, with a password of his, for its owner to prove it. The
    links that were mailed for him open nothing any more."""
    address = email.strip().lower()
    person = db.session.scalar(select(Person).where(Person.email == address).with_for_update())
    if person is None:
        person = Person(email=address, created_at=clock.now())
        db.session.add(person)
    elif person.confirmed_at is not None:
        raise RuleBroken("There is an account with this e-mail address already.", field="email")
    person.name, person.password, person.fs_uniquifier = name, password_hash, uuid.uuid4().hex
    db.session.flush()
    audit.note("sign up", f"person:{person.id}", by=person.id)
    return person


@use_case
def prove_address(*, by: int, signed_up_as: str) -> None:
    """The address is his who opened the link that was mailed there and knows the password. `signed_up_as` is the
    uniquifier that he found with it: after a newer sign-up that password and that link are worth nothing."""
    person = locked(by)
    if person.fs_uniquifier != signed_up_as:
        raise RuleBroken("Somebody signed up with this address again. Open the link in the newest mail.")
    person.confirmed_at = person.confirmed_at or clock.now()
    audit.note("prove address", f"person:{by}", by=by)


@use_case
def give_up_address(*, email: str) -> None:
    """Somebody proves that an address is his. An account that was signed up with it and never proved it gives way: it
    is kept for the books, without address and password, and nobody can ever enter it."""
    address = email.strip().lower()
    person = db.session.scalar(select(Person).where(Person.email == address).with_for_update())
    if person is None or person.confirmed_at is not None:
        return
    person.email, person.password, person.fs_uniquifier = f"{person.id}@gave-way.invalid", None, uuid.uuid4().hex
    db.session.flush()
    audit.note("give up address", f"person:{person.id}", by=None, why="somebody else proved it")


@use_case
def describe(*, by: int, name: str, about: str) -> None:
    """What a person says of himself."""
    person = locked(by)
    if (person.name, person.about) == (name, about):
        return
    person.name, person.about = name, about
    audit.note("change profile", f"person:{by}", by=by)


@use_case
def show_picture(*, by: int, picture_key: str | None) -> str | None:
    """Take a picture that is kept already, or none. Gives the key of the old one, to be forgotten after the commit."""
    person = locked(by)
    old, person.picture_key = person.picture_key, picture_key
    audit.note("change picture" if picture_key else "remove picture", f"person:{by}", by=by)
    return old


@use_case
def sign_out_everywhere(*, by: int) -> None:
    """Every session and every device that stays signed in is out, and every link that was mailed is void."""
    person = locked(by)
    person.fs_uniquifier = uuid.uuid4().hex
    audit.note("sign out everywhere", f"person:{by}", by=by)


def locked(person_id: int) -> Person:
    """A person's row, held until the unit of work ends. Raises NotFound."""
    person = db.session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise NotFound("There is no such person.")
    return person
