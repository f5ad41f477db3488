"""Photographs: the page on which a seller adds and orders them, and the pictures themselves."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _, ngettext
from flask_security import auth_required
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from marketplace.auctions import finding as lots
from marketplace.catalog import photos, queries, rules, schemas
from marketplace.catalog.models import Item, Photo
from marketplace.catalog.photos import Outcome, Upload
from marketplace.groups.models import Group
from marketplace.kernel import images, storage
from marketplace.kernel.errors import NotAllowed, NotFound
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.items import my_item
from marketplace.web.limits import limiter
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("photos", __name__)
ITEM = "/g/<slug>/items/<int:item_id>/photos"

KEPT = 86_400
"""Seconds that a browser keeps a picture before it asks again: what is taken out of sight is gone by tomorrow."""


@blueprint.get("/photos/<int:photo_id>/<int:width>.jpg")
def show(photo_id: int, width: int) -> Response:
    """The picture, to whoever may see its item."""
    if width not in rules.WIDTHS:
        raise NotFound("There is no such photograph.")
    photo, item = _photo(photo_id)
    answer = make_response()
    answer.set_etag(f"{photo.key}-{width}")
    if _is_public(item):
        answer.cache_control.public = True
    else:
        answer.cache_control.private = True
    answer.cache_control.max_age, answer.cache_control.immutable = KEPT, True
    answer.content_type = "image/jpeg"
    if answer.make_conditional(request).status_code != 304:  # noqa: PLR2004
        answer.set_data(storage.get(images.file_of(photo.key, width)))
    return answer


@blueprint.get(ITEM)
@auth_required()
def arrange(slug: str, item_id: int) -> str:
    """My item's photographs in their order, with what stands under each, and the way to add more."""
    group, item = my_item(slug, item_id)
    rules.check_open(item.facts(photos=0))
    return _page(group, item, Form())


@blueprint.post(ITEM)
@auth_required()
@limiter.limit("120 per hour")
def rearrange(slug: str, item_id: int) -> BaseResponse | tuple[str, int]:
    """What was typed is kept and the photograph whose button was pressed is moved or removed."""
    group, item = my_item(slug, item_id)
    form = Form.sent(schemas.PhotosForm)
    with form.refusals():
        photos.arrange(item_id=item_id, by=me(), **form.data)
        if form.data["deed"] is rules.PhotoDeed.SAVE:
            flash(_("Saved."))
        return redirect(url_for(".arrange", slug=slug, item_id=item_id, _anchor="order"))
    return _page(group, item, form), 422


@blueprint.post(f"{ITEM}/add")
@auth_required()
@limiter.limit("40 per hour")
def add(slug: str, item_id: int) -> BaseResponse | tuple[str, int]:
    """The photographs stand at the end of the list; what could not be added is named, with the reason."""
    group, item = my_item(slug, item_id)
    files = [file for file in request.files.getlist("photos") if file.filename]
    outcome = photos.add_photos(item_id=item_id, by=me(), uploads=[_upload(file) for file in files])
    if files and not outcome.refused:
        flash(ngettext("%(num)d photograph is added.", "%(num)d photographs are added.", outcome.added))
        return redirect(url_for(".arrange", slug=slug, item_id=item_id, _anchor="order"))
    form = Form()
    form.errors["photos"] = _what_happened(outcome) if files else _("Choose one photograph at least.")
    return _page(group, item, form, outcome), 422


def _photo(photo_id: int) -> tuple[Photo, Item]:
    """The photograph, if the person at the page may see its item, or has bought it: whether he left the group since, or
    it was hidden."""
    photo, item = queries.photo(photo_id)
    try:
        queries.check_sees(item, me_or_none())
    except NotFound:
        if not lots.has_bought(item.id, me_or_none()):
            raise
    return photo, item


def _upload(file: FileStorage) -> Upload:
    name = "".join(char for char in file.filename or "" if char.isprintable())
    return Upload(name[:80], file.stream)  # type: ignore[arg-type]  # werkzeug's stream reads bytes


def _what_happened(outcome: Outcome) -> str:
    refused = ngettext("%(num)d file was not added.", "%(num)d files were not added.", len(outcome.refused))
    if not outcome.added:
        return str(refused)
    added = ngettext("%(num)d photograph is added.", "%(num)d photographs are added.", outcome.added)
    return f"{added} {refused}"


def _page(group: Group, item: Item, form: Form, outcome: Outcome | None = None) -> str:
    refused = [(each.name, sentence_of(each.why)) for each in outcome.refused] if outcome else []
    return render_template(
        "items/photos.html",
        group=group,
        item=item,
        photos=queries.photos_of([item.id])[item.id],
        form=form,
        refused=refused,
        law=rules,
    )


def _is_public(item: Item) -> bool:
    """Whether anybody at all may see the item's pictures."""
    try:
        queries.check_sees(item, None)
    except (NotFound, NotAllowed):
        return False
    return True
