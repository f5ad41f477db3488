"""Many items from one table: send it, see what would become of each row, then make drafts of the good ones."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_security import auth_required
from werkzeug.wrappers import Response as BaseResponse

from marketplace.catalog import import_keeping, importing, rules, schemas
from marketplace.catalog.import_judging import Report, Verdict
from marketplace.catalog.import_models import Import, State
from marketplace.catalog.import_rules import NAMES, PHOTOS, Choice
from marketplace.catalog.rules import Category, Condition, Sureness
from marketplace.catalog.table_rules import MOST_ROWS
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.kernel.table_rules import MOST_BYTES, file_of
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("importing", __name__, url_prefix="/g/<slug>/items/import")

# What to write into each column; the choices stand below the table.
MEANINGS: dict[str, Any] = {
    "title": _l("What it is, by whom, from when."),
    "category": _l("One of the kinds below."),
    "condition": _l("One of the conditions below."),
    "description": _l("As many lines as you like; Markdown works."),
    "faults": _l("What you name here cannot be held against you later."),
    "period": _l("As in 1890–1910."),
    "dimensions": _l("As in 21 × 14 × 9 cm."),
    "weight_grams": _l("Whole grams, as in 850."),
    "shipping": _l("What it costs the buyer; 0 if you pay for it, “no” if you do not send it."),
    "shipping_further": _l(
        "What it adds where it goes into one parcel with other lots; empty for as much as by itself."
    ),
    "shipping_to": _l("As in: Austria and Germany."),
    "pickup_possible": _l("yes or no."),
    PHOTOS: _l("The names of their files in the ZIP, with ; or | between them. The first is the one that cards show."),
}


@blueprint.get("")
@auth_required()
def new(slug: str) -> str:
    """What a table may hold, a sample of one, and the form that takes it."""
    return _form_page(group_here(slug, Permission.LIST_ITEM), Form())


@blueprint.post("")
@auth_required()
@limiter.limit("20 per hour")
def send(slug: str) -> BaseResponse | tuple[str, int]:
    """The table is kept for a day; what would become of each row stands on its page."""
    group = group_here(slug, Permission.LIST_ITEM)
    form = Form.sent(schemas.SendTable)
    with form.refusals():
        upload = importing.keep(by=me(), group_id=group.id, content=_table(), zipped=_zip(), **form.data)
        return redirect(url_for(".show", slug=slug, upload_id=upload.id))
    return _form_page(group, form), 422


@blueprint.get("/sample.csv")
@auth_required()
def sample(slug: str) -> Response:
    """A table with two items in it, to write over."""
    group = group_here(slug, Permission.LIST_ITEM)
    rows = _sample_of(group)
    return _csv(file_of(list(rows[0]), [list(row.values()) for row in rows]), f"{group.slug}-items.csv")


@blueprint.get("/<int:upload_id>")
@auth_required()
def show(slug: str, upload_id: int) -> str:
    """What would become of each row; once it is done, what became of it."""
    group, upload = _upload(slug, upload_id)
    return _report_page(group, upload, Form())


@blueprint.post("/<int:upload_id>")
@auth_required()
@limiter.limit("30 per hour")
def make(slug: str, upload_id: int) -> BaseResponse | tuple[str, int]:
    """The rows become drafts: all of them if all are good, or the good ones."""
    group, upload = _upload(slug, upload_id)
    form = Form.sent(schemas.ImportRows)
    with form.refusals():
        importing.import_rows(upload_id=upload_id, by=me(), group_id=group.id, choice=form.data["rows"])
        return redirect(url_for(".show", slug=slug, upload_id=upload_id))
    return _report_page(group, upload, form), 422


@blueprint.get("/<int:upload_id>/to-mend.csv")
@auth_required()
def to_mend(slug: str, upload_id: int) -> Response:
    """The rows that are not good, each with what to mend, to be mended and sent again."""
    group, upload = _upload(slug, upload_id)
    report = importing.report_on(upload)
    said = {each.row.number: " ".join(_sentences(report, each)) for each in report.wrong}
    return _csv(report.to_mend(said), f"{group.slug}-to-mend.csv")


@blueprint.post("/<int:upload_id>/throw-away")
@auth_required()
@limiter.limit("30 per hour")
def throw_away(slug: str, upload_id: int) -> BaseResponse:
    """What was sent is gone, and nothing was made of it."""
    group = _upload(slug, upload_id)[0]
    import_keeping.throw_away(upload_id=upload_id, by=me(), group_id=group.id)
    flash(_("Your table and its photographs are thrown away. Nothing was made of them."))
    return redirect(url_for(".new", slug=slug))


def _upload(slug: str, upload_id: int) -> tuple[Group, Import]:
    group = group_here(slug, Permission.LIST_ITEM)
    return group, import_keeping.kept(upload_id, by=me(), group_id=group.id)


def _table() -> bytes:
    file = request.files.get("table")
    content = file.stream.read(MOST_BYTES + 1) if file is not None else b""
    if not content:
        raise RuleBroken("Choose the file with the table.", field="table")
    return content


def _zip() -> BinaryIO | None:
    """The ZIP, if one was chosen."""
    file = request.files.get("photos")
    return cast(BinaryIO, file.stream) if file is not None and file.filename else None


def _form_page(group: Group, form: Form) -> str:
    return render_template(
        "items/import.html",
        group=group,
        form=form,
        waiting=import_keeping.waiting(by=me(), group_id=group.id),
        columns=[(NAMES[name][0], meaning) for name, meaning in MEANINGS.items()],
        kinds={"category": Category, "condition": Condition, "sureness": Sureness},
        most=MOST_ROWS,
        law=rules,
    )


def _report_page(group: Group, upload: Import, form: Form) -> str:
    report = importing.report_on(upload)
    return render_template(
        "items/import_report.html",
        group=group,
        form=form,
        upload=upload,
        is_done=upload.state == State.DONE,
        made=importing.made_of(upload),
        report=report,
        rows=[
            (each, _sentences(report, each), [sentence_of(open) for open in each.questions]) for each in report.verdicts
        ],
        unused=[(file.name, _(file.trouble) if file.trouble else "") for file in report.unused],
        choices=Choice,
    )


def _sentences(report: Report, verdict: Verdict) -> list[str]:
    """What is wrong with a row, each sentence behind the name of its column."""
    named = [(report.heading_of(why.field), sentence_of(why)) for why in verdict.wrong]
    return [f"{heading}: {sentence}" if heading else sentence for heading, sentence in named]


def _sample_of(group: Group) -> list[dict[str, str]]:
    """By heading. The second row leaves open what may be left open."""
    first = {
        "title": "Porcelain teapot with blue flowers", "category": schemas.WORDS[Category.PORCELAIN],
        "condition": schemas.WORDS[Condition.GOOD], "description": "From my aunt’s cupboard in Steyr.",
        "faults": "A chip at the spout.", "period": "about 1765", "dimensions": "12 cm high", "weight_grams": "850",
        "shipping": Money(1000, group.currency).amount,
        "shipping_further": Money(300, group.currency).amount, "shipping_to": "Austria and Germany",
        "pickup_possible": "yes", PHOTOS: "teapot-left.jpg; teapot-spout.jpg",
    }  # fmt: skip
    second = {"title": "Open-face pocket watch", "category": schemas.WORDS[Category.WATCHES]}
    promises = {"Promise: Maker": "Bow (likely)", "Promise: Lid": "original (certain)"}
    return [
        {
            **{NAMES[name][0]: str(row.get(name, "")) for name in MEANINGS},
            **{name: text.get(name, "") for name in promises},
        }
        for row, text in ((first, promises), (second, {}))
    ]


def _csv(content: bytes, name: str) -> Response:
    answer = Response(content, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.cache_control.private = True
    return answer
