"""A copy of an item keeps where it came from: what a dispute undid is not listed as something new.

Revision: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    constraint = "fk_items_copied_from_id_items"
    if op.get_bind().dialect.name == "sqlite":  # adds no constraint but with its column
        op.execute(f"ALTER TABLE items ADD COLUMN copied_from_id INTEGER CONSTRAINT {constraint} REFERENCES items (id)")
    else:
        op.add_column("items", sa.Column("copied_from_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(constraint), "items", "items", ["copied_from_id"], ["id"])
    op.create_index(op.f("ix_items_copied_from_id"), "items", ["copied_from_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_items_copied_from_id"), table_name="items")
    op.drop_column("items", "copied_from_id")
