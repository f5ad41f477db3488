"""Disputes: saying what is wrong, the page of one, what its two sides do, and the photographs that they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from marshmallow import Schema
from werkzeug.wrappers import Response as BaseResponse

from marketplace.auctions.schemas import as_money
from marketplace.disputes import answering, evidence, queries, schemas, service
from marketplace.disputes.dispute_rules import Outcome, Remedy
from marketplace.disputes.evidence import Upload
from marketplace.disputes.finding import case
from marketplace.disputes.schemas import PHOTOS_AT_ONCE, Answer
from marketplace.escrow import finding as orders
from marketplace.kernel import images, storage
from marketplace.web.dispute_page import dispute_page, form_page
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.person import me
from marketplace.web.security_words import DOUBT

blueprint = Blueprint("disputes", __name__)

Page = str | BaseResponse | tuple[str, int]

DEEDS = "60 per hour"
STATEMENTS = "20 per hour"
"""Statements and photographs: both are read, and decoded, at others' cost."""
KEPT = 3600
"""Seconds that a browser keeps a photograph before it asks again whether it may show it."""


@blueprint.get("/orders/<int:order_id>/dispute")
@auth_required()
def of_order(order_id: int) -> Page:
    """Off to the dispute about an order or, where there is none, to the form that opens it."""
    there = queries.dispute_of_order(order_id)
    if there is not None:
        queries.check_sees(there.id, me())
        return redirect(url_for(".show", dispute_id=there.id))
    orders.order_for(order_id, me())
    return redirect(url_for(".new", order_id=order_id))


@blueprint.get("/orders/<int:order_id>/dispute/new")
@auth_required()
def new(order_id: int) -> Page:
    """What can be wrong and what each means, what can be asked for, and what happens if the seller keeps silent."""
    orders.order_for(order_id, me())
    there = queries.dispute_of_order(order_id)
    if there is not None:
        return redirect(url_for(".show", dispute_id=there.id))
    service.check_can_open(order_id, by=me())
    return form_page(order_id, Form())


@blueprint.post("/orders/<int:order_id>/dispute/new")
@auth_required()
@limiter.limit(STATEMENTS)
def begin(order_id: int) -> Page:
    """The dispute is open, the seller is told, and the money stays held."""
    currency = orders.order_for(order_id, me())[0].currency
    form = Form.sent(schemas.OpenDispute)
    with form.refusals():
        data = form.data
        dispute_id = service.open_dispute(
            order_id=order_id, by=me(), reason=data["reason"], asked=remedy_in(data, currency), words=data["words"],
            uploads=uploads_in(data), client_key=data["client_key"],
        )  # fmt: skip
        flash(_("The dispute is open. The money stays held until it is settled."))
        return redirect(url_for(".show", dispute_id=dispute_id))
    there = queries.dispute_of_order(order_id)
    if there is not None:
        flash(_("This order is disputed already, or was. Look at what became of it."), DOUBT)
        return redirect(url_for(".show", dispute_id=there.id))
    return form_page(order_id, form), 422


@blueprint.get("/disputes/<int:dispute_id>")
@auth_required()
def show(dispute_id: int) -> Page:
    """Both sides with what they say and show, the course of it, and what the reader can do until when."""
    return dispute_page(dispute_id, me())


@blueprint.post("/disputes/<int:dispute_id>/answer")
@auth_required()
@limiter.limit(STATEMENTS)
def answer(dispute_id: int) -> Page:
    """The seller has answered, or one side has offered something: the other side is told."""

    def give(data: dict[str, Any]) -> None:
        how: dict[str, Any] = {"dispute_id": dispute_id, "by": me(), "words": data["words"]}
        how |= {"uploads": uploads_in(data), "client_key": data["client_key"]}
        if data["outcome"] is Answer.CONTEST:
            answering.contest(**how)
        else:
            answering.offer(remedy=remedy_in(data, currency_of(dispute_id)), **how)

    return done(dispute_id, "answer", schemas.GiveAnswer, give, _("The other side reads it now."))


