"""The processor's own books are kept as a copy and held against ours, and its fees as they were announced.

Revision: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

PAYMENT_FEES = """
    UPDATE checkouts SET fee_minor = COALESCE((
        SELECT amount_minor FROM order_lines
        WHERE order_lines.order_id = checkouts.order_id AND action = 'note_fee' AND client_key = checkouts.fee_reference
    ), 0) WHERE fee_reference IS NOT NULL"""
CHARGEBACK_FEES = """
    UPDATE chargebacks SET fee_minor = (
        SELECT amount_minor FROM order_lines JOIN checkouts ON checkouts.order_id = order_lines.order_id
        WHERE checkouts.id = chargebacks.checkout_id AND action = 'note_fee'
        AND client_key = chargebacks.reference || '\\:fee'
    ) WHERE fee_told"""


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("fee_minor", NUMBER, nullable=True))
    op.add_column("chargebacks", sa.Column("fee_minor", NUMBER, nullable=True))
    op.execute(PAYMENT_FEES)
    op.execute(CHARGEBACK_FEES)
    op.create_index("ix_movements_bank_reference", "movements", ["bank_reference"])
    op.create_table(
        "processor_reads",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("read_until", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_reads")),
    )
    op.create_index("ix_processor_reads_due_at", "processor_reads", ["due_at"])
    make_lines()
    make_findings()


def make_lines() -> None:
    op.create_table(
        "processor_lines",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("fee_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("order_id", NUMBER, nullable=True),
        sa.Column("part_of", sa.Text(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_in", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processor_lines")),
        sa.UniqueConstraint("line_id", name=op.f("uq_processor_lines_line_id")),
    )
    op.create_index("ix_processor_lines_source", "processor_lines", ["source"])
    op.create_index("ix_processor_lines_read_in", "processor_lines", ["read_in"])


def make_findings() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("through", MOMENT, nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("line_count", NUMBER, nullable=False),
        sa.Column("entry_count", NUMBER, nullable=False),
        sa.Column("finding_count", NUMBER, nullable=False),
        sa.Column("explained", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index("ix_reconciliations_begun_at", "reconciliations", ["begun_at"])
    op.create_table(
        "discrepancies",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("order_id", NUMBER, nullable=True),
        sa.Column("group_id", NUMBER, nullable=True),
        sa.Column("theirs_minor", NUMBER, nullable=True),
        sa.Column("theirs_currency", sa.Text(), nullable=True),
        sa.Column("ours_minor", NUMBER, nullable=True),
        sa.Column("ours_currency", sa.Text(), nullable=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("explained_at", MOMENT, nullable=True),
        sa.Column("explained_by", NUMBER, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("(explained_at IS NULL) = (explained_by IS NULL)", name=op.f("ck_discrepancies_explained")),
        sa.CheckConstraint("(theirs_minor IS NULL) = (theirs_currency IS NULL)", name=op.f("ck_discrepancies_theirs")),
        sa.CheckConstraint("(ours_minor IS NULL) = (ours_currency IS NULL)", name=op.f("ck_discrepancies_ours")),
        sa.ForeignKeyConstraint(["explained_by"], ["people.id"], name=op.f("fk_discrepancies_explained_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
        sa.UniqueConstraint("key", name=op.f("uq_discrepancies_key")),
    )
    for column in ("source", "explained_at", "explained_by"):
        op.create_index(f"ix_discrepancies_{column}", "discrepancies", [column])


def downgrade() -> None:
    """The copy is read again, and what was explained is to be explained again."""
    for table in ("discrepancies", "reconciliations", "processor_lines", "processor_reads"):
        op.drop_table(table)
    op.drop_index("ix_movements_bank_reference", table_name="movements")
    op.drop_column("chargebacks", "fee_minor")
    op.drop_column("checkouts", "fee_minor")
