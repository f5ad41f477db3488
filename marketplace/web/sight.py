"""Whether a page of a group is still what its reader has of it, so that it need not be made or sent again.

What it was made from (auctions/trail.py), the time as the page shows it and what it shows of its reader stand for all
of it: two queries instead of twenty. A page has a tag only once the newest line of the group's trail is a few seconds
old, for a line with a smaller number may still be on its way to its commit; and none in a lot's last hour, in which it
shows seconds.

A browser may keep a page that has a tag, and asks each time whether it still holds. Pages for readers who have not
signed in are the same for all of them: each process keeps some.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

from cachetools import LRUCache
from flask import Response, make_response, request, session
from flask_login import current_user

from marketplace.auctions.trail import Trail, trail_of_group, trail_of_lot
from marketplace.kernel import clock
from marketplace.web.person import me_or_none
from marketplace.web.waiting import count_for

SETTLED_AFTER = timedelta(seconds=5)
"""Longer than any deed takes from its line to its commit."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_NEAR = timedelta(days=2)
_HERE = Path(__file__).parents[1]
_PARTS = (_HERE, _HERE.parent / "templates")

_pages: LRUCache[str, str] = LRUCache(maxsize=256)
_lock = Lock()


def tag_of_lot(slug: str, number: int) -> str | None:
    """The tag of the lot's page as this request would get it; none for one that may change any moment."""
    return _tag(trail_of_lot(slug, number), ())


def tag_of_catalogue(slug: str) -> str | None:
    """The same for the list of a group's lots that the address asks for. It shows minutes of each."""
    minute = clock.now().replace(second=0, microsecond=0)
    return _tag(trail_of_group(slug), (slug, request.query_string, minute))


def page(tag: str | None, make: Callable[[], str]) -> Response:
    """The page, or the short answer that its reader has it."""
    if tag is None:
        return make_response(make())
    if tag in request.if_none_match:
        return _kept_by_the_browser(Response(status=304), tag)
    is_everybodys = me_or_none() is None and not session
    with _lock:
        known = _pages.get(tag) if is_everybodys else None
    text = known or make()
    if is_everybodys and not session:  # making it has begun no session either
        with _lock:
            _pages[tag] = text
    return _kept_by_the_browser(make_response(text), tag)


def _tag(trail: Trail | None, also: tuple[object, ...]) -> str | None:
    if trail is None or "_flashes" in session:
        return None
    now = clock.now()
    is_settled = trail.line_at is None or now - trail.line_at >= SETTLED_AFTER
    if not is_settled or any(timedelta() < moment - now <= _HOUR for moment in trail.moments):
        return None
    shown = (trail.line_id, trail.rest, also, as_shown(trail, now), _reader(), _release())
    return sha256(repr(shown).encode()).hexdigest()[:32]


def as_shown(trail: Trail, now: datetime) -> tuple[object, ...]:
    """The time, as finely as a page tells it: "today", hours to a start or an end, minutes to one that is near."""
    rests = [moment - now for moment in trail.moments]
    counted = [rest // (_MINUTE if rest <= _NEAR else _HOUR) if rest > timedelta() else None for rest in rests]
    return now.astimezone(ZoneInfo(trail.time_zone)).date(), *counted


def _kept_by_the_browser(answer: Response, tag: str) -> Response:
    """Its reader's browser may keep it, and asks each time; signing out makes it forget."""
    answer.set_etag(tag)
    answer.cache_control.private = answer.cache_control.no_cache = True
    answer.cache_control.max_age = 0
    return answer


def _reader() -> tuple[object, ...]:
    """Who looks, with which session, after which deed, and what else waits for him."""
    person_id = me_or_none()
    if person_id is None:
        return (session.get("csrf_token"),)
    waits = count_for(person_id)
    return person_id, current_user.name, waits, session.get("csrf_token"), session.get("deed")


@cache
def _release() -> int:
    """Another number for every change of the product itself."""
    files = (file for part in _PARTS for file in part.rglob("*") if file.suffix in {".py", ".html", ".js", ".css"})
    return max(file.stat().st_mtime_ns for file in files)
