"""What owners and treasurers change: what the group is, its rules, terms and payment instructions; and closing it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.groups import founding, instructions as payment, queries, schemas
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.kernel import clock
from marketplace.kernel.errors import NotFound
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.fresh import fresh_second_factor, proof_wanted
from marketplace.web.group_choices import choices
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.security_words import DOUBT
from marketplace.web.term_words import SECTIONS, cards_are_away, typed, with_sums

blueprint = Blueprint("group_settings", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/g/<slug>/settings")
@auth_required()
def profile(slug: str) -> Page:
    """The form of what the group is, who may see it, and how one comes in."""
    group = group_here(slug, Permission.CHANGE_GROUP)
    return _profile_page(group, Form(_profile_of(group)))


@blueprint.post("/g/<slug>/settings")
@auth_required()
@limiter.limit("60 per hour")
def change_profile(slug: str) -> Page:
    group = group_here(slug, Permission.CHANGE_GROUP)
    form = Form.sent(schemas.ChangeGroup)
    with form.refusals():
        founding.change_group(by=me(), group_id=group.id, **form.data)
        flash(_("The group is changed. Its address stayed."))
        return redirect(url_for("groups.show", slug=slug))
    return _profile_page(group, form), 422


def _profile_of(group: Group) -> dict[str, Any]:
    """The group as it stands in the form."""
    questions = {f"question_{number}": question for number, question in enumerate(group.questions, start=1)}
    kept = ("name", "collects", "currency", "time_zone", "join_policy", "most_members")
    ticks = {name: "1" if getattr(group, name) else "" for name in ("is_listed", "is_catalogue_public")}
    return {name: getattr(group, name) for name in kept} | questions | ticks


def _profile_page(group: Group, form: Form) -> str:
    return render_template("groups/settings.html", group=group, form=form, **choices())


@blueprint.get("/g/<slug>/settings/rules")
@auth_required()
def rules(slug: str) -> Page:
    """The rules to be written anew; members are asked to agree to them again."""
    group = group_here(slug, Permission.CHANGE_RULES)
    text = queries.rules_text(group.id, group.rules_version)
    return _rules_page(group, Form({"text": text, "based_on": group.rules_version}))


@blueprint.post("/g/<slug>/settings/rules")
@auth_required()
@limiter.limit("30 per hour")
def change_rules(slug: str) -> Page:
    group = group_here(slug, Permission.CHANGE_RULES)
    form = Form.sent(schemas.ChangeRules)
    with form.refusals():
        number = founding.change_rules(by=me(), group_id=group.id, **form.data)
        flash(
            _(
                "Version %(number)s of the rules is in force. Members agree to it before they bid or list.",
                number=number,
            )
        )
        return redirect(url_for("groups.show", slug=slug))
    return _rules_page(group, form), 422


def _rules_page(group: Group, form: Form) -> str:
    return render_template("groups/change_rules.html", group=group, form=form)


@blueprint.get("/g/<slug>/settings/terms")
@auth_required()
def terms(slug: str) -> Page:
    """The terms of lots that start from now on."""
    group = group_here(slug, Permission.CHANGE_TERMS)
    return _terms_page(group, Form(typed(group.terms, group.currency)))


@blueprint.post("/g/<slug>/settings/terms")
@auth_required()
@limiter.limit("60 per hour")
def change_terms(slug: str) -> Page:
    group = group_here(slug, Permission.CHANGE_TERMS)
    form = Form.sent(schemas.TermsForm)
    with form.refusals():
        terms = with_sums(form.data, group.currency)["terms"]
        if "gateway" not in request.form:  # a page that offered no choice changes none
            terms = replace(terms, gateway=group.terms.gateway)
        founding.change_terms(by=me(), group_id=group.id, terms=terms)
        flash(_("Lots that start from now on have these terms. What runs keeps its own."))
        if cards_are_away(terms.gateway):
            flash(_("Cards are not available on this site now. Your choice is kept."), DOUBT)
        return redirect(url_for("groups.terms", slug=slug))
    return _terms_page(group, form), 422


def _terms_page(group: Group, form: Form) -> str:
    has_second = len(queries.confirmers([group.id])[group.id]) > 1
    return render_template("groups/change_terms.html", group=group, form=form, sections=SECTIONS, has_second=has_second)


@blueprint.get("/g/<slug>/settings/instructions")
@auth_required()
def instructions(slug: str) -> Page:
    """Where members pay now, what is under way to replace it, and who has yet to say yes."""
    group = group_here(slug, Permission.SEE_INSTRUCTIONS)
    return _instructions_page(group, Form())


@blueprint.post("/g/<slug>/settings/instructions")
@fresh_second_factor
@limiter.limit("10 per hour")
def propose(slug: str) -> Page:
    group = group_here(slug, Permission.CHANGE_INSTRUCTIONS)
    form = Form.sent(schemas.ProposeInstructions)
    with form.refusals():
        made = payment.propose_instructions(by=me(), group_id=group.id, **form.data)
        waits = made.in_force_at is None
        flash(_("All officers are told. Another one has to approve it.") if waits else _("All officers are told."))
        return redirect(url_for("group_settings.instructions", slug=slug))
    return _instructions_page(group, form), 422


@blueprint.post("/g/<slug>/settings/instructions/<int:instructions_id>/approve")
@fresh_second_factor
@limiter.limit("10 per hour")
def approve(slug: str, instructions_id: int) -> Page:
    group = group_here(slug, Permission.APPROVE_INSTRUCTIONS)
    payment.approve_instructions(by=me(), instructions_id=_checked(group, instructions_id))
    flash(_("Approved. All officers are told, and any of them can still stop it."))
    return redirect(url_for("group_settings.instructions", slug=slug))


@blueprint.post("/g/<slug>/settings/instructions/<int:instructions_id>/stop")
@auth_required()
@limiter.limit("10 per hour")
def stop(slug: str, instructions_id: int) -> Page:
    """Without a second factor: to stop a change is the safe direction."""
    group = group_here(slug, Permission.APPROVE_INSTRUCTIONS)
    payment.drop_instructions(by=me(), instructions_id=_checked(group, instructions_id))
    flash(_("Stopped. Members pay as before, and all officers are told."))
    return redirect(url_for("group_settings.instructions", slug=slug))


def _checked(group: Group, instructions_id: int) -> int:
    """The number, if it is of this group's instructions."""
    if queries.instructions(instructions_id).group_id != group.id:
        raise NotFound("There are no such instructions.")
    return instructions_id


