"""A ZIP is opened as if an enemy had sent it: by name only, measured before and while it is unpacked."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings, strategies as st

from marketplace.catalog import archives
from marketplace.catalog.archives import Archive, opened
from marketplace.kernel import images
from marketplace.kernel.errors import RuleBroken

LARGE = 1024 * 1024


def zip_of(files: Iterable[tuple[str, bytes]], packed: int = zipfile.ZIP_DEFLATED) -> BytesIO:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", packed) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, packed)
    return file


def changed(file: BytesIO, old: bytes, new: bytes) -> BytesIO:
    content = file.getvalue()
    assert old in content
    return BytesIO(content.replace(old, new))


def trouble(file: BytesIO, key: str) -> str:
    with opened(file) as archive:
        found = archive.trouble_with(key)
        return str(found) if found else ""


def refused(file: BytesIO) -> str:
    with pytest.raises(RuleBroken) as refusal, opened(file) as archive:
        for key in archive.names():
            archive.content(key)
    assert refusal.value.field == "photos"
    return str(refusal.value)


def test_files_are_known_by_their_names_alone() -> None:
    names = ["../../etc/A.jpg", "/root/b.PNG", "C:\\c.webp", "d/e/f/März.jpeg", "folder/"]
    with opened(zip_of((name, name.encode()) for name in names)) as archive:
        assert archive.names() == {"a.jpg": "A.jpg", "b.png": "b.PNG", "c.webp": "c.webp", "märz.jpeg": "März.jpeg"}
        assert archive.content("a.jpg") == b"../../etc/A.jpg"
        assert not any(archive.trouble_with(key) for key in archive.names())


def test_what_systems_leave_behind_is_passed_over() -> None:
    litter = ["__MACOSX/._a.jpg", "._a.jpg", ".DS_Store", "x/Thumbs.db", "desktop.ini"]
    with opened(zip_of([("a.jpg", b"a"), *((name, b"x") for name in litter)])) as archive:
        assert list(archive.names()) == ["a.jpg"]


@pytest.mark.parametrize("name", ["inner.zip", "page.html", "run.exe", "photo.jpg.svg", "noending", "x.heic"])
def test_what_is_no_photograph_by_name_is_refused(name: str) -> None:
    assert "Only such photographs" in trouble(zip_of([(name, b"x")]), name)


def test_two_files_of_one_name_are_neither() -> None:
    assert "Several files" in trouble(zip_of([("one/a.jpg", b"1"), ("two/A.JPG", b"2")]), "a.jpg")


def test_what_is_locked_is_refused() -> None:
    file = zip_of([("a.jpg", b"x")], zipfile.ZIP_STORED)
    locked = changed(file, b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    assert "password" in trouble(locked, "a.jpg")


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_needs_much_memory_to_unpack_is_refused(packed: int) -> None:
    assert "plain ZIP" in trouble(zip_of([("a.jpg", b"x")], packed), "a.jpg")


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"PK\x03\x04" + bytes(100), b"PK\x05\x06", bytes(100_000)])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    assert "not a ZIP" in refused(BytesIO(content))


def test_half_a_zip_is_refused() -> None:
    content = zip_of([("a.jpg", b"x" * 1000)], zipfile.ZIP_STORED).getvalue()
    assert "not a ZIP" in refused(BytesIO(content[:600]))


def test_a_damaged_file_says_so() -> None:
    file = changed(zip_of([("a.jpg", b"goodgood")], zipfile.ZIP_STORED), b"goodgood", b"badxbadx")
    with opened(file) as archive, pytest.raises(RuleBroken, match="damaged") as refusal:
        archive.content("a.jpg")
    assert refusal.value.field is None, "it is about one file"


def test_too_many_files_are_refused() -> None:
    assert "more than 500 files" in refused(zip_of((f"{number}.jpg", b"") for number in range(501)))
    with opened(zip_of((f"{number}.jpg", b"") for number in range(500))) as archive:
        assert len(archive.names()) == 500


def test_what_says_that_it_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_UNPACKED", 3 * LARGE)
    bomb = zip_of((f"{number}.jpg", bytes(LARGE)) for number in range(4))
    assert len(bomb.getvalue()) < 10_000
    assert "200 MB" in refused(bomb)


def test_a_bomb_that_tells_a_small_size_gives_no_more_than_that() -> None:
    size = struct.pack("<L", 5 * LARGE)
    liar = changed(zip_of([("a.jpg", bytes(5 * LARGE))]), size, struct.pack("<L", 10))
    with opened(liar) as archive, suppress(RuleBroken):
        assert len(archive.content("a.jpg")) <= 10


def test_what_is_unpacked_is_counted_whatever_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(zip_of([("a.jpg", bytes(100)), ("b.jpg", bytes(100))])) as archive:
        monkeypatch.setattr(archives, "MOST_UNPACKED", 150)
        archive.content("a.jpg")
        with pytest.raises(RuleBroken, match="200 MB"):
            archive.content("b.jpg")


def test_one_file_is_read_no_further_than_a_photograph_may_go() -> None:
    with opened(zip_of([("a.jpg", bytes(images.MOST_BYTES + LARGE))])) as archive:
        assert len(archive.content("a.jpg")) == images.MOST_BYTES + 1


def test_a_table_of_contents_of_megabytes_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_how: pytest.fail("read"))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2 * LARGE, 0, 0)
    assert "far too many files" in refused(BytesIO(bytes(3 * LARGE) + end))
    locator = b"PK\x06\x07" + bytes(16)
    assert "far too many files" in refused(BytesIO(locator + end))


def test_an_end_record_hidden_in_a_remark_fools_nobody() -> None:
    inner = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jpg", b"x")
        archive.comment = inner + b"!"
    with suppress(RuleBroken), opened(file) as archive:
        assert isinstance(archive, Archive)


@settings(max_examples=200)
@given(st.binary(max_size=200), st.integers(0, 250), st.binary(min_size=1, max_size=8))
def test_no_bytes_break_it(content: bytes, at: int, patch: bytes) -> None:
    whole = bytearray(zip_of([("a.jpg", content), ("b/c.png", b"x")]).getvalue())
    whole[at : at + len(patch)] = patch
    for file in (BytesIO(content), BytesIO(bytes(whole))):
        with suppress(RuleBroken), opened(file) as archive:
            for key in archive.names():
                with suppress(RuleBroken):
                    archive.trouble_with(key)
                    archive.content(key)
