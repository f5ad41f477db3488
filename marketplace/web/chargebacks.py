"""Answering a bank that asks money back: what would be sent, what the seller adds, sending it, or giving it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import auth_required

from marketplace.accounts import queries as accounts
from marketplace.disputes import claim_record, claims, schemas
from marketplace.disputes.claim_finding import Hearing, hearing_for
from marketplace.disputes.claim_rules import MOST_PICTURES
from marketplace.disputes.claims import Gathered
from marketplace.disputes.evidence_rules import Chosen, default_choice
from marketplace.groups import queries as groups
from marketplace.kernel import clock, storage
from marketplace.payments import contesting
from marketplace.payments.contest_rules import MOST_PAGES
from marketplace.web.chargeback_words import views_of
from marketplace.web.disputes import Page, uploads_in
from marketplace.web.forms import Form
from marketplace.web.frame import about
from marketplace.web.fresh import fresh_second_factor, may_move_money
from marketplace.web.limits import limiter
from marketplace.web.person import me

blueprint = Blueprint("chargebacks", __name__, url_prefix="/chargebacks/<int:claim_id>")

_DEEDS = "30 per hour"


@blueprint.get("")
@auth_required()
def show(claim_id: int) -> Page:
    """For an officer without conflict, what the bank would be sent, with a tick beside each part; for the seller, what
    he adds to it. Until when, and what was sent."""
    return _page(hearing_for(claim_id, me()))


@blueprint.post("/words")
@auth_required()
@limiter.limit(_DEEDS)
def add(claim_id: int) -> Page:
    """The seller has said or shown more."""
    hearing = hearing_for(claim_id, me())
    form = Form.sent(schemas.AddForBank)
    with form.refusals():
        data = form.data
        claims.add(
            claim_id=claim_id, by=me(), words=data["words"], uploads=uploads_in(data),
            is_of_parcel=data["is_of_parcel"], client_key=data["client_key"],
        )  # fmt: skip
        flash(_("It is added. The bank reads it when an officer sends it."))
        return redirect(url_for(".show", claim_id=claim_id))
    return _page(hearing, {"add": form}), 422


@blueprint.get("/proof")
@fresh_second_factor
def begin(claim_id: int) -> Page:
    """Back to the page, once the second factor was shown."""
    hearing_for(claim_id, me())
    return redirect(url_for(".show", claim_id=claim_id, _anchor="send-h"))


@blueprint.post("/check")
@auth_required()
@limiter.limit("120 per hour")
def check(claim_id: int) -> Page:
    """The first step: exactly what would be sent, to be read. Nothing is sent."""
    hearing = hearing_for(claim_id, me())
    form = Form.sent(schemas.ChooseEvidence)
    with form.refusals():
        found = claims.gathered(claim_id=claim_id, by=me(), chosen=_chosen(form.data))
        return _page(hearing, {"send": form}, found)
    return _page(hearing, {"send": form}), 422


@blueprint.post("/contest")
@fresh_second_factor
@limiter.limit(_DEEDS)
def contest(claim_id: int) -> Page:
    """The second step: it is on its way to the bank, and cannot be changed any more."""
    hearing = hearing_for(claim_id, me())
    form = Form.sent(schemas.SendEvidence)
    with form.refusals():
        data = form.data
        claims.contest(claim_id=claim_id, by=me(), chosen=_chosen(data), digest=data["digest"])
        flash(_("It goes to the bank within a minute. Both sides are told when it is there."))
        return redirect(url_for(".show", claim_id=claim_id))
    return _page(hearing, {"send": form}), 422


@blueprint.post("/give-up")
@fresh_second_factor
@limiter.limit(_DEEDS)
def give_up(claim_id: int) -> Page:
    """The money is left to the bank."""
    hearing = hearing_for(claim_id, me())
    form = Form.sent(schemas.Deed)
    with form.refusals():
        form.data  # noqa: B018 - raises where the form is out of date
        claims.give_up(claim_id=claim_id, by=me())
        flash(_("The bank is told that nobody contests it."))
        return redirect(url_for(".show", claim_id=claim_id))
    return _page(hearing, {"give_up": form}), 422


@blueprint.get("/pictures/<name>")
@auth_required()
def picture(claim_id: int, name: str) -> Response:
    """A photograph that may be sent, or that the seller added."""
    return _file(storage.get(claims.picture_for(claim_id, me(), name)), "image/jpeg")


@blueprint.get("/sent/<int:contest_id>/<any(parcel, pictures):name>")
@auth_required()
def sent_file(claim_id: int, contest_id: int, name: str) -> Response:
    """A file that was sent to the bank."""
    return _file(claims.file_for(claim_id, me(), contest_id, name), "application/pdf")


def _file(content: bytes, kind: str) -> Response:
    answer = make_response(content)
    answer.content_type = kind
    return answer


def _chosen(data: Mapping[str, Any]) -> Chosen:
    return Chosen(
        said=frozenset(data["said"]), exhibits=frozenset(data["exhibits"]), with_address=data["with_address"],
        with_email=data["with_email"], statement=data["statement"],
    )  # fmt: skip


def _page(hearing: Hearing, forms: Mapping[str, Form] | None = None, found: Gathered | None = None) -> str:
    claim, order, forms = hearing.claim, hearing.order, forms or {}
    group = groups.group(order.group_id)
    about(group)
    record = claim_record.record_of(order, claim) if hearing.may_contest else None
    answers = [(claim.reference, row) for row in hearing.answers]
    sent = hearing.standing if hearing.may_contest else None
    with clock.at(clock.now()):  # one page, one moment
        return render_template(
            "chargebacks/show.html",
            hearing=hearing,
            claim=claim,
            order=order,
            group=group,
            view=views_of([claim], answers, _names(hearing))[0],
            record=record,
            ticked=_ticked(forms.get("send"), default_choice(record) if record else None),
            found=found,
            sent=sent,
            sent_evidence=contesting.evidence_in(sent) if sent else None,
            words=claim_record.words_of(claim.id),
            pictures=claim_record.pictures_of(claim.id),
            names=_names(hearing),
            forms=forms,
            blank=Form(),
            law=schemas,
            most_pictures=MOST_PICTURES,
            most_pages=MOST_PAGES,
            is_proved=may_move_money(),
        )


def _ticked(form: Form | None, default: Chosen | None) -> Chosen | None:
    """What stands ticked: what was sent with the form, else what is sent unless somebody says otherwise."""
    if form is None or not form.values:
        return default
    return Chosen(
        frozenset(form.chosen("said")), frozenset(form.chosen("exhibits")), bool(form.value("with_address")),
        bool(form.value("with_email")), str(form.value("statement")),
    )  # fmt: skip


def _names(hearing: Hearing) -> dict[int, str]:
    order = hearing.order
    return accounts.names_of({order.buyer_id, order.seller_id, *(row.by_id for row in hearing.answers)})
