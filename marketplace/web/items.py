"""A seller's items: drafted, seen as others will see them, published, and put away."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.auctions import queries as lots
from marketplace.auctions.schemas import Deed
from marketplace.catalog import copying, queries, rules, schemas, service
from marketplace.catalog.models import Item
from marketplace.catalog.rules import Category, Condition, Incomplete, State, Sureness
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("items", __name__, url_prefix="/g/<slug>/items")

LEAST_ROWS = 3
"""How many lines for claims an empty form has; two more than are filled, up to the law's most."""


@blueprint.get("")
@auth_required()
def mine(slug: str) -> str:
    """My drafts, what I have published and what I put away, newest first."""
    group = group_here(slug, Permission.SEE_LOTS)
    state, before = _state_asked(), request.args.get("before", type=row_number)
    found = queries.items_of(me(), group.id, state=state, before=before, limit=queries.PAGE + 1)
    items = found[: queries.PAGE]
    numbers = [item.id for item in items]
    return render_template(
        "items/mine.html",
        group=group,
        able=able_in(group),
        items=items,
        covers=queries.covers_of(numbers),
        lots=lots.lots_of_items(numbers),
        state=state,
        states=State,
        has_more=len(found) > len(items),
    )


@blueprint.get("/new")
@auth_required()
def new(slug: str) -> str:
    """An empty form, and what happens to what is written in it."""
    return _form_page(group_here(slug, Permission.LIST_ITEM), Form())


@blueprint.post("/new")
@auth_required()
@limiter.limit("60 per hour")
def draft(slug: str) -> Response | tuple[str, int]:
    """The draft is kept, however incomplete; then come the photographs."""
    group = group_here(slug, Permission.LIST_ITEM)
    form = Form.sent(schemas.NewItemForm)
    with form.refusals():
        item = service.draft_item(by=me(), group_id=group.id, **form.data)
        flash(_("The draft is saved. Only you see it until you publish it."))
        return _after_saving(group, item)
    return _form_page(group, form), 422


@blueprint.get("/<int:item_id>")
def show(slug: str, item_id: int) -> str:
    """The item as members see it; its seller finds beside it what he can do with it now."""
    group, item = _item(slug, item_id)
    return _item_page(group, item, Form())


@blueprint.get("/<int:item_id>/edit")
@auth_required()
def edit(slug: str, item_id: int) -> str:
    """The form with what was written so far."""
    group, item = my_item(slug, item_id)
    rules.check_open(item.facts(photos=0))
    return _form_page(group, Form(_written(item)), item)


@blueprint.post("/<int:item_id>/edit")
@auth_required()
@limiter.limit("120 per hour")
def change(slug: str, item_id: int) -> Response | tuple[str, int]:
    """What was written is kept; members see it at once where the item is published."""
    group, item = my_item(slug, item_id)
    form = Form.sent(schemas.ItemForm)
    with form.refusals():
        try:
            item = service.change_item(item_id=item_id, by=me(), **form.data)
        except Incomplete as lacking:
            form.errors |= _by_field(lacking.missing)
        else:
            flash(_saved(item))
            return _after_saving(group, item)
    return _form_page(group, form, item), 422


@blueprint.post("/<int:item_id>/publish")
@auth_required()
@limiter.limit("60 per hour")
def publish(slug: str, item_id: int) -> Response | tuple[str, int]:
    """The group sees the item; or the form comes with a sentence at each field that is still missing."""
    group, item = my_item(slug, item_id)
    try:
        service.publish(item_id=item_id, by=me())
    except Incomplete as lacking:
        form = Form(_written(item))
        form.errors |= _by_field(lacking.missing)
        return _form_page(group, form, item), 422
    flash(_("Published. Put it up for auction when you are ready."))
    return redirect(url_for(".show", slug=slug, item_id=item_id))


@blueprint.post("/<int:item_id>/withdraw")
@auth_required()
@limiter.limit("60 per hour")
def withdraw(slug: str, item_id: int) -> Response:
    """The item is put away, and its lot with it, where nobody has bid."""
    service.withdraw(item_id=my_item(slug, item_id)[1].id, by=me())
    flash(_("Withdrawn. Only you find it now, and you can publish it again."))
    return redirect(url_for(".show", slug=slug, item_id=item_id))


@blueprint.post("/<int:item_id>/remarks")
@auth_required()
@limiter.limit("20 per hour")
def remark(slug: str, item_id: int) -> Response | tuple[str, int]:
    """A remark stands below the description, with its date."""
    group, item = my_item(slug, item_id)
    form = Form.sent(schemas.RemarkForm)
    with form.refusals():
        service.add_remark(item_id=item_id, by=me(), **form.data)
        flash(_("The remark is added. It stands there with today’s date."))
        return redirect(url_for(".show", slug=slug, item_id=item_id))
    return _item_page(group, item, form), 422


