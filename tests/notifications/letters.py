"""The mails that wait, written out, with every missing detail an error."""

from __future__ import annotations

from flask import current_app
from jinja2 import StrictUndefined
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.kernel.database import db
from marketplace.notifications import writing
from marketplace.notifications.models import Mail, Notice


def letters_to(person: Person | int) -> list[writing.Letter]:
    """What waits to be mailed to this person, oldest first."""
    person_id = person if isinstance(person, int) else person.id
    db.session.rollback()
    mails = db.session.scalars(select(Mail).where(Mail.person_id == person_id).order_by(Mail.id)).all()
    return [strictly(mail) for mail in mails]


def all_letters() -> list[writing.Letter]:
    """Everything that waits to be mailed."""
    db.session.rollback()
    return [strictly(mail) for mail in db.session.scalars(select(Mail).order_by(Mail.id))]


def kinds_told(person: Person | int) -> list[str]:
    """What this person was told, oldest first."""
    person_id = person if isinstance(person, int) else person.id
    db.session.rollback()
    return list(db.session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


def strictly(mail: Mail) -> writing.Letter:
    """The letter of `mail`; a template that names what its notice does not tell fails."""
    environment = current_app.jinja_env
    lenient = environment.undefined
    environment.undefined = StrictUndefined
    environment.cache.clear()
    try:
        letter = writing.letter_of(mail)
    finally:
        environment.undefined = lenient
        environment.cache.clear()
    for text in (letter.subject, letter.body):
        assert "None" not in text, letter
        assert "%(" not in text, letter
        assert "  " not in text, letter
    assert "\n\n\n" not in letter.body, letter
    assert letter.subject, letter
    return letter
