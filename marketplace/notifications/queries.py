"""What pages read of notices and mails."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from marketplace.kernel.backlog import Backlog, backlog_of
from marketplace.kernel.database import db
from marketplace.notifications.models import Mail, Notice

# A mail server may be slow. After so long the operators should look.
LATE_AFTER = timedelta(minutes=5)


def notices_of(person_id: int, *, before: int | None = None, limit: int = 30) -> list[Notice]:
    """What a person was told, newest first; a page of it before the notice numbered `before`."""
    page = select(Notice).where(Notice.person_id == person_id)
    if before is not None:
        page = page.where(Notice.id < before)
    return list(db.session.scalars(page.order_by(Notice.id.desc()).limit(limit)))


def unread_of(person_id: int) -> int:
    """How many notices a person has not opened."""
    unread = select(func.count()).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return db.session.scalar(unread) or 0


def parked_mails(limit: int = 100) -> list[Mail]:
    """Mails that did not get through and are not tried again, newest first: for operators."""
    parked = select(Mail).where(Mail.state == "failed").order_by(Mail.id.desc())
    return list(db.session.scalars(parked.limit(limit)))


def to_send(now: datetime) -> Backlog:
    """How many mails wait to be sent."""
    return backlog_of(Mail.next_try_at, Mail.state == "due", now=now, late_after=LATE_AFTER)


def outbox(*, before: int | None = None, limit: int = 30) -> list[Mail]:
    """Mails that the demo kept instead of sending them, newest first; a page of it before mail `before`."""
    page = select(Mail).where(Mail.state == "sent")
    if before is not None:
        page = page.where(Mail.id < before)
    return list(db.session.scalars(page.order_by(Mail.id.desc()).limit(limit)))


def outbox_mail(mail_id: int) -> Mail | None:
    """One of them."""
    return db.session.scalar(select(Mail).where(Mail.id == mail_id, Mail.state == "sent"))
