"""Watches: which lots a member keeps an eye on.

Revision: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "lot_watches",
        sa.Column("id", number, nullable=False),
        sa.Column("lot_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("watched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_watches_lot_id_lots")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lot_watches_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_watches")),
        sa.UniqueConstraint("lot_id", "person_id", name=op.f("uq_lot_watches_lot_id_person_id")),
    )
    op.create_index("ix_lot_watches_person_id_id", "lot_watches", ["person_id", "id"])
