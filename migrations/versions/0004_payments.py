"""Movements: every call for money in or out, from the intent to the outcome.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "movements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("intended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("gateway_reference", sa.Text(), nullable=True),
        sa.Column("bank_reference", sa.Text(), nullable=True),
        sa.Column("proof_key", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("kind IN ('collect', 'refund', 'payout', 'reversal')", name=op.f("ck_movements_kind")),
        sa.CheckConstraint(
            "state IN ('intended', 'asked', 'confirmed', 'failed', 'withdrawn')", name=op.f("ck_movements_state")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_movements_amount_is_positive")),
        sa.CheckConstraint("moved_minor > 0", name=op.f("ck_movements_moved_is_positive")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["people.id"], name=op.f("fk_movements_confirmed_by_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_movements_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movements")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_movements_idempotency_key")),
    )
    op.create_index(op.f("ix_movements_confirmed_by"), "movements", ["confirmed_by"], unique=False)
    op.create_index(
        "ix_movements_due",
        "movements",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'intended'"),
        postgresql_where=sa.text("state = 'intended'"),
    )
    op.create_index("ix_movements_group_id_state", "movements", ["group_id", "state"], unique=False)
    op.create_index(op.f("ix_movements_order_id"), "movements", ["order_id"], unique=False)
    op.create_index(op.f("ix_movements_person_id"), "movements", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_movements_person_id"), table_name="movements")
    op.drop_index(op.f("ix_movements_order_id"), table_name="movements")
    op.drop_index("ix_movements_group_id_state", table_name="movements")
    op.drop_index(
        "ix_movements_due",
        table_name="movements",
        sqlite_where=sa.text("state = 'intended'"),
        postgresql_where=sa.text("state = 'intended'"),
    )
    op.drop_index(op.f("ix_movements_confirmed_by"), table_name="movements")
    op.drop_table("movements")
