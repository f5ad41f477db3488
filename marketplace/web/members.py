"""A group's members, and what officers do with one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.groups import members, queries, schemas
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor, proof_wanted
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me

blueprint = Blueprint("members", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/g/<slug>/members")
@auth_required()
def index(slug: str) -> Page:
    """Who belongs to the group, in which role, since when."""
    group = group_here(slug, Permission.SEE_MEMBERS)
    after = request.args.get("after", 0, type=row_number)
    found = queries.members(group.id, after=after, limit=queries.PAGE + 1)
    page = found[: queries.PAGE]
    return render_template(
        "groups/members.html",
        group=group,
        able=able_in(group),
        members=page,
        names=people.names_of(member.person_id for member in page),
        more=page[-1].id if len(found) > queries.PAGE else None,
        after=after,
    )


@blueprint.get("/g/<slug>/members/<int:person_id>/role")
@auth_required()
def show(slug: str, person_id: int) -> Page:
    """For officers: a member's role and strikes, the form that gives him another role, and the one that removes him."""
    group = group_here(slug, Permission.REMOVE_MEMBER)
    return _member_page(group, person_id, Form())


@blueprint.post("/g/<slug>/members/<int:person_id>/role")
@fresh_second_factor
@limiter.limit("60 per hour")
def give_role(slug: str, person_id: int) -> Page:
    group = group_here(slug, Permission.GIVE_ROLES)
    form = Form.sent(schemas.GiveRole)
    with form.refusals():
        members.give_role(by=me(), group_id=group.id, person_id=person_id, **form.data)
        flash(_("The role is given, and counts from now on."))
        return redirect(url_for("members.index", slug=slug))
    return _member_page(group, person_id, form), 422


@blueprint.post("/g/<slug>/members/<int:person_id>/remove")
@auth_required()
@limiter.limit("60 per hour")
def remove(slug: str, person_id: int) -> Page:
    group = group_here(slug, Permission.REMOVE_MEMBER)
    form = Form.sent(schemas.RemoveMember)
    with form.refusals():
        members.remove_member(by=me(), group_id=group.id, person_id=person_id, **form.data)
        flash(_("He is a member no more, and is told so with your reason. His orders go to their end."))
        return redirect(url_for("members.index", slug=slug))
    return _member_page(group, person_id, form), 422


def _member_page(group: Group, person_id: int, form: Form) -> str:
    member = queries.membership(group.id, person_id)
    if member is None:
        raise NotFound("There is no such member.")
    return render_template(
        "groups/member.html",
        group=group,
        able=able_in(group),
        member=member,
        name=people.names_of([person_id])[person_id],
        is_me=person_id == me(),
        strikes=queries.strikes_of(person_id, group.id, now=clock.now()),
        form=form,
        proof=proof_wanted(),
    )
