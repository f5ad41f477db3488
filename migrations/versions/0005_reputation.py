"""What members say of each other's deals, and what it adds up to.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.Text(), nullable=True),
        sa.Column("feedback_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spoke_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_dispute", sa.Boolean(), nullable=False),
        sa.Column("is_bad", sa.Boolean(), nullable=False),
        sa.CheckConstraint("ending IN ('completed', 'undone', 'fell_through')", name=op.f("ck_deals_ending")),
        sa.CheckConstraint("side IN ('buyer', 'seller')", name=op.f("ck_deals_side")),
        sa.CheckConstraint("person_id <> other_id", name=op.f("ck_deals_two_people")),
        sa.ForeignKeyConstraint(["other_id"], ["people.id"], name=op.f("fk_deals_other_id_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_deals_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
        sa.UniqueConstraint("order_id", "person_id", name=op.f("uq_deals_order_id_person_id")),
    )
    op.create_index(op.f("ix_deals_group_id"), "deals", ["group_id"], unique=False)
    op.create_index(op.f("ix_deals_other_id"), "deals", ["other_id"], unique=False)
    op.create_index(
        "ix_deals_owed",
        "deals",
        ["person_id", "feedback_until"],
        unique=False,
        sqlite_where=sa.text("feedback_until IS NOT NULL AND spoke_at IS NULL"),
        postgresql_where=sa.text("feedback_until IS NOT NULL AND spoke_at IS NULL"),
    )
    op.create_index("ix_deals_person_id_other_id", "deals", ["person_id", "other_id"], unique=False)
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("giver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receiver_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receiver_side", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("shipping", sa.Text(), nullable=False),
        sa.Column("communication", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("show_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("communication IN ('good', 'fair', 'poor')", name=op.f("ck_feedback_communication")),
        sa.CheckConstraint("description IN ('good', 'fair', 'poor')", name=op.f("ck_feedback_description")),
        sa.CheckConstraint("receiver_side IN ('buyer', 'seller')", name=op.f("ck_feedback_receiver_side")),
        sa.CheckConstraint("shipping IN ('good', 'fair', 'poor')", name=op.f("ck_feedback_shipping")),
        sa.ForeignKeyConstraint(["giver_id"], ["people.id"], name=op.f("fk_feedback_giver_id_people")),
        sa.ForeignKeyConstraint(["receiver_id"], ["people.id"], name=op.f("fk_feedback_receiver_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("order_id", "giver_id", name=op.f("uq_feedback_order_id_giver_id")),
    )
    op.create_index(op.f("ix_feedback_giver_id"), "feedback", ["giver_id"], unique=False)
    op.create_index(
        "ix_feedback_hidden",
        "feedback",
        ["show_at"],
        unique=False,
        sqlite_where=sa.text("shown_at IS NULL"),
        postgresql_where=sa.text("shown_at IS NULL"),
    )
    op.create_index(
        "ix_feedback_receiver_id_group_id_shown_at",
        "feedback",
        ["receiver_id", "group_id", "shown_at", "id"],
        unique=False,
    )
    op.create_table(
        "standings",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sales", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purchases", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("undone", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bad", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("disputes_lost", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("positive_as_seller", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feedback_as_seller", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("positive_as_buyer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("feedback_as_buyer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_sales_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("open_sales_minor >= 0", name=op.f("ck_standings_open_sales_not_negative")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_standings_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "group_id", name=op.f("pk_standings")),
    )
    op.create_index("ix_standings_group_id", "standings", ["group_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_standings_group_id", table_name="standings")
    op.drop_table("standings")
    op.drop_index("ix_feedback_receiver_id_group_id_shown_at", table_name="feedback")
    op.drop_index(
        "ix_feedback_hidden",
        table_name="feedback",
        sqlite_where=sa.text("shown_at IS NULL"),
        postgresql_where=sa.text("shown_at IS NULL"),
    )
    op.drop_index(op.f("ix_feedback_giver_id"), table_name="feedback")
    op.drop_table("feedback")
    op.drop_index("ix_deals_person_id_other_id", table_name="deals")
    op.drop_index(
        "ix_deals_owed",
        table_name="deals",
        sqlite_where=sa.text("feedback_until IS NOT NULL AND spoke_at IS NULL"),
        postgresql_where=sa.text("feedback_until IS NOT NULL AND spoke_at IS NULL"),
    )
    op.drop_index(op.f("ix_deals_other_id"), table_name="deals")
    op.drop_index(op.f("ix_deals_group_id"), table_name="deals")
    op.drop_table("deals")
