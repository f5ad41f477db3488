"""Salts for what bidders and sellers keep secret, so that it can be sealed; what is there already gets one, too.

Revision: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Both know how to make 16 random bytes; a uuid of PostgreSQL has 122 random bits of 128.
_RANDOM = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}


def upgrade() -> None:
    random = _RANDOM[op.get_bind().dialect.name]
    for table, column in (("lots", "reserve_salt"), ("bids", "salt")):
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
        op.execute(f"UPDATE {table} SET {column} = {random}")  # noqa: S608  # both names are above
