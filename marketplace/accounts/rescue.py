"""What the operator does for somebody who cannot come in any more: phone and codes are lost, or a thief set up his."""

from __future__ import annotations

import uuid

from marketplace.accounts import payout_details, queries, second_factors
from marketplace.accounts.events import SecondFactorTakenOff
from marketplace.accounts.models import Person
from marketplace.accounts.service import locked
from marketplace.kernel import audit
from marketplace.kernel.database import use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.events import announce

_WHY = "by the operator"


@use_case
def take_second_factor_off(*, email: str) -> Person:
    """Password or a mailed link alone let the person in. Everybody is signed out, and what whoever was in meanwhile
    has changed of where the person is paid is taken back. Raises NotFound, or RuleBroken where there is nothing to do.
    """
    found = queries.person_by_email(email)
    if found is None:
        raise NotFound("There is nobody with this e-mail address.")
    person = locked(found.id)
    if not person.has_second_factor:
        raise RuleBroken("%(name)s has no second factor.", name=person.name)
    second_factors.forget(person)
    person.fs_uniquifier = uuid.uuid4().hex
    audit.note("take off second factor", f"person:{person.id}", by=None, why=_WHY)
    payout_details.withdraw_change(person.id, by=None, why=_WHY)
    announce(SecondFactorTakenOff(person.id))
    return person
