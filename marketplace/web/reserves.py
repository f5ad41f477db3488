"""Proof of reserves: what was held and owed on each day, and that a member's own money is in it."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required

from marketplace.escrow import books
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.kernel.money import Money
from marketplace.ledger import reserves
from marketplace.ledger.reserve_file import Document, written
from marketplace.ledger.reserve_rules import Proof, examine
from marketplace.ledger.reserves import Proven
from marketplace.ledger.rules import Chart, chart_of, order_of
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("reserves", __name__, url_prefix="/g/<slug>/books")

_PAGE = 31


@blueprint.get("/proof")
@auth_required()
def show(slug: str) -> str:
    """The newest root, the reader's own money in it, reckoned again for this page, and the roots of the days before."""
    group = group_here(slug, Permission.SEE_BOOKS)
    proven = reserves.proven(group.id, books.accounts_of(group.id, me()))
    before = _day(request.args.get("before", ""))
    found = reserves.roots(group.id, before=before, most=_PAGE + 1)
    return render_template(
        "books/proof.html",
        group=group,
        root=proven and proven.taken.root(),
        seal=proven and proven.taken.seal,
        taken_at=proven and proven.taken.taken_at,
        mine=[_line(proof, proven.taken.currency) for proof in proven.proofs] if proven else [],
        sum=Money(sum(proof.leaf.minor for proof in proven.proofs), group.currency) if proven else None,
        by_books=proven and proven.by_books,
        wrong=_wrong_with(proven) if proven else [],
        roots=found[:_PAGE],
        more=found[_PAGE - 1].day if len(found) > _PAGE else None,
        is_first=before is None,
    )


@blueprint.get("/proof.json")
@auth_required()
@limiter.limit("60 per hour")
def download(slug: str) -> Response:
    """The proof as a file: the root of a day, and the way to it from each sum that is the reader's own."""
    group = group_here(slug, Permission.SEE_BOOKS)
    day = _day(request.args.get("day", ""))
    proven = reserves.proven(group.id, books.accounts_of(group.id, me()), day=day)
    if proven is None:
        raise NotFound("There is no proof of that day.")
    if proven.by_books is None:
        raise RuleBroken("The books of that day were changed by hand. Tell whoever runs this site, and ask again then.")
    document = Document(group.name, proven.taken.root(), proven.taken.seal, proven.proofs)
    answer = Response(written(document), mimetype="application/json")
    name = f"{group.slug}-proof-{proven.taken.day}.json"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _wrong_with(proven: Proven) -> list[str]:
    found = examine(proven.taken.root(), proven.taken.seal, proven.proofs)
    if not found and proven.by_books != proven.taken.root().tree:
        return [_("The books of that day were changed by hand: they do not give this sum any more.")]
    return found


def _line(proof: Proof, currency: str) -> tuple[str, str, Money]:
    """A sum of the reader's own: what it is, the page that tells more, and how much."""
    amount, account = Money(proof.leaf.minor, currency), proof.leaf.account
    if chart_of(account) is Chart.ESCROW:
        number = order_of(account)
        return _("Held for order %(number)s", number=number), url_for("orders.show", order_id=number), amount
    if chart_of(account) is Chart.DEPOSIT:
        return _("Your deposit"), "", amount
    return _("To be paid out to you"), "", amount


def _day(text: str) -> date | None:
    """A day in an address; what is none is not asked."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
