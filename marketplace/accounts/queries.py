"""Who people are, for pages and for other packages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import bindparam, select

from marketplace.accounts import second_factors
from marketplace.accounts.models import Address, PayoutDetails, Person
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotFound

DEMO_DOMAIN = "@demo.earnest.example"
DEMO_PASSWORD = "collect-honestly"  # noqa: S105 - it stands on the demo's sign-in page

# Asked for by each request of somebody who has signed in, and by each lot that ends: SQLAlchemy spends more on making
# a statement than on it.
_BY_SESSION = select(Person).where(Person.fs_uniquifier == bindparam("uniquifier"))
_NAMES = select(Person.id, Person.name).where(Person.id.in_(bindparam("ids", expanding=True)))


def person(person_id: int) -> Person:
    """Somebody by his id. Raises NotFound."""
    found = db.session.get(Person, person_id)
    if found is None:
        raise NotFound("There is no such person.")
    return found


def person_by_email(email: str) -> Person | None:
    """Somebody by his address, whatever its capitals."""
    return db.session.scalar(select(Person).where(Person.email == email.strip().lower()))


def person_by_session(uniquifier: str) -> Person | None:
    """Somebody by what his sessions and the links that were mailed to him carry."""
    return db.session.scalar(_BY_SESSION, {"uniquifier": uniquifier})


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Names by id, in one query."""
    ids = set(person_ids)
    if not ids:
        return {}
    return {row.id: row.name for row in db.session.execute(_NAMES, {"ids": list(ids)})}


def people(person_ids: Iterable[int]) -> dict[int, Person]:
    """People by id, in one query."""
    ids = set(person_ids)
    if not ids:
        return {}
    return {found.id: found for found in db.session.scalars(select(Person).where(Person.id.in_(ids)))}


def addresses_of(person_id: int) -> list[Address]:
    """A person's addresses, the default first."""
    query = select(Address).where(Address.person_id == person_id).order_by(Address.is_default.desc(), Address.id)
    return list(db.session.scalars(query))


def address_of(person_id: int, address_id: int) -> Address:
    """One of a person's addresses. Raises NotFound, for somebody else's, too."""
    found = db.session.get(Address, address_id)
    if found is None or found.person_id != person_id:
        raise NotFound("There is no such address.")
    return found


def payout_details_of(person_id: int, now: datetime) -> str | None:
    """Where to pay a person at this moment: the newest details that are in use. None if he gave none in time."""
    return db.session.scalar(
        select(PayoutDetails.details)
        .where(
            PayoutDetails.person_id == person_id, PayoutDetails.withdrawn_at.is_(None), PayoutDetails.usable_from <= now
        )
        .order_by(PayoutDetails.id.desc())
        .limit(1)
    )


def coming_payout_details(person_id: int, now: datetime) -> PayoutDetails | None:
    """Details that a person gave and that are not in use yet."""
    return db.session.scalar(
        select(PayoutDetails)
        .where(
            PayoutDetails.person_id == person_id, PayoutDetails.withdrawn_at.is_(None), PayoutDetails.usable_from > now
        )
        .order_by(PayoutDetails.id.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo, with all that it takes to sign in as him."""

    name: str
    email: str
    roles: str
    code: str | None
    """The code that works now, for those who have a second factor."""


def demo_people() -> list[DemoPerson]:
    """Whom one can be in the demo. Nobody where there is no demo."""
    if not current_app.config.get("EARNEST_DEMO"):
        return []
    known = db.session.scalars(select(Person).where(Person.email.endswith(DEMO_DOMAIN)).order_by(Person.id))
    by_email = {each.email: each for each in known}
    told = current_app.config.get("EARNEST_DEMO_PEOPLE") or [(each.name, email, "") for email, each in by_email.items()]
    return [
        DemoPerson(name=name, email=email, roles=roles, code=second_factors.code_now(by_email[email]))
        for name, email, roles in told
        if email in by_email
    ]
