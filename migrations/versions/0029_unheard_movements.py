"""What a processor was asked for and never told the end of is looked up: found by when it was asked.

Revision: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

IS_ASKED = sa.text("state = 'asked'")


def upgrade() -> None:
    op.create_index(
        "ix_movements_asked_at", "movements", ["asked_at"], sqlite_where=IS_ASKED, postgresql_where=IS_ASKED
    )


def downgrade() -> None:
    op.drop_index("ix_movements_asked_at", table_name="movements")
