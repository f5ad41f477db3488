"""What one officer confirmed alone before the group raised it counts for a week more, for what no lot's terms govern.

Revision: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("groups", sa.Column("former_limit_minor", number, nullable=True))
    op.add_column("groups", sa.Column("limit_raised_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """A limit that was just raised counts at once."""
    op.drop_column("groups", "limit_raised_at")
    op.drop_column("groups", "former_limit_minor")
