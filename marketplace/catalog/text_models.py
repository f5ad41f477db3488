"""The text index: the words of each item, and what each database looks them up in.

SQLite has an FTS5 table beside `item_texts`, which triggers keep; PostgreSQL a tsvector of the words, with a GIN index.
Neither parts the text itself: text_rules.py does, once for both. So Chinese words of two characters are found like any
other, whatever the database's locale, and no extension is needed.
"""

from __future__ import annotations

from sqlalchemy import DDL, ForeignKey, event
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kernel.database import Base

_ADD = "INSERT INTO item_words(rowid, words) VALUES (NEW.item_id, NEW.words)"
_DROP = "INSERT INTO item_words(item_words, rowid, words) VALUES ('delete', OLD.item_id, OLD.words)"
_KIND = "fts5(words, content='item_texts', content_rowid='item_id', tokenize='ascii', detail=none, columnsize=0)"

SQLITE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS item_words USING {_KIND}",
    f"CREATE TRIGGER item_texts_are_added AFTER INSERT ON item_texts BEGIN {_ADD}; END",
    f"CREATE TRIGGER item_texts_are_changed AFTER UPDATE ON item_texts BEGIN {_DROP}; {_ADD}; END",
    f"CREATE TRIGGER item_texts_are_removed AFTER DELETE ON item_texts BEGIN {_DROP}; END",
    "INSERT INTO item_words(item_words) VALUES ('rebuild')",
)
_AS_LEXEMES = "array_to_tsvector(string_to_array(words, ' '))"
POSTGRESQL = (
    f"ALTER TABLE item_texts ADD COLUMN lexemes tsvector GENERATED ALWAYS AS ({_AS_LEXEMES}) STORED",
    "CREATE INDEX ix_item_texts_lexemes ON item_texts USING gin (lexemes)",
)

NOT_IN_THE_METADATA = frozenset(
    "item_words item_words_config item_words_data item_words_idx ix_item_texts_lexemes lexemes".split()
)
"""Tables, columns and indexes that only the statements above know of."""


class ItemText(Base):
    """The words of one item, and the sign of its group before them."""

    __tablename__ = "item_texts"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True, autoincrement=False)
    words: Mapped[str]


for _dialect, _statements in {"sqlite": SQLITE, "postgresql": POSTGRESQL}.items():
    for _statement in _statements:
        event.listen(ItemText.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))
