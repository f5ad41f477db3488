"""Banks that ask money back are answered: what the seller adds, what an officer sends, and what became of it.

Revision: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0030"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REMINDS = sa.text("remind_at IS NOT NULL")
IS_DUE = sa.text("due_at IS NOT NULL")
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


def downgrade() -> None:
    for table in ("contests", "claim_pictures", "claim_words"):
        op.drop_table(table)
    op.drop_index("ix_bank_claims_course", table_name="bank_claims")
    op.drop_index("ix_bank_claims_remind_at", table_name="bank_claims")
    op.drop_column("bank_claims", "remind_at")
