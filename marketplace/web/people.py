"""A member as others in his group see him."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.auctions import queries as auctions
from marketplace.groups import queries as groups
from marketplace.groups.entry_rules import Answer
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.reputation import queries
from marketplace.reputation.rules import Side
from marketplace.web.frame import able_in, group_here
from marketplace.web.paging import row_number
from marketplace.web.people_words import GRADES, OPINIONS, QUESTIONS, evidence_words, risk_word
from marketplace.web.person import me, me_or_none

blueprint = Blueprint("people", __name__)
blueprint.add_app_template_filter(evidence_words)
blueprint.add_app_template_filter(risk_word)

Page = str | Response | tuple[str, int]

PAGE = 20


@blueprint.get("/people/<int:person_id>")
@blueprint.get("/g/<slug>/members/<int:person_id>")
@auth_required()
def show(person_id: int, slug: str | None = None) -> Page:
    """For members: who somebody is, what his deals in this group add up to, and what was said of him."""
    if slug is None:
        return _in_any_group(person_id)
    group = group_here(slug, Permission.SEE_MEMBERS)
    membership = groups.membership_row(group.id, person_id)
    if membership is None:
        raise NotFound("There is no such member.")
    before = request.args.get("before", type=row_number)
    found = queries.feedback_for(
        person_id, group.id, before=queries.shown_feedback(before) if before else None, limit=PAGE + 1
    )
    page = found[:PAGE]
    return render_template(
        "people/show.html",
        group=group,
        person=accounts.person(person_id),
        membership=membership,
        standing=queries.standing_of(person_id, group.id),
        strikes=groups.strikes_of(person_id, group.id, now=clock.now()),
        taken_back=auctions.taken_back_by(person_id, group_id=group.id, now=clock.now()),
        feedback=page,
        names=accounts.names_of(said.giver_id for said in page),
        more=page[-1].id if len(found) > PAGE else None,
        is_first=before is None,
        is_me=person_id == me(),
        able=able_in(group),
        words={"questions": QUESTIONS, "grades": GRADES, "opinions": OPINIONS, "sides": Side},
    )


def _in_any_group(person_id: int) -> Page:
    """Somebody by his number alone: off to his page in the group that both belong to, or a choice of such groups.

    Officers see here who asks to join; to anybody else there is no such person.
    """
    mine = groups.groups_of(me())
    his = {group.id for group in groups.groups_of(person_id)}
    shared = [group for group in mine if group.id in his]
    if len(shared) == 1:
        return redirect(url_for(".show", slug=shared[0].slug, person_id=person_id))
    if not shared and not any(_decides_on(group, person_id) for group in mine):
        raise NotFound("There is no such member.")
    return render_template(
        "people/anywhere.html",
        person=accounts.person(person_id),
        standings=[(group, queries.standing_of(person_id, group.id)) for group in shared],
    )


def knows(person_id: int) -> bool:
    """Whether the one at the page may see who this is: himself, somebody of his groups, or who asks to join one."""
    reader_id = me_or_none()
    if reader_id is None:
        return False
    if reader_id == person_id or groups.is_known_to(reader_id, person_id):
        return True
    return any(_decides_on(group, person_id) for group in groups.groups_of(reader_id))


def _decides_on(group: Group, person_id: int) -> bool:
    """Whether this person waits to join, and the one at the page decides about that."""
    asked = groups.last_application(group.id, person_id)
    waits = asked is not None and asked.state == Answer.WAITING
    return waits and Permission.DECIDE_APPLICATIONS in able_in(group)
