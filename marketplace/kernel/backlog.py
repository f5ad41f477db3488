"""How much of some duty waits for a worker: what is due, and of that what should have been done long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.kernel.database import db


class Backlog(NamedTuple):
    """Two counts; what is late is due, too."""

    due: int
    late: int


def backlog_of(
    due_at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    *which: ColumnElement[bool],
    now: datetime,
    late_after: timedelta,
) -> Backlog:
    """The rows among `which` whose moment `due_at` has come, and those that have waited for longer than `late_after`.

    In one query, by counting: a page that asks for it costs the same however much waits.
    """
    counts = select(func.count(), func.count().filter(due_at < now - late_after)).where(due_at <= now, *which)
    due, late = db.session.execute(counts).one()
    return Backlog(due, late)
