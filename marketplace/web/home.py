"""The first page: what waits for me, what ends soon, what I bid on and sell. Before signing in: what Earnest is."""

from __future__ import annotations

from flask import Blueprint, render_template

from marketplace.auctions import lists, queries as auctions
from marketplace.catalog import queries as catalog
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.web.person import me_or_none
from marketplace.web.waiting import tasks_of

pages = Blueprint("home", __name__)

SHOWN = 6


@pages.get("/")
def show() -> str:
    """What waits for the person, the soonest first; lots that end soon; his bids and his sales."""
    person_id = me_or_none()
    if person_id is None:
        return render_template("home/welcome.html", groups=groups.listed_groups("", limit=SHOWN))
    now = clock.now()
    with clock.at(now):  # one page, one moment
        tasks = tasks_of(person_id)
        ending = auctions.ending_soon(person_id, now=now, limit=SHOWN)
        bids = [bid for bid in lists.bids_of(person_id, open_only=True, before=None, limit=SHOWN) if bid.is_seen]
        sales = lists.sales_of(person_id, open_only=True, before=None, limit=SHOWN)
        items = {lot.item_id for lot, _group in ending} | {task.item_id for task in tasks if task.item_id}
        return render_template(
            "home/show.html",
            tasks=tasks,
            ending=ending,
            bids=bids,
            sales=sales,
            asked=groups.asked_to_join(person_id),
            covers=catalog.covers_of(items),
            my_id=person_id,
            now=now,
        )
