"""How long an upload is kept: its member finds it for a day, throws it away before, or it is forgotten after."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from marketplace.catalog.import_models import Import, State
from marketplace.catalog.rules import WIDTHS
from marketplace.kernel import audit, clock, images
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound, RuleBroken


def kept(upload_id: int, *, by: int, group_id: int) -> Import:
    """A member's own upload. Raises NotFound, too, where its day is over or another has taken its place."""
    upload = db.session.get(Import, upload_id)
    if upload is None or (upload.person_id, upload.group_id) != (by, group_id) or upload.ends_at <= clock.now():
        raise no_such_upload()
    return upload


def waiting(*, by: int, group_id: int) -> Import | None:
    """What a member has sent and not imported yet."""
    his = select(Import).where(Import.person_id == by, Import.group_id == group_id, Import.state == State.KEPT)
    return db.session.scalars(his.where(Import.ends_at > clock.now()).order_by(Import.id.desc())).first()


def throw_away(*, upload_id: int, by: int, group_id: int) -> None:
    """Forget an upload now, its table and its pictures. Raises NotFound, or RuleBroken where it was imported."""
    keys = _end(upload_id=upload_id, by=by, group_id=group_id)
    forget_pictures(keys)
    _delete([upload_id])  # who is stopped before has an upload whose day is over, and the worker forgets that


def forget_old_imports(limit: int = 20) -> int:
    """Uploads whose day is over go, with their pictures. How many have gone."""
    due = select(Import.id, Import.files).where(Import.ends_at <= clock.now())
    rows = db.session.execute(due.order_by(Import.ends_at).limit(limit)).all()
    let_go()
    # The rows go last: who is stopped here begins again.
    forget_pictures(file.key for row in rows for file in row.files)
    if rows:
        _delete([row.id for row in rows])
    return len(rows)


def forget_pictures(keys: Iterable[str]) -> None:
    """Those that were kept under these keys; empty ones name none."""
    for key in filter(None, keys):
        images.forget(key, widths=WIDTHS)


def no_such_upload() -> NotFound:
    return NotFound("There is no such table, or its day is over. Send it again.")


@use_case
def _end(*, upload_id: int, by: int, group_id: int) -> list[str]:
    """From here on nobody imports it. The keys of its pictures."""
    upload = db.session.get(Import, upload_id, with_for_update=True, populate_existing=True)
    now = clock.now()
    if upload is None or (upload.person_id, upload.group_id) != (by, group_id) or upload.ends_at <= now:
        raise no_such_upload()
    if upload.state == State.DONE:
        raise RuleBroken("This table is imported. See its drafts among your items; the table itself goes by tomorrow.")
    upload.ends_at = now
    audit.note("throw table away", f"import:{upload.id}", by=by, group_id=group_id)
    return [file.key for file in upload.files]


@use_case
def _delete(upload_ids: list[int]) -> None:
    db.session.execute(delete(Import).where(Import.id.in_(upload_ids)))
