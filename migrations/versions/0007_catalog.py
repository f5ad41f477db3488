"""Items, their photographs, and what is added to them once they are frozen.

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Text(), nullable=False),
        sa.Column("weight_grams", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shipping_to", sa.Text(), nullable=False),
        sa.Column("pickup_possible", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "category IN ('antiques', 'watches', 'porcelain', 'models', 'cards', 'coins', 'plants', 'books', 'cameras', 'other')",
            name=op.f("ck_items_category"),
        ),
        sa.CheckConstraint(
            "condition IN ('new', 'as_new', 'good', 'used', 'worn', 'for_parts')", name=op.f("ck_items_condition")
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name=op.f("ck_items_state")),
        sa.CheckConstraint("shipping_minor >= 0", name=op.f("ck_items_shipping_not_negative")),
        sa.CheckConstraint("weight_grams > 0", name=op.f("ck_items_weight_positive")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_items_group_id_groups")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_items_seller_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("seller_id", "client_key", name=op.f("uq_items_seller_id_client_key")),
    )
    op.create_index("ix_items_group_id_seller_id_id", "items", ["group_id", "seller_id", "id"], unique=False)
    op.create_index(op.f("ix_items_seller_id"), "items", ["seller_id"], unique=False)
    op.create_index(op.f("ix_items_state"), "items", ["state"], unique=False)
    op.create_table(
        "photos",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("height", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_photos_position_positive")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_photos_item_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        sa.UniqueConstraint("item_id", "sha256", name=op.f("uq_photos_item_id_sha256")),
        sa.UniqueConstraint("key", name=op.f("uq_photos_key")),
    )
    op.create_index("ix_photos_item_id_position", "photos", ["item_id", "position"], unique=False)
    op.create_table(
        "remarks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_remarks_item_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
        sa.UniqueConstraint("item_id", "client_key", name=op.f("uq_remarks_item_id_client_key")),
    )
    op.create_index("ix_remarks_item_id_id", "remarks", ["item_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_remarks_item_id_id", table_name="remarks")
    op.drop_table("remarks")
    op.drop_index("ix_photos_item_id_position", table_name="photos")
    op.drop_table("photos")
    op.drop_index(op.f("ix_items_state"), table_name="items")
    op.drop_index(op.f("ix_items_seller_id"), table_name="items")
    op.drop_index("ix_items_group_id_seller_id_id", table_name="items")
    op.drop_table("items")
