"""A page that is made once for many readers has gaps where each has something of his own, filled in for each.

It is made for nobody: with NOBODY as its reader no row of the database is his, so that nothing of one reader can stand
in another's page. What they have of their own is the head and the foot of the page, the tokens of its forms and the
moment at which they see it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple

from cachetools import TTLCache, cached
from flask import Flask, current_app, g, request, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from marketplace.web.forms import Form
from marketplace.web.frame import group_here
from marketplace.web.lot_words import milliseconds
from marketplace.web.person import me, me_or_none
from marketplace.web.waiting import KEPT_SECONDS, count_for

NOBODY = 0
"""The reader of a page that is made for many."""

_MARK = secrets.token_hex(16)  # what a member writes into a description is never taken for a gap


class Own(StrEnum):
    """What each reader has of his own."""

    HEAD = "head"
    FOOT = "foot"
    TOKEN = "token"  # noqa: S105 - the name of a gap, not a secret
    """Of all forms: that they were sent from a page of ours."""
    KEY = "key"
    """Of the page's form: sent twice, it is one deed."""
    CLOCK = "clock"
    """The server's, in milliseconds."""


_GAPS = re.compile(f"{_MARK}({'|'.join(Own)})")


class Reader(NamedTuple):
    """Whom a page is made for, and the form on it."""

    person_id: int | None
    form: Form


def register(app: Flask) -> None:
    app.jinja_env.globals["gap"] = gap


def gap(own: str) -> Markup:
    """Where something of the reader's own goes."""
    return Markup(_MARK + Own(own))  # noqa: S704 - a mark that nobody can guess, and a name of ours: nothing that anybody typed


def made_for_one(make: Callable[[Reader], str]) -> str:
    """The page as whoever asks for it gets it."""
    return make(Reader(me_or_none(), Form()))


def made_for_many(make: Callable[[Reader], str]) -> list[str]:
    """The page for all who have nothing of their own in it, cut at its gaps: text and the name of a gap in turn."""
    form = Form()
    form.client_key = gap(Own.KEY)
    g.is_for_many, g.csrf_token = True, gap(Own.TOKEN)  # where Flask-WTF keeps the one that it has made
    try:
        return _GAPS.split(make(Reader(NOBODY, form)))
    finally:
        del g.is_for_many, g.csrf_token


def filled(parts: Sequence[str], slug: str, now: datetime) -> str:
    """Such a page of the group at /g/<slug>, as whoever asks for it gets it."""
    if "csrf_token" not in session:
        generate_csrf()  # his session's own from here on
    reader = me(), current_user.name, current_user.is_operator, count_for(me()), session.get("deed", "")
    own = around(slug, str(request.endpoint), session["csrf_token"], reader)
    return _joined(parts, {**own, Own.KEY: secrets.token_urlsafe(16), Own.CLOCK: str(milliseconds(now))})


def filled_with_clock(parts: Sequence[str], now: datetime) -> str:
    """Such parts of a page, of which the moment is all that somebody has of his own."""
    return _joined(parts, {Own.CLOCK: str(milliseconds(now))})


def _joined(parts: Sequence[str], own: Mapping[str, str]) -> str:
    return "".join(own[part] if number % 2 else part for number, part in enumerate(parts))


@cached(TTLCache(maxsize=500, ttl=KEPT_SECONDS), lock=Lock())
def around(slug: str, _page: str, _session: str, _reader: tuple[object, ...]) -> dict[str, str]:
    """Head and foot of a reader's pages in a group, and his session's token; kept as what waits for him is."""
    group_here(slug)
    context: dict[str, Any] = {}
    current_app.update_template_context(context)  # once, for both
    templates = current_app.jinja_env
    return {
        Own.HEAD: templates.get_template("frame/header.html").render(context),
        Own.FOOT: templates.get_template("frame/footer.html").render(context),
        Own.TOKEN: generate_csrf(),
    }
