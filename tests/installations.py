"""Installations of their own, made by the migrations: for tests of what an operator does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask

from marketplace.app import create_app
from marketplace.config import Settings
from marketplace.kernel import schema
from marketplace.kernel.database import db
from tests import postgres


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
