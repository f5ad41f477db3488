"""Saved searches and wants: members are told of lots that fit what they look for.

Revision: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "kept_searches",
        sa.Column("id", number, nullable=False),
        sa.Column("group_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search", sa.JSON(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sort IN ('search', 'want')", name=op.f("ck_kept_searches_sort")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_kept_searches_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_kept_searches_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_searches")),
        sa.UniqueConstraint("person_id", "client_key", name=op.f("uq_kept_searches_person_id_client_key")),
    )
    op.create_index("ix_kept_searches_group_id_person_id_id", "kept_searches", ["group_id", "person_id", "id"])
    op.create_table(
        "lots_to_match",
        sa.Column("lot_id", number, autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lots_to_match_lot_id_lots")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lots_to_match")),
    )
    op.create_index("ix_lots_to_match_since", "lots_to_match", ["since"])
    op.create_table(
        "search_fits",
        sa.Column("search_id", number, autoincrement=False, nullable=False),
        sa.Column("lot_id", number, autoincrement=False, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_search_fits_lot_id_lots")),
        sa.ForeignKeyConstraint(
            ["search_id"], ["kept_searches.id"], name=op.f("fk_search_fits_search_id_kept_searches")
        ),
        sa.PrimaryKeyConstraint("search_id", "lot_id", name=op.f("pk_search_fits")),
    )
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "ix_search_fits_untold", "search_fits", ["search_id", "lot_id"], sqlite_where=untold, postgresql_where=untold
    )
    op.create_index(op.f("ix_search_fits_lot_id"), "search_fits", ["lot_id"])


def downgrade() -> None:
    op.drop_table("search_fits")
    op.drop_table("lots_to_match")
    op.drop_table("kept_searches")
