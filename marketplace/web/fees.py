"""What a group has earned by card payments, and its guarantee fund: asking the site for it, or setting it aside."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.escrow import fees, schemas
from marketplace.escrow.fee_models import FeeRequest
from marketplace.groups import queries as groups
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import NotFound
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("fees", __name__)

Page = str | Response | tuple[str, int]

_FEES = "/g/<slug>/fees"
_REQUEST = "/operator/fees/<int:request_id>"
_DEEDS = "60 per hour"


@blueprint.get(_FEES)
@auth_required()
def show(slug: str) -> Page:
    """For members: what the group has earned, what was paid of it, what lies in the fund. Officers ask for it here."""
    return _page(slug)


@blueprint.post(f"{_FEES}/ask")
@fresh_second_factor
@limiter.limit(_DEEDS)
def ask(slug: str) -> Page:
    """Those who run the site are asked."""
    group = group_here(slug, Permission.ASK_FOR_FEES)
    form = Form.sent(schemas.AskForFees)
    with form.refusals():
        amount = as_money(form.data["amount"], group.currency, field="amount")
        fees.ask(group_id=group.id, by=me(), amount=amount)
        flash(_("Those who run the site see it now."))
        return redirect(url_for(".show", slug=slug))
    return _page(slug, {"ask": form}), 422


@blueprint.post(f"{_FEES}/take-back")
@auth_required()
@limiter.limit(_DEEDS)
def take_back(slug: str) -> Page:
    """The group does not ask any more."""
    group = group_here(slug, Permission.ASK_FOR_FEES)
    form = Form()
    with form.refusals():
        fees.take_back(group_id=group.id, by=me())
        flash(_("It is taken back."))
        return redirect(url_for(".show", slug=slug))
    return _page(slug, {"ask": form}), 422


@blueprint.post(f"{_FEES}/fund")
@fresh_second_factor
@limiter.limit(_DEEDS)
def fill_fund(slug: str) -> Page:
    """Fees lie in the guarantee fund."""
    group = group_here(slug, Permission.FILL_FUND)
    form = Form.sent(schemas.FillFund)
    with form.refusals():
        data = form.data
        amount = as_money(data["fund_amount"], group.currency, field="fund_amount")
        fees.fill_fund(group_id=group.id, by=me(), amount=amount, client_key=data["client_key"])
        flash(_("It lies in the guarantee fund now."))
        return redirect(url_for(".show", slug=slug))
    return _page(slug, {"fund": form}), 422


@blueprint.get("/operator/fees")
@auth_required()
def requests() -> Page:
    """For those who run the site: what groups ask for of what they have earned."""
    return _requests_page()


@blueprint.post(f"{_REQUEST}/paid")
@fresh_second_factor
@limiter.limit(_DEEDS)
def paid(request_id: int) -> Page:
    """The site has paid it, and the group's books say so."""
    _check_operator()
    form = Form.sent(schemas.FeesPaid)
    with form.refusals():
        fees.confirm_paid(request_id=request_id, by=me(), reference=form.data["reference"])
        flash(_("It stands in the group’s books, and the group is told."))
        return redirect(url_for(".requests"))
    return _requests_page({request_id: form}), 422


@blueprint.post(f"{_REQUEST}/decline")
@fresh_second_factor
@limiter.limit(_DEEDS)
def decline(request_id: int) -> Page:
    """The group is told why it is not paid."""
    _check_operator()
    form = Form.sent(schemas.FeesDeclined)
    with form.refusals():
        fees.decline(request_id=request_id, by=me(), reason=form.data["reason"])
        flash(_("The group is told."))
        return redirect(url_for(".requests"))
    return _requests_page({request_id: form}), 422


def _page(slug: str, forms: Mapping[str, Form] | None = None) -> str:
    group = group_here(slug, Permission.SEE_BOOKS)
    earnings = fees.earnings_of(group.id)
    return render_template(
        "fees/show.html", group=group, earnings=earnings, forms=forms or {}, blank=Form(), able=able_in(group),
        names=accounts.names_of({each.asked_by for each in earnings.requests}),
    )  # fmt: skip


def _requests_page(forms: Mapping[int, Form] | None = None) -> str:
    _check_operator()
    found = fees.open_requests()
    return render_template(
        "fees/requests.html", requests=found, groups=_groups(found), forms=forms or {}, blank=Form(),
        names=accounts.names_of({each.asked_by for each in found}),
    )  # fmt: skip


def _groups(found: list[FeeRequest]) -> Mapping[int, str]:
    return {group_id: group.name for group_id, group in groups.groups({each.group_id for each in found}).items()}


def _check_operator() -> None:
    if not current_user.is_operator:
        raise NotFound("There is no such page.")
