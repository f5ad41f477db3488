"""What decides whether a page of a group is still what its reader has of it: see sight.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from marketplace.auctions.trail import Trail

SETTLED_AFTER = timedelta(seconds=5)
"""Longer than any deed takes from its line to its commit."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_NEAR = timedelta(days=2)
_HERE = Path(__file__).parents[1]
_PARTS = (_HERE, _HERE.parent / "templates")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as one reader gets it, as far as its tag goes."""

    slug: str
    number: int | None
    """Of the lot; none for the list of a group's lots."""
    query: bytes
    """What the address asks for, of a list."""
    reader: tuple[object, ...]
    """What it shows of its reader; of one who has signed in, his name comes second."""

    @property
    def reader_name(self) -> object:
        return self.reader[1]

    def tag(self, trail: Trail, now: datetime) -> str | None:
        """None for a page that may change any moment."""
        common = self.common_tag(trail, now)
        return None if common is None else self.tag_for_reader(common)

    def tag_for_reader(self, common: str) -> str:
        """The tag of the reader's page, from what stands for all of it but him."""
        return sha256(f"{common}{self.reader!r}".encode()).hexdigest()[:32]

    def common_tag(self, trail: Trail, now: datetime) -> str | None:
        """What stands for the page but for its reader; none for one that may change any moment."""
        is_settled = trail.line_at is None or now - trail.line_at >= SETTLED_AFTER
        if not is_settled or any(timedelta() < moment - now <= _HOUR for moment in trail.moments):
            return None
        minute = now.replace(second=0, microsecond=0) if self.number is None else None  # a list shows minutes of each
        # The moment with the number: after a backup was put back, numbers come again.
        where = self.slug, self.number, self.query
        shown = (trail.line_id, trail.line_at, trail.rest, where, minute, as_shown(trail, now), _release())
        return sha256(repr(shown).encode()).hexdigest()[:32]


def as_shown(trail: Trail, now: datetime) -> tuple[object, ...]:
    """The time, as finely as a page tells it: "today", hours to a start or an end, minutes to one that is near."""
    rests = [moment - now for moment in trail.moments]
    counted = [rest // (_MINUTE if rest <= _NEAR else _HOUR) if rest > timedelta() else None for rest in rests]
    return now.astimezone(ZoneInfo(trail.time_zone)).date(), *counted


@cache
def _release() -> int:
    """Another number for every change of the product itself."""
    files = (file for part in _PARTS for file in part.rglob("*") if file.suffix in {".py", ".html", ".js", ".css"})
    return max(file.stat().st_mtime_ns for file in files)