def _instructions_page(group: Group, form: Form) -> str:
    now = clock.now()
    coming = queries.coming_instructions(group.id, now)
    approvers = [officer.person_id for officer in queries.approvers_of(coming)] if coming else []
    named = people.names_of(filter(None, (coming.proposed_by, coming.approved_by, *approvers))) if coming else {}
    return render_template(
        "groups/instructions.html",
        group=group,
        form=form,
        able=able_in(group),
        words=queries.instructions_of(group.id, now),
        coming=coming,
        approvers=", ".join(named[person_id] for person_id in approvers),
        may_approve=me() in approvers,
        names=named,
        proof=proof_wanted(),
    )


@blueprint.get("/g/<slug>/close")
@auth_required()
def closing(slug: str) -> Page:
    """What follows when the group closes, and the button."""
    group = group_here(slug, Permission.CLOSE_GROUP)
    return render_template("groups/close.html", group=group, proof=proof_wanted())


@blueprint.post("/g/<slug>/close")
@fresh_second_factor
@limiter.limit("10 per hour")
def close(slug: str) -> Page:
    group = group_here(slug, Permission.CLOSE_GROUP)
    founding.close_group(by=me(), group_id=group.id)
    flash(_("The group is closed. It stays readable, and what runs goes to its end."))
    return redirect(url_for("groups.show", slug=slug))
