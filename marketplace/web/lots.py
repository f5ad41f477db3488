"""The catalogue of a group, the page of a lot, and what its seller or a moderator does with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.auctions import (
    bid_rules,
    chances,
    finding,
    listing_rules,
    offer_queries,
    queries,
    sale_queries,
    schemas,
    service,
    watching,
)
from marketplace.auctions.increment_rules import increment
from marketplace.auctions.models import Lot
from marketplace.auctions.rules import Action, State
from marketplace.auctions.schemas import as_money
from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Item
from marketplace.disputes import queries as disputes
from marketplace.escrow import queries as orders
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.kernel.money import Money
from marketplace.payments import sellers
from marketplace.payments.rules import Through
from marketplace.reputation import queries as reputation
from marketplace.web import catalogue_page, deposit_words, dispute_words, lot_words, question_words, sight
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("lots", __name__, url_prefix="/g/<slug>")
lot_words.register(blueprint)

# What the form for a new lot proposes: a week, ending in the evening, when people are at home.
USUAL_DAYS = 7
USUAL_HOUR = 20


@blueprint.get("/lots")
def catalogue(slug: str) -> Response:
    """The lots of a group, as cards: those that run, that will, or that have ended."""
    return sight.page(
        sight.of_catalogue(slug), lambda _reader: catalogue_page.page_of(group_here(slug, Permission.SEE_LOTS))
    )


@blueprint.get("/lots/<int:number>")
def show(slug: str, number: int) -> Response:
    """A lot: its photographs, what is promised, the price, the time left, and the form for a bid."""
    return sight.page(
        sight.of_lot(slug, number),
        lambda reader: _page_for(reader.person_id, *lot_here(slug, number), reader.form),
    )


@blueprint.get("/items/<int:item_id>/auction")
@auth_required()
def new(slug: str, item_id: int) -> str | Response:
    """The form that puts an item up: opening price, reserve, start and end, and what follows from each."""
    group, item = _item(slug, item_id)
    last = queries.lot_of_item(item.id)
    if last is not None and last.state in {State.SCHEDULED, State.RUNNING}:
        return _to(slug, last)
    return _form_page(group, item, Form())


@blueprint.post("/items/<int:item_id>/auction")
@auth_required()
@limiter.limit("60 per hour")
def put_up(slug: str, item_id: int) -> Response | tuple[str, int]:
    """The item is a lot now; members see it in the catalogue."""
    group, item = _item(slug, item_id)
    form = Form.sent(schemas.ListLot)
    _ask_stripe(group)
    with form.refusals():
        lot = service.list_lot(by=me(), item_id=item.id, **_asked(form.data, group))
        flash(_("This is lot %(number)s now. Members see it in the catalogue.", number=lot.number))
        return _to(slug, lot)
    return _form_page(group, item, form), 422


def _ask_stripe(group: Group) -> None:
    """Where buyers pay by card, the seller's account has to stand well now: Stripe is asked before he lists."""
    if group.terms.gateway is Through.STRIPE:
        sellers.fetch_if_old(me())


@blueprint.post("/lots/<int:number>/withdraw")
@auth_required()
@limiter.limit("60 per hour")
def withdraw(slug: str, number: int) -> Response:
    """The lot is taken back; its item stays and can be put up again."""
    lot = lot_here(slug, number)[1]
    service.withdraw_lot(lot_id=lot.id, by=me())
    flash(_("The lot is withdrawn. You can put the item up again at any time."))
    return _to(slug, lot)


@blueprint.post("/lots/<int:number>/relist")
@auth_required()
@limiter.limit("60 per hour")
def relist(slug: str, number: int) -> Response:
    """The item is a new lot, with the same prices and as long as before."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.Deed)
    _ask_stripe(group)
    with form.refusals():
        again = service.relist(lot_id=lot.id, by=me(), **form.data)
        flash(_("Listed again, as lot %(number)s, with the same prices and as long as before.", number=again.number))
        return _to(slug, again)
    flash(next(iter(form.errors.values())), "clock")
    return _to(slug, lot)


@blueprint.post("/lots/<int:number>/watch")
@auth_required()
@limiter.limit("60 per minute")
def watch(slug: str, number: int) -> Response:
    """The lot is on my list, and I am told an hour before it ends."""
    lot = lot_here(slug, number)[1]
    is_told = watching.watch(lot_id=lot.id, by=me())
    flash(_("You watch this lot. We tell you an hour before it ends.") if is_told else
          _("You watch this lot. It ends within the hour, so we send no reminder."))  # fmt: skip
    return _to(slug, lot)


@blueprint.post("/lots/<int:number>/stop-watching")
@auth_required()
@limiter.limit("60 per minute")
def stop_watching(slug: str, number: int) -> Response:
    """The lot is off my list."""
    lot = lot_here(slug, number)[1]
    watching.stop_watching(lot_id=lot.id, by=me())
    flash(_("You no longer watch this lot."))
    return _to(slug, lot)


@blueprint.get("/lots/<int:number>/hide")
@auth_required()
def hiding(slug: str, number: int) -> str:
    """What hiding a lot does, and the reason that its seller reads."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.HIDE_LOT)
    return render_template("lots/hide.html", group=group, lot=lot, form=Form())


