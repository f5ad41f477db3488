"""Where a person is paid. New details wait 72 hours, so that a thief cannot send himself what is due today."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from marketplace.accounts import queries, rules
from marketplace.accounts.events import PayoutChangeWithdrawn, PayoutDetailsChanged
from marketplace.accounts.models import PayoutDetails
from marketplace.accounts.service import locked
from marketplace.kernel import audit, clock, signing
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound
from marketplace.kernel.events import announce

_TAKE_BACK = "take back payout details"


@use_case
def change_payout_details(*, by: int, details: str) -> datetime:
    """Say where to be paid. Gives the moment from which it is used; until then the former details are.

    New details replace those that wait, not those in use. The same details again change nothing.
    """
    locked(by)
    now = clock.now()
    waiting = queries.coming_payout_details(by, now)
    if waiting is not None and waiting.details == details:
        return waiting.usable_from
    if waiting is None and queries.payout_details_of(by, now) == details:
        return now
    _withdraw_waiting(by, now)
    usable_from = rules.usable_from(now)
    row = PayoutDetails(person_id=by, details=details, changed_at=now, usable_from=usable_from)
    db.session.add(row)
    db.session.flush()
    audit.note("change payout details", f"payout_details:{row.id}", by=by)
    announce(PayoutDetailsChanged(person_id=by, details_id=row.id, usable_from=usable_from))
    return usable_from


@use_case
def keep_payout_details(*, by: int) -> None:
    """Take back details that are not in use yet: the person's second thought, or his answer to a thief."""
    withdraw_change(by, by=by)


@use_case
def take_back(*, token: str) -> None:
    """Take a change back by the link that was mailed about it: whoever did it may keep its owner from signing in."""
    change = change_by(token)
    locked(change.person_id)
    db.session.refresh(change)
    rules.judge_taking_back(change.usable_from, change.withdrawn_at, clock.now())
    if change.withdrawn_at is None:
        withdraw_change(change.person_id, by=change.person_id, why="by a link that was mailed")


def withdraw_change(person_id: int, *, by: int | None, why: str = "") -> None:
    """What waits is thrown away, and those are told who were told of it. Inside the caller's unit of work."""
    locked(person_id)
    if _withdraw_waiting(person_id, clock.now()):
        audit.note("keep payout details", f"person:{person_id}", by=by, why=why)
        announce(PayoutChangeWithdrawn(person_id=person_id))


def token_of(details_id: int) -> str:
    """What stands in the mailed link. It opens nothing else, and nothing once the details are in use."""
    return signing.signed(_TAKE_BACK, details_id)


def change_by(token: str) -> PayoutDetails:
    """The change that a mailed link is about. Raises NotFound for what we never sent."""
    details_id = signing.known(_TAKE_BACK, token)
    change = db.session.get(PayoutDetails, details_id) if details_id is not None else None
    if change is None:
        raise NotFound("There is no such link.")
    return change


def _withdraw_waiting(person_id: int, now: datetime) -> bool:
    waiting = update(PayoutDetails).where(
        PayoutDetails.person_id == person_id, PayoutDetails.withdrawn_at.is_(None), PayoutDetails.usable_from > now
    )
    return bool(db.session.execute(waiting.values(withdrawn_at=now)).rowcount)  # type: ignore[attr-defined]
