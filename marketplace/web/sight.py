"""Whether a page of a group is still what its reader has of it, so that it need not be made or sent again.

Everything that is done in a group leaves a line in its audit trail. So the newest line, the time as the page shows it
and what the page shows of its reader stand for all that it shows: two queries instead of twenty. A page has a tag only
once the newest line is a few seconds old, for a line with a smaller number may still be on its way to its commit.

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

from cachetools import LRUCache
from flask import Response, make_response, request, session
from flask_login import current_user
from sqlalchemy import bindparam, func, select

from marketplace.accounts.models import Person
from marketplace.auctions.models import Lot
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.audit import AuditLine
from marketplace.kernel.database import db
from marketplace.web.person import me_or_none
from marketplace.web.waiting import count_for

SETTLED_AFTER = timedelta(seconds=5)
"""Longer than any deed takes from its line to its commit."""
_HERE = Path(__file__).parents[1]
_PARTS = (_HERE, _HERE.parent / "templates")


_NEWEST = select(func.max(AuditLine.id)).where(AuditLine.group_id == Group.id).correlate(Group).scalar_subquery()
_GROUP = (
    select(AuditLine.id, AuditLine.at)
    .select_from(Group)
    .outerjoin(AuditLine, AuditLine.id == _NEWEST)
    .where(Group.slug == bindparam("slug"))
)
# The seller may change his name, everywhere: no line of the group's tells of that.
_LOT = (
    select(AuditLine.id, AuditLine.at, Lot.starts_at, Lot.ends_at, Lot.id, Lot.version, Person.name, Person.picture_key)
    .select_from(Lot)
    .join(Group, Group.id == Lot.group_id)
    .join(Person, Person.id == Lot.seller_id)
    .outerjoin(AuditLine, AuditLine.id == _NEWEST)
    .where(Group.slug == bindparam("slug"), Lot.number == bindparam("number"))
)
_pages: LRUCache[str, str] = LRUCache(maxsize=256)
_lock = Lock()


def tag_of_lot(slug: str, number: int) -> str | None:
    """The tag of the lot's page as this request would get it; none for one that may change any moment."""
    row = db.session.execute(_LOT, {"slug": slug, "number": number}).one_or_none()
    if row is None:
        return None
    line_id, line_at, starts_at, ends_at, *shown = row
    now = clock.now()
    return _tag(line_id, line_at, now, [*shown, _as_shown(starts_at - now), _as_shown(ends_at - now)])


def tag_of_catalogue(slug: str) -> str | None:
    """The same for the list of a group's lots that the address asks for. It shows how long each still runs."""
    row = db.session.execute(_GROUP, {"slug": slug}).one_or_none()
    if row is None:
        return None
    now = clock.now()
    return _tag(*row, now, [slug, request.query_string, now.replace(second=0, microsecond=0)])


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


def _tag(line_id: int | None, line_at: datetime | None, now: datetime, shown: list[object]) -> str | None:
    if "_flashes" in session or (line_at is not None and now - line_at < SETTLED_AFTER):
        return None
    return sha256(repr((line_id, shown, _reader(), _release())).encode()).hexdigest()[:32]


def _kept_by_the_browser(answer: Response, tag: str) -> Response:
    """Its reader's browser may keep it, and asks each time; signing out makes it forget."""
    answer.set_etag(tag)
    answer.cache_control.private = answer.cache_control.no_cache = True
    answer.cache_control.max_age = 0
    return answer


def _as_shown(rest: timedelta) -> int:
    """The page counts days, and in the last two days minutes."""
    return rest.days if rest > timedelta(days=2) else rest // timedelta(minutes=1)


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
