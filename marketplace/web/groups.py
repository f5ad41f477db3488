"""Finding groups, founding one, and what everybody may read of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.disputes import queries as disputes
from marketplace.escrow import late_payouts, treasury
from marketplace.groups import founding, joining, queries, schemas
from marketplace.groups.entry_rules import JoinPolicy, may_ask_again_at
from marketplace.groups.models import Group
from marketplace.groups.rules import Permission
from marketplace.groups.term_rules import Terms
from marketplace.kernel import clock
from marketplace.web.forms import Form
from marketplace.web.frame import able_in, group_here
from marketplace.web.group_choices import choices
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me, me_or_none
from marketplace.web.term_words import (
    SECTIONS,
    bounds_of,
    cards_are_away,
    gateway_choices,
    ladder_choices,
    ladder_name,
    slip_of,
    typed,
    value_of,
    with_sums,
)

blueprint = Blueprint("groups", __name__)
blueprint.add_app_template_filter(bounds_of)
blueprint.add_app_template_filter(ladder_name)
blueprint.add_app_template_global(ladder_choices)
blueprint.add_app_template_global(gateway_choices)
blueprint.add_app_template_global(cards_are_away)

ENTRY = {JoinPolicy.OPEN: _l("open"), JoinPolicy.APPROVAL: _l("by approval"), JoinPolicy.CLOSED: _l("closed")}

Page = str | Response | tuple[str, int]


@blueprint.get("/groups")
def find() -> Page:
    """The groups that want to be found, by name, with what they collect and how many they are."""
    words = " ".join(request.args.get("q", "")[:100].replace("\0", "").split())
    after = request.args.get("after", type=row_number)
    found = queries.listed_groups(words, after=after, limit=queries.PAGE + 1)
    more = found[queries.PAGE - 1].id if len(found) > queries.PAGE else None
    return render_template("groups/find.html", groups=found[: queries.PAGE], words=words, more=more, after=after)


@blueprint.get("/groups/new")
@auth_required()
def new() -> Page:
    """The form that founds a group: what it is, its rules, where members pay, and the terms with their defaults."""
    return _new_page(Form({"join_policy": JoinPolicy.APPROVAL, **typed(Terms())}))


@blueprint.post("/groups/new")
@auth_required()
@limiter.limit("10 per hour")
def found() -> Page:
    form = Form.sent(schemas.FoundGroup)
    with form.refusals():
        data = with_sums(form.data, form.data["currency"])
        group = founding.found_group(by=me(), **data)
        return redirect(url_for("groups.show", slug=group.slug))
    return _new_page(form), 422


def _new_page(form: Form) -> str:
    return render_template("groups/new.html", form=form, sections=SECTIONS, **choices())


@blueprint.get("/g/<slug>")
def show(slug: str) -> Page:
    """The group's front page: what it collects, its rules and terms, who its officers are, and the way in."""
    group = group_here(slug)
    able = able_in(group)
    officers = queries.officers(group.id)
    return render_template(
        "groups/show.html",
        group=group,
        able=able,
        officers=officers,
        names=people.names_of(officer.person_id for officer in officers),
        rules_text=queries.rules_text(group.id, group.rules_version),
        slip=list(slip_of(group.terms, group.currency)),
        desk=list(_desk(group, able)),
        late=late_payouts.shown_to_group(group.id, me(), clock.now()) if Permission.SEE_BOOKS in able else [],
        **_at_the_door(group),
    )


def _at_the_door(group: Group) -> dict[str, Any]:
    """Where the person at the page is with the group."""
    person_id = me_or_none()
    row = queries.membership_row(group.id, person_id)
    last = queries.last_application(group.id, person_id)
    again = may_ask_again_at(joining.door_of(group, row, last))
    return {"membership": row, "application": last, "again": again, "now": clock.now()}


def _desk(group: Group, able: frozenset[Permission]) -> Iterator[tuple[str, str, str]]:
    """What an officer has before him: where it is done, what it is, and how it stands."""

    def at(endpoint: str) -> str:
        return url_for(endpoint, slug=group.slug)

    if Permission.CONFIRM_MONEY_LATE in able:
        queue = treasury.queue_for(group.id, me())
        yield at("treasury.show"), _("Treasury"), str(len(queue.payments) + len(queue.payouts))
    if Permission.RULE_ON_DISPUTE in able:
        cases, _more = disputes.open_for_ruling(group.id, me())
        yield at("rulings.queue"), _("Disputes to rule on"), str(sum(map(disputes.is_due, cases)))
    if Permission.DECIDE_APPLICATIONS in able:
        yield at("moderation.applications"), _("Applications"), str(queries.count_of_applications(group.id))
    if Permission.PRINT_FOR_MEETUP in able:
        yield at("labels.choose"), _("Labels and bidder numbers"), _("to print")
    if Permission.SEE_REPORTS in able:
        yield (
            at("moderation.reports"),
            _("What members report"),
            str(queries.count_of_reports(group.id, reader_id=me_or_none())),
        )
    if Permission.SEE_INSTRUCTIONS in able:
        coming = queries.coming_instructions(group.id, clock.now())
        yield (
            at("group_settings.instructions"),
            _("Where members pay"),
            _("a change is due") if coming else _("no change"),
        )
    if Permission.CHANGE_GROUP in able:
        yield at("group_settings.profile"), _("Name, entry, visibility"), str(ENTRY[JoinPolicy(group.join_policy)])
        yield at("group_settings.rules"), _("Rules"), _("version %(number)s", number=group.rules_version)
        yield (
            at("group_settings.terms"),
            _("Terms"),
            _("fee %(share)s", share=value_of(group.terms, "fee_basis_points")),
        )
    if Permission.CLOSE_GROUP in able:
        yield at("group_settings.closing"), _("Close the group"), _("for good")


@blueprint.get("/g/<slug>/rules")
def rules(slug: str) -> Page:
    """Every version of the group's rules; the one in force is open, the others unfold."""
    group = group_here(slug)
    member = queries.membership(group.id, me_or_none())
    must_agree = member is not None and member.agreed_version != group.rules_version
    return render_template(
        "groups/rules.html", group=group, versions=queries.rules_versions(group.id), must_agree=must_agree
    )


@blueprint.get("/g/<slug>/terms")
def terms(slug: str) -> Page:
    """All the terms of the group's deals, with what follows from each."""
    group = group_here(slug)
    has_second = len(queries.confirmers([group.id])[group.id]) > 1
    return render_template(
        "groups/terms.html", group=group, sections=SECTIONS, value_of=value_of, has_second=has_second
    )
