"""Sends what is due: claims some mails, writes them out, hands them to the mail server, writes down what came of it.

Claim and outcome are units of work of their own, and the call between them belongs to neither. A worker that is killed
in the middle leaves a lease that ends; the next sends the mail again, under the same Message-ID.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import structlog
from flask import current_app
from sqlalchemy import Select, delete, or_, select

from marketplace.config import Settings
from marketplace.kernel import clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import EarnestError
from marketplace.notifications import rules, writing
from marketplace.notifications.models import Mail
from marketplace.notifications.smtp import MailServer, NotNow, Refused, Unreachable

log = structlog.get_logger()

LEASE = timedelta(minutes=10)
# Before a mail is begun this much of the lease must be left: a slow server can take so long over one.
_LONGEST_MAIL = timedelta(minutes=2)

Post = Callable[[EmailMessage], None]


def send_due_mails(limit: int = 20) -> int:
    """The duty: send some of the mails that are due, and say how many were dealt with.

    Without a mail server nothing is sent: the demo keeps its mails for the outbox page, any other installation keeps
    them due until it has one.
    """
    settings: Settings = current_app.config["EARNEST"]
    if (not settings.smtp_url and not settings.demo) or not _is_any_due():
        return 0
    lease = secrets.token_urlsafe(12)
    claimed = _claim(limit, lease=lease)
    with ExitStack() as stack:
        server = stack.enter_context(MailServer(settings.smtp_url)) if settings.smtp_url else None
        return _send_all(claimed, lease, server.send if server else _keep)


def forget_sent_mails(limit: int = 500) -> int:
    """The duty: mails that were sent long ago are forgotten, with the addresses they went to. How many."""
    old = select(Mail.id).where(Mail.state == "sent", Mail.sent_at <= clock.now() - rules.KEPT_FOR)
    mail_ids = list(db.session.scalars(old.order_by(Mail.id).limit(limit)))
    return _forget(mail_ids) if mail_ids else 0


@use_case
def _forget(mail_ids: list[int]) -> int:
    db.session.execute(delete(Mail).where(Mail.id.in_(mail_ids)))
    return len(mail_ids)


def _keep(message: EmailMessage) -> None:
    """The demo's mails go nowhere: the outbox page shows them."""


def _send_all(mail_ids: list[int], lease: str, post: Post) -> int:
    down = ""
    for count, mail_id in enumerate(mail_ids):
        mail = db.session.get(Mail, mail_id)
        if mail is None or mail.leased_until is None or clock.now() > mail.leased_until - _LONGEST_MAIL:
            return count  # the rest is free again when the lease ends
        try:
            if down:
                raise Unreachable(down)
            letter = _send(mail, post)
        except Refused as refusal:
            _park(mail_id, lease=lease, trouble=str(refusal))
        except NotNow as trouble:
            down = str(trouble) if isinstance(trouble, Unreachable) else ""
            _put_off(mail_id, lease=lease, trouble=str(trouble))
        except Exception as fault:  # one mail that cannot be written must not keep the others
            log.exception("mail could not be written", mail=mail_id)
            _put_off(mail_id, lease=lease, trouble=type(fault).__name__)
        else:
            _done(mail_id, letter, lease=lease)
    return len(mail_ids)


def _send(mail: Mail, post: Post) -> writing.Letter:
    settings: Settings = current_app.config["EARNEST"]
    if settings.smtp_url and mail.created_at < clock.now() - rules.TOO_OLD:
        raise Refused("it waited so long that it is no longer true")
    try:
        letter = writing.letter_of(mail)
    except EarnestError as error:
        raise Refused(str(error)) from error
    message = _message(mail.id, letter, clock.now())
    db.session.rollback()  # no snapshot of the database is held while the mail server thinks
    post(message)
    return letter


def _message(mail_id: int, letter: writing.Letter, now: datetime) -> EmailMessage:
    settings: Settings = current_app.config["EARNEST"]
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<mail-{mail_id}@{settings.host}>"  # the same each time: who gets it twice sees one
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(letter.body, charset="utf-8", cte="quoted-printable")
    return message


def _is_any_due() -> bool:
    """Looked up by reading alone: a worker that finds nothing has locked nothing."""
    found = db.session.scalar(_due(clock.now()).limit(1)) is not None
    db.session.rollback()
    return found


@use_case
def _claim(limit: int, *, lease: str) -> list[int]:
    """Take some due mails in hand. Other workers pass them over until the lease ends."""
    now = clock.now()
    mails = db.session.scalars(_due(now).limit(limit).with_for_update(skip_locked=True)).all()
    for mail in mails:
        mail.lease, mail.leased_until = lease, now + LEASE
    return [mail.id for mail in mails]


def _due(now: datetime) -> Select[Mail]:
    """Mails that are to be sent and in nobody's hands, the longest due first."""
    free = or_(Mail.leased_until.is_(None), Mail.leased_until <= now)
    due = select(Mail).where(Mail.state == "due", Mail.next_try_at <= now, free)
    return due.order_by(Mail.next_try_at, Mail.id)


@use_case
def _done(mail_id: int, letter: writing.Letter, *, lease: str) -> None:
    """It is with the mail server. What it said is kept only where there is no server to take it."""
    if mail := _still_ours(mail_id, lease):
        settings: Settings = current_app.config["EARNEST"]
        mail.state, mail.sent_at, mail.trouble = "sent", clock.now(), ""
        mail.address, mail.subject = letter.to, letter.subject
        mail.body = "" if settings.smtp_url else letter.body


@use_case
def _put_off(mail_id: int, *, lease: str, trouble: str) -> None:
    """Try again later, or park it when it was tried often enough."""
    if mail := _still_ours(mail_id, lease):
        again_at = rules.next_try(mail.tries, clock.now())
        mail.tries, mail.trouble = mail.tries + 1, trouble
        mail.state, mail.next_try_at = ("due", again_at) if again_at else ("failed", mail.next_try_at)


@use_case
def _park(mail_id: int, *, lease: str, trouble: str) -> None:
    """It will never get through by itself."""
    if mail := _still_ours(mail_id, lease):
        mail.state, mail.tries, mail.trouble = "failed", mail.tries + 1, trouble


def _still_ours(mail_id: int, lease: str) -> Mail | None:
    """The mail, locked and out of our hands from here on; none if another worker has taken it over meanwhile."""
    mail = db.session.scalar(select(Mail).where(Mail.id == mail_id, Mail.lease == lease).with_for_update())
    if mail is not None:
        mail.lease = mail.leased_until = None
    return mail
