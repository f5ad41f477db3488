"""Where sellers who are paid by card are at home, and which of their accounts were not asked for lately.

Revision: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seller_accounts", sa.Column("country", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_seller_accounts_fetched_at", "seller_accounts", ["fetched_at"])


def downgrade() -> None:
    op.drop_index("ix_seller_accounts_fetched_at", table_name="seller_accounts")
    op.drop_column("seller_accounts", "country")
