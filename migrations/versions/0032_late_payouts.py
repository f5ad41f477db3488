"""Payouts that are late are seen and told of: since when each is owed. The treasury passes from one to another.

Revision: 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_OPEN = sa.text("state IN ('asked', 'named', 'stated')")
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
    for table in ("deposits", "deposit_payouts"):  # what runs now is reminded of from its next deadline on
        add(table, "remind_at", "DATETIME", "TIMESTAMP WITH TIME ZONE")
        op.create_index(f"ix_{table}_remind_at", table, ["remind_at"])
    add_handovers()


def add_handovers() -> None:
    people = ("parting_id", "successor_id", "asked_by", "named_by", "stated_by", "ended_by")
    op.create_table(
        "handovers",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        *(sa.Column(name, NUMBER, nullable=name not in ("parting_id", "asked_by")) for name in people),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("named_at", MOMENT, nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=True),
        sa.Column("stated_minor", NUMBER, nullable=True),
        sa.Column("books_minor", NUMBER, nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("difference", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("count_of_statements", NUMBER, nullable=False),
        sa.Column("confirmed_minor", NUMBER, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state in ('asked', 'named', 'stated', 'done', 'called_off')", name=op.f("ck_handovers_state")
        ),
        sa.CheckConstraint("parting_id <> successor_id", name=op.f("ck_handovers_two_people")),
        sa.CheckConstraint(
            "state IN ('asked', 'called_off') OR successor_id IS NOT NULL", name=op.f("ck_handovers_successor")
        ),
        sa.CheckConstraint(
            "state NOT IN ('stated', 'done') OR stated_minor IS NOT NULL", name=op.f("ck_handovers_stated")
        ),
        sa.CheckConstraint(
            "stated_by IS NULL OR successor_id IS NULL OR stated_by <> successor_id",
            name=op.f("ck_handovers_two_say_so"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'called_off')) = (ended_at IS NOT NULL)", name=op.f("ck_handovers_ended")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_handovers_group_id_groups")),
        *(sa.ForeignKeyConstraint([name], ["people.id"], name=op.f(f"fk_handovers_{name}_people")) for name in people),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    for name in people:
        op.create_index(f"ix_handovers_{name}", "handovers", [name])
    op.create_index(
        "uq_handovers_open", "handovers", ["group_id"], unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
    op.create_index("ix_handovers_group_id_state_id", "handovers", ["group_id", "state", "id"])


def add(table: str, column: str, on_sqlite: str, on_postgresql: str, more: str = "") -> None:
    """A column with its checks: SQLite adds no check but with its column."""
    kind = on_sqlite if op.get_bind().dialect.name == "sqlite" else on_postgresql
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} {more}".strip())


def downgrade() -> None:
    op.drop_table("handovers")
    for table in ("deposit_payouts", "deposits"):
        op.drop_index(f"ix_{table}_remind_at", table_name=table)
        op.drop_column(table, "remind_at")
    op.drop_column("seller_accounts", "active_since")
    op.drop_index("ix_movements_late_look_at", table_name="movements")
    op.drop_index("ix_movements_owed", table_name="movements")
    for column in ("late_stage", "late_look_at", "owed_since"):
        op.drop_column("movements", column)
