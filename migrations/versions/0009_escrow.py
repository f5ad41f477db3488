"""Orders: whose money is held, until when, and how each came to where it is.

Revision: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("buyer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hammer_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shipping_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owed_buyer_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owed_seller_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_buyer_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_seller_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_buyer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_seller_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("was_not_found", sa.Boolean(), nullable=False),
        sa.Column("was_extended", sa.Boolean(), nullable=False),
        sa.Column("is_pick_up", sa.Boolean(), nullable=False),
        sa.Column("code_used", sa.Boolean(), nullable=False),
        sa.Column("is_second_officer_due", sa.Boolean(), nullable=False),
        sa.Column("can_be_posted", sa.Boolean(), nullable=False),
        sa.Column("can_be_picked_up", sa.Boolean(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("return_address", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking", sa.Text(), nullable=False),
        sa.Column("return_carrier", sa.Text(), nullable=False),
        sa.Column("return_tracking", sa.Text(), nullable=False),
        sa.Column("pick_up_code", sa.Text(), nullable=True),
        sa.Column("wrong_codes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wrong_codes_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("proposed_by IN ('buyer', 'seller')", name=op.f("ck_orders_proposed_by")),
        sa.CheckConstraint(
            "state IN ('awaiting_payment', 'payment_claimed', 'topping_up', 'held', 'shipped', 'inspecting', 'disputed', 'return_due', 'return_shipped', 'return_received', 'return_contested', 'released', 'refunded', 'split', 'paying_out', 'closed', 'unpaid', 'cancelled')",
            name=op.f("ck_orders_state"),
        ),
        sa.CheckConstraint("buyer_id <> seller_id", name=op.f("ck_orders_two_parties")),
        sa.CheckConstraint("hammer_minor > 0 AND shipping_minor >= 0", name=op.f("ck_orders_prices")),
        sa.CheckConstraint(
            "held_minor >= 0 AND owed_buyer_minor >= 0 AND owed_seller_minor >= 0", name=op.f("ck_orders_sums")
        ),
        sa.CheckConstraint("paid_buyer_minor >= 0 AND paid_seller_minor >= 0", name=op.f("ck_orders_payouts")),
        sa.ForeignKeyConstraint(["buyer_id"], ["people.id"], name=op.f("fk_orders_buyer_id_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_orders_group_id_groups")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_orders_item_id_items")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_orders_lot_id_lots")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_orders_seller_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("lot_id", "attempt", name=op.f("uq_orders_lot_id_attempt")),
    )
    op.create_index("ix_orders_buyer_id_id", "orders", ["buyer_id", "id"], unique=False)
    op.create_index("ix_orders_deadline", "orders", ["deadline"], unique=False)
    op.create_index("ix_orders_group_id_state_deadline", "orders", ["group_id", "state", "deadline"], unique=False)
    op.create_index(op.f("ix_orders_item_id"), "orders", ["item_id"], unique=False)
    op.create_index("ix_orders_remind_at", "orders", ["remind_at"], unique=False)
    op.create_index("ix_orders_seller_id_id", "orders", ["seller_id", "id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_messages_author_id_people")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_messages_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "order_id", "author_id", "client_key", name=op.f("uq_messages_order_id_author_id_client_key")
        ),
    )
    op.create_index(op.f("ix_messages_author_id"), "messages", ["author_id"], unique=False)
    op.create_index("ix_messages_order_id_id", "messages", ["order_id", "id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by_party", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("payee", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "action IN ('say_sent', 'confirm_payment', 'not_found', 'propose_cancel', 'agree_cancel', 'ship', 'cancel', 'say_arrived', 'use_code', 'confirm_receipt', 'extend', 'not_received', 'dispute', 'release', 'refund', 'divide', 'return_first', 'name_return_address', 'ship_return', 'say_return_arrived', 'accept_return', 'contest_return', 'confirm_payout', 'payout_failed', 'payout_missing', 'lapse')",
            name=op.f("ck_order_lines_action"),
        ),
        sa.CheckConstraint(
            "by_party IN ('buyer', 'seller', 'treasurer', 'ruling', 'clock')", name=op.f("ck_order_lines_by_party")
        ),
        sa.CheckConstraint(
            "from_state IN ('awaiting_payment', 'payment_claimed', 'topping_up', 'held', 'shipped', 'inspecting', 'disputed', 'return_due', 'return_shipped', 'return_received', 'return_contested', 'released', 'refunded', 'split', 'paying_out', 'closed', 'unpaid', 'cancelled')",
            name=op.f("ck_order_lines_from_state"),
        ),
        sa.CheckConstraint("payee IN ('buyer', 'seller')", name=op.f("ck_order_lines_payee")),
        sa.CheckConstraint(
            "to_state IN ('awaiting_payment', 'payment_claimed', 'topping_up', 'held', 'shipped', 'inspecting', 'disputed', 'return_due', 'return_shipped', 'return_received', 'return_contested', 'released', 'refunded', 'split', 'paying_out', 'closed', 'unpaid', 'cancelled')",
            name=op.f("ck_order_lines_to_state"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_order_lines_amount_is_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id_orders")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_order_lines_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("order_id", "action", "client_key", name=op.f("uq_order_lines_order_id_action_client_key")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_order_lines_order_id_number")),
    )
    op.create_index(op.f("ix_order_lines_person_id"), "order_lines", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_order_lines_person_id"), table_name="order_lines")
    op.drop_table("order_lines")
    op.drop_index("ix_messages_order_id_id", table_name="messages")
    op.drop_index(op.f("ix_messages_author_id"), table_name="messages")
    op.drop_table("messages")
    op.drop_index("ix_orders_seller_id_id", table_name="orders")
    op.drop_index("ix_orders_remind_at", table_name="orders")
    op.drop_index(op.f("ix_orders_item_id"), table_name="orders")
    op.drop_index("ix_orders_group_id_state_deadline", table_name="orders")
    op.drop_index("ix_orders_deadline", table_name="orders")
    op.drop_index("ix_orders_buyer_id_id", table_name="orders")
    op.drop_table("orders")