@blueprint.post("/lots/<int:number>/hide")
@auth_required()
@limiter.limit("60 per hour")
def hide(slug: str, number: int) -> Response | tuple[str, int]:
    """The lot is out of sight but for its seller and the officers."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.HideLot)
    with form.refusals():
        service.hide_lot(lot_id=lot.id, by=me(), **form.data)
        flash(_("The lot is hidden. Its seller reads your reason."))
        return _to(slug, lot)
    return render_template("lots/hide.html", group=group, lot=lot, form=form), 422


def lot_here(slug: str, number: int) -> tuple[Group, Lot]:
    """The group and its lot, if the person at the page may see it."""
    group = group_here(slug)
    return group, finding.numbered_lot_for(group.id, number, me_or_none())


def _item(slug: str, item_id: int) -> tuple[Group, Item]:
    """My item in this group. Others hear that it is not theirs, or that there is none."""
    group = group_here(slug)
    item = catalog.item_for(item_id, me())
    if item.group_id != group.id:
        raise NotFound("There is no such item.")
    if item.seller_id != me():
        raise NotAllowed("Only its seller puts an item up. Ask the seller.")
    return group, item


def _asked(data: dict[str, Any], group: Group) -> dict[str, Any]:
    """The form's data with its amounts in the group's currency."""
    sums = {name: data[name] for name in ("opening", "reserve", "buy_now")}
    return data | {
        name: None if typed is None else as_money(typed, group.currency, field=name) for name, typed in sums.items()
    }


def _form_page(group: Group, item: Item, form: Form) -> str:
    evening = clock.now().astimezone(ZoneInfo(group.time_zone)) + timedelta(days=USUAL_DAYS)
    return render_template(
        "lots/new.html",
        group=group,
        item=item,
        form=form,
        usual_end=evening.replace(hour=USUAL_HOUR, minute=0, second=0, microsecond=0),
        law=listing_rules,
        sales=sale_queries.open_for_lots(group.id, now=clock.now()),
    )


def _to(slug: str, lot: Lot) -> Response:
    return redirect(url_for(".show", slug=slug, number=lot.number))


def _order_of(lot: Lot, person_id: int | None) -> int | None:
    """The order that came of the lot, for its two parties."""
    if lot.state != State.SOLD or person_id not in {lot.seller_id, lot.leader_id}:
        return None
    order = orders.order_of_lot(lot.id)
    return None if order is None else order.id


def _desk_of(lot: Lot, reader_id: int | None, *, now: datetime) -> offer_queries.Desk | None:
    """What a lot that has passed says of offers."""
    if lot.state != State.PASSED:
        return None
    return offer_queries.desk_of(lot, catalog.item(lot.item_id), reader_id, now=now)


def lot_page(group: Group, lot: Lot, form: Form, *, confirming: Money | None = None) -> str:
    """The page of a lot; `confirming` is the maximum that waits for its second step."""
    return _page_for(me_or_none(), group, lot, form, confirming=confirming)


def _page_for(reader_id: int | None, group: Group, lot: Lot, form: Form, *, confirming: Money | None = None) -> str:
    now = clock.now()
    with clock.at(now):  # one page, one moment
        standing = standing_of_lot(group, lot, reader_id, now=now)
        return render_template(
            "lots/show.html",
            photos=catalog.photos_of([lot.item_id])[lot.item_id],
            remarks=catalog.remarks_of(lot.item_id),
            seller=people.person(lot.seller_id),
            standing=reputation.standing_of(lot.seller_id, group.id),
            may_relist=Action.RELIST in standing["seat"].actions and queries.is_latest_of_item(lot),
            came_back=dispute_words.came_back_words(disputes.came_back(lot)),
            talk=question_words.talk_of(lot, reader_id),
            place=sale_queries.place_of(lot),
            order_id=_order_of(lot, reader_id),
            desk=_desk_of(lot, reader_id, now=now),
            deposit=deposit_words.note_of(lot, reader_id),
            confirming=confirming,
            is_far_above=confirming is not None and bid_rules.needs_second_look(lot.price, confirming),
            form=form,
            **standing,
        )


def standing_of_lot(group: Group, lot: Lot, reader_id: int | None, *, now: datetime) -> dict[str, Any]:
    """What the changing parts of the page show: the lot, the reader's seat at it, and the last bids."""
    lines = queries.history(lot, reader_id, limit=queries.HISTORY_SHOWN + 1)
    return {
        **price_of_lot(group, lot, reader_id, now=now),
        "lines": lines[: queries.HISTORY_SHOWN],
        "has_more_lines": len(lines) > queries.HISTORY_SHOWN,
    }


def price_of_lot(group: Group, lot: Lot, reader_id: int | None, *, now: datetime) -> dict[str, Any]:
    """The same without the bids."""
    able = able_in(group)
    seat = queries.seat_of(lot, reader_id, now=now)
    is_live = lot.state == State.RUNNING and lot.ends_at > now
    return {
        "group": group,
        "lot": lot,
        "item": catalog.item(lot.item_id),
        "here": {"slug": group.slug, "number": lot.number},
        "seat": seat,
        "chance": chances.open_chance(lot, reader_id),
        "is_live": is_live,
        "step": increment(lot.price, lot.terms.ladder),
        "phase": "over" if lot.state == State.RUNNING and not is_live else lot.state,
        "may_bid": Action.BID in seat.actions and Permission.PLACE_BID in able,
        "is_outbid": is_live and seat.has_bid and not seat.leads and not lot.is_blind,
        "able": able,
        "is_signed_in": reader_id is not None,
        "now": now,
    }