@blueprint.post("/disputes/<int:dispute_id>/accept")
@auth_required()
@limiter.limit(DEEDS)
def accept(dispute_id: int) -> Page:
    """The seller gives what was asked for."""
    said = _("It is settled as the buyer asked.")
    return done(dispute_id, "deed", schemas.Deed, _bound(answering.accept, dispute_id), said)


@blueprint.post("/disputes/<int:dispute_id>/take-offer")
@auth_required()
@limiter.limit(DEEDS)
def take_offer(dispute_id: int) -> Page:
    """The offer that the page showed is taken."""

    def take(data: dict[str, Any]) -> None:
        key = data["client_key"]
        answering.take_offer(dispute_id=dispute_id, by=me(), offer_number=data["offer"], client_key=key)

    return done(dispute_id, "deed", schemas.TakeOffer, take, _("It is settled as it was offered."))


@blueprint.post("/disputes/<int:dispute_id>/withdraw")
@auth_required()
@limiter.limit(DEEDS)
def withdraw(dispute_id: int) -> Page:
    """The buyer lets it be."""
    said = _("The dispute is withdrawn, and the money is released.")
    return done(dispute_id, "deed", schemas.Deed, _bound(answering.withdraw, dispute_id), said)


@blueprint.post("/disputes/<int:dispute_id>/say")
@auth_required()
@limiter.limit(STATEMENTS)
def say(dispute_id: int) -> Page:
    """One side has said or shown more."""

    def add(data: dict[str, Any]) -> None:
        answering.say_more(
            dispute_id=dispute_id, by=me(), words=data["words"], uploads=uploads_in(data),
            client_key=data["client_key"],
        )  # fmt: skip

    return done(dispute_id, "say", schemas.SayMore, add, _("It is added to the case. The other side is told."))


@blueprint.get("/evidence/<int:evidence_id>")
@auth_required()
def exhibit(evidence_id: int) -> Response:
    """A photograph that was shown: the very file whose hash stands under it."""
    return _picture(evidence_id, evidence.LARGE)


@blueprint.get("/evidence/<int:evidence_id>/small")
@auth_required()
def small_exhibit(evidence_id: int) -> Response:
    """The same, small."""
    return _picture(evidence_id, evidence.SMALL)


def done(dispute_id: int, name: str, schema: type[Schema], act: Callable[[dict[str, Any]], object], said: str) -> Page:
    """Do what a form on the dispute's page asks for, and show that page again. `name` is the form's."""
    queries.check_sees(dispute_id, me())
    form = Form.sent(schema)
    with form.refusals():
        act(form.data)
        flash(said)
        return redirect(url_for("disputes.show", dispute_id=dispute_id))
    return dispute_page(dispute_id, me(), {name: form}), 422


def remedy_in(data: dict[str, Any], currency: str) -> Remedy:
    """What a form asks for, offers or rules; an amount counts only where the money is split."""
    outcome = Outcome(data["outcome"])
    is_split = outcome is Outcome.SPLIT
    return Remedy(outcome, as_money(data["part"], currency, field="part") if is_split else None)


def uploads_in(data: dict[str, Any]) -> list[Upload]:
    """The photographs that came with a form, each with what it shows."""
    uploads = []
    for place in range(1, PHOTOS_AT_ONCE + 1):
        file = request.files.get(f"photo_{place}")
        if file is not None and file.filename:
            uploads.append(Upload(cast(BinaryIO, file.stream), data[f"alt_{place}"], f"photo_{place}"))
    return uploads


def currency_of(dispute_id: int) -> str:
    """In which a part is typed."""
    return case(dispute_id).dispute.currency


def _bound(act: Callable[..., object], dispute_id: int) -> Callable[[dict[str, Any]], object]:
    return lambda data: act(dispute_id=dispute_id, by=me(), **data)


def _picture(evidence_id: int, width: int) -> Response:
    shown = queries.evidence_for(evidence_id, me())
    picture = make_response()
    picture.set_etag(f"{shown.key}-{width}")
    picture.cache_control.private, picture.cache_control.max_age = True, KEPT
    picture.content_type = "image/jpeg"
    if picture.make_conditional(request).status_code != 304:  # noqa: PLR2004
        picture.set_data(storage.get(images.file_of(shown.key, width)))
    return picture
