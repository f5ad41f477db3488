"""Items from a table: an upload is kept for a day, judged as often as its page is looked at, and imported once.

What is kept is the table as it came, and of the ZIP the pictures that rows name, made clean; never the ZIP itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.catalog import archives, import_judging, import_keeping, photos, service
from marketplace.catalog.archives import MOST_PIXELS, MOST_UNREADABLE, Archive
from marketplace.catalog.import_judging import Report, Verdict
from marketplace.catalog.import_models import Import, KeptFile, State
from marketplace.catalog.import_rules import Choice
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.rules import WIDTHS, Details
from marketplace.groups import queries as group_queries, service as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock, images, storage
from marketplace.kernel.database import db, let_go, use_case
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.images import Picture

KEPT_FOR = timedelta(hours=24)
FOLDER = "imports"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A row that is imported, and the photographs that were copied for it, with the keys of the copies."""

    number: int
    details: Details
    photos: tuple[tuple[str, KeptFile], ...]


def keep(*, by: int, group_id: int, client_key: str, content: bytes, zipped: BinaryIO | None) -> Import:
    """Keep a table, and the photographs of a ZIP that its rows name, in the place of what was sent before.

    The same form sent twice with the same files is one upload. Raises NotFound, NotAllowed, or RuleBroken at field
    "table" or "photos".
    """
    groups.require(by, group_id, Permission.LIST_ITEM)
    client_key = _key_of(client_key, content, zipped)
    if before := _sent_before(by, client_key):
        return before
    wanted = import_judging.photos_named_in(content)
    let_go()
    files: list[KeptFile] = []
    upload, is_ours = None, False
    try:
        if zipped is not None:
            with archives.opened(zipped) as archive:
                _unpack(archive, wanted, into=files)
        upload, is_ours = _enter(
            by=by, group_id=group_id, client_key=client_key, content=content, files=files, had_zip=zipped is not None
        )
    finally:
        if not is_ours:
            import_keeping.forget_pictures(file.key for file in files)
    return upload


def report_on(upload: Import) -> Report:
    """What would become of each row; of an upload that is done, why the others were not imported."""
    return import_judging.judge(upload, at=clock.now())


def made_of(upload: Import) -> list[tuple[int, Item]]:
    """The numbers of the rows that were imported, each with its item."""
    numbers = {item_id: number for number, item_id in upload.made}
    items = db.session.scalars(select(Item).where(Item.id.in_(numbers)).order_by(Item.id))
    return [(numbers[item.id], item) for item in items]


def import_rows(*, upload_id: int, by: int, group_id: int, choice: Choice) -> None:
    """Make drafts of the rows, of all that are chosen or of none. Done again, it does nothing.

    Raises NotFound, NotAllowed, or RuleBroken where not all are good that should be.
    """
    upload = import_keeping.kept(upload_id, by=by, group_id=group_id)
    if upload.state == State.DONE:
        return
    groups.require(by, group_id, Permission.LIST_ITEM)
    verdicts, sources = _chosen(report_on(upload), choice), [file.key for file in upload.files]
    let_go()
    copies: list[str] = []
    is_news = False
    try:
        chosen = [_with_copies(verdict, into=copies) for verdict in verdicts]
        is_news = _write(upload_id=upload_id, by=by, group_id=group_id, chosen=chosen)
    except NotFound:
        if not _is_done(upload_id):  # else a second click was slower, and the pictures went meanwhile
            raise
    finally:
        if not is_news:
            import_keeping.forget_pictures(copies)
    import_keeping.forget_pictures(sources)


def _key_of(client_key: str, content: bytes, zipped: BinaryIO | None) -> str:
    """The form's key and what came in it: who goes back in his browser and chooses other files does another thing."""
    digest = hashlib.sha256(content)
    if zipped is not None:
        zipped.seek(0)
        for piece in iter(lambda: zipped.read(_PIECE), b""):
            digest.update(piece)
    return f"{client_key}-{digest.hexdigest()[:16]}"


def _unpack(archive: Archive, wanted: set[str], *, into: list[KeptFile]) -> None:
    """Look at every file of the ZIP; those that rows name are made clean pictures and stored."""
    pixels = unreadable = 0
    for key, name in archive.names().items():
        trouble = archive.trouble_with(key)
        if trouble is not None or key not in wanted:
            into.append(KeptFile(name, trouble.message if trouble else ""))
            continue
        file = _stored(archive, key, name)
        into.append(file)
        pixels, unreadable = pixels + file.width * file.height, unreadable + bool(file.trouble)
        if pixels > MOST_PIXELS or unreadable > MOST_UNREADABLE:
            raise RuleBroken(
                "This is more than can be looked at in one go. Make the photographs smaller, leave out what is none, "
                "or split the ZIP.",
                field=archives.FIELD,
            )


