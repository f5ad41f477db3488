"""The sales of a group, and the page on which one is followed: it asks for what has changed, often while lots end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from marketplace.auctions import sale_finding, sale_queries, sale_rules
from marketplace.auctions.sale_models import Sale
from marketplace.auctions.sale_queries import Row, Tally
from marketplace.auctions.sale_rules import State
from marketplace.catalog import queries as catalog
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.web.format import length, short_moment
from marketplace.web.frame import able_in, group_here
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me_or_none

blueprint = Blueprint("sales", __name__, url_prefix="/g/<slug>/sales")


@blueprint.get("")
def index(slug: str) -> str:
    """The sales of a group, the last announced first, and how far each has come."""
    group = group_here(slug, Permission.SEE_LOTS)
    before, limit, now = request.args.get("before", type=row_number), sale_queries.SALES_ON_A_PAGE, clock.now()
    found = sale_queries.sales_of_group(group.id, before=before, limit=limit + 1)
    sales = found[:limit]
    tallies = sale_queries.tallies_of([sale.id for sale in sales], now=now)
    with clock.at(now):  # one page, one moment
        return render_template(
            "sales/index.html",
            group=group,
            sales=[(sale, tally := tallies[sale.id], sale_queries.state_of(sale, tally, now=now)) for sale in sales],
            has_more=len(found) > len(sales),
            able=able_in(group),
        )


@blueprint.get("/<int:number>")
def show(slug: str, number: int) -> str:
    """A sale: what it is, which lot closes next, and all of them in order; afterwards what became of each."""
    group, sale = sale_here(slug, number)
    now = clock.now()
    tally = sale_queries.tallies_of([sale.id], now=now)[sale.id]
    with clock.at(now):
        return render_template("sales/show.html", **_standing(group, sale, tally, now=now))


@blueprint.get("/<int:number>/now")
@limiter.limit("240 per minute")
def now(slug: str, number: int) -> Response:
    """The parts of the page that change; 304 while they are as the page has them."""
    group, sale = sale_here(slug, number)
    moment = clock.now()
    tally = sale_queries.tallies_of([sale.id], now=moment)[sale.id]
    tag = _tag(sale, tally, now=moment)
    answer = Response(status=304)
    if tag not in request.if_none_match:
        with clock.at(moment):
            parts = _standing(group, sale, tally, now=moment)
            answer = Response(render_template("sales/_live.html", **parts), mimetype="text/html")
    answer.set_etag(tag)
    return answer


def sale_here(slug: str, number: int) -> tuple[Group, Sale]:
    """The group and its sale, if the person at the page may see it."""
    group = group_here(slug)
    return group, sale_finding.numbered_sale_for(group.id, number, me_or_none())


def _standing(group: Group, sale: Sale, tally: Tally, *, now: datetime) -> dict[str, Any]:
    """What the page shows: the sale, its lots from the asked place on, and the one that closes next."""
    after = _after()
    found = sale_queries.lots_of(sale, after=after, limit=sale_queries.PAGE + 1)
    rows, state = found[: sale_queries.PAGE], sale_queries.state_of(sale, tally, now=now)
    next_row = sale_queries.next_to_close(sale, now=now) if tally.running else None
    return {
        "group": group,
        "sale": sale,
        "here": {"slug": group.slug, "number": sale.number},
        "tally": tally,
        "hammered": Money(tally.hammered_minor, group.currency),
        "state": state,
        "rows": rows,
        "next_row": next_row,
        "turns_at": _turns_at(sale, state, next_row),
        "covers": catalog.covers_of(row.lot.item_id for row in [*rows, *filter(None, [next_row])]),
        "after": after,
        "has_more": len(found) > len(rows),
        "tag": _tag(sale, tally, now=now),
        "able": able_in(group),
        "now": now,
    }


def _turns_at(sale: Sale, state: State, next_row: Row | None) -> datetime | None:
    """When the page has something new to show by the clock alone."""
    if state is State.GATHERING:
        return sale.starts_at
    ends_at = None if next_row is None else next_row.lot.ends_at
    return sale.first_end_at - sale_rules.CLOSING_FROM if state is State.BIDDING else ends_at


def _tag(sale: Sale, tally: Tally, *, now: datetime) -> str:
    """All that the parts depend on: they are the same for everybody."""
    state = sale_queries.state_of(sale, tally, now=now)
    return f"{sale.id}-{sale.version}-{state.name}-{tally.lots}-{tally.running}-{tally.versions}-{_after()}"


def _after() -> int:
    """The place in the sale behind which the page begins."""
    return int(request.args.get("after", 0, type=row_number))


@blueprint.app_template_filter("sale_state")
def sale_state(state: State) -> str:
    """How far a sale has come, in the reader's language."""
    words: dict[State, str] = {
        State.GATHERING: _("Open for lots"),
        State.BIDDING: _("Bidding"),
        State.CLOSING: _("Closing now"),
        State.OVER: _("Over"),
        State.CALLED_OFF: _("Called off"),
    }
    return words[state]


@blueprint.app_template_filter("gap_words")
def gap_words(seconds: int) -> str:
    """20 seconds; 1 minute; 1 minute 30 seconds."""
    whole, rest = timedelta(seconds=seconds - seconds % 60), timedelta(seconds=seconds % 60)
    return " ".join(length(each) for each in (whole, rest) if each)


@blueprint.app_template_filter("sale_choices")
def sale_choices(sales: Iterable[Sale]) -> list[tuple[str | int, str]]:
    """The options of a field that puts a lot into a sale, or leaves it on its own."""
    return [("", _("None: it has an end of its own")), *((sale.number, _in_a_line(sale)) for sale in sales)]


def _in_a_line(sale: Sale) -> str:
    starts = short_moment(sale.starts_at).striptags()
    return str(_("%(title)s, bidding from %(moment)s", title=sale.title, moment=starts))
