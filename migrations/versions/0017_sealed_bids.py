"""Auctions with sealed bids beside the open ones.

Revision: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    known = "format IN ('open', 'sealed_first', 'sealed_second')"
    if op.get_bind().dialect.name == "sqlite":  # adds no check but with its column
        op.execute(
            f"ALTER TABLE lots ADD COLUMN format TEXT NOT NULL DEFAULT 'open' CONSTRAINT ck_lots_format CHECK ({known})"
        )
    else:
        op.add_column("lots", sa.Column("format", sa.Text(), nullable=False, server_default="open"))
        op.create_check_constraint(op.f("ck_lots_format"), "lots", known)
