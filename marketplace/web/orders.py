"""My purchases and sales, the page of one of them, and what its parties write to each other."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import auth_required
from werkzeug.wrappers import Response as BaseResponse

from marketplace.accounts import queries as accounts
from marketplace.catalog import queries as catalog
from marketplace.escrow import messages, parcel_queries, queries, schemas
from marketplace.escrow.order_rules import Party
from marketplace.groups import queries as groups
from marketplace.kernel import clock
from marketplace.web.forms import Form
from marketplace.web.limits import limiter
from marketplace.web.order_page import badge, order_page
from marketplace.web.paging import row_number
from marketplace.web.person import me
from marketplace.web.proofs import picture_of_proof

blueprint = Blueprint("orders", __name__)
blueprint.add_app_template_filter(badge, "order_badge")

Page = str | BaseResponse | tuple[str, int]

SIDES = {"bought": Party.BUYER, "sold": Party.SELLER}
STAGES = {"open": True, "ended": False}


@blueprint.get("/orders")
@auth_required()
def index() -> Page:
    """What I bought and sold, newest first; if I like, only one of them, or only what is open or has ended."""
    side, stage = request.args.get("side", ""), request.args.get("stage", "")
    before = request.args.get("before", type=row_number)
    found = queries.orders_of(
        me(), side=SIDES.get(side), is_open=STAGES.get(stage), before=before, limit=queries.PAGE + 1
    )
    page = found[: queries.PAGE]
    offers = parcel_queries.offers_to(me())
    with clock.at(clock.now()):  # one page, one moment
        return render_template(
            "orders/index.html",
            orders=page,
            has_more=len(found) > queries.PAGE,
            before=before,
            side=side if side in SIDES else "",
            stage=stage if stage in STAGES else "",
            my_id=me(),
            names=accounts.names_of(
                [*(_others(order.buyer_id, order.seller_id) for order in page), *(each.seller_id for each in offers)]
            ),
            groups=groups.groups({order.group_id for order in page}),
            covers=catalog.covers_of(order.item_id for order in page),
            parcel_offers=offers,
        )


@blueprint.get("/orders/<int:order_id>")
@auth_required()
def show(order_id: int) -> Page:
    """Where the order is and where its money, what I can do now and what follows if nobody does, and what was said."""
    return order_page(order_id, me())


@blueprint.post("/orders/<int:order_id>/messages")
@auth_required()
@limiter.limit("30 per hour")
def write(order_id: int) -> Page:
    """It is written, and the other side is told."""
    form = Form.sent(schemas.WriteMessage)
    with form.refusals():
        message = messages.write_message(order_id=order_id, by=me(), **form.data)
        flash(_("Your message is sent."))
        return redirect(url_for("orders.show", order_id=order_id, _anchor=f"message-{message.id}"))
    return order_page(order_id, me(), {"message": form}), 422


@blueprint.get("/proofs/<int:movement_id>")
@auth_required()
def proof(movement_id: int) -> Response:
    """The picture of a bank's slip, for whoever paid or was paid and the officers who may confirm the order's money."""
    return picture_of_proof(queries.proof_for(movement_id, me()).proof_key)


def _others(buyer_id: int, seller_id: int) -> int:
    return seller_id if buyer_id == me() else buyer_id
