"""Devices on which somebody has signed in. What strangers fail at elsewhere does not shut him out there.

A device shows a token that we signed. It opens nothing: it only says at which door its tries are counted.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.kernel import signing
from marketplace.kernel.database import db

_PURPOSE = "known device"


def token_for(person: Person) -> str:
    """What the device keeps on which this person has just signed in. It is worth nothing once he is signed out
    everywhere or has another password."""
    return signing.signed(_PURPOSE, [person.id, _mark(person.fs_uniquifier), secrets.token_urlsafe(12)])


def device_of(address: str, tokens: Iterable[str]) -> str | None:
    """The device at hand, if the person with this address has signed in on it; none to everybody else."""
    shown = [signing.known(_PURPOSE, token) for token in tokens]
    if not any(shown):
        return None
    person = db.session.execute(select(Person.id, Person.fs_uniquifier).where(Person.email == address)).first()
    mine = [person.id, _mark(person.fs_uniquifier)] if person else None
    return next((f"{each[0]}:{each[2]}" for each in shown if each and each[:2] == mine), None)


def _mark(uniquifier: str) -> str:
    """Sessions carry the uniquifier itself: it stays out of a cookie that lives for a year."""
    return hashlib.sha256(uniquifier.encode()).hexdigest()[:24]
