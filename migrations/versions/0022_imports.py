"""Members import items from a table; what a table leaves unsaid stays an open question of the draft.

Revision: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("items", sa.Column("unsaid", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "imports",
        sa.Column("id", number, nullable=False),
        sa.Column("group_id", number, nullable=False),
        sa.Column("person_id", number, nullable=False),
        sa.Column("client_key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("had_zip", sa.Boolean(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.CheckConstraint("state IN ('kept', 'done')", name=op.f("ck_imports_state")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_imports_group_id_groups")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("person_id", "client_key", name=op.f("uq_imports_person_id_client_key")),
    )
    op.create_index("ix_imports_person_id_group_id_state", "imports", ["person_id", "group_id", "state"])
    op.create_index("ix_imports_ends_at", "imports", ["ends_at"])


def downgrade() -> None:
    op.drop_table("imports")
    op.drop_column("items", "unsaid")
