"""An officer's list of other members' deposits, and the pages on which he says what came in and what went out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions.schemas import as_money
from marketplace.deposits import asking_rules, finding, payouts, putting_up, queries, schemas
from marketplace.deposits.confirmations import DepositPayment, PayoutOfDeposit
from marketplace.deposits.models import Deposit, DepositPayout
from marketplace.deposits.payout_rules import State as PayoutState
from marketplace.deposits.reference_rules import reference_of
from marketplace.deposits.rules import State
from marketplace.escrow import late_payouts
from marketplace.groups.models import Group, Membership
from marketplace.groups.proposal_rules import Outcome
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import Page, confirm_with_proof, from_bank_line
from marketplace.web.two_officers import limit_here

blueprint = Blueprint("deposit_treasury", __name__, url_prefix="/g/<slug>/treasury")

_PERSON = "/deposits/<int:person_id>"
_PAYOUT = "/deposit-payouts/<int:payout_id>"


@blueprint.get("/deposits")
@auth_required()
def index(slug: str) -> Page:
    """Deposits to look for, what is to be paid out of them, late ones first, and what stands; never the officer's
    own."""
    group = group_here(slug, Permission.CONFIRM_MONEY_LATE)
    with clock.at(clock.now()):  # one page, one moment
        late = late_payouts.shown_to_officers(group.id, me(), clock.now())
        late_by_id = {each.deposit_payout_id: each for each in late}
        queue = queries.queue_for(group.id, me(), first={found for found in late_by_id if found is not None})
        return render_template(
            "deposits/queue.html",
            group=group,
            queue=queue,
            late=late_by_id,
            names=accounts.names_of(queue.memberships),
            references={person_id: reference_of(number) for person_id, number in queue.memberships.items()},
        )


@blueprint.get(_PERSON)
@fresh_second_factor
def show(slug: str, person_id: int) -> Page:
    """What to look for in the group's account, and a form for what was found there."""
    group, member, deposit = _of_another(slug, person_id)
    return _person_page(group, member, deposit, from_bank_line(group.id))


@blueprint.post(_PERSON)
@fresh_second_factor
@limiter.limit("120 per hour")
def confirm(slug: str, person_id: int) -> Page:
    """It stands."""
    group, member, deposit = _of_another(slug, person_id)

    def find(amount: Any, **data: Any) -> Outcome:
        money = as_money(amount, group.currency, field="amount")
        return putting_up.confirm(group_id=group.id, person_id=person_id, by=me(), amount=money, **data)

    return confirm_with_proof(
        schemas.Confirm, find, _("It is confirmed, and the member is told."), done=lambda: _to_list(slug),
        again=lambda form: _person_page(group, member, deposit, form),
    )  # fmt: skip


@blueprint.post(f"{_PERSON}/not-found")
@fresh_second_factor
@limiter.limit("60 per hour")
def not_found(slug: str, person_id: int) -> Page:
    """The member is asked to look into it."""
    group, member, deposit = _of_another(slug, person_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        putting_up.not_found(group_id=group.id, person_id=person_id, by=me(), **form.data)
        flash(_("The member is told that the payment cannot be found."))
        return _to_list(slug)
    return _person_page(group, member, deposit, form), 422


@blueprint.get(_PAYOUT)
@fresh_second_factor
def payout(slug: str, payout_id: int) -> Page:
    """How much is owed and where to send it, and a form for what was sent."""
    group, owed = _payout_to_another(slug, payout_id)
    return _payout_page(group, owed, from_bank_line(group.id))


@blueprint.post(_PAYOUT)
@fresh_second_factor
@limiter.limit("120 per hour")
def confirm_payout(slug: str, payout_id: int) -> Page:
    """It is paid."""
    group, owed = _payout_to_another(slug, payout_id)

    def pay(**data: Any) -> Outcome:
        return payouts.confirm_payout(payout_id=payout_id, by=me(), **data)

    return confirm_with_proof(
        schemas.ConfirmPayout, pay, _("It is confirmed, and the payee is told."), done=lambda: _to_list(slug),
        again=lambda form: _payout_page(group, owed, form),
    )  # fmt: skip


@blueprint.post(f"{_PAYOUT}/failed")
@fresh_second_factor
@limiter.limit("60 per hour")
def payout_failed(slug: str, payout_id: int) -> Page:
    """It stays owed; the payee is told why it did not go through."""
    group, owed = _payout_to_another(slug, payout_id)
    form = Form.sent(schemas.PayoutFailed)
    with form.refusals():
        payouts.payout_failed(payout_id=payout_id, by=me(), **form.data)
        flash(_("It stays owed, and the payee is told."))
        return _to_list(slug)
    return _payout_page(group, owed, form), 422


def _of_another(slug: str, person_id: int) -> tuple[Group, Membership, Deposit | None]:
    """Another member and his deposit, for an officer who looks after its money. Raises NotFound, NotAllowed."""
    group = group_here(slug, Permission.SEE_MEMBERS)
    member = finding.membership_row(group.id, person_id)
    deposit = finding.deposit_of(group.id, person_id)
    is_late = deposit is not None and deposit.is_second_officer_due
    finding.check_treasurer(group.id, person_id, me(), second_officer=is_late)
    return group, member, deposit


def _payout_to_another(slug: str, payout_id: int) -> tuple[Group, DepositPayout]:
    group = group_here(slug, Permission.SEE_MEMBERS)
    found = queries.payout(payout_id)
    if found.group_id != group.id:
        raise finding.no_such_deposit()
    finding.check_treasurer(group.id, found.payee_id, me(), second_officer=found.is_second_officer_due)
    finding.payout_party(found, me())  # nor out of his own deposit
    return group, found


def _person_page(group: Group, member: Membership, deposit: Deposit | None, form: Form) -> str:
    return render_template(
        "deposits/payment.html",
        group=group,
        member=member,
        deposit=deposit,
        form=form,
        usual=asking_rules.usual(group.terms, group.currency),
        may_not_find=deposit is not None and deposit.state == State.CLAIMED,
        name=accounts.names_of([member.person_id])[member.person_id],
        reference=reference_of(member.id),
        seen=queries.seen(deposit),
        limit=limit_here(DepositPayment(deposit or Deposit(group_id=group.id, person_id=member.person_id))),
    )


def _payout_page(group: Group, owed: DepositPayout, form: Form) -> str:
    now = clock.now()
    is_open = owed.state == PayoutState.DUE
    return render_template(
        "deposits/payout.html",
        group=group,
        payout=owed,
        form=form,
        is_open=is_open,
        name=accounts.names_of([owed.payee_id])[owed.payee_id],
        reference=reference_of(finding.membership_row(group.id, owed.payee_id).id),
        details=accounts.payout_details_of(owed.payee_id, now) if is_open else None,
        coming=accounts.coming_payout_details(owed.payee_id, now) if is_open else None,
        failed=[movement for movement in queries.tries(owed) if movement.failure],
        limit=limit_here(PayoutOfDeposit(queries.deposit_behind(owed), owed)),
    )


def _to_list(slug: str) -> Response:
    return redirect(url_for("deposit_treasury.index", slug=slug), 303)
