"""Groups can be paid by card: sessions, sellers' accounts, the processor's news and chargebacks are kept.

Revision: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("movements", sa.Column("attempt", NUMBER, nullable=False, server_default="1"))
    for name in ("mark", "source", "account", "waits_for"):
        op.add_column("movements", sa.Column(name, sa.Text(), nullable=True))
    op.create_index("ix_movements_mark", "movements", ["mark"], unique=True)
    _checkouts()
    _seller_accounts()
    _events()
    _chargebacks()


def _checkouts() -> None:
    op.create_table(
        "checkouts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("movement_id", NUMBER, nullable=False),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("intent_id", sa.Text(), nullable=True),
        sa.Column("charge_id", sa.Text(), nullable=True),
        sa.Column("fee_reference", sa.Text(), nullable=True),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("looks", NUMBER, nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'submitted', 'paid', 'failed', 'expired')", name=op.f("ck_checkouts_state")
        ),
        sa.ForeignKeyConstraint(["movement_id"], ["movements.id"], name=op.f("fk_checkouts_movement_id_movements")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_checkouts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkouts")),
        *(
            sa.UniqueConstraint(name, name=op.f(f"uq_checkouts_{name}"))
            for name in ("movement_id", "session_id", "intent_id", "charge_id")
        ),
    )
    op.create_index("ix_checkouts_order_id", "checkouts", ["order_id"])
    op.create_index("ix_checkouts_person_id", "checkouts", ["person_id"])
    op.create_index("ix_checkouts_due_at", "checkouts", ["due_at"], sqlite_where=IS_DUE, postgresql_where=IS_DUE)


def _seller_accounts() -> None:
    op.create_table(
        "seller_accounts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_paid_out", sa.Boolean(), nullable=False),
        sa.Column("has_told", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_seller_accounts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_accounts")),
        *(
            sa.UniqueConstraint(name, name=op.f(f"uq_seller_accounts_{name}"))
            for name in ("person_id", "key", "account_id")
        ),
    )


def _events() -> None:
    op.create_table(
        "gateway_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("fence", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("parked_at", MOMENT, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_gateway_events_event_id")),
    )
    op.create_index(
        "ix_gateway_events_due_at", "gateway_events", ["due_at"], sqlite_where=IS_DUE, postgresql_where=IS_DUE
    )
    op.create_index("ix_gateway_events_parked_at", "gateway_events", ["parked_at"])
    op.create_table(
        "event_sweeps",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("swept_until", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_sweeps")),
    )


def _chargebacks() -> None:
    op.create_table(
        "chargebacks",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("checkout_id", NUMBER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fee_told", sa.Boolean(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("evidence_due_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('inquiry', 'open', 'won', 'lost')", name=op.f("ck_chargebacks_state")),
        sa.ForeignKeyConstraint(["checkout_id"], ["checkouts.id"], name=op.f("fk_chargebacks_checkout_id_checkouts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chargebacks")),
        sa.UniqueConstraint("reference", name=op.f("uq_chargebacks_reference")),
    )
    op.create_index("ix_chargebacks_checkout_id", "chargebacks", ["checkout_id"])


def downgrade() -> None:
    for table in ("chargebacks", "event_sweeps", "gateway_events", "seller_accounts", "checkouts"):
        op.drop_table(table)
    op.drop_index("ix_movements_mark", table_name="movements")
    for name in ("waits_for", "account", "source", "mark", "attempt"):
        op.drop_column("movements", name)
