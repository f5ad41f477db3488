"""Members put up deposits for dear lots, or after they left orders unpaid; an unpaid order costs its buyer his.

Revision: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ACTIONS = (
    "'say_sent', 'confirm', 'not_found', 'ask_return', 'keep', 'give_back', 'forfeit', 'lapse', "
    "'confirm_payout', 'payout_failed', 'payout_missing', 'payout_late'"
)


def upgrade() -> None:
    _deposits()
    _payouts()
    _lines()
    _unpaid_orders()


def _deposits() -> None:
    op.create_table(
        "deposits",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_minor", NUMBER, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("deadline", MOMENT, nullable=True),
        sa.Column("is_second_officer_due", sa.Boolean(), nullable=False),
        sa.Column("line_count", NUMBER, nullable=False),
        sa.Column("asked_until", MOMENT, nullable=True),
        sa.Column("look_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('empty', 'claimed', 'standing', 'return_asked')", name=op.f("ck_deposits_state")),
        sa.CheckConstraint("held_minor >= 0", name=op.f("ck_deposits_held")),
        sa.CheckConstraint("held_minor = 0 OR state <> 'empty'", name=op.f("ck_deposits_empty")),
        sa.CheckConstraint("held_minor > 0 OR state IN ('empty', 'claimed')", name=op.f("ck_deposits_standing")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_deposits_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deposits_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposits")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_deposits_group_id_person_id")),
    )
    op.create_index("ix_deposits_deadline", "deposits", ["deadline"])
    op.create_index("ix_deposits_person_id", "deposits", ["person_id"])
    op.create_index("ix_deposits_state_look_at", "deposits", ["state", "look_at"])


def _payouts() -> None:
    op.create_table(
        "deposit_payouts",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("deposit_id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("payee_id", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", NUMBER, nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_since", MOMENT, nullable=False),
        sa.Column("deadline", MOMENT, nullable=True),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("is_second_officer_due", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('return', 'share')", name=op.f("ck_deposit_payouts_kind")),
        sa.CheckConstraint("state IN ('due', 'paid')", name=op.f("ck_deposit_payouts_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_deposit_payouts_amount")),
        sa.CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name=op.f("ck_deposit_payouts_paid_at")),
        sa.CheckConstraint("(kind = 'share') = (order_id IS NOT NULL)", name=op.f("ck_deposit_payouts_order_id")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposits.id"], name=op.f("fk_deposit_payouts_deposit_id_deposits")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_deposit_payouts_group_id_groups")),
        sa.ForeignKeyConstraint(["payee_id"], ["people.id"], name=op.f("fk_deposit_payouts_payee_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_payouts")),
    )
    op.create_index("ix_deposit_payouts_deadline", "deposit_payouts", ["deadline"])
    op.create_index("ix_deposit_payouts_deposit_id", "deposit_payouts", ["deposit_id"])
    op.create_index("ix_deposit_payouts_group_id_state", "deposit_payouts", ["group_id", "state"])
    op.create_index("ix_deposit_payouts_payee_id_group_id", "deposit_payouts", ["payee_id", "group_id"])


def _lines() -> None:
    op.create_table(
        "deposit_lines",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("deposit_id", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("person_id", NUMBER, nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=True),
        sa.Column("payout_id", NUMBER, nullable=True),
        sa.Column("order_id", NUMBER, nullable=True),
        sa.Column("movement_id", NUMBER, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.CheckConstraint(f"action IN ({ACTIONS})", name=op.f("ck_deposit_lines_action")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_deposit_lines_amount")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposits.id"], name=op.f("fk_deposit_lines_deposit_id_deposits")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deposit_lines_person_id_people")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["deposit_payouts.id"], name=op.f("fk_deposit_lines_payout_id_deposit_payouts")
        ),
        sa.ForeignKeyConstraint(["movement_id"], ["movements.id"], name=op.f("fk_deposit_lines_movement_id_movements")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_lines")),
        sa.UniqueConstraint("deposit_id", "number", name=op.f("uq_deposit_lines_deposit_id_number")),
        sa.UniqueConstraint(
            "deposit_id", "action", "client_key", name=op.f("uq_deposit_lines_deposit_id_action_client_key")
        ),
    )
    for column in ("movement_id", "payout_id", "person_id"):
        op.create_index(f"ix_deposit_lines_{column}", "deposit_lines", [column])


def _unpaid_orders() -> None:
    op.create_table(
        "unpaid_orders",
        sa.Column("order_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("deposit_id", NUMBER, nullable=False),
        sa.Column("seller_id", NUMBER, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("total_minor", NUMBER, nullable=False),
        sa.Column("to_seller_minor", NUMBER, nullable=False),
        sa.Column("to_fund_minor", NUMBER, nullable=False),
        sa.CheckConstraint(
            "to_seller_minor >= 0 AND to_seller_minor <= to_fund_minor", name=op.f("ck_unpaid_orders_shares")
        ),
        sa.CheckConstraint("to_seller_minor + to_fund_minor <= total_minor", name=op.f("ck_unpaid_orders_total")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposits.id"], name=op.f("fk_unpaid_orders_deposit_id_deposits")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_unpaid_orders_seller_id_people")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_unpaid_orders")),
    )
    op.create_index("ix_unpaid_orders_deposit_id_at", "unpaid_orders", ["deposit_id", "at"])
    op.create_index("ix_unpaid_orders_seller_id", "unpaid_orders", ["seller_id"])


def downgrade() -> None:
    for table in ("unpaid_orders", "deposit_lines", "deposit_payouts", "deposits"):
        op.drop_table(table)