@blueprint.post("/<int:item_id>/copy")
@auth_required()
@limiter.limit("30 per hour")
def copy(slug: str, item_id: int) -> Response:
    """There is a draft with the same words and photographs; I am at its words."""
    group, item = my_item(slug, item_id)
    form = Form.sent(Deed)
    with form.refusals():
        draft = copying.copy_item(item_id=item.id, by=me(), **form.data)
        flash(_("This is a copy, and a draft: only you see it until you publish it."))
        return redirect(url_for(".show", slug=group.slug, item_id=draft.id))
    flash(next(iter(form.errors.values())), "clock")
    return redirect(url_for(".show", slug=group.slug, item_id=item.id))


def my_item(slug: str, item_id: int) -> tuple[Group, Item]:
    """The group and my item in it. Others hear that it is not theirs, or that there is none."""
    group, item = _item(slug, item_id)
    if item.seller_id != me():
        raise NotAllowed("Only its seller changes an item. Ask the seller.")
    return group, item


def _item(slug: str, item_id: int) -> tuple[Group, Item]:
    group = group_here(slug)
    item = queries.item_for(item_id, me_or_none())
    if item.group_id != group.id:
        raise NotFound("There is no such item.")
    return group, item


def _item_page(group: Group, item: Item, form: Form) -> str:
    photos = queries.photos_of([item.id])[item.id]
    facts = item.facts(photos=len(photos))
    return render_template(
        "items/show.html",
        group=group,
        item=item,
        photos=photos,
        remarks=queries.remarks_of(item.id),
        seller_name=people.names_of([item.seller_id])[item.seller_id],
        is_mine=item.seller_id == me_or_none(),
        actions=rules.open_to(facts),
        missing=_by_field(rules.lacks(facts)),
        lot=lots.lot_of_item(item.id),
        form=form,
        law=rules,
    )


def _form_page(group: Group, form: Form, item: Item | None = None) -> str:
    labels, texts, sure = (form.chosen(name) for name in ("claim_label", "claim_text", "claim_sureness"))
    filled = sum(bool(label or text) for label, text in zip(labels, texts, strict=False))
    rows = min(max(LEAST_ROWS, filled + 2), rules.MOST_CLAIMS)
    claims = [tuple((column[row : row + 1] or [""])[0] for column in (labels, texts, sure)) for row in range(rows)]
    return render_template(
        "items/edit.html",
        group=group,
        form=form,
        item=item,
        claims=claims,
        photos=queries.photos_of([item.id])[item.id] if item else [],
        kinds={"category": Category, "condition": Condition, "sureness": Sureness},
        law=rules,
    )


def _written(item: Item) -> dict[str, Any]:
    """The form's fields as the item has them."""
    return {
        "title": item.title, "description": item.description, "category": item.category or "",
        "condition": item.condition or "", "period": item.period, "dimensions": item.dimensions,
        "weight_grams": item.weight_grams or "", "faults": item.faults,
        "shipping": item.shipping.amount if item.shipping is not None else "", "shipping_to": item.shipping_to,
        "shipping_further": item.shipping_further.amount if item.shipping_further is not None else "",
        "pickup_possible": item.pickup_possible,
        "claim_label": [claim.label for claim in item.claims],
        "claim_text": [claim.text for claim in item.claims],
        "claim_sureness": [claim.sureness for claim in item.claims],
    }  # fmt: skip


def _saved(item: Item) -> str:
    if item.state == State.PUBLISHED:
        return str(_("Saved. Members see the item as it is now."))
    return str(_("Saved. Only you see it until you publish it."))


def _after_saving(group: Group, item: Item) -> Response:
    """On to the photographs, or to the item as others will see it: as the button said."""
    if request.form.get("then") == "photos":
        return redirect(url_for("photos.arrange", slug=group.slug, item_id=item.id))
    return redirect(url_for(".show", slug=group.slug, item_id=item.id))


def _by_field(missing: Iterable[RuleBroken]) -> dict[str, str]:
    return {each.field or "": sentence_of(each) for each in missing}


def _state_asked() -> State | None:
    try:
        return State(request.args.get("state", ""))
    except ValueError:
        return None


@blueprint.app_template_global("words_of")
def words_of(kind: type[StrEnum]) -> list[tuple[str, Any]]:
    """The options of a field: every value of a fixed list, in words."""
    return [(value.value, schemas.WORDS[value]) for value in kind]


@blueprint.app_template_filter("in_words")
def in_words(value: str) -> Any:
    """A category, condition, sureness or state of an item in the reader's language."""
    return schemas.WORDS[value]
