"""A lot's page that keeps itself up to date: told of each change, it asks for the parts that changed.

Over the open line goes a lot's version with the server's time and nothing else, so that what is somebody's own (his
maximum, that he was outbid) comes only with the page's own request, and is asked for with his own rights each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from time import time

from flask import Blueprint, Flask, current_app, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from marketplace.auctions import queries
from marketplace.auctions.models import Lot
from marketplace.config import Settings
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web.limits import limiter
from marketplace.web.live_hub import Full, Hub, Listener
from marketplace.web.lots import lot_here, standing_of_lot
from marketplace.web.person import me_or_none

blueprint = Blueprint("live", __name__, url_prefix="/g/<slug>/lots/<int:number>")

_ASK_AGAIN_AFTER_SECONDS = 60
_RETRY_MILLISECONDS = 3000


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
    group, lot = lot_here(slug, number)
    moment = clock.now()
    tag = _tag(lot, me_or_none(), is_live=lot.ends_at > moment)
    answer = Response(status=304)
    if tag not in request.if_none_match:
        with clock.at(moment):  # one page, one moment
            parts = standing_of_lot(group, lot, me_or_none(), now=moment)
            answer = Response(render_template("lots/_live.html", **parts), mimetype="text/html")
    answer.set_etag(tag)
    return answer


def _events(listener: Listener, ahead: float) -> Iterator[str]:
    yield f"retry: {_RETRY_MILLISECONDS}\n\n"
    for version in listener.told():
        yield ": still here\n\n" if version is None else f"data: {version} {int((time() + ahead) * 1000)}\n\n"


def _tag(lot: Lot, person_id: int | None, *, is_live: bool) -> str:
    """All that the parts depend on: the lot, who looks, what he has bid (a sealed bid moves no version)."""
    maximum = queries.maximum_of(lot.id, person_id)
    return f"{lot.id}-{lot.version}-{int(is_live)}-{person_id or 0}-{maximum or 0}"
