"""Members ask under a lot, and its seller answers; the database itself lets that only be added to.

Revision: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# fmt: off
GUARDS = {
    "sqlite": (
    """CREATE TRIGGER lot_talk_never_change BEFORE UPDATE ON lot_talk BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    """CREATE TRIGGER lot_talk_never_go BEFORE DELETE ON lot_talk BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    """CREATE TRIGGER lot_talk_are_never_replaced BEFORE INSERT ON lot_talk WHEN EXISTS (SELECT 1 FROM lot_talk WHERE id = NEW.id OR (lot_id = NEW.lot_id AND number = NEW.number AND part = NEW.part) OR (lot_id = NEW.lot_id AND author_id = NEW.author_id AND client_key = NEW.client_key)) BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    """CREATE TRIGGER lot_talk_hidings_never_change BEFORE UPDATE ON lot_talk_hidings BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    """CREATE TRIGGER lot_talk_hidings_never_go BEFORE DELETE ON lot_talk_hidings BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    """CREATE TRIGGER lot_talk_hidings_are_never_replaced BEFORE INSERT ON lot_talk_hidings WHEN EXISTS (SELECT 1 FROM lot_talk_hidings WHERE said_id = NEW.said_id) BEGIN SELECT RAISE(ABORT, 'what was said stays as it was said'); END""",
    ),
    "postgresql": (
    '''CREATE OR REPLACE FUNCTION lot_talk_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said stays as it was said' USING ERRCODE = 'restrict_violation';
END $$''',
    """CREATE TRIGGER lot_talk_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON lot_talk FOR EACH STATEMENT EXECUTE FUNCTION lot_talk_refuses()""",
    """CREATE TRIGGER lot_talk_hidings_are_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON lot_talk_hidings FOR EACH STATEMENT EXECUTE FUNCTION lot_talk_refuses()""",
    ),
}
# fmt: on


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "lot_talk",
        sa.Column("id", number, nullable=False),
        sa.Column("lot_id", number, nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("author_id", number, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('question', 'answer', 'addition')", name=op.f("ck_lot_talk_part")),
        sa.CheckConstraint("number > 0", name=op.f("ck_lot_talk_number")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_lot_talk_author_id_people")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_talk_lot_id_lots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_talk")),
        sa.UniqueConstraint("lot_id", "number", "part", name=op.f("uq_lot_talk_lot_id_number_part")),
        sa.UniqueConstraint(
            "lot_id", "author_id", "client_key", name=op.f("uq_lot_talk_lot_id_author_id_client_key")
        ),
    )  # fmt: skip
    op.create_table(
        "lot_talk_hidings",
        sa.Column("said_id", number, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hidden_by_id", number, nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('contact', 'private', 'rude', 'off topic')", name=op.f("ck_lot_talk_hidings_reason")
        ),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["people.id"], name=op.f("fk_lot_talk_hidings_hidden_by_id_people")),
        sa.ForeignKeyConstraint(["said_id"], ["lot_talk.id"], name=op.f("fk_lot_talk_hidings_said_id_lot_talk")),
        sa.PrimaryKeyConstraint("said_id", name=op.f("pk_lot_talk_hidings")),
    )
    for guard in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(guard.replace(":", "\\:")))


def downgrade() -> None:
    op.drop_table("lot_talk_hidings")
    op.drop_table("lot_talk")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION lot_talk_refuses()")
