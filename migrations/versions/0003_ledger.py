"""The books: transfers sealed one with the other, which the database itself only lets be added to.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# fmt: off
GUARDS = {
    "sqlite": (
    """CREATE TRIGGER ledger_transfers_never_change BEFORE UPDATE ON ledger_transfers BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_transfers_never_go BEFORE DELETE ON ledger_transfers BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_transfers_are_never_replaced BEFORE INSERT ON ledger_transfers WHEN EXISTS (SELECT 1 FROM ledger_transfers WHERE id = NEW.id OR reference = NEW.reference OR (group_id = NEW.group_id AND number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_entries_never_change BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_entries_never_go BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_entries_are_never_replaced BEFORE INSERT ON ledger_entries WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE transfer_id = NEW.transfer_id AND number = NEW.number) BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_heads_only_go_on BEFORE UPDATE ON ledger_heads WHEN NEW.group_id <> OLD.group_id OR NEW.currency <> OLD.currency OR NEW.number <> OLD.number + 1 BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_heads_never_go BEFORE DELETE ON ledger_heads BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
    """CREATE TRIGGER ledger_heads_are_never_replaced BEFORE INSERT ON ledger_heads WHEN EXISTS (SELECT 1 FROM ledger_heads WHERE group_id = NEW.group_id) BEGIN SELECT RAISE(ABORT, 'the books are only added to'); END""",
),
    "postgresql": (
    '''CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the books are only added to' USING ERRCODE = 'restrict_violation';
END $$''',
    """CREATE TRIGGER ledger_transfers_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()""",
    """CREATE TRIGGER ledger_entries_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()""",
    """CREATE TRIGGER ledger_heads_only_go_on BEFORE UPDATE ON ledger_heads FOR EACH ROW WHEN (NEW.group_id <> OLD.group_id OR NEW.currency <> OLD.currency OR NEW.number <> OLD.number + 1) EXECUTE FUNCTION ledger_refuses()""",
    """CREATE TRIGGER ledger_heads_never_go BEFORE DELETE OR TRUNCATE ON ledger_heads FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()""",
),
}
# fmt: on


def upgrade() -> None:
    op.create_table(
        "ledger_heads",
        sa.Column(
            "group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_ledger_heads")),
    )
    op.create_table(
        "ledger_transfers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_ledger_transfers_number_is_positive")),
        sa.CheckConstraint("reverses < number", name=op.f("ck_ledger_transfers_reverses_an_earlier_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfers")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_ledger_transfers_group_id_number")),
        sa.UniqueConstraint("group_id", "reverses", name=op.f("uq_ledger_transfers_group_id_reverses")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_transfers_reference")),
    )
    op.create_index(
        "ix_ledger_transfers_group_id_posted_at", "ledger_transfers", ["group_id", "posted_at"], unique=False
    )
    op.create_index(op.f("ix_ledger_transfers_order_id"), "ledger_transfers", ["order_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column(
            "transfer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("ck_ledger_entries_side")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_entries_amount_is_positive")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["ledger_transfers.id"], name=op.f("fk_ledger_entries_transfer_id_ledger_transfers")
        ),
        sa.PrimaryKeyConstraint("transfer_id", "number", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_account"), "ledger_entries", ["account"], unique=False)
    for guard in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(guard.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_index(op.f("ix_ledger_entries_account"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index(op.f("ix_ledger_transfers_order_id"), table_name="ledger_transfers")
    op.drop_index("ix_ledger_transfers_group_id_posted_at", table_name="ledger_transfers")
    op.drop_table("ledger_transfers")
    op.drop_table("ledger_heads")
