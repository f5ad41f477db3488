"""The operators' page: what is due, late or parked on this installation, and money that does not add up. Nobody's
maximum or address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import LazyString, gettext as _, lazy_gettext as _l
from flask_login import current_user
from flask_security import auth_required
from werkzeug.wrappers import Response

from marketplace.auctions import chances, matching, offering, queries as auctions, watching
from marketplace.bankbook import reminding as bank_reminding
from marketplace.deposits import lapsing, reminding, returning
from marketplace.disputes import claim_telling, queries as disputes
from marketplace.escrow import queries as escrow, treasury
from marketplace.kernel import clock, heartbeat
from marketplace.kernel.backlog import Backlog
from marketplace.kernel.errors import NotFound
from marketplace.ledger import reserves
from marketplace.notifications import queries as notices, service as notifications
from marketplace.payments import checkouts, contesting, incoming, lateness, queries as payments, reconciling, schemas
from marketplace.reputation import queries as reputation
from marketplace.web.forms import Form
from marketplace.web.health import faults
from marketplace.web.limits import limiter
from marketplace.web.notices import has_outbox
from marketplace.web.reconcile_words import names, reasons, shown

blueprint = Blueprint("operators", __name__)
Page = str | Response | tuple[str, int]

BACKLOGS: tuple[tuple[LazyString, Callable[[datetime], Backlog]], ...] = (
    (_l("Lots to start"), auctions.to_start),
    (_l("Lots to end"), auctions.to_close),
    (_l("Second chances to pass on"), chances.to_lapse),
    (_l("Offers to lapse"), offering.to_lapse),
    (_l("Members to tell that a lot they watch ends soon"), watching.to_tell),
    (_l("New lots to hold against what members look for"), matching.to_match),
    (_l("New lots to tell members of who look for them"), matching.to_tell),
    (_l("Orders on which the clock acts"), escrow.to_lapse),
    (_l("Orders to remind of"), escrow.to_remind),
    (_l("Deposits on which the clock acts"), lapsing.to_lapse),
    (_l("Deposits to remind of"), reminding.to_remind),
    (_l("Deposits to give back"), returning.to_return),
    (_l("Payouts to look at whether they are late"), lateness.to_look_at),
    (_l("Disputes on which the clock acts"), disputes.to_lapse),
    (_l("Disputes to remind of"), disputes.to_remind),
    (_l("Groups to ask whether their bank’s balance was looked at"), bank_reminding.to_ask),
    (_l("Banks to remind of that are to be answered"), claim_telling.to_remind),
    (_l("Books to seal for the day"), reserves.to_take),
    (_l("Movements of money to ask a gateway for"), payments.to_ask),
    (_l("Answers to send to banks"), contesting.to_send),
    (_l("What Stripe told and is to be acted on"), incoming.to_act_on),
    (_l("Card payments to look at again"), checkouts.to_look_at),
    (_l("Books of others to hold against ours"), reconciling.to_reconcile),
    (_l("Feedback to show"), reputation.to_show),
    (_l("Mails to send"), notices.to_send),
)
"""Every duty of the timetable in its order, and how much of it waits; but for those that forget what is old, or only
look whether there is something."""


@blueprint.get("/operator")
@auth_required()
def show() -> str:
    """Whether all is well; the workers and when they last gave a sign; what they have not done in time, by kind; what
    holding others' books against ours found."""
    _check_operator()
    return _page({})


def _page(forms: Mapping[int, Form]) -> str:
    """`forms`: explanations that were refused, by what they are of."""
    now, run = clock.now(), reconciling.last_run()
    found = shown(reconciling.discrepancies(), current_user.id)
    return render_template(
        "operators/show.html",
        faults=faults(),
        workers=heartbeat.workers(),
        backlogs=[(words, backlog(now)) for words, backlog in BACKLOGS],
        late_lots=auctions.late_lots(now),
        late_orders=escrow.late_orders(now),
        without_confirmer=treasury.without_confirmer(),
        late_disputes=disputes.late_disputes(now),
        stuck=payments.stuck(),
        parked=notices.parked_mails(),
        parked_events=incoming.parked_events(),
        has_outbox=has_outbox(),
        run=run,
        not_asked=names(run.trouble.split()) if run else "",
        reasons=reasons(run) if run else [],
        unexplained=[each for each in found if each.row.explained_at is None],
        explained=[each for each in found if each.row.explained_at is not None],
        forms=forms,
    )


@blueprint.post("/operator/mails/<int:mail_id>/again")
@auth_required()
@limiter.limit("120 per hour")
def send_again(mail_id: int) -> Response:
    """A parked mail is due again, with all its tries."""
    _check_operator()
    notifications.try_again(mail_id=mail_id)
    flash(_("The mail is due again."))
    return redirect(url_for(".show"))


@blueprint.post("/operator/events/<int:event_id>/again")
@auth_required()
@limiter.limit("120 per hour")
def try_event_again(event_id: int) -> Response:
    """What Stripe told and could not be acted on is due again, with all its tries."""
    _check_operator()
    incoming.try_event_again(event_id=event_id, by=current_user.id)
    flash(_("It is due again."))
    return redirect(url_for(".show"))


@blueprint.post("/operator/discrepancies/<int:discrepancy_id>/explained")
@auth_required()
@limiter.limit("120 per hour")
def explain(discrepancy_id: int) -> Page:
    """What did not add up is explained, with a note that stays; without one the page comes again."""
    _check_operator()
    form = Form.sent(schemas.Explain)
    with form.refusals():
        reconciling.explain(discrepancy_id=discrepancy_id, by=current_user.id, **form.data)
        flash(_("It is written down, and no alarm any more."))
        return redirect(url_for(".show", _anchor="reconciliation"))
    return _page({discrepancy_id: form}), 422


def _check_operator() -> None:
    if not current_user.is_operator:
        raise NotFound("There is no such page.")
