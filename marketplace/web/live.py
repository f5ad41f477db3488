"""A lot's page that keeps itself up to date: told of each change, it asks for the parts that changed.

Over the open line goes a lot's version with the server's time and nothing else, so that what is somebody's own (his
maximum, that he was outbid) comes only with the page's own request, and is asked for with his own rights each time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from threading import Lock
from time import time
from typing import NamedTuple

from cachetools import TTLCache
from flask import Blueprint, Flask, current_app, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.auctions import queries
from marketplace.auctions.models import Lot
from marketplace.auctions.trail import trail_of_lot
from marketplace.config import Settings
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web import gaps
from marketplace.web.frame import permissions_of
from marketplace.web.limits import limiter
from marketplace.web.live_hub import Full, Hub, Listener
from marketplace.web.lots import lot_here, standing_of_lot
from marketplace.web.person import me_or_none

blueprint = Blueprint("live", __name__, url_prefix="/g/<slug>/lots/<int:number>")

_ASK_AGAIN_AFTER_SECONDS = 60
_RETRY_MILLISECONDS = 3000
_SHARED_SECONDS = 1.0
_kept: TTLCache[tuple[object, ...], list[str]] = TTLCache(maxsize=64, ttl=_SHARED_SECONDS)
_lock = Lock()


def register(app: Flask) -> None:
    settings: Settings = app.config["EARNEST"]

    def versions(lot_ids: Collection[int]) -> Mapping[int, int]:
        with app.app_context():
            engine = db.engine
        with engine.connect() as connection:
            rows = connection.execute(select(Lot.id, Lot.version).where(Lot.id.in_(lot_ids)))
            return {row.id: row.version for row in rows}

    app.extensions["earnest_live"] = Hub(versions, most=settings.live_streams)


@blueprint.get("/live")
@limiter.limit("120 per minute")
def stream(slug: str, number: int) -> Response:
    """Server-sent events: the lot's version, whenever it is another, and what time it is.

    The page may be one that the browser has kept: its countdown goes by this time. 503 where as many pages listen as
    may.
    """
    lot = lot_here(slug, number)[1]
    if request.method == "HEAD":  # has no body, so nothing would tell when the place is free again
        return Response(mimetype="text/event-stream")
    hub: Hub = current_app.extensions["earnest_live"]
    try:
        listener = hub.join(lot.id, lot.version)
    except Full:
        return Response(status=503, headers={"Retry-After": str(_ASK_AGAIN_AFTER_SECONDS)})
    ahead = clock.now().timestamp() - time()  # of this process: the time that counts is the database's
    answer = Response(_events(listener, ahead), mimetype="text/event-stream")
    answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"] = "no-store", "no"
    answer.call_on_close(lambda: hub.leave(listener))
    return answer


@blueprint.get("/now")
@limiter.limit("240 per minute")
def now(slug: str, number: int) -> Response:
    """The parts of the page that change; 304 while they are as the page has them."""
    seen = _as_many_see_it(slug, number) or _as_one_sees_it(slug, number)
    is_his = seen.tag in request.if_none_match
    answer = Response(status=304) if is_his else Response(seen.parts(), mimetype="text/html")
    answer.set_etag(seen.tag)
    return answer


class _Seen(NamedTuple):
    """The parts that change, as a reader sees them, and their tag."""

    tag: str
    parts: Callable[[], str]


def _as_one_sees_it(slug: str, number: int) -> _Seen:
    group, lot = lot_here(slug, number)
    moment, maximum = clock.now(), queries.maximum_of(lot.id, me_or_none())
    tag = _tag(lot.id, lot.version, is_live=lot.ends_at > moment, maximum=maximum)
    return _Seen(tag, lambda: _parts(group, lot, me_or_none(), moment))


def _as_many_see_it(slug: str, number: int) -> _Seen | None:
    """For who neither sells nor bids there: when a lot closes a hundred pages ask at once, and most for the same."""
    trail = trail_of_lot(slug, number, me_or_none() or gaps.NOBODY)
    able = frozenset() if trail is None or trail.who is None else permissions_of(trail.who)
    if trail is None or not trail.has_no_seat or Permission.SEE_LOTS not in able:
        return None
    moment, (lot_id, version, *_seller) = clock.as_read(trail.read_at), trail.rest
    is_live = trail.moments[-1] > moment
    key = (*trail.rest, is_live, able)

    def parts() -> str:
        with _lock:
            known = _kept.get(key)
        if known is None:
            known = gaps.made_for_many(lambda reader: _parts(*lot_here(slug, number), reader.person_id, moment))
            with _lock:
                _kept[key] = known
        return gaps.filled_with_clock(known, moment)

    return _Seen(_tag(lot_id, version, is_live=is_live, maximum=None), parts)


def forget() -> None:
    """Keep nothing any more: for tests, whose databases come and go."""
    with _lock:
        _kept.clear()


def _parts(group: Group, lot: Lot, reader_id: int | None, moment: datetime) -> str:
    with clock.at(moment):  # one page, one moment
        return render_template("lots/_live.html", **standing_of_lot(group, lot, reader_id, now=moment))


def _events(listener: Listener, ahead: float) -> Iterator[str]:
    yield f"retry: {_RETRY_MILLISECONDS}\n\n"
    for version in listener.told():
        yield ": still here\n\n" if version is None else f"data: {version} {int((time() + ahead) * 1000)}\n\n"


def _tag(lot_id: int, version: int, *, is_live: bool, maximum: int | None) -> str:
    """All that the parts depend on: the lot, who looks, what he has bid (a sealed bid moves no version)."""
    return f"{lot_id}-{version}-{int(is_live)}-{me_or_none() or 0}-{maximum or 0}"
