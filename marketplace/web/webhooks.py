"""Where Stripe tells what happened. No session, no form: the signature over the body is the proof of who writes."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from marketplace.kernel.errors import NotFound
from marketplace.payments import incoming
from marketplace.web.limits import limiter

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")

LARGEST = 256 * 1024
"""Stripe's events are some kilobytes."""
OFTEN = "1200 per minute"
"""Some servers of Stripe's, all at once after an outage."""


@blueprint.post("/stripe")
@limiter.limit(OFTEN)
def of_platform() -> Response:
    """What happened on the platform's own account."""
    return _heard(of_accounts=False)


@blueprint.post("/stripe/connect")
@limiter.limit(OFTEN)
def of_accounts() -> Response:
    """What happened on sellers' accounts: another endpoint at Stripe, with a secret of its own."""
    return _heard(of_accounts=True)


def _heard(*, of_accounts: bool) -> Response:
    if not incoming.has_secrets(of_accounts=of_accounts):
        raise NotFound("There is no such page.")
    request.max_content_length = LARGEST
    try:
        body = request.get_data(cache=False)
        incoming.receive(body, request.headers.get("Stripe-Signature", ""), of_accounts=of_accounts)
    except RequestEntityTooLarge:
        return Response("too large\n", 413, mimetype="text/plain")
    except incoming.NotStripes:
        return Response("not signed\n", 400, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
