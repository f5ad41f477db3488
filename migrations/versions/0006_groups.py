"""Groups, who belongs to them in which role, and the rules that they agreed to.

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("collects", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("currency_fixed", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("rules_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("join_policy", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("is_catalogue_public", sa.Boolean(), nullable=False),
        sa.Column("most_members", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("founded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("founded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.CheckConstraint("join_policy in ('open', 'approval', 'closed')", name=op.f("ck_groups_join_policy")),
        sa.CheckConstraint("member_count >= 0", name=op.f("ck_groups_member_count")),
        sa.CheckConstraint("most_members > 0", name=op.f("ck_groups_most_members")),
        sa.ForeignKeyConstraint(["founded_by"], ["people.id"], name=op.f("fk_groups_founded_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("founded_by", "client_key", name=op.f("uq_groups_founded_by_client_key")),
        sa.UniqueConstraint("slug", name=op.f("uq_groups_slug")),
    )
    op.create_index(op.f("ix_groups_founded_by"), "groups", ["founded_by"], unique=False)
    op.create_index("ix_groups_listed", "groups", ["is_listed", "name", "id"], unique=False)
    op.create_table(
        "applications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("agreed_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_applications_state")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_applications_decided_by_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_applications_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_applications_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
    )
    op.create_index(op.f("ix_applications_decided_by"), "applications", ["decided_by"], unique=False)
    op.create_index("ix_applications_group_id_state_id", "applications", ["group_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_applications_person_id"), "applications", ["person_id"], unique=False)
    op.create_index(
        "uq_applications_waiting",
        "applications",
        ["group_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("agreed_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("officer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("(role = 'member') = (officer_since is null)", name=op.f("ck_memberships_officer_since")),
        sa.CheckConstraint("role in ('owner', 'treasurer', 'moderator', 'member')", name=op.f("ck_memberships_role")),
        sa.CheckConstraint("state in ('member', 'left', 'removed')", name=op.f("ck_memberships_state")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_memberships_ended_by_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_memberships_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("group_id", "person_id", name=op.f("uq_memberships_group_id_person_id")),
    )
    op.create_index(op.f("ix_memberships_ended_by"), "memberships", ["ended_by"], unique=False)
    op.create_index("ix_memberships_group_id_state_id", "memberships", ["group_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_memberships_person_id"), "memberships", ["person_id"], unique=False)
    op.create_table(
        "payment_instructions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dropped_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["people.id"], name=op.f("fk_payment_instructions_approved_by_people")
        ),
        sa.ForeignKeyConstraint(["dropped_by"], ["people.id"], name=op.f("fk_payment_instructions_dropped_by_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_payment_instructions_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["people.id"], name=op.f("fk_payment_instructions_proposed_by_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_instructions")),
    )
    op.create_index(op.f("ix_payment_instructions_approved_by"), "payment_instructions", ["approved_by"], unique=False)
    op.create_index(op.f("ix_payment_instructions_dropped_by"), "payment_instructions", ["dropped_by"], unique=False)
    op.create_index(
        "ix_payment_instructions_group_id_in_force_at",
        "payment_instructions",
        ["group_id", "in_force_at"],
        unique=False,
    )
    op.create_index(op.f("ix_payment_instructions_proposed_by"), "payment_instructions", ["proposed_by"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["about_id"], ["people.id"], name=op.f("fk_reports_about_id_people")),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_reports_closed_by_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_reports_group_id_groups")),
        sa.ForeignKeyConstraint(["reported_by"], ["people.id"], name=op.f("fk_reports_reported_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_about_id"), "reports", ["about_id"], unique=False)
    op.create_index(op.f("ix_reports_closed_by"), "reports", ["closed_by"], unique=False)
    op.create_index("ix_reports_group_id_closed_at_id", "reports", ["group_id", "closed_at", "id"], unique=False)
    op.create_index(op.f("ix_reports_reported_by"), "reports", ["reported_by"], unique=False)
    op.create_index(
        "uq_reports_open",
        "reports",
        ["group_id", "subject", "reported_by"],
        unique=True,
        sqlite_where=sa.text("closed_at is null"),
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "rules_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_rules_versions_group_id_groups")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_rules_versions_made_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules_versions")),
        sa.UniqueConstraint("group_id", "number", name=op.f("uq_rules_versions_group_id_number")),
    )
    op.create_index(op.f("ix_rules_versions_group_id"), "rules_versions", ["group_id"], unique=False)
    op.create_index(op.f("ix_rules_versions_made_by"), "rules_versions", ["made_by"], unique=False)
    op.create_table(
        "strikes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_strikes_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_strikes_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strikes")),
        sa.UniqueConstraint("group_id", "person_id", "order_id", name=op.f("uq_strikes_group_id_person_id_order_id")),
    )
    op.create_index(
        "ix_strikes_person_id_group_id_expires_at", "strikes", ["person_id", "group_id", "expires_at"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_strikes_person_id_group_id_expires_at", table_name="strikes")
    op.drop_table("strikes")
    op.drop_index(op.f("ix_rules_versions_made_by"), table_name="rules_versions")
    op.drop_index(op.f("ix_rules_versions_group_id"), table_name="rules_versions")
    op.drop_table("rules_versions")
    op.drop_index(
        "uq_reports_open",
        table_name="reports",
        sqlite_where=sa.text("closed_at is null"),
        postgresql_where=sa.text("closed_at is null"),
    )
    op.drop_index(op.f("ix_reports_reported_by"), table_name="reports")
    op.drop_index("ix_reports_group_id_closed_at_id", table_name="reports")
    op.drop_index(op.f("ix_reports_closed_by"), table_name="reports")
    op.drop_index(op.f("ix_reports_about_id"), table_name="reports")
    op.drop_table("reports")
    op.drop_index(op.f("ix_payment_instructions_proposed_by"), table_name="payment_instructions")
    op.drop_index("ix_payment_instructions_group_id_in_force_at", table_name="payment_instructions")
    op.drop_index(op.f("ix_payment_instructions_dropped_by"), table_name="payment_instructions")
    op.drop_index(op.f("ix_payment_instructions_approved_by"), table_name="payment_instructions")
    op.drop_table("payment_instructions")
    op.drop_index(op.f("ix_memberships_person_id"), table_name="memberships")
    op.drop_index("ix_memberships_group_id_state_id", table_name="memberships")
    op.drop_index(op.f("ix_memberships_ended_by"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(
        "uq_applications_waiting",
        table_name="applications",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("ix_applications_person_id"), table_name="applications")
    op.drop_index("ix_applications_group_id_state_id", table_name="applications")
    op.drop_index(op.f("ix_applications_decided_by"), table_name="applications")
    op.drop_table("applications")
    op.drop_index("ix_groups_listed", table_name="groups")
    op.drop_index(op.f("ix_groups_founded_by"), table_name="groups")
    op.drop_table("groups")
