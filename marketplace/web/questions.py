"""Questions under a lot: reading them, asking, answering, and hiding what should not stand there."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import questions, schemas
from marketplace.auctions.models import Lot
from marketplace.auctions.question_rules import LONGEST, SHORTEST
from marketplace.auctions.questions import Thread
from marketplace.groups import service as groups
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.web import question_words
from marketplace.web.forms import Form
from marketplace.web.frame import able_in
from marketplace.web.limits import limiter
from marketplace.web.lots import lot_here
from marketplace.web.paging import row_number
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("questions", __name__, url_prefix="/g/<slug>/lots/<int:number>/questions")
question_words.register(blueprint)

Page = str | Response | tuple[str, int]


@blueprint.get("")
def index(slug: str, number: int) -> str:
    """All questions of a lot, newest first, a page at a time."""
    group, lot = lot_here(slug, number)
    before = request.args.get("before", type=row_number)
    with clock.at(clock.now()):  # one page, one moment
        talk = question_words.talk_of(lot, me_or_none(), before=before)
        return _page("lots/questions.html", group, lot, talk=talk, able=able_in(group))


@blueprint.get("/ask")
@auth_required()
def asking(slug: str, number: int) -> Page:
    """The form for a question, and who will read it."""
    group, lot = lot_here(slug, number)
    questions.check_may_ask(lot, me())
    return _page("lots/ask.html", group, lot, form=Form())


@blueprint.post("/ask")
@auth_required()
@limiter.limit("30 per hour")
def ask(slug: str, number: int) -> Page:
    """The seller is told, and all who see the lot can read it."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.Ask)
    with form.refusals():
        questions.ask(lot_id=lot.id, by=me(), **form.data)
        flash(_("Your question stands under the lot. You are told when the seller answers."))
        return _back(slug, number)
    return _page("lots/ask.html", group, lot, form=form), 422


@blueprint.get("/<int:question>/answer")
@auth_required()
def answering(slug: str, number: int, question: int) -> Page:
    """For the seller: the question, and the form for the answer, or for what he adds to it."""
    group, lot = lot_here(slug, number)
    thread = questions.thread_of(lot.id, question)
    questions.check_may_answer(lot, thread, me())
    return _answer_page(group, lot, thread, Form())


@blueprint.post("/<int:question>/answer")
@auth_required()
@limiter.limit("60 per hour")
def answer(slug: str, number: int, question: int) -> Page:
    """The answer stands under the question, for good; the asker is told."""
    group, lot = lot_here(slug, number)
    form = Form.sent(schemas.Answer)
    with form.refusals():
        questions.answer(lot_id=lot.id, number=question, by=me(), **form.data)
        flash(_("Your answer stands under the question."))
        return _back(slug, number)
    return _answer_page(group, lot, questions.thread_of(lot.id, question), form), 422


@blueprint.get("/<int:question>/hide")
@auth_required()
def hiding(slug: str, number: int, question: int) -> Page:
    """For a moderator: what to hide of it, and why."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.HIDE_QUESTION)
    return _hide_page(group, lot, questions.thread_of(lot.id, question), Form())


@blueprint.post("/<int:question>/hide")
@auth_required()
@limiter.limit("60 per hour")
def hide(slug: str, number: int, question: int) -> Page:
    """A reason stands in its place; he who wrote it is told."""
    group, lot = lot_here(slug, number)
    groups.require(me(), group.id, Permission.HIDE_QUESTION)
    form = Form.sent(schemas.HideWords)
    with form.refusals():
        questions.hide(lot_id=lot.id, number=question, by=me(), **form.data)
        flash(_("It is hidden. Whoever wrote it is told why."))
        return _back(slug, number)
    return _hide_page(group, lot, questions.thread_of(lot.id, question), form), 422


def _answer_page(group: Group, lot: Lot, thread: Thread, form: Form) -> str:
    return _page("lots/answer.html", group, lot, thread=thread, part=questions.next_part(thread), form=form)


def _hide_page(group: Group, lot: Lot, thread: Thread, form: Form) -> str:
    parts = [(part, words, "") for part, words in question_words.PARTS.items() if part in thread.words]
    reasons = [(reason, *words) for reason, words in question_words.REASONS.items()]
    return _page("lots/hide_words.html", group, lot, thread=thread, form=form, parts=parts, reasons=reasons)


def _page(template: str, group: Group, lot: Lot, **shown: object) -> str:
    here = {"slug": group.slug, "number": lot.number}
    return render_template(
        template, group=group, lot=lot, here=here, shortest=SHORTEST, longest=LONGEST, **shown
    )  # fmt: skip


def _back(slug: str, number: int) -> Response:
    return redirect(url_for("lots.show", slug=slug, number=number, _anchor="questions-h"))
