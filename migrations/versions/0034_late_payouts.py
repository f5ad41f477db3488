"""Payouts that are late are seen, and told of: since when each is owed, and when to look at it next.

Revision: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0030"
branch_labels = None
depends_on = None

IS_OWED = sa.text("state IN ('intended', 'asked') AND owed_since IS NOT NULL")
IS_LOOKED_AT = sa.text("late_look_at IS NOT NULL")


def upgrade() -> None:
    add("movements", "owed_since", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    add("movements", "late_look_at", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    stages = "late_stage IS NULL OR late_stage IN ('for_payee', 'late', 'very_late')"
    add("movements", "late_stage", "VARCHAR", "VARCHAR", f"CONSTRAINT ck_movements_late_stage CHECK ({stages})")
    op.execute("UPDATE movements SET owed_since = intended_at WHERE kind IN ('refund', 'payout')")
    # What is late already is told at once, and each of it as what it is now.
    op.execute("UPDATE movements SET late_look_at = owed_since WHERE state IN ('intended', 'asked')")
    op.create_index(
        "ix_movements_owed", "movements", ["group_id", "owed_since"], sqlite_where=IS_OWED, postgresql_where=IS_OWED
    )
    op.create_index(
        "ix_movements_late_look_at", "movements", ["late_look_at"],
        sqlite_where=IS_LOOKED_AT, postgresql_where=IS_LOOKED_AT,
    )  # fmt: skip
    add("seller_accounts", "active_since", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    op.execute("UPDATE seller_accounts SET active_since = begun_at WHERE is_active")


def add(table: str, column: str, on_sqlite: str, on_postgresql: str, more: str = "") -> None:
    """A column with its checks: SQLite adds no check but with its column."""
    kind = on_sqlite if op.get_bind().dialect.name == "sqlite" else on_postgresql
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} {more}".strip())


def downgrade() -> None:
    op.drop_column("seller_accounts", "active_since")
    op.drop_index("ix_movements_late_look_at", table_name="movements")
    op.drop_index("ix_movements_owed", table_name="movements")
    for column in ("late_stage", "late_look_at", "owed_since"):
        op.drop_column("movements", column)
