"""Installations of their own, made by the migrations: for tests of what an operator does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask

from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.kernel import schema
from marketplace.kernel.database import db
from marketplace.web.limits import limiter
from tests import postgres


def built(settings: Settings) -> Flask:
    """The application for tests of its pages: forms need no token, and nothing is counted unless a test asks for it.

    The limiter is the process's own, and an application that is made while it is off never asks it.
    """
    limiter.enabled = True
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
    limiter.enabled = False
    return app


@contextmanager
def installation(settings_of: Callable[..., Settings], database: str, **environ: str) -> Iterator[Flask]:
    """A new installation on "sqlite" or "postgresql", inside its application context."""
    with ExitStack() as stack:
        if database == "postgresql":
            environ["DATABASE_URL"] = stack.enter_context(postgres.database())
        app = create_app(settings_of(**environ))
        app.config.update(TESTING=True)
        stack.enter_context(app.app_context())
        stack.callback(_let_go)
        schema.upgrade()
        yield app


def _let_go() -> None:
    db.session.remove()
    db.engine.dispose()
