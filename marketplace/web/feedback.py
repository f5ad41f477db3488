"""Saying how a deal went."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.accounts import queries as accounts
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.reputation import queries, schemas, service
from marketplace.reputation.models import Deal
from marketplace.reputation.rules import Side
from marketplace.web.forms import Form
from marketplace.web.frame import about
from marketplace.web.limits import limiter
from marketplace.web.people_words import GRADES, QUESTIONS
from marketplace.web.person import me

blueprint = Blueprint("feedback", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get("/orders/<int:order_id>/feedback")
@auth_required()
def give(order_id: int) -> Page:
    """The form that asks how a deal went, or what was said about it."""
    return _feedback_page(queries.deal_of(order_id, me()), Form())


@blueprint.post("/orders/<int:order_id>/feedback")
@auth_required()
@limiter.limit("60 per hour")
def put_on_record(order_id: int) -> Page:
    """It is said, and stays."""
    deal = queries.deal_of(order_id, me())
    form = Form.sent(schemas.GiveFeedback)
    with form.refusals():
        service.give_feedback(by=me(), order_id=order_id, **form.data)
        flash(_("What you said is on record."))
        return redirect(url_for(".give", order_id=order_id))
    return _feedback_page(deal, form), 422


def _feedback_page(deal: Deal, form: Form) -> str:
    group = groups.group(deal.group_id)
    about(group)
    own, others = queries.feedback_on(deal.order_id, me())
    other_side = Side.BUYER if deal.side == Side.SELLER else Side.SELLER
    return render_template(
        "people/feedback.html",
        group=group,
        deal=deal,
        other=accounts.person(deal.other_id),
        own=own,
        others=others,
        form=form,
        now=clock.now(),
        asked=QUESTIONS[other_side],
        asked_of_me=QUESTIONS[Side(deal.side)],
        grades=GRADES,
    )
