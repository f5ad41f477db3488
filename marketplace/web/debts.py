"""What members owe a group: one's own, with how it is paid; and for officers, to confirm it or to write it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.escrow import debt_paying, debts, schemas
from marketplace.escrow.debt_paying import DebtPayment
from marketplace.groups import queries as groups
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import confirm_with_proof, from_bank_line
from marketplace.web.two_officers import limit_here

blueprint = Blueprint("debts", __name__)

Page = str | Response | tuple[str, int]

_DEBTS = "/g/<slug>/treasury/debts"
_DEBT = f"{_DEBTS}/<int:person_id>"
_DEEDS = "60 per hour"


@blueprint.get("/debts")
@auth_required()
def mine() -> Page:
    """What I owe, to which groups."""
    found = debts.own_debts(me())
    return render_template("debts/mine.html", debts=found, groups=groups.groups({*found}))


@blueprint.get("/g/<slug>/debt")
@auth_required()
def own(slug: str) -> Page:
    """What I owe this group: which orders it came from, how it is set off, how to pay it."""
    group = groups.group_by_slug(slug)
    debt = debts.debt_of(group.id, me())
    return render_template(
        "debts/own.html", group=group, debt=debt, instructions=groups.instructions_of(group.id, clock.now()),
        mine={line.order_id for line in debt.lines if line.order_id},
    )  # fmt: skip


@blueprint.get(_DEBTS)
@auth_required()
def index(slug: str) -> Page:
    """For officers: who owes the group how much, the most first."""
    group = group_here(slug, Permission.AGREE_WRITE_OFF)
    found = debts.debts_of_group(group.id, me())
    return render_template("debts/index.html", group=group, debts=found, names=accounts.names_of(found), my_id=me())


@blueprint.get(_DEBT)
@auth_required()
def show(slug: str, person_id: int) -> Page:
    """One debt with how it came about; to confirm that it was paid, or to write it off."""
    group = group_here(slug, Permission.AGREE_WRITE_OFF)
    return _page(slug, person_id, {"paid": from_bank_line(group.id)})


@blueprint.post(f"{_DEBT}/paid")
@fresh_second_factor
@limiter.limit(_DEEDS)
def paid(slug: str, person_id: int) -> Page:
    """It came in, or a part of it."""
    group = group_here(slug, Permission.CONFIRM_MONEY)

    def find(amount: Any, **data: Any) -> Outcome:
        money = as_money(amount, group.currency, field="amount")
        return debt_paying.confirm(group_id=group.id, person_id=person_id, by=me(), amount=money, **data)

    return confirm_with_proof(
        schemas.ConfirmDebt, find, _("It is confirmed, and the member is told."),
        done=lambda: redirect(url_for(".show", slug=slug, person_id=person_id)),
        again=lambda form: _page(slug, person_id, {"paid": form}),
    )  # fmt: skip


@blueprint.post(f"{_DEBT}/write-off")
@fresh_second_factor
@limiter.limit(_DEEDS)
def propose(slug: str, person_id: int) -> Page:
    """Another officer is asked to agree."""
    group = group_here(slug, Permission.WRITE_OFF_DEBT)

    def write(data: dict[str, Any]) -> None:
        debts.propose_write_off(group_id=group.id, person_id=person_id, by=me(), **data)

    said = _("It is proposed. Another officer has to agree.")
    return _done(slug, person_id, "write_off", schemas.ProposeWriteOff, write, said=said)


@blueprint.post(f"{_DEBT}/write-off/agree")
@fresh_second_factor
@limiter.limit(_DEEDS)
def agree(slug: str, person_id: int) -> Page:
    """It is written off."""
    group = group_here(slug, Permission.AGREE_WRITE_OFF)

    def write(_data: dict[str, Any]) -> None:
        debts.agree_write_off(group_id=group.id, person_id=person_id, by=me())

    return _done(
        slug, person_id, "agree", schemas.PlainDeed, write, said=_("It is written off, and stands in the books.")
    )


@blueprint.post(f"{_DEBT}/write-off/drop")
@fresh_second_factor
@limiter.limit(_DEEDS)
def drop(slug: str, person_id: int) -> Page:
    """The debt stays."""
    group = group_here(slug, Permission.AGREE_WRITE_OFF)

    def leave(_data: dict[str, Any]) -> None:
        debts.drop_write_off(group_id=group.id, person_id=person_id, by=me())

    return _done(slug, person_id, "agree", schemas.PlainDeed, leave, said=_("The debt stays as it is."))


def _done(
    slug: str, person_id: int, name: str, schema: type[Any], act: Callable[[dict[str, Any]], None], *, said: str
) -> Page:
    form = Form.sent(schema)
    with form.refusals():
        act(dict(form.data))
        flash(said)
        return redirect(url_for(".show", slug=slug, person_id=person_id))
    return _page(slug, person_id, {name: form}), 422


def _page(slug: str, person_id: int, forms: Mapping[str, Form] | None = None) -> str:
    group = group_here(slug, Permission.AGREE_WRITE_OFF)
    debt = debts.debt_for(group.id, person_id, me())
    people, debtor = {person_id, *(deed.by_id for deed in debt.deeds)}, groups.membership_row(group.id, person_id)
    assert debtor is not None  # noqa: S101 - who owes something has belonged to the group
    return render_template(
        "debts/show.html", group=group, debt=debt, names=accounts.names_of(people), forms=forms or {}, blank=Form(),
        able=able_in(group), my_id=me(),
        limit=limit_here(DebtPayment(debtor)),
    )  # fmt: skip
