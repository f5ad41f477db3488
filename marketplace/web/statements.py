"""A member's own statement of a month, to read, to print and as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask_security import auth_required

from marketplace.escrow import statements
from marketplace.escrow.statements import Line, Statement
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.ledger.rules import month_of
from marketplace.web.book_words import what
from marketplace.web.books import escaped, month_asked, month_name, months_since
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("statements", __name__, url_prefix="/g/<slug>")

_COLUMNS = (
    "date what order lot title paid_by_buyer fee processor_fee to_you set_off came_back taken_by_bank"
    " paid_out owed_after currency bank_reference transfer"
).split()


@blueprint.get("/statement")
@auth_required()
def show(slug: str) -> str:
    """What became the reader's own in a month, what was kept of it, what was paid to him, what is owed to him."""
    group = group_here(slug, Permission.SEE_BOOKS)
    month, now = _month(group), clock.now()
    first_day = month[0].astimezone(ZoneInfo(group.time_zone)).date()
    return render_template(
        "books/statement.html",
        group=group,
        asked=f"{first_day:%Y-%m}",
        name=month_name(first_day),
        months=months_since(statements.first_line_at(group.id, me()) or now, group.time_zone, now),
        statement=statements.statement_of(group.id, me(), group.currency, month),
        is_over=month[1] <= now,
    )


@blueprint.get("/statement.csv")
@auth_required()
@limiter.limit("60 per hour")
def export(slug: str) -> Response:
    """The same as a file, with a line for what was owed at the beginning and at the end."""
    group = group_here(slug, Permission.SEE_BOOKS)
    month = _month(group)
    statement = statements.statement_of(group.id, me(), group.currency, month)
    first_day = f"{month[0].astimezone(ZoneInfo(group.time_zone)):%Y-%m}"
    answer = Response(_file(group, statement), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{group.slug}-statement-{first_day}.csv")
    return answer


def _month(group: Group) -> tuple[datetime, datetime]:
    """The month that is asked for, or the present one."""
    today = clock.now().astimezone(ZoneInfo(group.time_zone)).date()
    return month_asked(request.args.get("m", ""), group.time_zone) or month_of(today, group.time_zone)


def _file(group: Group, statement: Statement) -> str:
    file = io.StringIO("\ufeff", newline="")  # without it Excel takes UTF-8 for the alphabet of the machine
    file.seek(0, io.SEEK_END)
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    writer.writerow(_owed("owed at the beginning", statement.opening.amount, group.currency))
    writer.writerows([[escaped(cell) for cell in _cells(line)] for line in statement.lines])
    writer.writerow(_owed("owed at the end", statement.closing.amount, group.currency))
    return file.getvalue()


def _owed(words: str, amount: object, currency: str) -> list[object]:
    return ["", words, *[""] * 11, amount, currency, "", ""]


def _cells(line: Line) -> list[object]:
    row, order = line.row, line.order
    has_fees = bool(line.fee or line.processor_fee)
    sale = [each.amount if has_fees else "" for each in (line.gross, line.fee, line.processor_fee)]
    parts = (line.yours, line.set_off, line.came_back, line.taken, line.paid_out)
    sums = [each.amount if each else "" for each in parts]
    return [
        row.at.astimezone(UTC).isoformat(), what(row), order.reference if order else "",
        order.lot_number if order else "", order.title if order else "", *sale, *sums,
        row.balance.amount, row.balance.currency, line.bank_reference, row.number,
    ]  # fmt: skip
