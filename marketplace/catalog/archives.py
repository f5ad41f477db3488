"""Photographs that come in a ZIP: looked up by name, unpacked in memory one at a time, never under a path of theirs.

A ZIP says of itself what it likes. So its table of contents is measured before it is read, what it would unpack to is
counted before and while it is, and only ways of packing are taken that need little memory to undo.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from marketplace.catalog.import_rules import file_key
from marketplace.kernel import images
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import shown

FIELD = "photos"
"""The form field that a ZIP is sent in."""
MOST_FILES = 500
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PIXELS = 3_000_000_000
"""Of all photographs of one upload together: a minute or two of one processor."""
MOST_UNREADABLE = 50
"""What turns out to be no photograph may have cost as much as the largest one."""

# Python makes an object of every line of the table of contents: a megabyte has room for our 500 with long names.
_MOST_CONTENTS = 1024 * 1024
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"  # PKWARE APPNOTE 6.3.10, sections 4.3.16 and 4.3.15
_END_SIZE, _LOCATOR_SIZE, _LONGEST_REMARK = 22, 20, 0xFFFF
_ENCRYPTED = 0x1
_ENDINGS = {".jpg", ".jpeg", ".jpe", ".png", ".webp"}
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}


class Archive:
    """A ZIP that is open."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        files = [info for info in file.infolist() if _is_somebodys(info)]
        if len(files) > MOST_FILES:
            raise RuleBroken(
                "This ZIP has more than %(most)s files. Split it, and send each part with its rows.",
                field=FIELD, most=MOST_FILES,
            )  # fmt: skip
        if sum(info.file_size for info in files) > MOST_UNPACKED:
            raise _too_large()
        self._times = Counter(file_key(info.filename) for info in files)
        self._by_key = {file_key(info.filename): info for info in files}
        self._unpacked = 0

    def names(self) -> dict[str, str]:
        """The names of the files, without folders, by what counts of them."""
        return {key: shown(re.split(r"[/\\]", info.filename)[-1]) for key, info in self._by_key.items()}

    def trouble_with(self, key: str) -> RuleBroken | None:
        """What can be said against a file before it is unpacked."""
        info = self._by_key[key]
        if self._times[key] > 1:
            return RuleBroken("Several files in the ZIP have this name. Rename them.")
        if PurePosixPath(key).suffix not in _ENDINGS:
            return RuleBroken("This is not a JPEG, PNG or WebP. Only such photographs are taken from a ZIP.")
        if info.flag_bits & _ENCRYPTED:
            return RuleBroken("This file is locked with a password. Make the ZIP without one.")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            return RuleBroken("This file is packed in a way that is not read here. Make a plain ZIP.")
        return None

    def content(self, key: str) -> bytes:
        """The file, or the beginning of one that is too large. Raises RuleBroken where it cannot be unpacked."""
        try:
            with self._file.open(self._by_key[key]) as file:
                content = file.read(images.MOST_BYTES + 1)
        except Exception:  # hostile bytes make it fail in every way there is
            raise RuleBroken("This file is damaged in the ZIP. Make the ZIP anew.") from None
        self._unpacked += len(content)
        if self._unpacked > MOST_UNPACKED:  # whatever was said in the table of contents
            raise _too_large()
        return content


@contextmanager
def opened(file: BinaryIO) -> Iterator[Archive]:
    """The ZIP in `file`. Raises RuleBroken at form field "photos"."""
    _check_contents(file)
    try:
        archive = zipfile.ZipFile(file)
    except Exception:
        raise _unreadable() from None
    with archive:
        yield Archive(archive)


def _check_contents(file: BinaryIO) -> None:
    """Refuse a table of contents that is too large to be read, by what Python will go by: the last "end" record."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _LONGEST_REMARK - 1))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise _unreadable()
    if tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_END_64):  # for files of 4 GB, or of 65,536 pieces
        raise _too_large()
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if length > _MOST_CONTENTS:
        raise _too_large()
    file.seek(0)


def _is_somebodys(info: zipfile.ZipInfo) -> bool:
    """Whether a person put it there: not a folder, nor what systems leave behind."""
    key = file_key(info.filename)
    is_litter = "__MACOSX" in info.filename or key.startswith("._") or key in _LITTER
    return bool(key) and not info.is_dir() and not is_litter


def _unreadable() -> RuleBroken:
    return RuleBroken("This file is not a ZIP that we can read. Pack the photographs anew, then send it.", field=FIELD)


def _too_large() -> RuleBroken:
    return RuleBroken(
        "This ZIP holds more than 200 MB, or far too many files. Split it, and send each part with its rows.",
        field=FIELD,
    )
