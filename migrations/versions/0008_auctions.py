"""Lots that carry all that a bid needs, the bids, and the names bidders go by.

Revision: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("relisted_from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("opening_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reserve_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("leader_maximum_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("second_maximum_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("bid_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        sa.Column("fell_through_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('scheduled', 'running', 'sold', 'passed', 'withdrawn')", name=op.f("ck_lots_state")
        ),
        sa.CheckConstraint("(leader_id IS NULL) = (leader_maximum_minor IS NULL)", name=op.f("ck_lots_leader")),
        sa.CheckConstraint(
            "leader_maximum_minor IS NULL OR price_minor <= leader_maximum_minor", name=op.f("ck_lots_price")
        ),
        sa.CheckConstraint("opening_minor > 0", name=op.f("ck_lots_opening")),
        sa.CheckConstraint("reserve_minor IS NULL OR reserve_minor >= opening_minor", name=op.f("ck_lots_reserve")),
        sa.CheckConstraint("shipping_minor >= 0 AND bid_count >= 0", name=op.f("ck_lots_counts")),
        sa.CheckConstraint("starts_at < scheduled_end_at AND scheduled_end_at <= ends_at", name=op.f("ck_lots_times")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_lots_group_id_groups")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_lots_item_id_items")),
        sa.ForeignKeyConstraint(["leader_id"], ["people.id"], name=op.f("fk_lots_leader_id_people")),
        sa.ForeignKeyConstraint(["relisted_from_id"], ["lots.id"], name=op.f("fk_lots_relisted_from_id_lots")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_lots_seller_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_lots_group_id_number")),
        sa.UniqueConstraint("seller_id", "client_key", name=op.f("uq_lots_seller_id_client_key")),
    )
    op.create_index("ix_lots_group_id_ends_at", "lots", ["group_id", "ends_at", "id"], unique=False)
    op.create_index("ix_lots_group_id_state_ends_at", "lots", ["group_id", "state", "ends_at", "id"], unique=False)
    op.create_index(op.f("ix_lots_item_id"), "lots", ["item_id"], unique=False)
    op.create_index(op.f("ix_lots_leader_id"), "lots", ["leader_id"], unique=False)
    op.create_index(op.f("ix_lots_relisted_from_id"), "lots", ["relisted_from_id"], unique=False)
    op.create_index("ix_lots_seller_id_id", "lots", ["seller_id", "id"], unique=False)
    op.create_index("ix_lots_state_ends_at", "lots", ["state", "ends_at"], unique=False)
    op.create_index("ix_lots_state_starts_at", "lots", ["state", "starts_at"], unique=False)
    op.create_index(
        "uq_lots_item_id_live",
        "lots",
        ["item_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('scheduled', 'running')"),
        postgresql_where=sa.text("state IN ('scheduled', 'running')"),
    )
    op.create_table(
        "bids",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bidder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("maximum_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("is_quiet", sa.Boolean(), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("maximum_minor > 0 AND price_minor > 0", name=op.f("ck_bids_amounts")),
        sa.ForeignKeyConstraint(["bidder_id"], ["people.id"], name=op.f("fk_bids_bidder_id_people")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_bids_lot_id_lots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bids")),
        sa.UniqueConstraint("lot_id", "bidder_id", "client_key", name=op.f("uq_bids_lot_id_bidder_id_client_key")),
    )
    op.create_index("ix_bids_bidder_id_lot_id", "bids", ["bidder_id", "lot_id"], unique=False)
    op.create_index("ix_bids_lot_id_id", "bids", ["lot_id", "id"], unique=False)
    op.create_table(
        "lot_aliases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("maximum_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_aliases_lot_id_lots")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lot_aliases_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_aliases")),
        sa.UniqueConstraint("lot_id", "name", name=op.f("uq_lot_aliases_lot_id_name")),
        sa.UniqueConstraint("lot_id", "person_id", name=op.f("uq_lot_aliases_lot_id_person_id")),
    )
    op.create_index("ix_lot_aliases_person_id_id", "lot_aliases", ["person_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_lot_aliases_person_id_id", table_name="lot_aliases")
    op.drop_table("lot_aliases")
    op.drop_index("ix_bids_lot_id_id", table_name="bids")
    op.drop_index("ix_bids_bidder_id_lot_id", table_name="bids")
    op.drop_table("bids")
    op.drop_index(
        "uq_lots_item_id_live",
        table_name="lots",
        sqlite_where=sa.text("state IN ('scheduled', 'running')"),
        postgresql_where=sa.text("state IN ('scheduled', 'running')"),
    )
    op.drop_index("ix_lots_state_starts_at", table_name="lots")
    op.drop_index("ix_lots_state_ends_at", table_name="lots")
    op.drop_index("ix_lots_seller_id_id", table_name="lots")
    op.drop_index(op.f("ix_lots_relisted_from_id"), table_name="lots")
    op.drop_index(op.f("ix_lots_leader_id"), table_name="lots")
    op.drop_index(op.f("ix_lots_item_id"), table_name="lots")
    op.drop_index("ix_lots_group_id_state_ends_at", table_name="lots")
    op.drop_index("ix_lots_group_id_ends_at", table_name="lots")
    op.drop_table("lots")
