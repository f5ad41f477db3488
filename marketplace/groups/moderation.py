"""What members report, and what came of it."""

from __future__ import annotations

import re
from datetime import datetime

from marketplace.groups import queries, service
from marketplace.groups.events import ReportClosed, ReportMade
from marketplace.groups.finding import locked, locked_group
from marketplace.groups.models import Report
from marketplace.groups.rules import Permission
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, Stale
from marketplace.kernel.events import announce

SUBJECT = re.compile(r"(lot|message|person|words):[1-9][0-9]{0,17}", re.ASCII)


def check_subject(subject: str) -> None:
    """Return if this names a thing that can be reported. Raises NotFound."""
    if not SUBJECT.fullmatch(subject):
        raise NotFound("There is nothing here to report.")


@use_case
def report(
    *,
    by: int,
    group_id: int,
    subject: str,
    about_id: int,
    reason: str,
    message: str = "",
    written_at: datetime | None = None,
) -> Report:
    """Tell the officers that something is not right: a lot, a message, a member, or what is said under a lot. Twice is
    once while it is open.

    `about_id` is the person behind it. Of what somebody wrote, its words and their moment are kept as they were.
    """
    check_subject(subject)
    locked_group(group_id)  # two reports of one double click wait for one another here
    service.require(by, group_id, Permission.REPORT)
    known = queries.open_report(group_id, subject, by)
    if known is not None:
        return known
    made = Report(
        group_id=group_id, subject=subject, about_id=about_id, reason=reason, message=message, written_at=written_at,
        reported_by=by, reported_at=clock.now(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    audit.note("report", subject, by=by, group_id=group_id)
    announce(ReportMade(group_id, made.id, subject, about_id, by))
    return made


@use_case
def close_report(*, by: int, report_id: int, note: str) -> Report:
    """Say what came of a report; who reported reads it. Whom it is about does not see it, officer or not."""
    found = locked(Report, report_id, "There is no such report.")
    service.require(by, found.group_id, Permission.SEE_REPORTS)
    if found.about_id == by:
        raise NotFound("There is no such report.")
    if found.closed_at is not None:
        raise Stale("Another officer has closed this report already. Load the page again to see how.")
    found.closed_at, found.closed_by, found.note = clock.now(), by, note
    audit.note("close report", f"report:{found.id}", by=by, group_id=found.group_id, why=note)
    announce(ReportClosed(found.group_id, found.id, found.reported_by, note, by))
    return found
