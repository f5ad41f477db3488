"""Questions under lots, and what the seller answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.auctions.question_rules import Part, Reason
from marketplace.kernel.database import Base
from marketplace.kernel.guards import Guard

_PARTS = ", ".join(f"'{part}'" for part in Part)
_REASONS = ", ".join(f"'{reason}'" for reason in Reason)


class Said(Base):
    """A question, its answer, or what was added to it. Rows are never changed: they may become evidence."""

    __tablename__ = "lot_talk"
    __table_args__ = (
        UniqueConstraint("lot_id", "number", "part"),
        UniqueConstraint("lot_id", "author_id", "client_key"),
        CheckConstraint(f"part IN ({_PARTS})", "part"),
        CheckConstraint("number > 0", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id"))
    number: Mapped[int]
    """Of the question, counted within the lot; its answer has the same."""
    part: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    text: Mapped[str]
    said_at: Mapped[datetime]


class Hiding(Base):
    """A moderator hid something that was said. The words stay, for the officers; the row is never changed."""

    __tablename__ = "lot_talk_hidings"
    __table_args__ = (CheckConstraint(f"reason IN ({_REASONS})", "reason"),)

    said_id: Mapped[int] = mapped_column(ForeignKey("lot_talk.id"), primary_key=True, autoincrement=False)
    reason: Mapped[str]
    hidden_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    hidden_at: Mapped[datetime]


_GUARD = Guard("what was said stays as it was said", function="lot_talk_refuses")
_IS_STORED = {
    Said: "id = NEW.id OR (lot_id = NEW.lot_id AND number = NEW.number AND part = NEW.part) "
    "OR (lot_id = NEW.lot_id AND author_id = NEW.author_id AND client_key = NEW.client_key)",
    Hiding: "said_id = NEW.said_id",
}
for _model, _is_stored in _IS_STORED.items():
    for _ddl in _GUARD.append_only(_model.__tablename__, is_stored=_is_stored):
        event.listen(_model.__table__, "after_create", _ddl)
