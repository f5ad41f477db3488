"""The indexes that the catalogue of a group reads by: one for each stage and order."""

from __future__ import annotations

from sqlalchemy import Index, text

RUNNING, TO_COME, PAST = "= 'running'", "= 'scheduled'", "IN ('sold', 'passed')"


def in_state(states: str, dialect: str) -> str:
    """The condition of an index that only some lots are in, and of a query that is to use it, word for word.

    SQLite would take the plain one for another index, after which it has to sort; PostgreSQL reckons with it.
    """
    return f"state || '' {states}" if dialect == "sqlite" else f"state {states}"


def _index(name: str, *columns: str, where: str) -> Index:
    """One that only some lots are in: a bid moves a lot in as few of them as can be, and the past in none."""
    lite, postgres = (text(in_state(where, dialect)) for dialect in ("sqlite", "postgresql"))
    return Index(name, *columns, sqlite_where=lite, postgresql_where=postgres)


CATALOGUE_INDEXES = (
    _index("ix_lots_running_by_kind", "group_id", "category", "ends_at", "id", where=RUNNING),
    _index("ix_lots_running_by_number", "group_id", "number", "id", where=RUNNING),
    _index("ix_lots_running_by_price", "group_id", "price_minor", "id", where=RUNNING),
    _index("ix_lots_running_by_bids", "group_id", "bid_count", "id", where=RUNNING),
    _index("ix_lots_to_come_by_start", "group_id", "starts_at", "id", where=TO_COME),
    _index("ix_lots_to_come_by_number", "group_id", "number", "id", where=TO_COME),
    _index("ix_lots_to_come_by_price", "group_id", "price_minor", "id", where=TO_COME),
    _index("ix_lots_past_by_kind", "group_id", "category", "ends_at", "id", where=PAST),
    _index("ix_lots_past_by_number", "group_id", "number", "id", where=PAST),
    _index("ix_lots_past_by_price", "group_id", "price_minor", "id", where=PAST),
    _index("ix_lots_past_by_bids", "group_id", "bid_count", "id", where=PAST),
)
"""One for each order in which a stage of the catalogue is read."""
