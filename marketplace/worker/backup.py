"""`flask backup` and `flask restore`: one archive with the database and the files, made while the house is open.

The database is copied first, as of one moment, and the files after it: a file is stored before the row that names it,
so every file of the copied rows is there. The secret key stays out, or whoever found an archive could read what is
encrypted in it; the archive carries the key's fingerprint, so that a restore under another key is not a surprise.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from marketplace.kernel import schema
from marketplace.kernel.database import db
from marketplace.worker import installation, postgres_tools
from marketplace.worker.errors import CannotDo

_FORMAT = 1
_MANIFEST = "manifest.json"
_DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
_FILES = "files"

OTHER_KEY = (
    "This backup was made under another secret key: what is encrypted in it, as payout details and second factors, "
    "cannot be read before that key is put back (EARNEST_SECRET_KEY, or secret.key in EARNEST_DATA)."
)


def back_up(archive: Path) -> None:
    """Write the archive, readable by its owner alone. It appears under its name when it is whole."""
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    try:
        with (
            _working_folder() as work,
            open(unfinished, "wb", opener=_private) as raw,
            tarfile.open(fileobj=raw, mode="w:gz") as tar,
        ):
            _write_manifest(work / _MANIFEST)
            copy = work / _DATABASES[_dialect()]
            _copy_database(copy)
            for part in (work / _MANIFEST, copy):
                tar.add(part, part.name)
            for file in _stored_files():
                tar.add(file, f"{_FILES}/{file.relative_to(installation.files()).as_posix()}")
            tar.close()
            os.fsync(raw.fileno())
        unfinished.replace(archive)
    except OSError as why:
        raise CannotDo(f"{archive} cannot be written: {why.strerror or why}.") from why
    finally:
        unfinished.unlink(missing_ok=True)


def restore(archive: Path, *, overwrite: bool) -> list[str]:
    """Put the archive's content in the place of ours. Nothing is touched before all of it is unpacked and checked.

    Gives sentences about what the operator should know. Raises CannotDo.
    """
    if not overwrite and not installation.is_empty():
        raise CannotDo("This installation is not empty. To replace all that it holds, repeat with --overwrite.")
    with _working_folder() as work:
        _unpack(archive, work)
        manifest = _read_manifest(work)
        _check(work, manifest)
        _put_database(work / _DATABASES[_dialect()])
        _put_files(work / _FILES)
    installation.bring_up_to_date()
    installation.unmark()
    if manifest["demo"]:
        installation.mark_as_demo()
    return _remarks(manifest)


# ---- making one ----


def _write_manifest(file: Path) -> None:
    facts = {
        "format": _FORMAT,
        "database": _dialect(),
        "revision": schema.revision(),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "key": _fingerprint(),
        "demo": installation.is_demo(),
    }
    file.write_text(json.dumps(facts, indent=1))


def _copy_database(copy: Path) -> None:
    if not installation.is_sqlite():
        postgres_tools.dump(db.engine.url, copy)
        return
    with closing(sqlite3.connect(installation.sqlite_file())) as ours, closing(sqlite3.connect(copy)) as theirs:
        ours.backup(theirs)


def _stored_files() -> Iterator[Path]:
    """Files that are whole: while it writes one, the store gives it a name with a # at the end."""
    for file in sorted(installation.files().rglob("*")):
        if file.is_file() and not file.is_symlink() and "#" not in file.name:
            yield file


# ---- reading one ----


def _unpack(archive: Path, work: Path) -> None:
    """Unpack into `work`: plain files only, under the names that `back_up` gives, whatever else they ask for."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                target = work / _safe_name(member)
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None  # noqa: S101 - a plain file has content
                with content, target.open("xb") as out:
                    shutil.copyfileobj(content, out)
    except (OSError, EOFError, tarfile.TarError) as why:
        raise CannotDo(f"{archive} cannot be read to its end: {why}.") from why


def _safe_name(member: tarfile.TarInfo) -> PurePosixPath:
    name = PurePosixPath(member.name)
    is_ours = member.name in {_MANIFEST, *_DATABASES.values()} or (name.parts[:1] == (_FILES,) and len(name.parts) > 1)
    if not member.isreg() or not is_ours or ".." in name.parts or "\\" in member.name:
        raise CannotDo(f"This is not a backup of Earnest: it holds {member.name!r}.")
    return name


def _read_manifest(work: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((work / _MANIFEST).read_text())
        if manifest["format"] != _FORMAT:
            raise CannotDo(f"This backup has format {manifest['format']}; this Earnest reads format {_FORMAT}.")
        return {"key": "", "demo": False, "revision": None, **manifest}
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise CannotDo("This is not a backup of Earnest: its manifest is missing or damaged.") from why


def _check(work: Path, manifest: dict[str, Any]) -> None:
    """Whether what was unpacked can take the place of what is here."""
    if manifest["database"] != _dialect():
        raise CannotDo(f"This backup is of a {manifest['database']} database; DATABASE_URL names a {_dialect()} one.")
    copy = work / _DATABASES[_dialect()]
    if not copy.is_file():
        raise CannotDo("This is not a backup of Earnest: the database is not in it.")
    if not schema.knows(manifest["revision"]):
        raise CannotDo("This backup was made by a newer Earnest. Install that version, then repeat.")
    if installation.is_sqlite() and not _is_sound(copy):
        raise CannotDo("The database in this backup is damaged.")


def _is_sound(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy)) as database:
            return bool(database.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _put_database(copy: Path) -> None:
    if installation.is_sqlite():
        with closing(sqlite3.connect(copy)) as source:
            installation.write_sqlite(source)
        return
    db.session.remove()
    db.engine.dispose()
    postgres_tools.restore(db.engine.url, copy)


def _put_files(new: Path) -> None:
    """Swap the folders by renaming: at every moment there is a whole one, the old or the new."""
    here = installation.files()
    old = here.with_name(f"{here.name}.replaced")
    new.mkdir(exist_ok=True)
    if old.exists():
        shutil.rmtree(old)
    if here.exists():
        here.rename(old)
    new.rename(here)
    shutil.rmtree(old, ignore_errors=True)


def _remarks(manifest: dict[str, Any]) -> list[str]:
    if hmac.compare_digest(manifest["key"], _fingerprint()):
        return []
    return [OTHER_KEY]


# ---- both ----


@contextmanager
def _working_folder() -> Iterator[Path]:
    """A private folder beside the data, so that what is ready can be moved into place by renaming."""
    data = installation.settings().data
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data, prefix="backup-") as folder:
        yield Path(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _dialect() -> str:
    return db.engine.dialect.name


def _fingerprint() -> str:
    key = installation.settings().secret_key.encode()
    return hmac.new(key, b"earnest: which key was it", hashlib.sha256).hexdigest()[:16]
