"""Officers are asked to attest a month's balance when it is over, and once more a week later."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.bankbook import attesting, attesting_rules as rules
from marketplace.bankbook.attesting_rules import Say
from marketplace.bankbook.events import AttestationDue
from marketplace.bankbook.models import AttestationCalendar
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.due import survives
from marketplace.kernel.events import announce
from marketplace.ledger.rules import month_of

# A worker asks within minutes. After so long the operators should look.
LATE_AFTER = timedelta(hours=1)


def ask_for_attestations(limit: int = 50) -> int:
    """Look at every calendar that is due, each in a unit of work of its own. How many were looked at."""
    due = select(AttestationCalendar.group_id).where(AttestationCalendar.due_at <= clock.now())
    ids = list(db.session.scalars(due.order_by(AttestationCalendar.due_at).limit(limit)))
    let_go()
    return sum(survives(_ask, group_id) for group_id in ids)


def to_ask(now: datetime) -> Backlog:
    """How many groups' calendars are to be looked at."""
    return backlog_of(AttestationCalendar.due_at, now=now, late_after=LATE_AFTER)


@use_case
def _ask(group_id: int) -> bool:
    calendar = attesting.locked_calendar(group_id)
    now = clock.now()
    if calendar.due_at > now:  # another worker was faster
        return False
    group, month = groups.group(group_id), calendar.month
    call = rules.call_of(month, is_second=calendar.is_second, now=now, zone=group.time_zone)
    calendar.month, calendar.is_second, calendar.due_at = call.month, call.is_second, call.due_at
    if call.say is None or attesting.attestation_of(group_id, month) is not None:
        return True
    if attesting.is_wanted(group, month):
        until = month_of(month, group.time_zone)[1]
        announce(AttestationDue(group_id, month, until, is_second=call.say is Say.SECOND))
    return True
