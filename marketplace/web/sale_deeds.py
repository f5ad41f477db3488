"""What a moderator does with a sale before it begins, and how a seller puts a lot in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import rules, sale_queries, sale_rules, sale_schemas, sales
from marketplace.auctions.models import Lot
from marketplace.auctions.sale_models import Sale
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotAllowed
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.person import me
from marketplace.web.sales import sale_here

blueprint = Blueprint("sale_deeds", __name__, url_prefix="/g/<slug>")

Page = str | Response | tuple[str, int]

# What the form for a new sale proposes: a week to gather, a week to bid, lots that end in the evening.
USUAL_DAYS = 7
USUAL_HOUR = 20


@blueprint.get("/sales/new")
@auth_required()
def new(slug: str) -> Page:
    """The form for a sale: what it is about, and when its lots start and end."""
    return _edit_page(group_here(slug, Permission.HOLD_SALE), None, Form())


@blueprint.post("/sales/new")
@auth_required()
@limiter.limit("30 per hour")
def open(slug: str) -> Page:
    """The sale is announced; sellers put lots in until it starts."""
    group = group_here(slug, Permission.HOLD_SALE)
    form = Form.sent(sale_schemas.OpenSale)
    with form.refusals():
        sale = sales.open_sale(by=me(), group_id=group.id, **form.data)
        flash(_("The sale is open for lots. Tell the members: each seller puts his own in."))
        return _to(slug, sale)
    return _edit_page(group, None, form), 422


@blueprint.get("/sales/<int:number>/change")
@auth_required()
def changing(slug: str, number: int) -> Page:
    """The same form as it was filled in."""
    return _edit_page(*_held(slug, number), Form())


@blueprint.post("/sales/<int:number>/change")
@auth_required()
@limiter.limit("60 per hour")
def change(slug: str, number: int) -> Page:
    """It is as it was typed; sellers with lots in it are told of new dates."""
    group, sale = _held(slug, number)
    form = Form.sent(sale_schemas.ChangeSale)
    with form.refusals():
        sales.change_sale(sale_id=sale.id, by=me(), **form.data)
        flash(_("Saved. Whoever has lots in the sale is told if its dates are new."))
        return _to(slug, sale)
    return _edit_page(group, sale, form), 422


@blueprint.get("/sales/<int:number>/arrange")
@auth_required()
def arranging(slug: str, number: int) -> Page:
    """The lots in order, to be moved or taken out."""
    return _arrange_page(*_held(slug, number), Form())


@blueprint.post("/sales/<int:number>/arrange/<int:lot>")
@auth_required()
@limiter.limit("600 per hour")
def arrange(slug: str, number: int, lot: int) -> Page:
    """The lot has its new place, and those between have moved."""
    group, sale = _held(slug, number)
    form = Form.sent(sale_schemas.MoveLot)
    with form.refusals():
        sales.move_lot(sale_id=sale.id, by=me(), lot=lot, **form.data)
        return redirect(url_for(".arranging", slug=slug, number=number, _anchor=f"lot-{lot}"))
    return _arrange_page(group, sale, form, lot), 422


@blueprint.get("/sales/<int:number>/take-out/<int:lot>")
@auth_required()
def taking_out(slug: str, number: int, lot: int) -> Page:
    """What becomes of a lot that is taken out, and the reason that its seller reads."""
    group, sale = _held(slug, number)
    return _why_page(group, sale, Form(), sale_queries.lot_in(sale, lot))


@blueprint.post("/sales/<int:number>/take-out/<int:lot>")
@auth_required()
@limiter.limit("120 per hour")
def take_out(slug: str, number: int, lot: int) -> Page:
    """The lot is out, and its seller reads why."""
    group, sale = _held(slug, number)
    form = Form.sent(sale_schemas.Why)
    with form.refusals():
        sales.take_out(sale_id=sale.id, by=me(), lot=lot, **form.data)
        flash(_("Lot %(number)s is taken out. Its seller reads your reason.", number=lot))
        return redirect(url_for(".arranging", slug=slug, number=number))
    return _why_page(group, sale, form, sale_queries.lot_in(sale, lot)), 422


@blueprint.get("/sales/<int:number>/call-off")
@auth_required()
def calling_off(slug: str, number: int) -> Page:
    """What becomes of the lots, and the reason that their sellers read."""
    return _why_page(*_held(slug, number), Form())


@blueprint.post("/sales/<int:number>/call-off")
@auth_required()
@limiter.limit("30 per hour")
def call_off(slug: str, number: int) -> Page:
    """It does not take place, and every seller reads why."""
    group, sale = _held(slug, number)
    form = Form.sent(sale_schemas.Why)
    with form.refusals():
        sales.call_off(sale_id=sale.id, by=me(), **form.data)
        flash(_("The sale is called off. Sellers who had lots in it read your reason."))
        return _to(slug, sale)
    return _why_page(group, sale, form), 422


@blueprint.get("/lots/<int:number>/sale")
@auth_required()
def choosing(slug: str, number: int) -> Page:
    """For the seller: into which sale his lot goes."""
    return _choice_page(*_my_lot(slug, number), Form())


@blueprint.post("/lots/<int:number>/sale")
@auth_required()
@limiter.limit("120 per hour")
def put_in(slug: str, number: int) -> Page:
    """The lot starts and ends with the sale."""
    group, lot = _my_lot(slug, number)
    form = Form.sent(sale_schemas.PutIn)
    with form.refusals():
        sales.put_in(lot_id=lot.id, by=me(), **form.data)
        flash(_("The lot is in the sale, and starts and ends with it."))
        return redirect(url_for("lots.show", slug=slug, number=number))
    return _choice_page(group, lot, form), 422


def _held(slug: str, number: int) -> tuple[Group, Sale]:
    """The sale, for who may hold one. Others hear that it is not theirs to do, or that there is none."""
    group, sale = sale_here(slug, number)
    groups.require(me(), group.id, Permission.HOLD_SALE)
    return group, sale


def _my_lot(slug: str, number: int) -> tuple[Group, Lot]:
    group, lot = lot_here(slug, number)
    if lot.seller_id != me():
        groups.require(me(), group.id, Permission.SEE_MEMBERS)
        raise NotAllowed("A lot is put into a sale by its seller. Ask the seller.")
    return group, lot


def _edit_page(group: Group, sale: Sale | None, form: Form) -> str:
    if sale is not None:
        sale_rules.judge(sale.facts(), sale_rules.Action.CHANGE, by=sale_rules.Party.HOLDER, now=clock.now())
    evening = clock.now().astimezone(ZoneInfo(group.time_zone)).replace(hour=USUAL_HOUR, minute=0, second=0)
    starts, ends = (evening + timedelta(days=USUAL_DAYS * weeks) for weeks in (1, 2))
    usual = {"starts_at": starts, "first_end_at": ends, "gap_seconds": sale_rules.USUAL_GAP_SECONDS}
    return render_template(
        "sales/edit.html", group=group, sale=sale, form=form, law=sale_rules, most=sale_schemas,
        filled=usual if sale is None else _filled(sale),
    )  # fmt: skip


def _filled(sale: Sale) -> dict[str, Any]:
    return {name: getattr(sale, name) for name in ("title", "words", "starts_at", "first_end_at", "gap_seconds")}


def _arrange_page(group: Group, sale: Sale, form: Form, typed_at: int | None = None) -> str:
    sale_rules.judge(sale.facts(), sale_rules.Action.MOVE, by=sale_rules.Party.HOLDER, now=clock.now())
    rows = sale_queries.lots_of(sale, limit=sale_rules.MOST_LOTS)
    return render_template("sales/arrange.html", group=group, sale=sale, rows=rows, form=form, typed_at=typed_at)


def _why_page(group: Group, sale: Sale, form: Form, lot: Lot | None = None) -> str:
    return render_template("sales/why.html", group=group, sale=sale, lot=lot, form=form)


def _choice_page(group: Group, lot: Lot, form: Form) -> str:
    now = clock.now()
    rules.judge(lot.facts(), rules.Action.PUT_INTO_SALE, by=rules.Party.SELLER, now=now)
    choices = sale_queries.open_for_lots(group.id, now=now)
    return render_template("sales/put_in.html", group=group, lot=lot, sales=choices, form=form)


def _to(slug: str, sale: Sale) -> Response:
    return redirect(url_for("sales.show", slug=slug, number=sale.number))
