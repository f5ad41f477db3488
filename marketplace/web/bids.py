"""The two steps of a bid, what I bid on, watch and sell, and how bidding works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import bid_rules, bidding, chances, finding, lists, queries, records, schemas
from marketplace.auctions.increment_rules import increments
from marketplace.auctions.models import Lot
from marketplace.auctions.record_file import written
from marketplace.auctions.rules import Lot as LotByLaw, SoftClose, State
from marketplace.auctions.schemas import as_money
from marketplace.catalog import queries as catalog
from marketplace.groups.models import Group
from marketplace.groups.term_rules import Ladder
from marketplace.kernel import clock
from marketplace.kernel.money import Money
from marketplace.web import deposit_words, lots
from marketplace.web.format import money_text
from marketplace.web.forms import Form
from marketplace.web.frame import able_in
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("bids", __name__)

LINES_ON_A_PAGE = 100


@blueprint.post("/g/<slug>/lots/<int:number>/check")
@auth_required()
@limiter.limit("60 per minute")
def check(slug: str, number: int) -> str | tuple[str, int]:
    """The first step of a bid: the full sum, with nothing binding yet."""
    group, lot = lots.lot_here(slug, number)
    form = Form.sent(schemas.PlaceBid)
    with form.refusals():
        maximum = as_money(form.data["maximum"], lot.currency, field="maximum")
        bidding.try_bid(lot_id=lot.id, by=me(), maximum=maximum)
        return lots.lot_page(group, lot, form, confirming=maximum)
    return _again(group, lot, form), 422


@blueprint.post("/g/<slug>/lots/<int:number>/bid")
@auth_required()
@limiter.limit("60 per minute")
def bid(slug: str, number: int) -> Response | tuple[str, int]:
    """The second step: the bid is placed, and the page says who leads."""
    lot_id, currency, g.zone = finding.addressed(slug, number)  # why it is refused may hold a moment
    form = Form.sent(schemas.PlaceBid)
    with form.refusals():
        maximum = as_money(form.data["maximum"], currency, field="maximum")
        seen = form.data["shipping_seen"]
        placed = bidding.place_bid(
            lot_id=lot_id, by=me(), maximum=maximum, client_key=form.data["client_key"],
            confirmed=form.data["confirmed"], shipping_seen=None if seen is None else Money(seen, currency),
        )  # fmt: skip
        if placed.leads:
            sums = {"price": money_text(placed.price), "maximum": money_text(placed.maximum)}
            flash(_("You lead at %(price)s. We bid for you up to %(maximum)s, only as far as needed.", **sums))
        elif placed.is_sealed:
            flash(_("Your sealed bid of %(maximum)s is in. Nobody sees it until the end.",
                    maximum=money_text(placed.maximum)))  # fmt: skip
        return redirect(url_for("lots.show", slug=slug, number=number))
    return _again(*lots.lot_here(slug, number), form), 422


def _again(group: Group, lot: Lot, form: Form) -> str:
    """Why the bid was refused, the price now and the form: short, for in the last seconds he bids again at once."""
    now = clock.now()
    with clock.at(now):  # one page, one moment
        return render_template(
            "lots/bid_again.html",
            deposit=deposit_words.note_of(lot, me()),
            form=form,
            **lots.price_of_lot(group, lot, me(), now=now),
        )


@blueprint.get("/g/<slug>/lots/<int:number>/check")
@blueprint.get("/g/<slug>/lots/<int:number>/bid")
def again(slug: str, number: int) -> Response:
    """Who comes back to a step of his bid, from signing in or by the address bar, is at the lot again."""
    return redirect(url_for("lots.show", slug=slug, number=number))


@blueprint.get("/g/<slug>/lots/<int:number>/bids")
def history(slug: str, number: int) -> str:
    """All bids of a lot, newest first."""
    group, lot = lots.lot_here(slug, number)
    before = request.args.get("before", type=row_number)
    lines = queries.history(lot, me_or_none(), before=before, limit=LINES_ON_A_PAGE + 1)
    with clock.at(clock.now()):  # one page, one moment
        return render_template(
            "lots/history.html",
            group=group,
            lot=lot,
            lines=lines[:LINES_ON_A_PAGE],
            more=lines[LINES_ON_A_PAGE - 1].id if len(lines) > LINES_ON_A_PAGE else None,
            able=able_in(group),
        )


@blueprint.get("/g/<slug>/lots/<int:number>/record.json")
@auth_required()
@limiter.limit("60 per minute")
def record(slug: str, number: int) -> Response:
    """The record of the auction, for `python -m marketplace.auctions.verify`. My own maxima are open in my copy."""
    group, lot = lots.lot_here(slug, number)
    found = records.record_for(lot, me())
    answer = Response(written(found, group=group.name, number=number, title=lot.title), mimetype="application/json")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{group.slug}-lot-{number}.json")
    return answer


@blueprint.get("/bids")
@auth_required()
def mine() -> str:
    """The lots I have bid on: where I lead, where I was outbid; or what became of them."""
    return _list_page("lots/my_bids.html", lists.bids_of)


@blueprint.get("/watching")
@auth_required()
def watched() -> str:
    """The lots I keep an eye on: those that run or will; or what became of them."""
    return _list_page("lots/watching.html", lists.watched_by)


@blueprint.get("/sales")
@auth_required()
def sales() -> str:
    """The lots I sell: those that run or will; or what became of them."""
    return _list_page("lots/my_sales.html", lists.sales_of)


@blueprint.get("/how-bidding-works")
def law() -> str:
    """The law of bidding in plain words, with an example that the law itself has computed."""
    return render_template("lots/law.html", ladders={each: _steps(each) for each in Ladder}, example=list(_example()))


def _steps(ladder: Ladder, currency: str = "EUR") -> list[tuple[Money, Money]]:
    """From each price up, the step."""
    return [(Money(start, currency), Money(step, currency)) for start, step in increments(currency, ladder)]


def _list_page(template: str, find: lists.PersonalList) -> str:
    has_ended, now = request.args.get("show") == "ended", clock.now()
    before = request.args.get("before", type=row_number)
    found = find(me(), open_only=not has_ended, before=before, limit=lists.PAGE + 1)
    entries = found[: lists.PAGE]
    with clock.at(now):  # one page, one moment
        return render_template(
            template,
            entries=entries,
            covers=catalog.covers_of(entry.lot.item_id for entry in entries if entry.is_seen),
            more=entries[-1].key if len(found) > lists.PAGE else None,
            has_ended=has_ended,
            me_id=me(),
            wants_no_chances=chances.wants_none(me()),
            now=now,
        )


class Step(NamedTuple):
    """One bid of the example, and how things stand after it."""

    name: str
    maximum: Money
    leader: str
    price: Money
    least: Money
    second: Money | None


# Four bids that show it all: the opening price, one step over the runner-up, a raise that moves nothing, a new leader.
_EXAMPLE = (("Heron", 120_00), ("Larch", 80_00), ("Heron", 150_00), ("Larch", 152_00))


def _example() -> list[Step]:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    names = sorted({name for name, _maximum in _EXAMPLE})
    lot = LotByLaw(
        state=State.RUNNING, seller_id=0, opening=Money(50_00, "EUR"), reserve=None, starts_at=noon,
        scheduled_end_at=noon + timedelta(days=7), ends_at=noon + timedelta(days=7),
        soft_close=SoftClose(timedelta(), timedelta()),
    )  # fmt: skip
    steps = []
    for name, minor in _EXAMPLE:
        maximum = Money(minor, "EUR")
        lot = bid_rules.judge_bid(lot, bidder_id=1 + names.index(name), maximum=maximum, now=noon).lot
        leader = names[(lot.leader_id or 1) - 1]
        steps.append(Step(name, maximum, leader, bid_rules.price(lot), bid_rules.least_bid(lot), lot.second_maximum))
    return steps
