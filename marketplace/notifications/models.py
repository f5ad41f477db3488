"""Notices, which people read on their page, and mails, which the worker sends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.kernel.database import Base
from marketplace.kernel.encryption import Secret

_UNREAD, _DUE = text("read_at IS NULL"), text("state = 'due'")


class Notice(Base):
    """One thing told to one person. The same thing is told once: (person, kind, key) is unique."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "key"),
        Index("ix_notices_person_id_id", "person_id", "id"),
        Index("ix_notices_unread", "person_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    group_id: Mapped[int | None]
    """No foreign key: every bid may write a notice, and would wait behind whoever changes the group."""
    kind: Mapped[str]
    """One of rules.KINDS."""
    ref: Mapped[str]
    """What it is about, as kind and number: "order:1187"."""
    key: Mapped[str]
    """What makes it one telling: the ref, or more than it where a thing happens to it several times."""
    path: Mapped[str]
    """Where on the site it is dealt with: "/orders/1187"."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The details of its sentence, as detail_rules.packed wrote them."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Mail(Base):
    """One mail: a notice to be written out when it is sent, or a text of its own."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'sent', 'failed')", "state"),
        CheckConstraint("tries >= 0", "tries"),
        CheckConstraint("notice_id IS NOT NULL OR address <> ''", "has_an_address"),
        Index("ix_mails_due", "next_try_at", sqlite_where=_DUE, postgresql_where=_DUE),
        Index("ix_mails_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    address: Mapped[str] = mapped_column(default="")
    """Empty for a notice: it goes to the address that the person has when it is sent."""
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Secret, default="", deferred=True)
    """Encrypted, for it may carry a link that opens an account; emptied once a mail server has it. Read only when the
    mail is written out: one that cannot be decrypted any more must not stand in the way of the others."""
    state: Mapped[str] = mapped_column(default="due")
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    """Until then one worker has it in hand."""
    lease: Mapped[str | None]
    """That worker's token: one that comes back too late may not write the outcome."""
    sent_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="")
    """What the mail server said when it was tried last."""

    notice: Mapped[Notice | None] = relationship()
