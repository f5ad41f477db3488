"""What was not paid out in time: found for pages, and told of by the worker, each stage once.

A payout that is to be looked at stays so until a worker has written down what was told; one that is killed in between
has told nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, case, func, select, text

from marketplace.accounts.models import PayoutDetails
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import Big, db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce
from marketplace.payments import late_rules
from marketplace.payments.events import PayoutLate
from marketplace.payments.late_rules import AFTER, FOR_ALL_AFTER, Clause, Payout, Reader
from marketplace.payments.models import Movement
from marketplace.payments.rules import Kind, State, Through
from marketplace.payments.stripe_models import SellerAccount

MOST = 200
"""So many of the longest owed are looked at for a page."""
LATE_AFTER = timedelta(minutes=10)

# As the index says it, in words that a database can compare with those.
_IS_OWED = text("movements.state IN ('intended', 'asked') AND movements.owed_since IS NOT NULL")
# Waiting details are not withdrawn, only not in use yet; those in use once stay so until others are.
_DETAILS_FROM = (
    select(func.min(PayoutDetails.usable_from))
    .where(PayoutDetails.person_id == Movement.person_id, PayoutDetails.withdrawn_at.is_(None))
    .correlate(Movement)
    .scalar_subquery()
)


# Of a row of `_owed`, as `_payout_of` has it.
_BY_PROCESSOR = case((Movement.kind == Kind.PAYOUT, SellerAccount.active_since), else_=Movement.owed_since)
_PAYABLE_FROM = case((Movement.gateway == Through.TREASURER, _DETAILS_FROM), else_=_BY_PROCESSOR)


class Late(NamedTuple):
    """A payout, and the line of the law that counts for it now; none while there is time."""

    payout: Payout
    clause: Clause | None


def late_in(group_id: int, reader: Reader, now: datetime) -> list[Late]:
    """What this reader sees of the group's late payouts, the longest owed first. One query.

    What waits for its payee may wait for ever: it is left out here already, or many such would hide what is late.
    """
    by = now - (FOR_ALL_AFTER if reader is Reader.GROUP else AFTER)
    is_payable = _PAYABLE_FROM.is_not(None)
    return _found(Movement.group_id == group_id, Movement.owed_since <= by, is_payable, reader=reader, now=now)


def may_be_late() -> ColumnElement[bool]:
    """False where nothing is to be paid to `person_id`, late or not: see web/waiting.py."""
    me: BindParameter[int] = bindparam("person_id", type_=Big)
    return select(Movement.id).where(_IS_OWED, Movement.person_id == me).exists()


def late_to(person_id: int, now: datetime) -> list[Late]:
    """What is not paid to this person though it is time, also where that is for himself to mend. One query."""
    return _found(Movement.person_id == person_id, Movement.owed_since <= now - AFTER, reader=Reader.PAYEE, now=now)


def owed_by_hand(group_id: int, now: datetime) -> list[Late]:
    """All that is to be paid out of the group's bank, late or not, the longest owed first. One query."""
    wanted = _owed().where(Movement.group_id == group_id, Movement.gateway == Through.TREASURER)
    rows = db.session.execute(wanted.order_by(Movement.owed_since, Movement.id).limit(MOST))
    return [Late(payout, late_rules.judge(payout, now)) for payout in map(_payout_of, rows)]


def failures_in(group_id: int, purposes: Collection[str]) -> dict[str, str]:
    """Why the last try of each of these payouts failed, where one did. One query."""
    failed = select(Movement.purpose, Movement.failure).where(
        Movement.group_id == group_id, Movement.state == State.FAILED, Movement.purpose.in_(purposes)
    )
    return {purpose: failure or "" for purpose, failure in db.session.execute(failed.order_by(Movement.id))}


def tell_of_late_payouts(limit: int = 50) -> int:
    """Tell those whom the law names of payouts that have become late. How many were looked at."""
    due = select(Movement.id).where(Movement.late_look_at <= clock.now()).order_by(Movement.late_look_at)
    ids = list(db.session.scalars(due.limit(limit)))
    let_go()
    return sum(survives(_look_at, movement_id) for movement_id in ids)


def to_look_at(now: datetime) -> Backlog:
    """How many payouts are to be looked at whether they are late."""
    return backlog_of(Movement.late_look_at, now=now, late_after=LATE_AFTER)


@use_case
def _look_at(movement_id: int) -> bool:
    wanted = select(Movement).where(Movement.id == movement_id, Movement.late_look_at <= clock.now())
    claim = wanted.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    movement = db.session.scalar(claim)
    if movement is None:
        return False
    payout = _payout_of(db.session.execute(_owed().where(Movement.id == movement_id)).one())
    now = clock.now()
    movement.late_look_at = late_rules.next_look(payout, now)
    clause = late_rules.judge(payout, now)
    if clause is not None and clause.stage != movement.late_stage:
        movement.late_stage = clause.stage
        announce(PayoutLate(payout, clause.stage, payout.whose, clause.told))
    return True


def _found(*which: ColumnElement[bool], reader: Reader, now: datetime) -> list[Late]:
    rows = db.session.execute(_owed().where(*which).order_by(Movement.owed_since, Movement.id).limit(MOST))
    judged = [(payout, late_rules.judge(payout, now)) for payout in map(_payout_of, rows)]
    return [Late(payout, clause) for payout, clause in judged if clause is not None and reader in clause.seen_by]


def _owed() -> Select[Movement, datetime | None, datetime | None]:
    """What is owed and not paid, and since when its payee can be paid by hand, and by the processor."""
    wanted = select(Movement, _DETAILS_FROM, SellerAccount.active_since)
    return wanted.outerjoin(SellerAccount, SellerAccount.person_id == Movement.person_id).where(_IS_OWED)


def _payout_of(row: Row[Movement, datetime | None, datetime | None]) -> Payout:
    movement, details_from, active_since = row
    gateway, kind = Through(movement.gateway), Kind(movement.kind)
    since = movement.owed_since or movement.intended_at
    by_processor = active_since if kind is Kind.PAYOUT else since  # a refund goes back the way that it came
    return Payout(
        movement_id=movement.id, group_id=movement.group_id, order_id=movement.order_id, person_id=movement.person_id,
        purpose=movement.purpose, kind=kind, gateway=gateway, amount=movement.amount, since=since,
        payable_from=details_from if gateway is Through.TREASURER else by_processor,
    )  # fmt: skip
