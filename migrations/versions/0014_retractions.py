"""Bids that are taken back, and by whom; lots that their seller ended though there were bids.

Revision: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lot_aliases", sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("lot_aliases", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bids", sa.Column("void_cause", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE bids SET void_cause = 'left' WHERE voided_at IS NOT NULL")
    op.add_column("lots", sa.Column("cancelled_for", sa.Text(), nullable=False, server_default=""))
    retracted = sa.text("retracted_at IS NOT NULL")
    op.create_index(
        "ix_lot_aliases_person_id_retracted_at", "lot_aliases", ["person_id", "retracted_at"],
        sqlite_where=retracted, postgresql_where=retracted,
    )  # fmt: skip
