"""The treasurer's bank is held against the books: its statement, what each line is, and what officers attested.

Revision: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REFUSAL = "an attestation is never changed"
REFUSED = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
# fmt: off
GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER attestations_never_change BEFORE UPDATE ON attestations {REFUSED}",
        f"CREATE TRIGGER attestations_never_go BEFORE DELETE ON attestations {REFUSED}",
        f"CREATE TRIGGER attestations_are_never_replaced BEFORE INSERT ON attestations WHEN EXISTS (SELECT 1 FROM attestations WHERE id = NEW.id OR (group_id = NEW.group_id AND month = NEW.month)) {REFUSED}",  # noqa: S608 - our own words
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION attestations_refuse() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';\nEND $$",
        "CREATE TRIGGER attestations_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON attestations FOR EACH STATEMENT EXECUTE FUNCTION attestations_refuse()",
    ),
}
# A group whose treasurer has confirmed money is asked from this month on; a worker sets the true moments at once.
BEGIN_CALENDARS = {
    "sqlite": "INSERT INTO attestation_calendars (group_id, first_month, month, is_second, due_at) SELECT DISTINCT group_id, date('now', 'start of month'), date('now', 'start of month'), FALSE, datetime('now') || '.000000' FROM movements WHERE gateway = 'treasurer' AND confirmed_at IS NOT NULL",
    "postgresql": "INSERT INTO attestation_calendars (group_id, first_month, month, is_second, due_at) SELECT DISTINCT group_id, date_trunc('month', now())::date, date_trunc('month', now())::date, FALSE, now() FROM movements WHERE gateway = 'treasurer' AND confirmed_at IS NOT NULL",
}
# fmt: on


def upgrade() -> None:
    on = op.get_bind().dialect.name
    op.add_column("movements", sa.Column("bounced_at", MOMENT, nullable=True))
    op.create_index("ix_movements_group_id_confirmed_at", "movements", ["group_id", "confirmed_at"])
    create_statements()
    create_lines()
    create_attestations()
    for statement in (*GUARDS[on], BEGIN_CALENDARS[on]):
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "attestation_calendars", "attestations", "bank_matches", "bank_lines", "bank_statements", "bank_books",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION attestations_refuse()")
    op.drop_index("ix_movements_group_id_confirmed_at", "movements")
    op.drop_column("movements", "bounced_at")


def create_statements() -> None:
    op.create_table(
        "bank_books",
        sa.Column("group_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("other_minor", NUMBER, nullable=False),
        sa.Column("other_note", sa.Text(), nullable=False),
        sa.Column("other_by", NUMBER, nullable=True),
        sa.Column("other_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["other_by"], ["people.id"], name=op.f("fk_bank_books_other_by_people")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_bank_books")),
    )
    op.create_index(op.f("ix_bank_books_other_by"), "bank_books", ["other_by"])
    op.create_table(
        "bank_statements",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("sent_by", NUMBER, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("headings_key", sa.Text(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("kept_at", MOMENT, nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("closing_minor", NUMBER, nullable=True),
        sa.Column("new_lines", NUMBER, nullable=False),
        sa.Column("known_lines", NUMBER, nullable=False),
        sa.CheckConstraint("state IN ('sent', 'kept')", name=op.f("ck_bank_statements_state")),
        sa.ForeignKeyConstraint(["sent_by"], ["people.id"], name=op.f("fk_bank_statements_sent_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint("sent_by", "client_key", name=op.f("uq_bank_statements_sent_by_client_key")),
    )
    op.create_index("ix_bank_statements_group_id_state_last_day", "bank_statements", ["group_id", "state", "last_day"])
    op.create_index("ix_bank_statements_ends_at", "bank_statements", ["ends_at"])


def create_lines() -> None:
    op.create_table(
        "bank_lines",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("statement_id", NUMBER, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_minor", NUMBER, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("own", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("difference_minor", NUMBER, nullable=False),
        sa.Column("is_by_hand", sa.Boolean(), nullable=False),
        sa.Column("decided_by", NUMBER, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'matched', 'own')", name=op.f("ck_bank_lines_state")),
        sa.CheckConstraint("own IN ('charges', 'interest', 'not_ours')", name=op.f("ck_bank_lines_own")),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_bank_lines_amount_is_something")),
        sa.CheckConstraint("(state = 'own') = (own IS NOT NULL)", name=op.f("ck_bank_lines_own_is_said")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_bank_lines_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statements.id"], name=op.f("fk_bank_lines_statement_id_bank_statements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
        sa.UniqueConstraint("group_id", "key", name=op.f("uq_bank_lines_group_id_key")),
    )
    op.create_index(op.f("ix_bank_lines_decided_by"), "bank_lines", ["decided_by"])
    op.create_index(op.f("ix_bank_lines_statement_id"), "bank_lines", ["statement_id"])
    op.create_index("ix_bank_lines_group_id_state_day", "bank_lines", ["group_id", "state", "day"])
    op.create_index("ix_bank_lines_group_id_day_id", "bank_lines", ["group_id", "day", "id"])
    op.create_table(
        "bank_matches",
        sa.Column("movement_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("line_id", NUMBER, nullable=False),
        sa.CheckConstraint("part IN ('moved', 'came_back')", name=op.f("ck_bank_matches_part")),
        sa.ForeignKeyConstraint(["line_id"], ["bank_lines.id"], name=op.f("fk_bank_matches_line_id_bank_lines")),
        sa.ForeignKeyConstraint(["movement_id"], ["movements.id"], name=op.f("fk_bank_matches_movement_id_movements")),
        sa.PrimaryKeyConstraint("movement_id", "part", name=op.f("pk_bank_matches")),
    )
    op.create_index(op.f("ix_bank_matches_line_id"), "bank_matches", ["line_id"])


def create_attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("group_id", NUMBER, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("books_minor", NUMBER, nullable=False),
        sa.Column("bank_minor", NUMBER, nullable=False),
        sa.Column("difference_minor", NUMBER, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("independence", sa.Text(), nullable=False),
        sa.Column("proof_key", sa.Text(), nullable=True),
        sa.Column("attested_by", NUMBER, nullable=False),
        sa.Column("attested_at", MOMENT, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "independence IN ('independent', 'confirmed', 'alone')", name=op.f("ck_attestations_independence")
        ),
        sa.CheckConstraint("difference_minor = bank_minor - books_minor", name=op.f("ck_attestations_difference")),
        sa.CheckConstraint("difference_minor = 0 OR note <> ''", name=op.f("ck_attestations_difference_is_explained")),
        sa.ForeignKeyConstraint(["attested_by"], ["people.id"], name=op.f("fk_attestations_attested_by_people")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_attestations_group_id_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestations")),
        sa.UniqueConstraint("group_id", "month", name=op.f("uq_attestations_group_id_month")),
    )
    op.create_index(op.f("ix_attestations_attested_by"), "attestations", ["attested_by"])
    op.create_table(
        "attestation_calendars",
        sa.Column("group_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("is_second", sa.Boolean(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_attestation_calendars_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_attestation_calendars")),
    )
    op.create_index(op.f("ix_attestation_calendars_due_at"), "attestation_calendars", ["due_at"])
