"""Orders whose money a payment processor carries: its fees, what is paid otherwise, and what a bank asks back.

Revision: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from marketplace.kernel.schema import replace_check

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

STATES = (
    "awaiting_payment payment_claimed topping_up held shipped inspecting disputed return_due return_shipped "
    "return_received return_contested released refunded split paying_out closed unpaid cancelled"
).split()
PARTIES = "buyer seller treasurer ruling clock".split()
ACTIONS = (
    "say_sent confirm_payment not_found propose_cancel agree_cancel join_parcel leave_parcel share_anew fall_short ship "
    "cancel say_arrived use_code confirm_receipt extend not_received dispute release refund divide return_first "
    "name_return_address ship_return say_return_arrived accept_return contest_return confirm_payout payout_failed "
    "payout_missing"
).split()
NEW_ACTIONS = (
    "submit_payment note_fee payout_waits payout_bounced propose_otherwise agree_otherwise inquire open_chargeback "
    "win_chargeback lose_chargeback reverse_payout"
).split()
ENDINGS = "agreed withdrawn ruled seller_silent no_ruling".split()
COURSES = "inquiry open won lost".split()
SUMS = ("processor_fee_minor", "borne_minor", "earned_minor", "set_off_minor")
ALL_SUMS = "processor_fee_minor >= 0 AND borne_minor >= 0 AND set_off_minor >= 0 AND earned_minor >= 0"
FLAGS = ("buyer_otherwise", "seller_otherwise")

CHANGES = (
    ("orders", "ck_orders_state", "state", STATES, [*STATES, "chargeback_open"]),
    ("order_lines", "ck_order_lines_action", "action", [*ACTIONS, "lapse"], [*ACTIONS, *NEW_ACTIONS, "lapse"]),
    ("order_lines", "ck_order_lines_by_party", "by_party", PARTIES, [*PARTIES, "gateway"]),
    ("order_lines", "ck_order_lines_from_state", "from_state", STATES, [*STATES, "chargeback_open"]),
    ("order_lines", "ck_order_lines_to_state", "to_state", STATES, [*STATES, "chargeback_open"]),
    ("disputes", "ck_disputes_ending", "ending", ENDINGS, [*ENDINGS, "by_bank"]),
)


def one_of(column: str, words: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def upgrade() -> None:
    for table, name, column, old, new in CHANGES:
        replace_check(op.get_bind(), table, name, before=one_of(column, old), after=one_of(column, new))
    for column in SUMS:
        check = f"CONSTRAINT ck_orders_processor CHECK ({ALL_SUMS})" if column == SUMS[-1] else ""
        add("orders", column, "INTEGER", "BIGINT", f"NOT NULL DEFAULT 0 {check}")
    for column in FLAGS:
        add("orders", column, "BOOLEAN", "BOOLEAN", "NOT NULL DEFAULT FALSE")
    add("orders", "is_for_officers", "BOOLEAN", "BOOLEAN", "NOT NULL DEFAULT TRUE")
    add(
        "orders",
        "at_fault",
        "VARCHAR",
        "VARCHAR",
        f"CONSTRAINT ck_orders_at_fault CHECK ({one_of('at_fault', ['buyer', 'seller'])})",
    )
    add(
        "orders",
        "was",
        "VARCHAR",
        "VARCHAR",
        (
            f"CONSTRAINT ck_orders_was CHECK ({one_of('was', [*STATES, 'chargeback_open'])}) "
            "CONSTRAINT ck_orders_frozen CHECK ((state = 'chargeback_open') = (was IS NOT NULL))"
        ),
    )
    add(
        "orders",
        "otherwise_payee",
        "VARCHAR",
        "VARCHAR",
        f"CONSTRAINT ck_orders_otherwise_payee CHECK ({one_of('otherwise_payee', ['buyer', 'seller'])})",
    )
    add("orders", "was_since", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    add("orders", "was_until", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    add(
        "orders", "otherwise_by", "INTEGER", "BIGINT", "CONSTRAINT fk_orders_otherwise_by_people REFERENCES people (id)"
    )
    op.create_index("ix_orders_otherwise_by", "orders", ["otherwise_by"])
    add("disputes", "stopped_at", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    add("disputes", "stopped_until", "DATETIME", "TIMESTAMP WITH TIME ZONE")
    op.create_table(
        "bank_claims",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("course", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("fee_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("evidence_due_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint(one_of("course", COURSES), name=op.f("ck_bank_claims_course")),
        sa.CheckConstraint("amount_minor > 0 AND fee_minor >= 0", name=op.f("ck_bank_claims_amounts")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_bank_claims_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_claims")),
        sa.UniqueConstraint("reference", name=op.f("uq_bank_claims_reference")),
    )
    op.create_index("ix_bank_claims_order_id", "bank_claims", ["order_id"])


def add(table: str, column: str, on_sqlite: str, on_postgresql: str, more: str = "") -> None:
    """A column with its checks: SQLite adds no check but with its column."""
    kind = on_sqlite if op.get_bind().dialect.name == "sqlite" else on_postgresql
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind} {more}".strip())


def downgrade() -> None:
    """Only where no order's money went through a processor: what these lines say cannot be said without them."""
    op.drop_table("bank_claims")
    for column in ("stopped_until", "stopped_at"):
        op.drop_column("disputes", column)
    op.drop_index("ix_orders_otherwise_by", table_name="orders")
    for column in (
        "otherwise_by", "otherwise_payee", "was_until", "was_since", "was", "at_fault", "is_for_officers", *reversed(FLAGS), *reversed(SUMS)
    ):  # fmt: skip
        op.drop_column("orders", column)
    for table, name, column, old, new in reversed(CHANGES):
        replace_check(op.get_bind(), table, name, before=one_of(column, new), after=one_of(column, old))
