"""What officers decide: who comes in, and what is to be done about what members report."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as people
from marketplace.groups import joining, moderation, queries, schemas
from marketplace.groups.models import Application, Group, Report
from marketplace.groups.rules import Permission
from marketplace.kernel.errors import NotFound
from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me
from marketplace.web.subjects import seen_here, subjects_of

blueprint = Blueprint("moderation", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/g/<slug>/applications")
@auth_required()
def applications(slug: str) -> Page:
    """Who asks to join, oldest first."""
    group = group_here(slug, Permission.DECIDE_APPLICATIONS)
    after = request.args.get("after", 0, type=row_number)
    found = queries.applications(group.id, after=after, limit=queries.PAGE + 1)
    page = found[: queries.PAGE]
    return render_template(
        "groups/applications.html",
        group=group,
        applications=page,
        names=people.names_of(application.person_id for application in page),
        more=page[-1].id if len(found) > queries.PAGE else None,
    )


@blueprint.get("/g/<slug>/applications/<int:application_id>")
@auth_required()
def application(slug: str, application_id: int) -> Page:
    """What one applicant answered, and the two buttons."""
    group = group_here(slug, Permission.DECIDE_APPLICATIONS)
    return _application_page(group, _application_of(group, application_id), Form())


@blueprint.post("/g/<slug>/applications/<int:application_id>")
@auth_required()
@limiter.limit("120 per hour")
def decide(slug: str, application_id: int) -> Page:
    group = group_here(slug, Permission.DECIDE_APPLICATIONS)
    asked = _application_of(group, application_id)
    form = Form.sent(schemas.DecideApplication)
    with form.refusals():
        is_accepted = form.data["decision"] == "accept"
        reason = form.data["reason"]
        joining.decide_application(by=me(), application_id=asked.id, is_accepted=is_accepted, reason=reason)
        flash(_("The applicant is a member now.") if is_accepted else _("The applicant reads your reason."))
        return redirect(url_for("moderation.applications", slug=slug))
    return _application_page(group, asked, form), 422


def _application_of(group: Group, application_id: int) -> Application:
    found = queries.application(application_id)
    if found.group_id != group.id:
        raise NotFound("There is no such application.")
    return found


def _application_page(group: Group, asked: Application, form: Form) -> str:
    names = people.names_of(filter(None, (asked.person_id, asked.decided_by)))
    return render_template("groups/application.html", group=group, application=asked, names=names, form=form)


@blueprint.get("/g/<slug>/report")
@auth_required()
def reporting(slug: str) -> Page:
    """The form that tells the officers what is not right, reached from a button on a lot, a message or a profile."""
    group = group_here(slug, Permission.REPORT)
    form = Form({"subject": request.args.get("subject", "")})
    return _report_page(group, form)


@blueprint.post("/g/<slug>/report")
@auth_required()
@limiter.limit("20 per hour")
def report(slug: str) -> Page:
    group = group_here(slug, Permission.REPORT)
    form = Form.sent(schemas.MakeReport)
    with form.refusals():
        seen = seen_here(group, form.data["subject"])
        moderation.report(by=me(), group_id=group.id, **form.data, **seen._asdict())
        flash(_("The officers have your report. You hear from them what came of it."))
        return redirect(url_for("groups.show", slug=slug))
    return _report_page(group, form), 422


def _report_page(group: Group, form: Form) -> str:
    name = str(form.value("subject"))
    seen = seen_here(group, name)
    return render_template(
        "groups/report.html",
        group=group,
        form=form,
        kind=name.split(":", maxsplit=1)[0],
        subject=subjects_of(group, [name])[name],
        seen=seen,
        names=people.names_of([seen.about_id]),
    )


@blueprint.get("/g/<slug>/reports")
@auth_required()
def reports(slug: str) -> Page:
    """What members reported of others: open ones, oldest first, then those that were closed last."""
    group = group_here(slug, Permission.SEE_REPORTS)
    after = request.args.get("after", 0, type=row_number)
    found = queries.open_reports(group.id, reader_id=me(), after=after, limit=queries.PAGE + 1)
    page, closed = found[: queries.PAGE], queries.closed_reports(group.id, reader_id=me(), limit=20)
    return render_template(
        "groups/reports.html",
        group=group,
        reports=page,
        closed=closed,
        names=people.names_of(report.reported_by for report in (*page, *closed)),
        subjects=subjects_of(group, (report.subject for report in (*page, *closed))),
        more=page[-1].id if len(found) > queries.PAGE else None,
    )


@blueprint.get("/g/<slug>/reports/<int:report_id>")
@auth_required()
def show_report(slug: str, report_id: int) -> Page:
    """One report, with the way to what it is about, and the form that closes it."""
    group = group_here(slug, Permission.SEE_REPORTS)
    return _closing_page(group, _report_of(group, report_id), Form())


@blueprint.post("/g/<slug>/reports/<int:report_id>")
@auth_required()
@limiter.limit("120 per hour")
def close_report(slug: str, report_id: int) -> Page:
    group = group_here(slug, Permission.SEE_REPORTS)
    made = _report_of(group, report_id)
    form = Form.sent(schemas.CloseReport)
    with form.refusals():
        moderation.close_report(by=me(), report_id=made.id, **form.data)
        flash(_("The report is closed, and the member who made it reads your note."))
        return redirect(url_for("moderation.reports", slug=slug))
    return _closing_page(group, made, form), 422


def _report_of(group: Group, report_id: int) -> Report:
    found = queries.report_for(report_id, me())
    if found.group_id != group.id:
        raise NotFound("There is no such report.")
    return found


def _closing_page(group: Group, made: Report, form: Form) -> str:
    names = people.names_of(filter(None, (made.about_id, made.reported_by, made.closed_by)))
    subject = subjects_of(group, [made.subject])[made.subject]
    return render_template(
        "groups/closing_report.html", group=group, report=made, subject=subject, names=names, form=form
    )
