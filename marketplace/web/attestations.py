"""The page on which an officer says what the bank had at a month's end, beside what the books say."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from marshmallow import ValidationError

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.bankbook import attesting, attesting_rules as rules, schemas
from marketplace.bankbook.attesting import Month
from marketplace.bankbook.attesting_rules import Officers
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import NotAllowed
from marketplace.ledger.rules import month_of
from marketplace.web.books import month_name
from marketplace.web.format import sentence_of
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import Page, confirm_with_proof, picture_of_proof

blueprint = Blueprint("attestations", __name__, url_prefix="/g/<slug>/treasury/bank")


@blueprint.get("/attest")
@fresh_second_factor
def show(slug: str) -> str:
    """A month that is over: what the books had at its end, and a form for what the bank had."""
    return _page(group_here(slug, Permission.ATTEST_BALANCE), Form())


@blueprint.post("/attest")
@fresh_second_factor
@limiter.limit("30 per hour")
def attest(slug: str) -> Page:
    """It stands in the group's books, for every member."""
    group = group_here(slug, Permission.ATTEST_BALANCE)

    def say(bank: Any, **data: Any) -> Outcome:
        money = as_money(bank, group.currency, field="bank")
        is_news = attesting.attest(by=me(), group_id=group.id, bank=money, **data)
        return Outcome.DONE if is_news else Outcome.KNOWN

    return confirm_with_proof(
        schemas.Attest, say, _("It is attested. Every member reads it in the group’s books."),
        done=lambda: redirect(url_for("books.show", slug=slug, _anchor="bank-h"), 303),
        again=lambda form: _page(group, form),
    )  # fmt: skip


@blueprint.get("/attestations/<int:attestation_id>/picture")
@auth_required()
def picture(slug: str, attestation_id: int) -> Response:
    """What the officer saw at the bank. Only officers see it: other people's names may stand on it."""
    group = group_here(slug, Permission.ATTEST_BALANCE)
    return picture_of_proof(attesting.with_proof(attestation_id, by=me(), group_id=group.id).proof_key)


def _page(group: Group, form: Form) -> str:
    months = attesting.months_of(group)
    month = _month_asked(months)
    open_ones = [each for each in months if each.attestation is None]
    people = [each.attestation.attested_by for each in months if each.attestation is not None]
    start, end = month_of(month.first_day, group.time_zone) if month else (None, None)
    officers = attesting.officers_of(group, start, end) if start and end else None
    may = officers.may if officers else frozenset()
    names = accounts.names_of([*people, *may])
    return render_template(
        "bank/attest.html",
        group=group,
        form=form,
        months=months,
        month=month,
        end=end,
        others=[each for each in open_ones if month is None or each.first_day != month.first_day],
        books=attesting.books_at(group, end) if end else None,
        why_not=_why_not(officers) if officers else "",
        names_of_may=[names[person_id] for person_id in sorted(may)],
        is_alone=officers is not None and len(officers.all) == 1,
        names=names,
        month_name=month_name,
    )


def _why_not(officers: Officers) -> str:
    """Why the person at the page does not attest this month; nothing where he may."""
    try:
        rules.check_of(me(), officers)
    except NotAllowed as refusal:
        return sentence_of(refusal)
    return ""


def _month_asked(months: list[Month]) -> Month | None:
    """The month that the address or the form names, else the newest; none where there is none yet."""
    asked: date | None = None
    try:
        asked = schemas.Month().deserialize(request.values.get("month", ""))
    except ValidationError:
        asked = None
    return next((each for each in months if each.first_day == asked), months[0] if months else None)
