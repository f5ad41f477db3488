"""Disputes: what each side says and shows, and what was ruled.

Revision: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("held_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("code_used", sa.Boolean(), nullable=False),
        sa.Column("asked_outcome", sa.Text(), nullable=False),
        sa.Column("asked_part_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offered_outcome", sa.Text(), nullable=True),
        sa.Column("offered_part_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offered_by", sa.Text(), nullable=True),
        sa.Column("ruling_outcome", sa.Text(), nullable=True),
        sa.Column("ruling_part_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("offer_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_ruler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("proposed_ruler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("accepted_ruler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("settled_outcome", sa.Text(), nullable=True),
        sa.Column("settled_part_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unruled_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(asked_outcome = 'split') = (asked_part_minor IS NOT NULL)", name=op.f("ck_disputes_asked_part")
        ),
        sa.CheckConstraint(
            "(offered_outcome = 'split') = (offered_part_minor IS NOT NULL)", name=op.f("ck_disputes_offered_part")
        ),
        sa.CheckConstraint(
            "(ruling_outcome = 'split') = (ruling_part_minor IS NOT NULL)", name=op.f("ck_disputes_ruling_part")
        ),
        sa.CheckConstraint(
            "(settled_outcome = 'split') = (settled_part_minor IS NOT NULL)", name=op.f("ck_disputes_settled_part")
        ),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_disputes_settled_has_a_moment")
        ),
        sa.CheckConstraint(
            "asked_outcome IN ('release', 'refund', 'split', 'return_first')", name=op.f("ck_disputes_asked_outcome")
        ),
        sa.CheckConstraint(
            "ending IN ('agreed', 'withdrawn', 'ruled', 'seller_silent', 'no_ruling')", name=op.f("ck_disputes_ending")
        ),
        sa.CheckConstraint("offered_by IN ('buyer', 'seller')", name=op.f("ck_disputes_offered_by")),
        sa.CheckConstraint(
            "offered_outcome IN ('release', 'refund', 'split', 'return_first')",
            name=op.f("ck_disputes_offered_outcome"),
        ),
        sa.CheckConstraint("proposed_by IN ('buyer', 'seller')", name=op.f("ck_disputes_proposed_by")),
        sa.CheckConstraint(
            "reason IN ('not_received', 'not_as_described', 'not_authentic', 'damaged', 'parts_missing', 'empty_parcel')",
            name=op.f("ck_disputes_reason"),
        ),
        sa.CheckConstraint(
            "ruling_outcome IN ('release', 'refund', 'split', 'return_first')", name=op.f("ck_disputes_ruling_outcome")
        ),
        sa.CheckConstraint(
            "settled_outcome IN ('release', 'refund', 'split', 'return_first')",
            name=op.f("ck_disputes_settled_outcome"),
        ),
        sa.CheckConstraint(
            "state IN ('talking', 'awaiting_answer', 'negotiating', 'under_review', 'ruled', 'appealed', 'settled', 'return_reviewed')",
            name=op.f("ck_disputes_state"),
        ),
        sa.CheckConstraint("held_minor > 0", name=op.f("ck_disputes_held_is_positive")),
        sa.ForeignKeyConstraint(
            ["accepted_ruler_id"], ["people.id"], name=op.f("fk_disputes_accepted_ruler_id_people")
        ),
        sa.ForeignKeyConstraint(["first_ruler_id"], ["people.id"], name=op.f("fk_disputes_first_ruler_id_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_disputes_group_id_groups")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_disputes_order_id_orders")),
        sa.ForeignKeyConstraint(
            ["proposed_ruler_id"], ["people.id"], name=op.f("fk_disputes_proposed_ruler_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        sa.UniqueConstraint("order_id", name=op.f("uq_disputes_order_id")),
    )
    op.create_index(op.f("ix_disputes_accepted_ruler_id"), "disputes", ["accepted_ruler_id"], unique=False)
    op.create_index("ix_disputes_deadline", "disputes", ["deadline"], unique=False)
    op.create_index(op.f("ix_disputes_first_ruler_id"), "disputes", ["first_ruler_id"], unique=False)
    op.create_index("ix_disputes_group_id_state_deadline", "disputes", ["group_id", "state", "deadline"], unique=False)
    op.create_index(op.f("ix_disputes_proposed_ruler_id"), "disputes", ["proposed_ruler_id"], unique=False)
    op.create_index("ix_disputes_remind_at", "disputes", ["remind_at"], unique=False)
    op.create_table(
        "dispute_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_listing", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('buyer', 'seller')", name=op.f("ck_dispute_evidence_side")),
        sa.CheckConstraint("number > 0", name=op.f("ck_dispute_evidence_number_is_positive")),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_evidence_dispute_id_disputes")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_dispute_evidence_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_evidence")),
        sa.UniqueConstraint("dispute_id", "side", "number", name=op.f("uq_dispute_evidence_dispute_id_side_number")),
        sa.UniqueConstraint("dispute_id", "side", "sha256", name=op.f("uq_dispute_evidence_dispute_id_side_sha256")),
    )
    op.create_index(op.f("ix_dispute_evidence_person_id"), "dispute_evidence", ["person_id"], unique=False)
    op.create_table(
        "dispute_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("by_party", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("named_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("part_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "action IN ('offer', 'take_offer', 'accept', 'contest', 'withdraw', 'rule', 'appeal', 'lapse', 'contest_return', 'open', 'say', 'pass_on', 'propose_ruler', 'accept_ruler')",
            name=op.f("ck_dispute_lines_action"),
        ),
        sa.CheckConstraint(
            "by_party IN ('buyer', 'seller', 'ruler', 'clock', 'escrow')", name=op.f("ck_dispute_lines_by_party")
        ),
        sa.CheckConstraint(
            "from_state IN ('talking', 'awaiting_answer', 'negotiating', 'under_review', 'ruled', 'appealed', 'settled', 'return_reviewed')",
            name=op.f("ck_dispute_lines_from_state"),
        ),
        sa.CheckConstraint(
            "outcome IN ('release', 'refund', 'split', 'return_first')", name=op.f("ck_dispute_lines_outcome")
        ),
        sa.CheckConstraint(
            "to_state IN ('talking', 'awaiting_answer', 'negotiating', 'under_review', 'ruled', 'appealed', 'settled', 'return_reviewed')",
            name=op.f("ck_dispute_lines_to_state"),
        ),
        sa.ForeignKeyConstraint(["dispute_id"], ["disputes.id"], name=op.f("fk_dispute_lines_dispute_id_disputes")),
        sa.ForeignKeyConstraint(["named_id"], ["people.id"], name=op.f("fk_dispute_lines_named_id_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_dispute_lines_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_lines")),
        sa.UniqueConstraint(
            "dispute_id", "action", "client_key", name=op.f("uq_dispute_lines_dispute_id_action_client_key")
        ),
        sa.UniqueConstraint("dispute_id", "number", name=op.f("uq_dispute_lines_dispute_id_number")),
    )
    op.create_index(op.f("ix_dispute_lines_named_id"), "dispute_lines", ["named_id"], unique=False)
    op.create_index(op.f("ix_dispute_lines_person_id"), "dispute_lines", ["person_id"], unique=False)
    op.create_table(
        "disputes_passed_on",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dispute_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["disputes.id"], name=op.f("fk_disputes_passed_on_dispute_id_disputes")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_disputes_passed_on_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes_passed_on")),
        sa.UniqueConstraint("dispute_id", "person_id", name=op.f("uq_disputes_passed_on_dispute_id_person_id")),
    )
    op.create_index(op.f("ix_disputes_passed_on_person_id"), "disputes_passed_on", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_disputes_passed_on_person_id"), table_name="disputes_passed_on")
    op.drop_table("disputes_passed_on")
    op.drop_index(op.f("ix_dispute_lines_named_id"), table_name="dispute_lines")
    op.drop_index(op.f("ix_dispute_lines_person_id"), table_name="dispute_lines")
    op.drop_table("dispute_lines")
    op.drop_index(op.f("ix_dispute_evidence_person_id"), table_name="dispute_evidence")
    op.drop_table("dispute_evidence")
    op.drop_index("ix_disputes_remind_at", table_name="disputes")
    op.drop_index(op.f("ix_disputes_proposed_ruler_id"), table_name="disputes")
    op.drop_index("ix_disputes_group_id_state_deadline", table_name="disputes")
    op.drop_index(op.f("ix_disputes_first_ruler_id"), table_name="disputes")
    op.drop_index("ix_disputes_deadline", table_name="disputes")
    op.drop_index(op.f("ix_disputes_accepted_ruler_id"), table_name="disputes")
    op.drop_table("disputes")
