"""What a member looks for: searches that he saved, what he wants at a price, and the forms for both."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import search_schemas, searches
from marketplace.auctions.schemas import as_money
from marketplace.auctions.search_rules import Order, Search, Sort, kept_part
from marketplace.catalog.rules import Category
from marketplace.catalog.schemas import WORDS
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.web import searching
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("searches", __name__, url_prefix="/g/<slug>")


@blueprint.get("/searches")
@auth_required()
def mine(slug: str) -> str:
    """What I look for in this group: what I want, and the searches that I saved."""
    group = group_here(slug, Permission.KEEP_SEARCH)
    kept = searches.kept_by(me(), group.id)
    return render_template(
        "searches/mine.html",
        group=group,
        wants=[(each, searching.in_words(each.search, group)) for each in kept if each.sort == Sort.WANT],
        searches=[(each, searching.in_words(each.search, group)) for each in kept if each.sort == Sort.SEARCH],
    )


@blueprint.get("/searches/<int:search_id>")
@auth_required()
def show(slug: str, search_id: int) -> Response:
    """Off to the catalogue, with what I look for, the newest lots first."""
    group = group_here(slug)
    kept = searches.kept(search_id, by=me())
    if kept.group_id != group.id:
        raise searches.no_such_search()
    return redirect(_catalogue(group, kept.search, order=Order.NEWEST))


@blueprint.get("/searches/new")
@auth_required()
def new(slug: str) -> str:
    """The form that saves the filters that are in its address under a name."""
    group = group_here(slug, Permission.KEEP_SEARCH)
    search, _form = searching.asked_of(group)
    return _search_page(group, Form(), searching.address_of(kept_part(search), group), search)


@blueprint.post("/searches/new")
@auth_required()
@limiter.limit("60 per hour")
def save(slug: str) -> Response | tuple[str, int]:
    """The search is saved: I am told when a new lot fits."""
    group = group_here(slug, Permission.KEEP_SEARCH)
    form = Form.sent(search_schemas.KeepSearch)
    search = None
    with form.refusals():
        search = searching.search_of(form.data, group, form.errors)
        if form.is_valid:
            name, key = form.data["name"], form.data["client_key"]
            searches.keep(by=me(), group_id=group.id, sort=Sort.SEARCH, name=name, search=search, client_key=key)
            flash(_("The search is saved. We tell you when a new lot fits."))
            return redirect(url_for(".mine", slug=slug))
    hidden = {name: text for name, text in request.form.items() if name in search_schemas.FindLots().fields}
    return _search_page(group, form, hidden, search), 422


@blueprint.get("/wants/new")
@auth_required()
def new_want(slug: str) -> str:
    """The form for what I want and the most that I would pay."""
    group = group_here(slug, Permission.KEEP_SEARCH)
    asked = {name: request.args.get(name, "")[: search_schemas.LONGEST_WORDS] for name in ("words", "kind")}
    return _want_page(group, Form(asked))


@blueprint.post("/wants/new")
@auth_required()
@limiter.limit("60 per hour")
def want(slug: str) -> Response | tuple[str, int]:
    """It is on my list: I am told when one comes at my price."""
    group = group_here(slug, Permission.KEEP_SEARCH)
    form = Form.sent(search_schemas.KeepWant)
    with form.refusals():
        most = as_money(form.data["most"], group.currency, field="most")
        search = Search(kind=form.data["kind"], words=form.data["words"], with_shipping_to=most.minor)
        name, key = form.data["words"], form.data["client_key"]
        searches.keep(by=me(), group_id=group.id, sort=Sort.WANT, name=name, search=search, client_key=key)
        flash(_("It is on your list. We tell you when one comes at your price."))
        return redirect(url_for(".mine", slug=slug))
    return _want_page(group, form), 422


@blueprint.post("/searches/<int:search_id>/remove")
@auth_required()
@limiter.limit("120 per hour")
def remove(slug: str, search_id: int) -> Response:
    """I am told of it no longer."""
    group_here(slug)
    sort = searches.remove(search_id=search_id, by=me())
    flash(_("The want is removed.") if sort is Sort.WANT else _("The search is removed."))
    return redirect(url_for(".mine", slug=slug))


def _catalogue(group: Group, search: Search, **instead: str) -> str:
    return url_for("lots.catalogue", slug=group.slug, **searching.address_of(search, group, **instead))


def _search_page(group: Group, form: Form, hidden: dict[str, str], search: Search | None) -> str:
    said = searching.in_words(kept_part(search), group) if search is not None else ""
    return render_template(
        "searches/new.html", group=group, form=form, hidden=hidden, said=said, longest=search_schemas.LONGEST_NAME
    )


def _want_page(group: Group, form: Form) -> str:
    kinds = [("", _("Any kind")), *((kind, WORDS[kind]) for kind in Category)]
    return render_template(
        "searches/new_want.html", group=group, form=form, kinds=kinds, longest=search_schemas.LONGEST_WORDS
    )
