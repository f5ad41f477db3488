"""Members make the seller of a lot that has passed an offer; a lot says whether it was sold on one.

Revision: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATES = "'open', 'accepted', 'declined', 'withdrawn', 'lapsed', 'superseded'"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("lots", sa.Column("sold_on_offer_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "lot_offers",
        sa.Column("id", number, nullable=False),
        sa.Column("lot_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", number, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_lot_offers_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_lot_offers_amount")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_offers_lot_id_lots")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lot_offers_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_offers")),
        sa.UniqueConstraint(
            "lot_id", "person_id", "client_key", name=op.f("uq_lot_offers_lot_id_person_id_client_key")
        ),
    )
    for name, columns, state in (
        ("uq_lot_offers_lot_id_person_id_open", ["lot_id", "person_id"], "open"),
        ("uq_lot_offers_lot_id_accepted", ["lot_id"], "accepted"),
    ):
        only = sa.text(f"state = '{state}'")
        op.create_index(name, "lot_offers", columns, unique=True, sqlite_where=only, postgresql_where=only)
    op.create_index("ix_lot_offers_state_ends_at", "lot_offers", ["state", "ends_at"])
    op.create_index("ix_lot_offers_person_id_id", "lot_offers", ["person_id", "id"])


def downgrade() -> None:
    op.drop_table("lot_offers")
    op.drop_column("lots", "sold_on_offer_at")
