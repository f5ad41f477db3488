"""Banks that ask money back are answered; what members owe is paid or written off; groups ask for what they have earned.

Revision: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REMINDS = sa.text("remind_at IS NOT NULL")
IS_DUE = sa.text("due_at IS NOT NULL")
PROPOSED = sa.text("state = 'proposed'")
ASKED = sa.text("state = 'asked'")
STANDS = sa.text("state <> 'refused'")


def upgrade() -> None:
    op.add_column("bank_claims", sa.Column("remind_at", MOMENT, nullable=True))
    op.create_index(
        "ix_bank_claims_remind_at", "bank_claims", ["remind_at"], sqlite_where=REMINDS, postgresql_where=REMINDS
    )
    op.create_index("ix_bank_claims_course", "bank_claims", ["course"])
    op.create_table(
        "claim_words",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["bank_claims.id"], name=op.f("fk_claim_words_claim_id_bank_claims")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claim_words_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_words")),
        sa.UniqueConstraint("claim_id", "client_key", name=op.f("uq_claim_words_claim_id_client_key")),
    )
    op.create_index("ix_claim_words_person_id", "claim_words", ["person_id"])
    op.create_table(
        "claim_pictures",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("claim_id", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("is_of_parcel", sa.Boolean(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_claim_pictures_number_is_positive")),
        sa.ForeignKeyConstraint(["claim_id"], ["bank_claims.id"], name=op.f("fk_claim_pictures_claim_id_bank_claims")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_claim_pictures_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_pictures")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("uq_claim_pictures_claim_id_number")),
        sa.UniqueConstraint("claim_id", "sha256", name=op.f("uq_claim_pictures_claim_id_sha256")),
    )
    op.create_index("ix_claim_pictures_person_id", "claim_pictures", ["person_id"])
    op.create_table(
        "contests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("chargeback_id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("order_id", NUMBER, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("parcel_key", sa.String(), nullable=True),
        sa.Column("pictures_key", sa.String(), nullable=True),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("intended_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("failure", sa.String(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("fence", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.CheckConstraint("verb IN ('contest', 'give_up')", name=op.f("ck_contests_verb")),
        sa.CheckConstraint("state IN ('intended', 'sent', 'refused')", name=op.f("ck_contests_state")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_contests_by_id_people")),
        sa.ForeignKeyConstraint(
            ["chargeback_id"], ["chargebacks.id"], name=op.f("fk_contests_chargeback_id_chargebacks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contests")),
        sa.UniqueConstraint("key", name=op.f("uq_contests_key")),
    )
    for column in ("by_id", "chargeback_id", "order_id"):
        op.create_index(f"ix_contests_{column}", "contests", [column])
    op.create_index(
        "uq_contests_chargeback_id_stage", "contests", ["chargeback_id", "stage"], unique=True,
        sqlite_where=STANDS, postgresql_where=STANDS,
    )  # fmt: skip
    op.create_index("ix_contests_due_at", "contests", ["due_at"], sqlite_where=IS_DUE, postgresql_where=IS_DUE)

    op.create_table(
        "debt_deeds",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("second_id", NUMBER, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.CheckConstraint("deed IN ('paid', 'write_off')", name=op.f("ck_debt_deeds_deed")),
        sa.CheckConstraint("state IN ('proposed', 'done', 'dropped')", name=op.f("ck_debt_deeds_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_debt_deeds_amount_is_positive")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_debt_deeds_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_debt_deeds_person_id_people")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_debt_deeds_by_id_people")),
        sa.ForeignKeyConstraint(["second_id"], ["people.id"], name=op.f("fk_debt_deeds_second_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_deeds")),
        sa.UniqueConstraint(
            "group_id", "person_id", "client_key", name=op.f("uq_debt_deeds_group_id_person_id_client_key")
        ),
    )
    for column in ("person_id", "by_id", "second_id"):
        op.create_index(f"ix_debt_deeds_{column}", "debt_deeds", [column])
    op.create_index(
        "uq_debt_deeds_proposed", "debt_deeds", ["group_id", "person_id"], unique=True,
        sqlite_where=PROPOSED, postgresql_where=PROPOSED,
    )  # fmt: skip
    op.create_table(
        "fee_requests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", NUMBER, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("answered_by", NUMBER, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'paid', 'declined', 'withdrawn')", name=op.f("ck_fee_requests_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_fee_requests_amount_is_positive")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_fee_requests_group_id_groups")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_fee_requests_asked_by_people")),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_fee_requests_answered_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_requests")),
    )
    for column in ("group_id", "asked_by", "answered_by"):
        op.create_index(f"ix_fee_requests_{column}", "fee_requests", [column])
    op.create_index(
        "uq_fee_requests_asked", "fee_requests", ["group_id"], unique=True,
        sqlite_where=ASKED, postgresql_where=ASKED,
    )  # fmt: skip


def downgrade() -> None:
    """What was posted of debts and fees stays in the books; who said so is forgotten."""
    for table in ("fee_requests", "debt_deeds", "contests", "claim_pictures", "claim_words"):
        op.drop_table(table)
    op.drop_index("ix_bank_claims_course", table_name="bank_claims")
    op.drop_index("ix_bank_claims_remind_at", table_name="bank_claims")
    op.drop_column("bank_claims", "remind_at")
