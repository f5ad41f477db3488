"""The counters behind standing, locked for writing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from marketplace.kernel.database import db
from marketplace.reputation.models import StandingRow


def counters_of(group_id: int, *person_ids: int) -> dict[int, StandingRow]:
    """The rows of these people in this group, made where there are none, locked in one order."""
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    rows = [{"person_id": person_id, "group_id": group_id, **_NOTHING_YET} for person_id in sorted(person_ids)]
    db.session.execute(dialect.insert(StandingRow).values(rows).on_conflict_do_nothing())
    wanted = select(StandingRow).where(StandingRow.group_id == group_id, StandingRow.person_id.in_(person_ids))
    wanted = wanted.order_by(StandingRow.person_id).with_for_update()
    locked = db.session.scalars(wanted.execution_options(populate_existing=True))
    return {row.person_id: row for row in locked}


_NOTHING_YET = {
    column.name: 0 for column in StandingRow.__table__.columns if not column.nullable and not column.primary_key
}
