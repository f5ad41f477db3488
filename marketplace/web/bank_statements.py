"""The bank's page of a treasury: its statement comes in, and what it and the books say is held against each other."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.bankbook import attesting, importing, matching, queries, schemas
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.money import Money
from marketplace.kernel.table_rules import MOST_BYTES
from marketplace.payments.bank_models import BankStatement, StatementState
from marketplace.payments.bank_reconciling_rules import GRACE, bridge_of
from marketplace.payments.bank_table_rules import MOST_ROWS, NOWHERE
from marketplace.web import bank_words as words
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import Page

blueprint = Blueprint("bank_statements", __name__, url_prefix="/g/<slug>/treasury/bank")
blueprint.add_app_template_filter(words.bank_day)
blueprint.add_app_template_filter(words.state_of, "line_state")
blueprint.add_app_template_filter(words.difference_words)

_MOST_ROWS_SHOWN = 300
_STATEMENT = "/statements/<int:statement_id>"


@blueprint.get("")
@auth_required()
def show(slug: str) -> str:
    """From the books to the bank's balance, each step in words; the lines of which nobody has said what they are, and
    what was confirmed and is on no line."""
    return _overview(group_here(slug, Permission.KEEP_STATEMENT), Form())


@blueprint.post("")
@auth_required()
@limiter.limit("30 per hour")
def send(slug: str) -> Page:
    """The file is kept for a day; what would become of each row stands on its page."""
    group = group_here(slug, Permission.KEEP_STATEMENT)
    form = Form.sent(schemas.SendStatement)
    with form.refusals():
        statement = importing.send(by=me(), group_id=group.id, content=_file(), **form.data)
        return redirect(url_for(".statement", slug=slug, statement_id=statement.id))
    return _overview(group, form), 422


@blueprint.post("/other")
@auth_required()
@limiter.limit("30 per hour")
def say_other(slug: str) -> Page:
    """What else lay in the account before the first line."""
    group = group_here(slug, Permission.KEEP_STATEMENT)
    form = Form.sent(schemas.SayOther)
    with form.refusals():
        data = form.data
        amount = as_money(data["amount"], group.currency, field="amount")
        matching.say_other(by=me(), group_id=group.id, amount=amount, note=data["note"])
        flash(_("It is noted, with your name."))
        return redirect(url_for(".show", slug=slug), 303)
    return _overview(group, form), 422


@blueprint.get(_STATEMENT)
@auth_required()
def statement(slug: str, statement_id: int) -> str:
    """What was understood of a file, and what would become of each row; once it is kept, what came of it."""
    return _statement_page(*_sent(slug, statement_id), Form())


@blueprint.post(f"{_STATEMENT}/columns")
@auth_required()
@limiter.limit("120 per hour")
def choose_columns(slug: str, statement_id: int) -> Page:
    """The columns are read as the officer says."""
    group, sent = _sent(slug, statement_id)
    form = Form.sent(schemas.ChooseColumns)
    with form.refusals():
        importing.choose_columns(statement_id=sent.id, by=me(), group_id=group.id, **form.data)
        return redirect(url_for(".statement", slug=slug, statement_id=statement_id), 303)
    return _statement_page(group, sent, form), 422


@blueprint.post(f"{_STATEMENT}/keep")
@auth_required()
@limiter.limit("60 per hour")
def keep(slug: str, statement_id: int) -> Page:
    """What is new of it is added, and matched where that is certain."""
    group, sent = _sent(slug, statement_id)
    form = Form.sent(schemas.KeepStatement)
    with form.refusals():
        typed = form.data["closing"]
        closing = None if typed is None else as_money(typed, group.currency, field="closing")
        importing.keep(statement_id=sent.id, by=me(), group_id=group.id, closing=closing)
        flash(_("The statement is kept. What stands open is listed below."))
        return redirect(url_for(".show", slug=slug), 303)
    return _statement_page(group, sent, form), 422


@blueprint.post(f"{_STATEMENT}/throw-away")
@auth_required()
@limiter.limit("60 per hour")
def throw_away(slug: str, statement_id: int) -> Response:
    """The file is gone, and nothing came of it."""
    group = _sent(slug, statement_id)[0]
    importing.throw_away(statement_id=statement_id, by=me(), group_id=group.id)
    flash(_("The file is thrown away. Nothing of it was kept."))
    return redirect(url_for(".show", slug=slug), 303)


def _sent(slug: str, statement_id: int) -> tuple[Group, BankStatement]:
    group = group_here(slug, Permission.KEEP_STATEMENT)
    return group, importing.sent(statement_id, by=me(), group_id=group.id)


def _file() -> bytes:
    file = request.files.get("table")
    content = file.stream.read(MOST_BYTES + 1) if file is not None else b""
    if not content:
        raise RuleBroken("Choose the file of the bank.", field="table")
    return content


def _overview(group: Group, form: Form) -> str:
    found = queries.overview_of(group.id, by=me())
    facts = found.facts if found else None
    book = found.book if found else None
    missing = [one for one in facts.booked if facts.first_day <= one.day] if facts else []
    months = attesting.months_of(group)
    return render_template(
        "bank/show.html",
        group=group,
        form=form,
        found=found,
        facts=facts,
        book=book,
        bridge=bridge_of(facts) if facts else None,
        missing=[(one, facts is not None and one.day < facts.last_day - GRACE) for one in missing],
        statements=queries.statements_of(group.id),
        names=accounts.names_of([book.other_by] if book and book.other_by else []),
        month=months[0] if months else None,
        as_sum=lambda minor: Money(minor, group.currency),
        link_of=words.link_of,
        most=MOST_ROWS,
    )


def _statement_page(group: Group, sent: BankStatement, form: Form) -> str:
    is_kept = sent.state == StatementState.KEPT
    report = None if is_kept else importing.report_on(sent)
    reading = report.reading if report else None
    return render_template(
        "bank/statement.html",
        group=group,
        form=form,
        statement=sent,
        is_kept=is_kept,
        report=report,
        reading=reading,
        rows=reading.lines[:_MOST_ROWS_SHOWN] if reading else [],
        passed=[(each, sentence_of(each.why)) for each in reading.passed[:_MOST_ROWS_SHOWN]] if reading else [],
        questions=[sentence_of(question) for question in reading.questions] if reading else [],
        ask=sentence_of(report.trouble) if report and report.trouble else "",
        chosen={role: _shown(getattr(report.columns, role)) for role in words.COLUMNS} if report else {},
        words=words,
        as_sum=lambda minor: Money(minor, group.currency),
    )


def _shown(place: int) -> str:
    """A column's place as the form has it."""
    return "" if place == NOWHERE else str(place)
