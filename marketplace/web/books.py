"""The group's books, as every member may read them: what is held for whom, and every transfer; and as a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from tempfile import SpooledTemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, Response, render_template, request, send_file
from flask_babel import get_locale
from flask_security import auth_required

from marketplace.accounts import queries as accounts
from marketplace.bankbook import attesting
from marketplace.deposits import queries as deposits
from marketplace.escrow import books, late_payouts, queries as orders
from marketplace.escrow.books import PAGE, Filter, Kind
from marketplace.escrow.reference_rules import order_of
from marketplace.groups import handover_queries
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules import month_of
from marketplace.web.bank_words import CHECKS
from marketplace.web.book_words import KINDS, what
from marketplace.web.frame import able_in, group_here
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me

blueprint = Blueprint("books", __name__, url_prefix="/g/<slug>")
blueprint.add_app_template_filter(what, "transfer_words")

_MOST_MONTHS = 60
_MOST_IN_MEMORY = 1024 * 1024
_NO_TRANSFER = 0
"""What is no reference finds nothing, instead of everything."""
_COLUMNS = "transfer posted_at memo order debit credit amount currency reference previous_seal seal".split()


@blueprint.get("/books")
@auth_required()
def show(slug: str) -> str:
    """What the group holds and whom it owes that to, both summed up now, and its transfers, newest first. Of others'
    orders nobody's name is shown."""
    group = group_here(slug, Permission.SEE_BOOKS)
    wanted, before = _filter(group), request.args.get("before", type=row_number)
    found = books.rows_of(group.id, group.currency, wanted, before=before, limit=PAGE + 1)
    rows = found[:PAGE]
    mine = books.took_part_in(me(), {row.order_id for row in rows if row.order_id})
    now = clock.now()
    with clock.at(now):  # one page, one moment
        attested = attesting.months_of(group)
        attesters = {each.attestation.attested_by for each in attested if each.attestation}
        return render_template(
            "books/show.html",
            group=group,
            attested=attested,
            attesters=accounts.names_of(attesters),
            month_name=month_name,
            checks=CHECKS,
            able=able_in(group),
            balance=books.balance_of(group.id, group.currency),
            sums=orders.sums_of(me(), group.id, group.currency),
            deposit=deposits.sums_of(group.id, me(), group.currency),
            now=now,
            **_passed(group.id),
            late=late_payouts.shown_to_group(group.id, me(), now),
            rows=rows,
            more=rows[-1].number if len(found) > PAGE else None,
            is_first=before is None,
            totals=books.totals_of(group.id, group.currency, wanted) if wanted.month and before is None else None,
            mine=mine,
            names=accounts.names_of(each for order in mine.values() for each in (order.buyer_id, order.seller_id)),
            months=months_since(books.first_posted_at(group.id), group.time_zone, now),
            kinds=KINDS,
            asked=request.args,
            wanted=wanted,
        )


def _passed(group_id: int) -> dict[str, Any]:
    """Who handed the treasury over to whom."""
    passed = handover_queries.passed(group_id)
    shown = {each for row in passed for each in (row.parting_id, row.successor_id, row.stated_by) if each is not None}
    return {"passed": passed, "passed_names": accounts.names_of(shown) if passed else {}}


@blueprint.get("/books.csv")
@auth_required()
@limiter.limit("30 per hour")
def export(slug: str) -> Response:
    """Every transfer of the group from the first on, a line for each move, and after them what is held for each order.
    With the seals anybody can check that nothing was changed since.

    It is written out before it is sent: a slow reader holds neither the whole of it in memory nor the database."""
    group = group_here(slug, Permission.SEE_BOOKS)
    name = f"{group.slug}-books-{clock.now():%Y-%m-%d}.csv"
    file = _Spool(max_size=_MOST_IN_MEMORY)
    for line in _lines(group):
        file.write(line.encode())
    file.seek(0)
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)


class _Spool(SpooledTemporaryFile[bytes]):
    """A file that goes when nobody reads it any more, to its end or not."""

    def __del__(self) -> None:
        self.close()


def escaped(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _lines(group: Group) -> Iterator[str]:
    yield "\ufeff"  # without it Excel takes UTF-8 for the alphabet of the machine
    yield _line(*_COLUMNS)
    for transfer in ledger.every_transfer(group.id):
        for move in transfer.moves():
            yield _line(
                transfer.number, transfer.posted_at.astimezone(UTC).isoformat(), transfer.memo, transfer.order_id or "",
                move.debit, move.credit, move.amount.amount, move.amount.currency, transfer.reference,
                transfer.previous_hash, transfer.hash,
            )  # fmt: skip
    yield _line()
    yield _line("held_for_order", "amount", "currency")
    for order_id, amount in sorted(ledger.held(group.id).items()):
        yield _line(order_id, amount.amount, amount.currency)


def _line(*cells: object) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([escaped(cell) for cell in cells])
    return file.getvalue()


def _filter(group: Group) -> Filter:
    """What the reader asked to see. What cannot be read is not asked."""
    asked = request.args
    kind = asked.get("k", "")
    order_id, number = _reference(asked.get("r", ""))
    return Filter(
        month=month_asked(asked.get("m", ""), group.time_zone),
        kind=Kind(kind) if kind in set(Kind) else None,
        order_id=order_id,
        number=number,
        party_id=me() if asked.get("mine") else None,
    )


def _reference(text: str) -> tuple[int | None, int | None]:
    """The order or the transfer that somebody typed: 1187, E-1187-7KQ or T-004418."""
    text = text.strip()[:80]
    transfer = re.fullmatch(r"[Tt]-?0*([1-9][0-9]{0,17})", text, re.ASCII)
    if transfer:
        return None, int(transfer[1])
    if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        return int(text), None
    return (order_of(text), None) if order_of(text) or not text else (None, _NO_TRANSFER)


def month_asked(text: str, zone: str) -> tuple[datetime, datetime] | None:
    """The month that an address names, as in 2026-11; none where it names none."""
    found = re.fullmatch(r"(2[0-9]{3})-(0[1-9]|1[0-2])", text, re.ASCII)
    return month_of(date(int(found[1]), int(found[2]), 1), zone) if found else None


def month_name(day: date) -> str:
    """November 2026."""
    return format_date(day, "LLLL y", locale=get_locale() or "en")


def months_since(first: datetime | None, zone: str, now: datetime) -> list[tuple[str, str]]:
    """The months from a moment to now, newest first: 2026-11 and November 2026."""
    if first is None:
        return []
    here = ZoneInfo(zone)
    start, day = first.astimezone(here).date().replace(day=1), now.astimezone(here).date().replace(day=1)
    found: list[tuple[str, str]] = []
    while day >= start and len(found) < _MOST_MONTHS:
        found.append((f"{day:%Y-%m}", month_name(day)))
        day = day.replace(year=day.year - (day.month == 1), month=(day.month - 2) % 12 + 1)
    return found
