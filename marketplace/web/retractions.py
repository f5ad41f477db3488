"""Taking bids back: one's own, a member's for him, a member's as the seller; and ending a lot that has bids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import queries, retracting, retraction_rules, rules, schemas, service
from marketplace.auctions.bidding import NeedsSecondLook, Placed
from marketplace.auctions.models import Lot
from marketplace.auctions.schemas import as_money
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed
from marketplace.web import retraction_words
from marketplace.web.format import money_text
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.person import me

blueprint = Blueprint("retractions", __name__, url_prefix="/g/<slug>/lots/<int:number>")
retraction_words.register(blueprint)

Page = str | Response | tuple[str, int]


@blueprint.get("/retract")
@auth_required()
def retracting_mine(slug: str, number: int) -> Page:
    """What goes when I take my bids back, why one may, and the one corrected bid."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.RETRACT_BID)
    return _mine(group, lot, Form())


@blueprint.post("/retract")
@auth_required()
@limiter.limit("30 per hour")
def retract(slug: str, number: int) -> Page:
    """My bids are void, and the corrected one stands if I named one."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.RETRACT_BID)
    form, is_far_above = Form.sent(schemas.Retract), False
    with form.refusals():
        asked = form.data
        most = asked["maximum"]
        corrected = None if most is None else as_money(most, lot.currency, field="maximum")
        try:
            placed = retracting.retract(
                lot_id=lot.id, by=me(), reason=asked["reason"], corrected=corrected, client_key=asked["client_key"],
                confirmed=asked["confirmed"],
            )  # fmt: skip
        except NeedsSecondLook:
            is_far_above = True
            raise
        flash(_say(placed, is_blind=lot.is_blind))
        return _back(slug, number)
    return _mine(group, lot, form, is_far_above=is_far_above), 422


@blueprint.get("/retract-for")
@auth_required()
def retracting_for(slug: str, number: int) -> Page:
    """For a moderator: whose bids to take back for him, and why."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.RETRACT_FOR_MEMBER)
    return _others("lots/retract_for.html", group, lot, Form(), retraction_words.REASONS)


@blueprint.post("/retract-for")
@auth_required()
@limiter.limit("30 per hour")
def retract_for(slug: str, number: int) -> Page:
    """The member's bids are void, as he asked."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.RETRACT_FOR_MEMBER)
    form = Form.sent(schemas.RetractFor)
    done = _do(slug, lot, form, retracting.retract_for, _("The bids are taken back, and the bidder is told."))
    return done or (_others("lots/retract_for.html", group, lot, form, retraction_words.REASONS), 422)


@blueprint.get("/cancel-bids")
@auth_required()
def cancelling_bids(slug: str, number: int) -> Page:
    """For the seller: whose bids to cancel, and why."""
    group, lot = _my_lot(slug, number)
    return _others("lots/cancel_bids.html", group, lot, Form(), retraction_words.REFUSALS)


@blueprint.post("/cancel-bids")
@auth_required()
@limiter.limit("30 per hour")
def cancel_bids(slug: str, number: int) -> Page:
    """The member's bids are void, and he does not bid on this lot again."""
    group, lot = _my_lot(slug, number)
    form = Form.sent(schemas.CancelBids)
    done = _do(slug, lot, form, retracting.cancel_bids, _("The bids are cancelled, and the bidder is told why."))
    return done or (_others("lots/cancel_bids.html", group, lot, form, retraction_words.REFUSALS), 422)


@blueprint.get("/cancel")
@auth_required()
def cancelling(slug: str, number: int) -> Page:
    """For the seller: what ending a lot with bids means, and why it is done."""
    group, lot = _my_lot(slug, number)
    return _page("lots/cancel.html", group, lot, Form(), retraction_words.LOTS_GONE)


@blueprint.post("/cancel")
@auth_required()
@limiter.limit("30 per hour")
def cancel(slug: str, number: int) -> Page:
    """The lot is over; everybody who bid is told why."""
    group, lot = _my_lot(slug, number)
    form = Form.sent(schemas.CancelLot)
    done = _do(slug, lot, form, service.cancel_lot, _("The lot is cancelled. Everybody who bid is told why."))
    return done or (_page("lots/cancel.html", group, lot, form, retraction_words.LOTS_GONE), 422)


def _do(slug: str, lot: Lot, form: Form, act: Callable[..., None], done: str) -> Response | None:
    """Hand the form to the use case and go back to the lot; nothing, if something is wrong with it."""
    with form.refusals():
        act(lot_id=lot.id, by=me(), **form.data)
        flash(done)
        return _back(slug, lot.number)
    return None


def _my_lot(slug: str, number: int) -> tuple[Group, Lot]:
    """My lot. Others hear that it is not theirs, or that there is none."""
    group, lot = lot_here(slug, number)
    if lot.seller_id != me():
        groups.require(me(), group.id, Permission.SEE_MEMBERS)
        raise NotAllowed("Only the seller cancels something here. Ask the seller.")
    return group, lot


def _mine(group: Group, lot: Lot, form: Form, *, is_far_above: bool = False) -> str:
    seat = queries.seat_of(lot, me(), now=clock.now())
    if not seat.has_bid:
        raise NotAllowed("You have no bid here that counts.")
    since = retraction_rules.goes_from(ends_at=lot.ends_at, now=clock.now())
    return _page(
        "lots/retract.html", group, lot, form, retraction_words.REASONS, seat=seat, is_far_above=is_far_above,
        goes_whole=since is None, is_open=rules.Action.RETRACT in seat.actions,
    )  # fmt: skip


def _others(template: str, group: Group, lot: Lot, form: Form, reasons: dict[Any, Any]) -> str:
    bidders = [] if lot.is_blind else queries.names_of_bidders(lot.id)
    return _page(template, group, lot, form, reasons, bidders=bidders)


def _page(template: str, group: Group, lot: Lot, form: Form, reasons: dict[Any, Any], **more: Any) -> str:
    choices = [(reason, *words) for reason, words in reasons.items()]
    with clock.at(clock.now()):
        return render_template(template, group=group, lot=lot, form=form, reasons=choices, **more)


def _say(placed: Placed | None, *, is_blind: bool) -> str:
    if placed is None:
        return str(_("Your bids are taken back."))
    maximum = money_text(placed.maximum)
    if is_blind:
        return str(_("Your bids are taken back, and the new one of %(maximum)s is sealed.", maximum=maximum))
    lead = _("Your bids are taken back. You lead again, and we bid for you up to %(maximum)s.", maximum=maximum)
    follow = _("Your bids are taken back, and the new one of %(maximum)s is placed. Others lead.", maximum=maximum)
    return str(lead if placed.leads else follow)


def _back(slug: str, number: int) -> Response:
    return redirect(url_for("lots.show", slug=slug, number=number))
