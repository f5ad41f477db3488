"""What one officer entered and may not confirm alone: the page on which a second one looks at the slip and decides."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response as BaseResponse

from marketplace.accounts import queries as accounts
from marketplace.escrow import schemas
from marketplace.groups import confirming, proposal_queries as proposals, queries as groups
from marketplace.groups.confirming import Confirmation
from marketplace.groups.proposal_models import Proposal
from marketplace.groups.proposal_rules import Party, State
from marketplace.web.forms import Form
from marketplace.web.frame import about
from marketplace.web.fresh import fresh_second_factor
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.proofs import Page, picture_of_proof
from marketplace.web.proposal_words import about_of, badge
from marketplace.web.two_officers import case_of, case_shown

blueprint = Blueprint("proposals", __name__)
blueprint.add_app_template_filter(badge, "proposal_badge")


@blueprint.get("/proposals/<int:proposal_id>")
@fresh_second_factor
def show(proposal_id: int) -> Page:
    """The slip and what it is about; then what the reader may do: approve and refuse, or withdraw."""
    return _page(proposal_id, Form())


@blueprint.get("/proposals/<int:proposal_id>/proof")
@auth_required()
def proof(proposal_id: int) -> Response:
    """The picture of the slip, for whoever entered it and the officers who may approve it."""
    proposal, _case, _party = _found(proposal_id)
    return picture_of_proof(proposal.proof_key)


@blueprint.post("/proposals/<int:proposal_id>/approve")
@fresh_second_factor
@limiter.limit("120 per hour")
def approve(proposal_id: int) -> Page:
    """It is confirmed, in both officers' names."""
    _found(proposal_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        form.data  # noqa: B018 - what is wrong with the form is said before anything is done
        state = confirming.approve(proposal_id=proposal_id, by=me(), case_of=case_of)
        if state is State.APPROVED:
            flash(_("Approved. It is confirmed, and whoever has to know is told."))
            return _to_queue(proposal_id)
        flash(_("Things have moved on, so nothing was confirmed. Who entered it is told."), "doubt")
        return redirect(url_for(".show", proposal_id=proposal_id), 303)
    return _page(proposal_id, form), 422


@blueprint.post("/proposals/<int:proposal_id>/refuse")
@fresh_second_factor
@limiter.limit("60 per hour")
def refuse(proposal_id: int) -> Page:
    """Nothing is confirmed, and who entered it hears why."""
    _found(proposal_id)
    form = Form.sent(schemas.PayoutFailed)
    with form.refusals():
        confirming.refuse(proposal_id=proposal_id, by=me(), reason=form.data["reason"], case_of=case_of)
        flash(_("Refused. Who entered it is told why, and can enter it again."))
        return _to_queue(proposal_id)
    return _page(proposal_id, form), 422


@blueprint.post("/proposals/<int:proposal_id>/withdraw")
@fresh_second_factor
@limiter.limit("60 per hour")
def withdraw(proposal_id: int) -> Page:
    """Nothing is confirmed. It can be entered again, as it should be."""
    _found(proposal_id)
    form = Form.sent(schemas.PlainDeed)
    with form.refusals():
        form.data  # noqa: B018 - as above
        confirming.withdraw(proposal_id=proposal_id, by=me(), case_of=case_of)
        flash(_("Withdrawn. Nothing is confirmed; enter it again as it should be."))
        return _to_queue(proposal_id)
    return _page(proposal_id, form), 422


def _found(proposal_id: int) -> tuple[Proposal, Confirmation, Party]:
    """A proposal, what it is about, and what the one at the page is to it. Raises NotFound."""
    proposal = proposals.proposal(proposal_id)
    case = case_shown(proposal)
    return proposal, case, confirming.party_of(proposal, case, me())


def _page(proposal_id: int, form: Form) -> str:
    proposal, case, party = _found(proposal_id)
    group = groups.group(proposal.group_id)
    about(group)
    confirmers = case.confirmers()
    seconds = confirming.approvers(proposal, case)
    subject = about_of(case, at=proposal.proposed_at)
    others = [each for each in (proposal.decided_by, proposal.other_id) if each is not None]
    names = accounts.names_of({proposal.proposed_by, proposal.person_id, *others, *seconds})
    return render_template(
        "proposals/show.html",
        proposal=proposal,
        group=group,
        subject=subject,
        is_proposer=party is Party.PROPOSER,
        is_too_new=party is Party.SECOND and me() not in seconds,
        sees_account=me() in confirmers,  # who entered it may be an officer no more
        seconds=[names[person_id] for person_id in seconds],
        names=names,
        form=form,
    )


def _to_queue(proposal_id: int) -> BaseResponse:
    group_id = proposals.proposal(proposal_id).group_id
    return redirect(url_for("treasury.show", slug=groups.group(group_id).slug), 303)
