"""The text index, and what the catalogue filters and sorts by: a search costs the same however many lots there were.

Revision: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Today's law, not a copy of it: what is written here is looked up by today's searches.
from marketplace.catalog.period_rules import years_of
from marketplace.catalog.text_models import POSTGRESQL, SQLITE
from marketplace.catalog.text_rules import words_of

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

RUNNING, TO_COME, PAST = "= 'running'", "= 'scheduled'", "IN ('sold', 'passed')"
INDEXES = {
    "ix_lots_running_by_kind": (["group_id", "category", "ends_at", "id"], RUNNING),
    "ix_lots_running_by_number": (["group_id", "number", "id"], RUNNING),
    "ix_lots_running_by_price": (["group_id", "price_minor", "id"], RUNNING),
    "ix_lots_running_by_bids": (["group_id", "bid_count", "id"], RUNNING),
    "ix_lots_to_come_by_start": (["group_id", "starts_at", "id"], TO_COME),
    "ix_lots_to_come_by_number": (["group_id", "number", "id"], TO_COME),
    "ix_lots_to_come_by_price": (["group_id", "price_minor", "id"], TO_COME),
    "ix_lots_past_by_kind": (["group_id", "category", "ends_at", "id"], PAST),
    "ix_lots_past_by_number": (["group_id", "number", "id"], PAST),
    "ix_lots_past_by_price": (["group_id", "price_minor", "id"], PAST),
    "ix_lots_past_by_bids": (["group_id", "bid_count", "id"], PAST),
}
BATCH = 500


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "item_texts",
        sa.Column("item_id", number, autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_item_texts_item_id_items")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_texts")),
    )
    op.add_column("lots", sa.Column("condition", sa.Text(), nullable=True))
    op.add_column("lots", sa.Column("made_from", number, nullable=True))
    op.add_column("lots", sa.Column("made_to", number, nullable=True))
    op.execute("UPDATE lots SET condition = (SELECT condition FROM items WHERE items.id = lots.item_id)")
    write_what_is_there()
    for name, (columns, states) in INDEXES.items():
        lite, postgres = sa.text(f"state || '' {states}"), sa.text(f"state {states}")
        op.create_index(name, "lots", columns, sqlite_where=lite, postgresql_where=postgres)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def write_what_is_there() -> None:
    """The words of every item, and the years of its lots, a batch at a time."""
    connection = op.get_bind()
    items = sa.text("SELECT * FROM items WHERE id > :after ORDER BY id LIMIT :most").columns(claims=sa.JSON())
    remarks = sa.text("SELECT item_id, text FROM remarks WHERE item_id > :after AND item_id <= :upto")
    after = 0
    while rows := connection.execute(items, {"after": after, "most": BATCH}).all():
        added: dict[int, list[str]] = {}
        for item_id, words in connection.execute(remarks, {"after": after, "upto": rows[-1].id}):
            added.setdefault(item_id, []).append(words)
        for row in rows:
            write(connection, row, added.get(row.id, []))
        after = rows[-1].id


def write(connection: sa.Connection, row: sa.Row, remarks: list[str]) -> None:
    claims = [f"{claim['label']} {claim['text']}" for claim in row.claims or ()]
    said = words_of(row.title, row.description, row.period, row.dimensions, row.faults, *claims, *remarks)
    insert = sa.text("INSERT INTO item_texts (item_id, words) VALUES (:id, :words)")
    connection.execute(insert, {"id": row.id, "words": f"§{row.group_id} {said}".rstrip()})
    if (years := years_of(row.period)) is not None:
        update = sa.text("UPDATE lots SET made_from = :first, made_to = :last WHERE item_id = :id")
        connection.execute(update, {"id": row.id, "first": years.first, "last": years.last})


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="lots")
    for column in ("made_to", "made_from", "condition"):
        op.drop_column("lots", column)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE item_words")
    op.drop_table("item_texts")
