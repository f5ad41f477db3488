"""A lot whose buyer did not pay is offered to the next in line; who wants no such offers is passed over.

Revision: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("lots", sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "second_chances",
        sa.Column("id", number, nullable=False),
        sa.Column("lot_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_minor", number, nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'taken', 'declined', 'lapsed')", name=op.f("ck_second_chances_state")),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_second_chances_price")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_second_chances_lot_id_lots")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_second_chances_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_chances")),
        sa.UniqueConstraint("lot_id", "person_id", name=op.f("uq_second_chances_lot_id_person_id")),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_second_chances_lot_id_open", "second_chances", ["lot_id"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index("ix_second_chances_state_ends_at", "second_chances", ["state", "ends_at"])
    op.create_index("ix_second_chances_person_id_state", "second_chances", ["person_id", "state"])
    op.create_table(
        "no_second_chances",
        sa.Column("person_id", number, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_no_second_chances_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_no_second_chances")),
    )
