"""Sales: lots of many sellers that start together and end one after the other.

Revision: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "sales",
        sa.Column("id", number, nullable=False),
        sa.Column("group_id", number, nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("opened_by_id", number, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gap_seconds", number, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("called_off_reason", sa.Text(), nullable=False),
        sa.Column("version", number, nullable=False),
        sa.CheckConstraint("starts_at < first_end_at", name=op.f("ck_sales_times")),
        sa.CheckConstraint("gap_seconds BETWEEN 5 AND 600", name=op.f("ck_sales_gap")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_sales_group_id_groups")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["people.id"], name=op.f("fk_sales_opened_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_sales_group_id_number")),
        sa.UniqueConstraint("opened_by_id", "client_key", name=op.f("uq_sales_opened_by_id_client_key")),
    )
    op.create_index("ix_sales_group_id_starts_at", "sales", ["group_id", "starts_at", "id"])
    both = "(sale_id IS NULL) = (sale_position IS NULL)"
    if op.get_bind().dialect.name == "sqlite":  # adds no constraint but with its column
        op.execute("ALTER TABLE lots ADD COLUMN sale_id INTEGER CONSTRAINT fk_lots_sale_id_sales REFERENCES sales (id)")
        op.execute(f"ALTER TABLE lots ADD COLUMN sale_position INTEGER CONSTRAINT ck_lots_sale CHECK ({both})")
    else:
        op.add_column("lots", sa.Column("sale_id", number, nullable=True))
        op.add_column("lots", sa.Column("sale_position", number, nullable=True))
        op.create_foreign_key(op.f("fk_lots_sale_id_sales"), "lots", "sales", ["sale_id"], ["id"])
        op.create_check_constraint(op.f("ck_lots_sale"), "lots", both)
    op.create_index("ix_lots_sale_id_sale_position", "lots", ["sale_id", "sale_position", "id"])


def downgrade() -> None:
    op.drop_index("ix_lots_sale_id_sale_position", table_name="lots")
    op.drop_column("lots", "sale_position")
    op.drop_column("lots", "sale_id")
    op.drop_table("sales")
