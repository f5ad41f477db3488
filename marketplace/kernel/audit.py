"""The audit trail: who did what to which thing, when and why. Written in the unit of work of the deed itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kernel import clock
from marketplace.kernel.database import Base, Rows, add_rows, gather


class AuditLine(Base):
    """One deed. Lines are only ever added."""

    __tablename__ = "audit_lines"
    __table_args__ = (Index("ix_audit_lines_group_id_id", "group_id", "id"), Index("ix_audit_lines_subject", "subject"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    what: Mapped[str]
    """The use case, in its own words: "confirm payment"."""
    subject: Mapped[str]
    """The thing, as kind and number: "order:1187"."""
    actor_id: Mapped[int | None]
    """The person; none where the clock acted."""
    group_id: Mapped[int | None]
    why: Mapped[str] = mapped_column(default="")


def note(what: str, subject: str, *, by: int | None, group_id: int | None = None, why: str = "") -> None:
    """Write down a deed. Never put a secret, an address or payout details into `why`."""
    line = {"at": clock.now(), "what": what, "subject": subject, "actor_id": by, "group_id": group_id, "why": why}
    gather(_write, line)


def _write(lines: Rows) -> None:
    add_rows(AuditLine, lines)
