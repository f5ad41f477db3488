"""A member's deposit in a group: what it is for, where it stands, putting it up and asking for it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response as BaseResponse

from marketplace.accounts import queries as accounts
from marketplace.auctions import depositing
from marketplace.deposits import asking_rules, finding, payout_rules, payouts, putting_up, queries, rules, schemas
from marketplace.deposits.models import Deposit
from marketplace.deposits.payout_rules import State as PayoutState
from marketplace.deposits.reference_rules import reference_of
from marketplace.deposits.rules import Action, Party
from marketplace.escrow import late_payouts, queries as orders
from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.money import Money, zero
from marketplace.web import late_words
from marketplace.web.deposit_words import badge, done
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import picture_of_proof

blueprint = Blueprint("deposits", __name__)
blueprint.add_app_template_filter(badge, "deposit_badge")
blueprint.add_app_template_filter(done, "deposit_done")

Page = str | BaseResponse

DEEDS = "60 per hour"


@blueprint.get("/g/<slug>/deposit")
@auth_required()
def mine(slug: str) -> Page:
    """My deposit here, how to put it up or get it back, and what is paid to me out of deposits."""
    return _page(group_here(slug))


@blueprint.post("/g/<slug>/deposit/sent")
@auth_required()
@limiter.limit(DEEDS)
def say_sent(slug: str) -> Page:
    """The treasurer looks for it."""
    said = _("The treasurer now looks for your payment and confirms it here.")
    return _answer(slug, putting_up.say_sent, said)


@blueprint.post("/g/<slug>/deposit/return")
@auth_required()
@limiter.limit(DEEDS)
def ask_return(slug: str) -> Page:
    """It goes back as soon as nothing is open."""
    said = _("It goes back as soon as nothing of yours is open here. You are told.")
    return _answer(slug, putting_up.ask_return, said)


@blueprint.post("/g/<slug>/deposit/keep")
@auth_required()
@limiter.limit(DEEDS)
def keep(slug: str) -> Page:
    """It stays."""
    return _answer(slug, putting_up.keep, _("Your deposit stays. You can bid with it as before."))


@blueprint.post("/g/<slug>/deposit/payouts/<int:payout_id>/missing")
@auth_required()
@limiter.limit(DEEDS)
def payout_missing(slug: str, payout_id: int) -> Page:
    """I have seen no money: it is owed again."""
    group = group_here(slug)
    payout = queries.payout(payout_id)
    if payout.group_id != group.id or payout.payee_id != me():
        raise finding.no_such_deposit()

    def miss(*, group_id: int, by: int, client_key: str | None) -> None:
        payouts.payout_missing(payout_id=payout_id, by=by, client_key=client_key)

    return _answer(slug, miss, _("It is owed to you again, and the treasurer is told."))


@blueprint.get("/deposit-proofs/<int:movement_id>")
@auth_required()
def proof(movement_id: int) -> Response:
    """The picture of a bank's slip, for whoever paid or was paid and the officers who may confirm his money."""
    return picture_of_proof(queries.proof_for(movement_id, me()).proof_key)


def _answer(slug: str, deed: Callable[..., None], said: str) -> Page:
    """Do it and say so; what the deposit itself forbids, because it has moved on, is said on the page as it stands."""
    group = group_here(slug)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        deed(group_id=group.id, by=me(), **form.data)
        flash(said)
    if form.errors:
        flash(next(iter(form.errors.values())), "doubt")
    return redirect(url_for("deposits.mine", slug=slug), 303)


def _page(group: Group) -> str:
    now = clock.now()
    found = queries.own(group.id, me())
    member = finding.membership_row(group.id, me())
    with clock.at(now):  # one page, one moment
        return render_template(
            "deposits/mine.html",
            group=group,
            found=found,
            deposit=found.deposit,
            reference=reference_of(member.id),
            instructions=groups.instructions_of(group.id, now),
            is_member=member.is_current,
            officers=accounts.names_of(_officers_of(found)),
            has_bids=depositing.has_open(group.id, me()),
            has_orders=orders.has_open_purchase(group.id, me()),
            has_payout_details=accounts.payout_details_of(me(), now) is not None,
            amount_of=lambda minor: Money(minor, group.currency),
            form=Form(),
            A=Action,
            **_sums(group, found.deposit),
            **late_words.on_page(late_payouts.of_deposits(group.id, me(), now)),
            **_open_to(group, found, is_member=member.is_current, now=now),
        )


def _officers_of(found: queries.Own) -> set[int]:
    """Both officers of what took two."""
    both = [(line.person_id, line.approved_by) for line in found.lines if line.approved_by is not None]
    return {who for pair in both for who in pair if who is not None}


def _sums(group: Group, deposit: Deposit | None) -> dict[str, Money]:
    """What a deposit of the group is, what his holds, and what is missing to that."""
    usual, nothing = asking_rules.usual(group.terms, group.currency), zero(group.currency)
    held = deposit.held if deposit else nothing
    return {"usual": usual, "held": held, "missing": max(usual - held, nothing)}


def _open_to(group: Group, found: queries.Own, *, is_member: bool, now: datetime) -> dict[str, Any]:
    """The buttons that he has, and whether every lot asks him."""
    deposit = found.deposit
    facts = deposit.facts() if deposit else None
    actions = {action for action in Action if rules.may(facts, action, Party.MEMBER)} if facts else {Action.SAY_SENT}
    missable = [
        each for each in found.payouts if payout_rules.may_say_missing(each.facts(), terms=group.terms, now=now)
    ]
    return {
        "may": actions if is_member else set(),
        "may_miss": {payout.id for payout in missable},
        "owed": [payout for payout in found.payouts if payout.state == PayoutState.DUE],
        "is_asked": bool(deposit and deposit.asked_until and deposit.asked_until > now),
    }
