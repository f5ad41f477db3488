"""Turns errors into pages: the only place where errors and status codes meet."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response

from marketplace.kernel.database import db
from marketplace.kernel.errors import EarnestError, NeedsFreshSignIn, NotAllowed, NotFound, RuleBroken
from marketplace.web import back
from marketplace.web.format import sentence_of

STATUS = {NotFound: 404, NotAllowed: 403, RuleBroken: 409}
log = structlog.get_logger()

Page = tuple[str, int]


def register(app: Flask) -> None:
    """Every error a person can cause becomes a page that says what to do next; a fault of ours says so."""
    for error, status in STATUS.items():
        app.register_error_handler(error, lambda e, status=status: error_page(status, sentence_of(e)))
    app.register_error_handler(NeedsFreshSignIn, ask_again_who)
    app.register_error_handler(CSRFError, out_of_date)
    app.register_error_handler(RateLimitExceeded, too_often)
    app.register_error_handler(SecurityError, not_our_address)
    app.register_error_handler(HTTPException, http_page)
    app.register_error_handler(Exception, our_fault)


def error_page(status: int, sentence: str) -> Page:
    came_from = back.here() if request.method == "POST" else "/"
    return render_template("errors/error.html", status=status, sentence=sentence, came_from=came_from), status


def ask_again_who(error: EarnestError) -> Response:
    """Off to prove who he is, and back to the page he came from."""
    wanted = request.full_path if request.method == "GET" else (request.referrer or "/")
    return redirect(url_for("security.verify", next=wanted))


def out_of_date(error: CSRFError) -> Page:
    return error_page(error.code, _("This form is out of date. Load the page again, then repeat."))


def too_often(error: RateLimitExceeded) -> Page | Response:
    if error.response is not None:  # this limit has an answer of its own
        return error.get_response()
    return error_page(429, _("That was too often in a short time. Wait a few minutes, then try again."))


def not_our_address(error: SecurityError) -> Response:
    """Somebody asks for another host: he gets no page, for a page has links, and they would lead there."""
    return Response(_("This site has another address."), error.code, mimetype="text/plain")


def http_page(error: HTTPException) -> Page | Response:
    """What the server itself refuses. Redirects and answers that are already made pass through."""
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    return error_page(error.code, SENTENCES.get(error.code, lambda: _("This request cannot be answered."))())


def our_fault(error: Exception) -> Page:
    db.session.rollback()
    log.exception("request failed", path=request.path, method=request.method)
    return error_page(500, _("Something went wrong on our side. Nothing was changed; try again in a minute."))


SENTENCES = {
    400: lambda: _("This request cannot be read. Load the page again, then repeat."),
    404: lambda: _("There is no such page, or it is not yours to see."),
    405: lambda: _("This page cannot be used in that way. Go back and use its buttons."),
    413: lambda: _("This is too large to send. Send fewer or smaller files."),
}
