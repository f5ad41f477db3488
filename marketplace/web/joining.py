"""The way into a group, and the way out."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.groups import entry_rules, joining, members, queries, schemas
from marketplace.groups.entry_rules import Answer
from marketplace.groups.models import Group
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound, RuleBroken
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("joining", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/g/<slug>/join")
@auth_required()
def join(slug: str) -> Page:
    """The group's rules and its questions. Who cannot ask now is sent to the front page, which says why."""
    group = group_here(slug)
    row = queries.membership_row(group.id, me())
    last = queries.last_application(group.id, me())
    if last is not None and last.state == Answer.WAITING:
        return _front(group)
    try:
        entry_rules.judge_asking(joining.door_of(group, row, last), now=clock.now())
    except RuleBroken:
        return _front(group)
    return _join_page(group, Form())


@blueprint.post("/g/<slug>/join")
@auth_required()
@limiter.limit("20 per hour")
def ask(slug: str) -> Page:
    group = group_here(slug)
    form = Form.sent(schemas.AskToJoin)
    with form.refusals():
        application = joining.ask_to_join(by=me(), group_id=group.id, **form.data)
        if application.state == Answer.ACCEPTED:
            flash(_("You are a member of %(group)s.", group=group.name))
        else:
            flash(_("Your application is with the officers. You hear from them by mail."))
        return _front(group)
    return _join_page(group, form), 422


def _join_page(group: Group, form: Form) -> str:
    text = queries.rules_text(group.id, group.rules_version)
    return render_template("groups/join.html", group=group, form=form, rules_text=text)


@blueprint.post("/g/<slug>/join/withdraw")
@auth_required()
@limiter.limit("20 per hour")
def withdraw(slug: str) -> Page:
    group = group_here(slug)
    last = queries.last_application(group.id, me())
    if last is None:
        raise NotFound("There is no such application.")
    joining.withdraw_application(by=me(), application_id=last.id)
    flash(_("You asked no more. You may ask again at any time."))
    return _front(group)


@blueprint.post("/g/<slug>/agree")
@auth_required()
@limiter.limit("20 per hour")
def agree(slug: str) -> Page:
    group = _group_of_mine(slug)
    form = Form.sent(schemas.Agree)
    with form.refusals():
        joining.agree_to_rules(by=me(), group_id=group.id, **form.data)
        flash(
            _("You agreed to the rules, version %(version)s. You may bid and list again.", version=group.rules_version)
        )
        return _front(group)
    flash(next(iter(form.errors.values())), "clock")
    return _front(group)


@blueprint.get("/g/<slug>/leave")
@auth_required()
def leaving(slug: str) -> Page:
    """What happens to bids, lots and orders when one leaves, and the button."""
    return render_template("groups/leave.html", group=_group_of_mine(slug), form=Form())


@blueprint.post("/g/<slug>/leave")
@auth_required()
@limiter.limit("20 per hour")
def leave(slug: str) -> Page:
    group = group_here(slug)
    form = Form()
    with form.refusals():
        members.leave_group(by=me(), group_id=group.id)
        flash(_("You left %(group)s. Your orders there go on, and you see them as before.", group=group.name))
        return _front(group)
    return render_template("groups/leave.html", group=group, form=form), 422


def _group_of_mine(slug: str) -> Group:
    group = group_here(slug)
    if queries.membership(group.id, me()) is None:
        raise NotFound("You are no member of this group.")
    return group


def _front(group: Group) -> Response:
    return redirect(url_for("groups.show", slug=group.slug))