def _stored(archive: Archive, key: str, name: str) -> KeptFile:
    try:
        picture = images.picture_of(archive.content(key), widths=WIDTHS)
    except RuleBroken as why:
        if why.field:  # it is about the whole ZIP
            raise
        return KeptFile(name, why.message)
    return KeptFile(name, "", images.keep(picture, folder=FOLDER), picture.sha256, picture.width, picture.height)


@use_case
def _enter(
    *, by: int, group_id: int, client_key: str, content: bytes, files: Sequence[KeptFile], had_zip: bool
) -> tuple[Import, bool]:
    """Write the upload down. False: the same form was sent before, and that upload stands."""
    groups.require(by, group_id, Permission.LIST_ITEM)
    now = clock.now()
    upload = Import(
        group_id=group_id, person_id=by, client_key=client_key, made_at=now, ends_at=now + KEPT_FOR,
        state=State.KEPT.value, content=content, had_zip=had_zip, files=tuple(files),
    )  # fmt: skip
    his = (Import.person_id == by, Import.group_id == group_id, Import.state == State.KEPT)
    try:
        with db.session.begin_nested():
            db.session.add(upload)
    except IntegrityError:
        if before := _sent_before(by, client_key):
            return before, False
        raise
    older = update(Import).where(*his, Import.id < upload.id, Import.ends_at > now)
    db.session.execute(older.values(ends_at=now))
    audit.note("send table", f"import:{upload.id}", by=by, group_id=group_id)
    return upload, True


def _chosen(report: Report, choice: Choice) -> tuple[Verdict, ...]:
    if not report.good:
        raise RuleBroken("No row is good yet. Mend the table, then send it again.")
    if choice is Choice.ALL and report.wrong:
        raise RuleBroken("Not every row is good. Import the good ones, or mend the table and send it again.")
    return report.good


def _with_copies(verdict: Verdict, *, into: list[str]) -> _Chosen:
    """The row with copies of its photographs: two items may show the same one, and each has its own."""
    assert verdict.details is not None  # noqa: S101 - it is good
    copied = []
    for file in verdict.photos:
        sizes = {width: storage.get(images.file_of(file.key, width)) for width in WIDTHS}
        copy = Picture(sizes=sizes, width=file.width, height=file.height, sha256=file.sha256)
        into.append(images.keep(copy, folder=photos.FOLDER))
        copied.append((into[-1], file))
    return _Chosen(verdict.row.number, verdict.details, tuple(copied))


@use_case
def _write(*, upload_id: int, by: int, group_id: int, chosen: Sequence[_Chosen]) -> bool:
    """Write all drafts down, with their photographs. False: it was done before."""
    upload = db.session.get(Import, upload_id, with_for_update=True)
    now = clock.now()
    if upload is None or upload.ends_at <= now:
        raise import_keeping.no_such_upload()
    if upload.state == State.DONE:
        return False
    groups.require(by, group_id, Permission.LIST_ITEM)
    with clock.at(now):
        items = _drafted(upload, chosen)
        for item, each in zip(items, chosen, strict=True):
            db.session.add_all(_photos_of(item.id, each))
            audit.note("draft item", f"item:{item.id}", by=by, group_id=group_id, why=f"import:{upload.id}")
        audit.note("import items", f"import:{upload.id}", by=by, group_id=group_id)
    upload.state = State.DONE.value
    upload.made = [[each.number, item.id] for item, each in zip(items, chosen, strict=True)]
    return True


def _drafted(upload: Import, chosen: Sequence[_Chosen]) -> list[Item]:
    group = group_queries.group(upload.group_id)  # held here, so that not every item asks for it
    items = [
        service.begun(
            by=upload.person_id, group_id=group.id, client_key=f"import-{upload.client_key}-{each.number}",
            details=each.details, at=clock.now(),
        )
        for each in chosen
    ]  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.add_all(items)
    except IntegrityError:  # somebody made up such a key himself
        raise RuleBroken("Something stands in the way of these drafts. Send the table again.") from None
    return items


def _is_done(upload_id: int) -> bool:
    let_go()
    return db.session.scalar(select(Import.state).where(Import.id == upload_id)) == State.DONE


def _photos_of(item_id: int, chosen: _Chosen) -> list[Photo]:
    now = clock.now()
    return [
        Photo(
            item_id=item_id, position=position, key=key, sha256=file.sha256, width=file.width, height=file.height,
            added_at=now,
        )
        for position, (key, file) in enumerate(chosen.photos, start=1)
    ]  # fmt: skip


def _sent_before(person_id: int, client_key: str) -> Import | None:
    return db.session.scalar(select(Import).where(Import.person_id == person_id, Import.client_key == client_key))
