"""Whether a page of a group is still what its reader has of it, so that it need not be made or sent again.

What it was made from (auctions/trail.py), the time as the page shows it and what it shows of its reader stand for all
of it: two queries instead of twenty. A page has a tag only once the newest line of the group's trail is a few seconds
old, for a line with a smaller number may still be on its way to its commit; and none in a lot's last hour, in which it
shows seconds.

A browser may keep a page that has a tag, and asks each time whether it still holds. Pages for readers who have not
signed in are the same for all of them: each process keeps some. What was answered a moment ago is answered again before
the application is asked at all (early.py).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache
from flask import Response, g, make_response, request, session
from flask_login import current_user

from marketplace.auctions.trail import Trail, trail_of_group, trail_of_lot
from marketplace.kernel import clock
from marketplace.web import early
from marketplace.web.person import me_or_none
from marketplace.web.sheets import Sheet
from marketplace.web.waiting import count_for

_pages: LRUCache[str, str] = LRUCache(maxsize=64)
_lock = Lock()


def tag_of_lot(slug: str, number: int) -> str | None:
    """The tag of the lot's page as this request would get it; none for one that may change any moment."""
    return _tag(trail_of_lot(slug, number), Sheet(slug, number, b"", _reader()))


def tag_of_catalogue(slug: str) -> str | None:
    """The same for the list of a group's lots that the address asks for."""
    return _tag(trail_of_group(slug), Sheet(slug, None, request.query_string, _reader()))


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


def _tag(trail: Trail | None, sheet: Sheet) -> str | None:
    if trail is None or "_flashes" in session:
        return None
    g.sheet = sheet
    return sheet.tag(trail, clock.as_read(trail.read_at))


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
