"""Writing down what is to be told: notices and mails. Nothing here calls outside; the worker sends (sending.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.sql.dml import ReturningInsert

from marketplace.kernel import clock
from marketplace.kernel.database import Rows, add_rows, db, gather, use_case, write_gathered
from marketplace.kernel.errors import NotFound
from marketplace.kernel.statements import built_once, insert_into
from marketplace.notifications import detail_rules, rules
from marketplace.notifications.models import Mail, Notice


@use_case
def notify(
    *,
    person_id: int,
    kind: str,
    ref: str,
    path: str,
    data: Mapping[str, object] | None = None,
    group_id: int | None = None,
    key: str = "",
) -> None:
    """Tell a person something, once: a second notice of the same kind and key is not written.

    `ref` says what it is about ("order:1187"), `path` where it is dealt with. `key` is the ref unless the same thing
    can happen to it several times. `data` are the details of the kind's sentence: texts, numbers, Money, moments.
    """
    telling = rules.telling_of(kind)
    now = clock.now()
    row: dict[str, Any] = {
        "person_id": person_id,
        "group_id": group_id,
        "kind": telling.kind,
        "ref": ref,
        "key": key or ref,
        "path": path,
        "data": detail_rules.packed(data or {}),
        "created_at": now,
    }
    gather(_write, row)


def notify_all(person_ids: Iterable[int], **notice: Any) -> None:
    """Tell several people the same; see `notify`."""
    for person_id in dict.fromkeys(person_ids):
        notify(person_id=person_id, **notice)


@use_case
def lead_elsewhere(person_ids: Collection[int], *, ref: str, path: str) -> None:
    """What these people were told about a thing leads to `path` from now on."""
    write_gathered()
    told = update(Notice).where(Notice.person_id.in_(person_ids), Notice.ref == ref)
    db.session.execute(told.values(path=path))


@use_case
def queue_mail(*, to: str, subject: str, body: str, person_id: int | None = None) -> None:
    """A mail to an address that has no notice: to verify it, to reset a password. Sent after the commit."""
    now = clock.now()
    line = " ".join(subject.split())
    db.session.add(Mail(address=to, subject=line, body=body, person_id=person_id, created_at=now, next_try_at=now))


@use_case
def open_notice(*, notice_id: int, by: int) -> str:
    """The person has seen it: mark it read and say where to go."""
    notice = db.session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.person_id != by:
        raise NotFound("There is no such notice.")
    notice.read_at = notice.read_at or clock.now()
    return notice.path


@use_case
def mark_all_read(*, by: int) -> None:
    """The person has seen everything that he was told until now."""
    unread = update(Notice).where(Notice.person_id == by, Notice.read_at.is_(None))
    db.session.execute(unread.values(read_at=clock.now()))


@use_case
def try_again(*, mail_id: int) -> None:
    """An operator has repaired what kept a parked mail from leaving: it is due again, with all its tries."""
    mail = db.session.get(Mail, mail_id, with_for_update=True)
    if mail is None or mail.state != "failed":
        raise NotFound("There is no such mail, or it is not parked.")
    now = clock.now()
    mail.state, mail.tries, mail.next_try_at, mail.created_at = "due", 0, now, now


def _write(rows: Rows) -> None:
    """Two deeds at the same moment may tell the same: the second is silent, and its own deed stands."""
    told = db.session.connection().execute(_new(), rows)
    mails = [
        {
            "notice_id": notice.id, "person_id": notice.person_id,
            "created_at": notice.created_at, "next_try_at": notice.created_at,
        }
        for notice in told
        if rules.telling_of(notice.kind).mailed
    ]  # fmt: skip
    add_rows(Mail, mails)


@built_once
def _new() -> ReturningInsert[int, int, str, datetime]:
    seen = (Notice.id, Notice.person_id, Notice.kind, Notice.created_at)
    return insert_into(Notice).on_conflict_do_nothing().returning(*seen)
