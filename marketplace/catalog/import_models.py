"""Tables of items that members have sent and may import within a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Dialect, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from marketplace.kernel.database import Base


class State(StrEnum):
    KEPT = "kept"
    DONE = "done"


_STATES = ", ".join(f"'{state}'" for state in State)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What became of one file of the ZIP."""

    name: str
    """As it is shown; rows name it by `import_rules.file_key`."""
    trouble: str = ""
    """Why it is not a photograph that we take, as a message of an error; empty: it is one, or no row names it."""
    key: str = ""
    """Where the clean picture is kept until the import; empty where no row names it."""
    sha256: str = ""
    width: int = 0
    height: int = 0


class KeptFiles(TypeDecorator[tuple[KeptFile, ...]]):
    """The files of a ZIP, in its order, as a JSON column."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Sequence[KeptFile] | None, dialect: Dialect) -> list[dict[str, Any]]:
        return [asdict(file) for file in value or ()]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[KeptFile, ...]:
        return tuple(KeptFile(**row) for row in value or ())


class Import(Base):
    """One upload. It and its pictures are forgotten at `ends_at`."""

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("person_id", "client_key"),
        Index("ix_imports_person_id_group_id_state", "person_id", "group_id", "state"),
        CheckConstraint(f"state IN ({_STATES})", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    client_key: Mapped[str]
    """Of the page's key and the files: a form sent twice is one upload."""
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=State.KEPT.value)
    content: Mapped[bytes]
    """The file as it came."""
    had_zip: Mapped[bool]
    files: Mapped[tuple[KeptFile, ...]] = mapped_column(KeptFiles, default=())
    made: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    """Once it is done: the number of each row that was imported, and of its item."""
