"""Ruling on a dispute in two steps, appealing, passing a case on, and agreeing on who rules; and what waits for it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required

from marketplace.accounts import queries as accounts
from marketplace.catalog import queries as catalog
from marketplace.disputes import choosing, queries, ruling, schemas
from marketplace.disputes.finding import case
from marketplace.groups import queries as groups
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.web.dispute_page import dispute_page, is_unproved
from marketplace.web.dispute_words import question
from marketplace.web.disputes import DEEDS, STATEMENTS, Page, currency_of, done, remedy_in
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me

blueprint = Blueprint("rulings", __name__)


@blueprint.get("/g/<slug>/disputes")
@auth_required()
def queue(slug: str) -> Page:
    """For officers: the disputes on which they may rule, those that wait for a ruling first."""
    group = group_here(slug, Permission.RULE_ON_DISPUTE)
    after = request.args.get("after", type=row_number)
    cases, more = queries.open_for_ruling(group.id, me(), after=after)
    people = {person_id for case in cases for person_id in (case.order.buyer_id, case.order.seller_id)}
    names = accounts.names_of(people)
    with clock.at(clock.now()):  # one page, one moment
        return render_template(
            "disputes/queue.html",
            group=group,
            due=[case for case in cases if queries.is_due(case)],
            coming=[case for case in cases if not queries.is_due(case)],
            names=names,
            questions={case.dispute.id: question(case, names) for case in cases},
            covers=catalog.covers_of(case.order.item_id for case in cases),
            more=more,
            is_first=after is None,
        )


@blueprint.get("/disputes/<int:dispute_id>/ruling")
@fresh_second_factor
def begin(dispute_id: int) -> Page:
    """Back to the dispute and its form, once the second factor was shown."""
    queries.check_sees(dispute_id, me())
    return redirect(url_for("disputes.show", dispute_id=dispute_id, _anchor="rule-h"))


@blueprint.post("/disputes/<int:dispute_id>/ruling/check")
@auth_required()
@limiter.limit(DEEDS)
def check(dispute_id: int) -> Page:
    """The first step: the ruling to be read, and who gets what by it. Nothing is final; it can be changed."""
    queries.check_sees(dispute_id, me())
    form = Form.sent(schemas.Rule)
    if request.form.get("step") == "change":
        form.errors.clear()
        return dispute_page(dispute_id, me(), {"rule": form})
    if is_unproved(case(dispute_id), me()):
        return dispute_page(dispute_id, me(), {"rule": form}), 422
    with form.refusals():
        remedy = remedy_in(form.data, currency_of(dispute_id))
        ruling.try_ruling(dispute_id=dispute_id, by=me(), remedy=remedy)
        return dispute_page(dispute_id, me(), {"rule": form}, confirming=remedy)
    return dispute_page(dispute_id, me(), {"rule": form}), 422


@blueprint.post("/disputes/<int:dispute_id>/ruling")
@auth_required()
@limiter.limit(DEEDS)
def rule(dispute_id: int) -> Page:
    """The second step: it is ruled, and both sides read it. Who has to show his code first finds what he typed."""
    queries.check_sees(dispute_id, me())
    if is_unproved(case(dispute_id), me()):
        return dispute_page(dispute_id, me(), {"rule": Form.sent(schemas.Rule)}), 422

    def find(data: dict[str, Any]) -> None:
        remedy = remedy_in(data, currency_of(dispute_id))
        key = data["client_key"]
        ruling.rule(dispute_id=dispute_id, by=me(), remedy=remedy, reasons=data["words"], client_key=key)

    return done(dispute_id, "rule", schemas.Rule, find, _("You have ruled. Both sides read it now."))


@blueprint.post("/disputes/<int:dispute_id>/appeal")
@auth_required()
@limiter.limit(STATEMENTS)
def appeal(dispute_id: int) -> Page:
    """One side has appealed: somebody else rules."""

    def lodge(data: dict[str, Any]) -> None:
        ruling.appeal(dispute_id=dispute_id, by=me(), **data)

    return done(dispute_id, "appeal", schemas.Appeal, lodge, _("You have appealed. Somebody else rules now."))


@blueprint.post("/disputes/<int:dispute_id>/pass-on")
@auth_required()
@limiter.limit(DEEDS)
def pass_on(dispute_id: int) -> Page:
    """The reader has a conflict: the case is not his to see any more."""
    ruling.pass_on(dispute_id=dispute_id, by=me())
    flash(_("The case is passed on. You do not see it any more."))
    group = groups.group(case(dispute_id).order.group_id)
    endpoint = ".queue" if Permission.RULE_ON_DISPUTE in able_in(group) else "groups.show"
    return redirect(url_for(endpoint, slug=group.slug))


@blueprint.post("/disputes/<int:dispute_id>/rulers")
@auth_required()
@limiter.limit(DEEDS)
def propose(dispute_id: int) -> Page:
    """One side has proposed a member to rule; the other is asked."""

    def name(data: dict[str, Any]) -> None:
        choosing.propose_ruler(dispute_id=dispute_id, by=me(), **data)

    return done(dispute_id, "ruler", schemas.ChooseRuler, name, _("It is noted. Both of you have to agree."))


@blueprint.post("/disputes/<int:dispute_id>/rulers/accept")
@auth_required()
@limiter.limit(DEEDS)
def accept_ruler(dispute_id: int) -> Page:
    """Both have agreed on a member, who is asked to rule."""

    def agree(data: dict[str, Any]) -> None:
        choosing.accept_ruler(dispute_id=dispute_id, by=me(), **data)

    return done(dispute_id, "ruler", schemas.ChooseRuler, agree, _("You have agreed. The member is asked to rule."))
