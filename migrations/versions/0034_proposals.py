"""Confirmations above an officer's limit, which wait for a second officer; and who that was, in the histories.

Revision: 0034
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from marketplace.kernel.schema import replace_check

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
IS_OPEN = sa.text("state = 'open'")

DEEDS = "payment parcel_payment buyer_payout seller_payout deposit deposit_payout debt".split()
STATES = "open approved refused withdrawn overtaken".split()
ACTIONS = (
    "say_sent confirm_payment not_found propose_cancel agree_cancel join_parcel leave_parcel share_anew fall_short ship "
    "cancel say_arrived use_code confirm_receipt extend not_received dispute release refund divide return_first "
    "name_return_address ship_return say_return_arrived accept_return contest_return confirm_payout payout_failed "
    "payout_missing submit_payment note_fee payout_waits payout_bounced propose_otherwise agree_otherwise inquire "
    "open_chargeback win_chargeback lose_chargeback reverse_payout"
).split()
LINES = ("order_lines", "deposit_lines")


def one_of(column: str, words: list[str], within: str = "IN") -> str:
    return f"{column} {within} ({', '.join(repr(word) for word in words)})"


def upgrade() -> None:
    before, after = one_of("action", [*ACTIONS, "lapse"]), one_of("action", [*ACTIONS, "propose_payment", "lapse"])
    replace_check(op.get_bind(), "order_lines", "ck_order_lines_action", before=before, after=after)
    for table in LINES:
        kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
        reference = f"CONSTRAINT fk_{table}_approved_by_people REFERENCES people (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN approved_by {kind} {reference}")
        op.create_index(f"ix_{table}_approved_by", table, ["approved_by"])
    op.drop_index("ix_movements_confirmed_by", table_name="movements")
    op.create_index("ix_movements_confirmed", "movements", ["confirmed_by", "group_id", "confirmed_at"])
    create_proposals()


def create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("subject_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("other_id", NUMBER, nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("limit_minor", NUMBER, nullable=False),
        sa.Column("bank_reference", sa.String(), nullable=False),
        sa.Column("proof_key", sa.String(), nullable=False),
        sa.Column("client_key", sa.String(), nullable=True),
        sa.Column("proposed_by", NUMBER, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("is_second_officer_due", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", NUMBER, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(one_of("deed", DEEDS, "in"), name=op.f("ck_proposals_deed")),
        sa.CheckConstraint(one_of("state", STATES, "in"), name=op.f("ck_proposals_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_proposals_amount_is_positive")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_proposals_decided")),
        sa.CheckConstraint(
            "decided_by IS NULL OR state <> 'approved' OR decided_by <> proposed_by",
            name=op.f("ck_proposals_two_officers"),
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_proposals_{column}_{table}"))
            for column, table in (
                ("group_id", "groups"),
                ("person_id", "people"),
                ("other_id", "people"),
                ("proposed_by", "people"),
                ("decided_by", "people"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    for column in ("person_id", "other_id", "decided_by"):
        op.create_index(op.f(f"ix_proposals_{column}"), "proposals", [column])
    op.create_index("ix_proposals_group_id_state", "proposals", ["group_id", "state"])
    op.create_index("ix_proposals_proposed_by_client_key", "proposals", ["proposed_by", "client_key"])
    op.create_index(
        "uq_proposals_open", "proposals", ["deed", "subject_id"],
        unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN,
    )  # fmt: skip


def downgrade() -> None:
    """Only where no officer has proposed what nobody said is sent: that line cannot be said without its word."""
    op.drop_table("proposals")
    op.drop_index("ix_movements_confirmed", table_name="movements")
    op.create_index("ix_movements_confirmed_by", "movements", ["confirmed_by"])
    for table in LINES:
        op.drop_index(f"ix_{table}_approved_by", table_name=table)
        op.drop_column(table, "approved_by")
    before, after = one_of("action", [*ACTIONS, "propose_payment", "lapse"]), one_of("action", [*ACTIONS, "lapse"])
    replace_check(op.get_bind(), "order_lines", "ck_order_lines_action", before=before, after=after)
