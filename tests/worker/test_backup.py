"""A backup brings back the database and the files as they were, or touches nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from marketplace.catalog import texts
from marketplace.catalog.text_rules import terms_of
from marketplace.config import Settings
from marketplace.kernel import audit, schema, storage
from marketplace.kernel.database import db, unit_of_work
from marketplace.worker import backup, installation
from marketplace.worker.errors import CannotDo
from tests import installations, required
from tests.factories.catalog import an_item

MakeSettings = Callable[..., Settings]


@pytest.fixture
def house(settings_of: MakeSettings, database: str) -> Iterator[Flask]:
    """An installation that holds one deed and one photograph."""
    if database == "postgresql" and shutil.which("pg_dump") is None:
        required.missing("pg_dump")
    with installations.installation(settings_of, database) as app:
        with unit_of_work():
            audit.note("list item", "item:1", by=None, why="an alabastron, as found")
        storage.put("photos/1.jpg", b"a photograph")
        yield app


def deeds() -> list[str]:
    db.session.rollback()
    return [line.subject for line in db.session.query(audit.AuditLine).order_by(audit.AuditLine.id)]


def go_on_trading() -> None:
    with unit_of_work():
        audit.note("list item", "item:2", by=None)
    storage.put("photos/2.jpg", b"another photograph")
    storage.remove("photos/1.jpg")


def files() -> set[str]:
    root = installation.files()
    return {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}


def test_what_was_backed_up_comes_back(house: Flask, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    backup.back_up(archive)
    go_on_trading()
    assert backup.restore(archive, overwrite=True) == []
    assert deeds() == ["item:1"]
    assert files() == {"photos/1.jpg"}
    assert storage.get("photos/1.jpg") == b"a photograph"
    assert schema.revision() == schema.newest_revision()


def test_what_was_found_by_its_words_is_found_again(house: Flask, tmp_path: Path) -> None:
    item = an_item(title="An alabastron, 青花")
    item_id, group_id = item.id, item.group_id
    backup.back_up(tmp_path / "monday")
    an_item(title="Another alabastron")
    backup.restore(tmp_path / "monday", overwrite=True)
    assert texts.found(group_id, terms_of("alabastrons 青花"), most=9) == [item_id]
    assert texts.found(group_id, terms_of("another"), most=9) == []


def test_it_comes_back_twice_and_can_be_backed_up_again(house: Flask, tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        backup.back_up(tmp_path / name)
        backup.restore(tmp_path / name, overwrite=True)
    assert deeds() == ["item:1"]


def test_a_new_installation_takes_it_over(
    house: Flask, settings_of: MakeSettings, database: str, tmp_path: Path
) -> None:
    backup.back_up(tmp_path / "monday.tar.gz")
    with installations.installation(settings_of, database):
        assert installation.is_empty()
        assert backup.restore(tmp_path / "monday.tar.gz", overwrite=False) == []
        assert deeds() == ["item:1"]
        assert files() == {"photos/1.jpg"}
        assert not installation.is_empty()


def test_an_installation_that_holds_something_is_not_replaced_unasked(house: Flask, tmp_path: Path) -> None:
    backup.back_up(tmp_path / "monday.tar.gz")
    go_on_trading()
    with pytest.raises(CannotDo, match="not empty"):
        backup.restore(tmp_path / "monday.tar.gz", overwrite=False)
    assert deeds() == ["item:1", "item:2"]
    assert files() == {"photos/2.jpg"}


def test_another_secret_key_is_told(house: Flask, settings_of: MakeSettings, database: str, tmp_path: Path) -> None:
    backup.back_up(tmp_path / "monday.tar.gz")
    with installations.installation(settings_of, database, EARNEST_SECRET_KEY="another-key-0123456789-0123456789-0"):
        assert backup.restore(tmp_path / "monday.tar.gz", overwrite=False) == [backup.OTHER_KEY]


@pytest.mark.one_database
def test_the_archive_is_its_owners_alone_and_holds_no_key(house: Flask, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    backup.back_up(archive)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as tar:
        assert tar.getnames() == ["manifest.json", "database.sqlite3", "files/photos/1.jpg"]
    assert house.config["SECRET_KEY"].encode() not in archive.read_bytes()


@pytest.mark.one_database
def test_what_comes_back_is_its_owners_alone(house: Flask, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    backup.back_up(archive)
    before = os.umask(0o022)
    try:
        done = house.test_cli_runner().invoke(args=["restore", str(archive), "--overwrite"])
    finally:
        os.umask(before)
    assert done.exit_code == 0, done.output
    kept = [installation.files(), *installation.files().rglob("*")]
    kept += [installation.sqlite_file()] if installation.is_sqlite() else []
    assert {stat.S_IMODE(each.stat().st_mode) & 0o077 for each in kept} == {0}


def test_a_folder_that_is_not_there_is_one_sentence(house: Flask, tmp_path: Path) -> None:
    done = house.test_cli_runner().invoke(args=["backup", str(tmp_path / "nowhere" / "monday.tar.gz")])
    assert done.exit_code == 1
    assert "cannot be written: No such file or directory." in done.output


def test_nothing_is_left_beside_the_data(house: Flask, tmp_path: Path) -> None:
    before = set(installation.settings().data.iterdir())
    backup.back_up(tmp_path / "monday.tar.gz")
    backup.restore(tmp_path / "monday.tar.gz", overwrite=True)
    assert set(installation.settings().data.iterdir()) == before
    assert list(tmp_path.iterdir()) == [tmp_path / "monday.tar.gz"]


def crafted(archive: Path, **members: bytes) -> Path:
    """An archive with these members, in which __ stands for /."""
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


MANIFEST = json.dumps({"format": 1, "database": "sqlite", "revision": None}).encode()


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"..__..__outside": b"!"}, "holds"),
        ({"files__..__..__outside": b"!"}, "holds"),
        ({"__tmp__outside": b"!"}, "holds"),
        ({"anything else": b"!"}, "holds"),
        ({}, "manifest"),
        ({"manifest.json": b"[]"}, "manifest"),
        ({"manifest.json": b'{"format": 2}'}, "format 2"),
        ({"manifest.json": MANIFEST}, "the database is not in it"),
        ({"manifest.json": MANIFEST, "database.sqlite3": b"no database at all"}, "damaged"),
        ({"manifest.json": MANIFEST.replace(b"null", b'"9999"'), "database.sqlite3": b""}, "newer Earnest"),
        ({"manifest.json": MANIFEST.replace(b"sqlite", b"postgresql"), "database.pgdump": b""}, "DATABASE_URL"),
    ],
)
def test_what_is_no_backup_touches_nothing(house: Flask, tmp_path: Path, members: dict[str, bytes], why: str) -> None:
    with pytest.raises(CannotDo, match=why):
        backup.restore(crafted(tmp_path / "crafted.tar.gz", **members), overwrite=True)
    assert deeds() == ["item:1"]
    assert files() == {"photos/1.jpg"}


@pytest.mark.one_database
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_refused(house: Flask, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "crafted.tar.gz", "w:gz") as tar:
        member = tarfile.TarInfo("files/link")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(CannotDo, match="holds"):
        backup.restore(tmp_path / "crafted.tar.gz", overwrite=True)


@pytest.mark.one_database
def test_an_archive_that_breaks_off_touches_nothing(house: Flask, tmp_path: Path) -> None:
    archive = tmp_path / "monday.tar.gz"
    storage.put("photos/3.jpg", bytes(range(256)) * 4000)
    backup.back_up(archive)
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(CannotDo, match="cannot be read to its end"):
        backup.restore(archive, overwrite=True)
    assert files() == {"photos/1.jpg", "photos/3.jpg"}


def test_without_pg_dump_a_sentence_says_what_to_install(
    settings_of: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installations.installation(settings_of, "postgresql"):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotDo, match="pg_dump is missing here"):
            backup.back_up(tmp_path / "monday.tar.gz")
    assert list(tmp_path.iterdir()) == []
