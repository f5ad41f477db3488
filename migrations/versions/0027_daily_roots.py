"""Each day's books get a seal over all that is owed, so that every member can check that his money is in it.

Revision: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSED = "BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END"
# fmt: off
GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER ledger_roots_never_change BEFORE UPDATE ON ledger_roots {REFUSED}",
        f"CREATE TRIGGER ledger_roots_never_go BEFORE DELETE ON ledger_roots {REFUSED}",
        f"CREATE TRIGGER ledger_roots_are_never_replaced BEFORE INSERT ON ledger_roots WHEN EXISTS (SELECT 1 FROM ledger_roots WHERE id = NEW.id OR (group_id = NEW.group_id AND day = NEW.day)) {REFUSED}",  # noqa: S608 - our own words
    ),
    "postgresql": (
        "CREATE TRIGGER ledger_roots_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_roots FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()",
    ),
}
# fmt: on


def upgrade() -> None:
    op.create_table(
        "ledger_roots",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("chain_hash", sa.Text(), nullable=False),
        sa.Column("tree_hash", sa.Text(), nullable=False),
        sa.Column("owed_minor", NUMBER, nullable=False),
        sa.Column("held_minor", NUMBER, nullable=False),
        sa.Column("elsewhere_minor", NUMBER, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_roots")),
        sa.UniqueConstraint("group_id", "day", name=op.f("uq_ledger_roots_group_id_day")),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("ledger_roots")
