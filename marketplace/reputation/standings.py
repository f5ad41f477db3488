"""The counters behind standing, locked for writing."""

from __future__ import annotations

from sqlalchemy import Insert, bindparam, select

from marketplace.kernel.database import db
from marketplace.kernel.statements import built_once, insert_into
from marketplace.reputation.models import StandingRow


def counters_of(group_id: int, *person_ids: int) -> dict[int, StandingRow]:
    """The rows of these people in this group, made where there are none, locked in one order."""
    rows = [_NOTHING_YET | {"person_id": person_id, "group_id": group_id} for person_id in sorted(person_ids)]
    db.session.execute(_first(), rows)
    locked = db.session.scalars(_LOCKED, {"group_id": group_id, "person_ids": person_ids})
    return {row.person_id: row for row in locked}


def add_exposure(group_id: int, seller_id: int, minor: int) -> None:
    """A seller's open orders are this much more."""
    row = _NOTHING_YET | {"person_id": seller_id, "group_id": group_id, "open_sales_minor": minor}
    db.session.execute(_more_exposure(), row)


@built_once
def _first() -> Insert:
    return insert_into(StandingRow).on_conflict_do_nothing()


@built_once
def _more_exposure() -> Insert:
    wanted = insert_into(StandingRow)
    more = StandingRow.open_sales_minor + wanted.excluded.open_sales_minor
    return wanted.on_conflict_do_update(index_elements=["person_id", "group_id"], set_={"open_sales_minor": more})


_LOCKED = (
    select(StandingRow)
    .where(StandingRow.group_id == bindparam("group_id"))
    .where(StandingRow.person_id.in_(bindparam("person_ids", expanding=True)))
    .order_by(StandingRow.person_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)
_NOTHING_YET = {
    column.name: 0 for column in StandingRow.__table__.columns if not column.nullable and not column.primary_key
}
