"""Whether a page of a group is still what its reader has of it, so that it need not be made or sent again.

What it was made from (auctions/trail.py), the time as the page shows it and what it shows of its reader stand for all
of it: two queries instead of twenty. A page has a tag only once the newest line of the group's trail is a few seconds
old, for a line with a smaller number may still be on its way to its commit; and none in a lot's last hour, in which it
shows seconds.

A browser may keep a page that has a tag, and asks each time whether it still holds. Pages for readers who have not
signed in are the same for all of them, and so are, but for a few gaps (gaps.py), those of all members who may do the
same and only look on: each process keeps some of both, those without a tag for a second. What was answered a moment ago
is answered again before the application is asked at all (early.py).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from cachetools import LRUCache, TTLCache
from flask import Response, g, make_response, request, session
from flask_login import current_user

from marketplace.auctions.trail import Trail, trail_of_group, trail_of_lot
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.web import early, gaps
from marketplace.web.frame import permissions_of
from marketplace.web.person import me_or_none
from marketplace.web.sheets import Sheet
from marketplace.web.waiting import count_for

SHARED_SECONDS = 1.0
_Key = tuple[Hashable, bool, frozenset[Permission]]
_pages: LRUCache[_Key, list[str]] = LRUCache(maxsize=128)
_of_this_second: TTLCache[_Key, list[str]] = TTLCache(maxsize=128, ttl=SHARED_SECONDS)
_lock = Lock()


class Sight(NamedTuple):
    """A page as this request would get it."""

    slug: str
    tag: str | None
    """None where it may change any moment."""
    common: _Key | None
    """What it is made from, whether its reader has signed in, and what he may do, if it has nothing of his own."""
    now: datetime


def of_lot(slug: str, number: int) -> Sight | None:
    """The page of the lot; none where something is to be said to its reader once, or there is no such lot."""
    return _sight(trail_of_lot(slug, number, me_or_none() or gaps.NOBODY), Sheet(slug, number, b"", _reader()))


def of_catalogue(slug: str) -> Sight | None:
    """The same for the list of a group's lots that the address asks for."""
    return _sight(trail_of_group(slug, me_or_none() or gaps.NOBODY), Sheet(slug, None, request.query_string, _reader()))


def page(seen: Sight | None, make: Callable[[gaps.Reader], str]) -> Response:
    """The page, or the short answer that its reader has it."""
    if seen is None:
        return make_response(gaps.made_for_one(make))
    if seen.tag is not None and seen.tag in request.if_none_match:
        return _kept_by_the_browser(Response(status=304), seen.tag)
    text = gaps.made_for_one(make) if seen.common is None else _shared(seen, seen.common, make)
    answer = make_response(text)
    return answer if seen.tag is None else _kept_by_the_browser(answer, seen.tag)


def forget() -> None:
    """Keep no page any more: for tests, whose databases come and go."""
    with _lock:
        _pages.clear()
        _of_this_second.clear()


def _shared(seen: Sight, key: _Key, make: Callable[[gaps.Reader], str]) -> str:
    """Who may do as much as another to whom it was shown may see it, too; the first of them is asked, in making it."""
    pages = _of_this_second if seen.tag is None else _pages
    with _lock:
        parts = pages.get(key)
    if parts is None:
        parts = gaps.made_for_many(make) if _has_signed_in() else [gaps.made_for_one(make)]
        if _has_signed_in() or not session:  # a page that has begun a session has its token
            with _lock:
                pages[key] = parts
    return gaps.filled(parts, seen.slug, seen.now) if _has_signed_in() else parts[0]


def _sight(trail: Trail | None, sheet: Sheet) -> Sight | None:
    if trail is None or "_flashes" in session:
        return None
    g.sheet = sheet
    now = clock.as_read(trail.read_at)
    common = sheet.common_tag(trail, now)
    where = sheet.slug, sheet.number, sheet.query, trail.rest or trail.line_id
    tag = None if common is None else sheet.tag_for_reader(common)
    return Sight(sheet.slug, tag, _shared_as(trail, common or where), now)


def _shared_as(trail: Trail, made_from: Hashable) -> _Key | None:
    is_common = trail.looks_on if _has_signed_in() else not session
    if trail.who is None or not is_common:
        return None
    return made_from, _has_signed_in(), permissions_of(trail.who)


def _has_signed_in() -> bool:
    return me_or_none() is not None


def _kept_by_the_browser(answer: Response, tag: str) -> Response:
    """Its reader's browser may keep it, and asks each time; signing out makes it forget."""
    if me_or_none() is not None:
        early.remember(request.environ, tag, g.sheet, session["_user_id"])
    elif not session:
        early.remember(request.environ, tag, None, "")
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
