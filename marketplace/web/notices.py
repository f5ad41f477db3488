"""What a person was told, and the mails that the demo kept instead of sending them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import auth_required
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from marketplace.groups import queries as groups
from marketplace.groups.models import Group
from marketplace.kernel.errors import NotFound
from marketplace.kernel.money import Money
from marketplace.notifications import queries, service, writing
from marketplace.notifications.detail_rules import Word
from marketplace.notifications.models import Notice
from marketplace.web.format import moment, money
from marketplace.web.limits import limiter
from marketplace.web.paging import row_number
from marketplace.web.person import me

blueprint = Blueprint("notices", __name__)

PAGE = 30


class Line(NamedTuple):
    """A notice as the page shows it."""

    notice: Notice
    sentence: Markup
    group: Group | None


@blueprint.get("/notices")
@auth_required()
def index() -> str:
    """Everything the person was told, newest first; what he has not opened is marked."""
    found = queries.notices_of(me(), before=request.args.get("before", type=row_number), limit=PAGE + 1)
    page = found[:PAGE]
    named = groups.groups({notice.group_id for notice in page if notice.group_id is not None})
    return render_template(
        "notices/index.html",
        lines=[_line(notice, named.get(notice.group_id or 0)) for notice in page],
        unread=queries.unread_of(me()),
        more=page[-1].id if len(found) > PAGE else None,
    )


@blueprint.get("/notices/<int:notice_id>")
@auth_required()
def show(notice_id: int) -> Response:
    """Off to where the thing is dealt with; the notice counts as read."""
    return redirect(service.open_notice(notice_id=notice_id, by=me()))


@blueprint.post("/notices/read")
@auth_required()
@limiter.limit("60 per hour")
def read_all() -> Response:
    """Nothing is marked any more."""
    service.mark_all_read(by=me())
    flash(_("Everything is marked as read."))
    return redirect(url_for(".index"))


@blueprint.get("/outbox")
@auth_required()
def outbox() -> str:
    """For an operator of the demo: the mails that a real installation would have sent, newest first."""
    _demo_only()
    found = queries.outbox(before=request.args.get("before", type=row_number), limit=PAGE + 1)
    return render_template(
        "notices/outbox.html", mails=found[:PAGE], more=found[PAGE - 1].id if len(found) > PAGE else None
    )


@blueprint.get("/outbox/<int:mail_id>")
@auth_required()
def mail(mail_id: int) -> str:
    """One of these mails, its links to be followed."""
    _demo_only()
    kept = queries.outbox_mail(mail_id)
    if kept is None:
        raise NotFound("There is no such mail.")
    return render_template("notices/mail.html", mail=kept)


def has_outbox() -> bool:
    """The outbox opens accounts: it is there in the demo alone, which starts on loopback only, and for operators."""
    settings = current_app.config["EARNEST"]
    return bool(settings.demo and not settings.smtp_url and current_user.is_operator)


def _demo_only() -> None:
    if not has_outbox():
        raise NotFound("There is no such page.")


def _line(notice: Notice, group: Group | None) -> Line:
    zone = group.time_zone if group else None

    def show(value: object) -> object:
        match value:
            case Money():
                return money(value)
            case Word():
                return _(value.text)
            case datetime():
                return moment(value, zone)
        return value

    sentence, details = writing.sentence_of(notice, show)
    return Line(notice, escape(sentence) % details, group)
