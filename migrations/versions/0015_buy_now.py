"""A price for which a lot may be bought at once, until somebody bids; a lot that is bought ends then.

Revision: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from marketplace.kernel.schema import replace_check

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    least = "buy_now_minor IS NULL OR buy_now_minor >= COALESCE(reserve_minor, opening_minor)"
    op.add_column("lots", sa.Column("is_buy_now_gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("lots", sa.Column("bought_at", sa.DateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "sqlite":  # adds no check but with its column
        op.execute(f"ALTER TABLE lots ADD COLUMN buy_now_minor INTEGER CONSTRAINT ck_lots_buy_now CHECK ({least})")
    else:
        op.add_column("lots", sa.Column("buy_now_minor", number, nullable=True))
        op.create_check_constraint(op.f("ck_lots_buy_now"), "lots", least)
    replace_check(
        op.get_bind(), "lots", "ck_lots_times",
        before="starts_at < scheduled_end_at AND scheduled_end_at <= ends_at",
        after="starts_at < scheduled_end_at AND (scheduled_end_at <= ends_at OR bought_at IS NOT NULL)",
    )  # fmt: skip
