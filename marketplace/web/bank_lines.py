"""The lines of the bank's statement: all of them, and the page on which an officer says what one is."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.bankbook import matching, queries, schemas
from marketplace.bankbook.queries import PAGE
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel.money import Money
from marketplace.payments.bank_matching_rules import LineState
from marketplace.payments.bank_models import BankLine
from marketplace.web import bank_words as words
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me
from marketplace.web.proofs import Page

blueprint = Blueprint("bank_lines", __name__, url_prefix="/g/<slug>/treasury/bank/lines")

_LINE = "/<int:line_id>"


@blueprint.get("")
@auth_required()
def index(slug: str) -> str:
    """Every line that was imported, newest first, and what each is taken for."""
    group = group_here(slug, Permission.KEEP_STATEMENT)
    before = request.args.get("before", type=row_number)
    found = queries.lines_of(group.id, by=me(), before=before)
    return render_template(
        "bank/lines.html",
        group=group,
        lines=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        is_first=before is None,
    )


@blueprint.get(_LINE)
@auth_required()
def show(slug: str, line_id: int) -> str:
    """What a line says, what it may be, or what it is and who said so."""
    return _line_page(*_line(slug, line_id), Form())


@blueprint.post(f"{_LINE}/match")
@auth_required()
@limiter.limit("240 per hour")
def match(slug: str, line_id: int) -> Page:
    """It is these payments."""
    group, line = _line(slug, line_id)
    form = Form.sent(schemas.MatchLine)
    with form.refusals():
        matching.match_line(line_id=line_id, by=me(), group_id=group.id, **form.data)
        return _to_bank(slug, _("The line is matched."))
    return _line_page(group, line, form), 422


@blueprint.post(f"{_LINE}/own")
@auth_required()
@limiter.limit("240 per hour")
def call_own(slug: str, line_id: int) -> Page:
    """It is no payment of Earnest's."""
    group, line = _line(slug, line_id)
    form = Form.sent(schemas.CallOwn)
    with form.refusals():
        matching.call_own(line_id=line_id, by=me(), group_id=group.id, **form.data)
        return _to_bank(slug, _("The line is noted as none of Earnest’s."))
    return _line_page(group, line, form), 422


@blueprint.post(f"{_LINE}/undo")
@auth_required()
@limiter.limit("120 per hour")
def undo(slug: str, line_id: int) -> Response:
    """It is open again."""
    group, _found = _line(slug, line_id)
    matching.undo(line_id=line_id, by=me(), group_id=group.id)
    flash(_("The line is open again. It is not matched by itself any more."))
    return redirect(url_for(".show", slug=slug, line_id=line_id), 303)


def _line(slug: str, line_id: int) -> tuple[Group, BankLine]:
    group = group_here(slug, Permission.KEEP_STATEMENT)
    return group, queries.line_for(line_id, by=me(), group_id=group.id)


def _to_bank(slug: str, said: str) -> Response:
    flash(said)
    return redirect(url_for("bank_statements.show", slug=slug), 303)


def _line_page(group: Group, line: BankLine, form: Form) -> str:
    found = queries.one_open(line)
    matched = queries.matched_with(line) if line.state == LineState.MATCHED else []
    people = [*(one.person_id for one in found.candidates), *(each.person_id for each in matched)]
    return render_template(
        "bank/line.html",
        group=group,
        form=form,
        line=line,
        found=found,
        matched=matched,
        names=accounts.names_of([*people, *([line.decided_by] if line.decided_by else [])]),
        links=[words.link_of(each, group.slug, line) for each in found.awaited],
        as_sum=lambda minor: Money(minor, group.currency),
        own=[(kind.value, text, hint) for kind, (text, hint) in words.OWN.items()],
    )
