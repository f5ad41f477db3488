"""How often, and how much: what one person or one address may do that costs us or others."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

# For every write that has no limit of its own; dearer or more tempting deeds carry theirs, beside the view.
EVERY_WRITE = "120 per minute"


def who() -> str:
    """A signed-in person counts as himself wherever he is; anybody else as his address."""
    return f"person:{current_user.get_id()}" if current_user.is_authenticated else get_remote_address()


def only_reads() -> bool:
    return request.method in {"GET", "HEAD", "OPTIONS"}


limiter = Limiter(
    key_func=who,
    default_limits=[EVERY_WRITE],
    default_limits_exempt_when=only_reads,
    headers_enabled=False,
    strategy="moving-window",
    fail_on_first_breach=False,  # a limit that has an answer of its own does not hide another that is used up, too
    in_memory_fallback_enabled=True,  # while the store of several processes is away, each counts for itself
)


def register(app: Flask) -> None:
    limiter.init_app(app)
    before = app.before_request_funcs.setdefault(None, [])
    before[:] = [_unless_it_reads(each) if getattr(each, "__self__", None) is limiter else each for each in before]
    before.insert(0, keep_small)  # before anything reads the form


def _unless_it_reads(check: Callable[[], Any]) -> Callable[[], None]:
    """What only reads has no limit but that of its own view, which asks for itself: each page was looked up in vain."""

    @functools.wraps(check)
    def checks() -> None:
        if not only_reads():
            check()

    return checks


def keep_small() -> None:
    """Files come in parts, from people who have signed in. Any other body is words, and is read into memory at once."""
    if request.mimetype != "multipart/form-data" or "_user_id" not in session:
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
