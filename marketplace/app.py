"""Puts the application together."""

from __future__ import annotations

import os
import sys

from flask import Flask

from marketplace import wiring
from marketplace.config import Settings, read_settings
from marketplace.kernel import events, logs, storage
from marketplace.kernel.database import db
from marketplace.payments import stripe_client
from marketplace.web import pages, security
from marketplace.worker import commands

CONNECTIONS_KEPT, CONNECTIONS_MORE = 16, 4
"""By one process: as many as its threads use at once, for to open one anew costs more than a page; and so many beside
these for a while."""


def create_app(settings: Settings | None = None) -> Flask:
    """The application, from the environment or from settings handed in. Ends with a sentence if one is wrong."""
    settings = settings or read_settings(os.environ, begins=_begins(sys.argv[1:]))
    app = Flask("marketplace", template_folder="../templates", static_folder="static", instance_path=str(settings.data))
    app.config.update(configuration(settings))
    app.extensions["earnest_store"] = storage.open_store(settings.data / "files")
    app.extensions["earnest_stripe"] = stripe_of(settings)
    logs.begin(settings.log_level)
    db.init_app(app)
    events.wire(wiring.HANDLERS)
    security.register(app)
    pages.register(app)
    commands.register(app)
    return app


def stripe_of(settings: Settings) -> stripe_client.Stripe | None:
    """The way to Stripe; none where no key is set."""
    if not settings.stripe_key:
        return None
    return stripe_client.open_client(
        settings.stripe_key, url=settings.stripe_url, timeout_seconds=settings.stripe_timeout,
        platform_secrets=settings.stripe_webhook_secrets, connect_secrets=settings.stripe_connect_secrets,
    )  # fmt: skip


def configuration(settings: Settings) -> dict[str, object]:
    """The settings in the words of Flask and its extensions."""
    return {
        "EARNEST": settings,
        "EARNEST_DEMO": settings.demo,
        "EARNEST_TESTING": settings.testing,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings),
        "SESSION_COOKIE_NAME": "earnest",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "TRUSTED_HOSTS": [settings.host] if not settings.is_loopback else ["127.0.0.1", "localhost", "::1"],
        "PREFERRED_URL_SCHEME": "https" if settings.is_https else "http",
        "MAX_CONTENT_LENGTH": 200 * 1024 * 1024,  # twelve photographs of 15 MB, and the form around them
        "MAX_FORM_MEMORY_SIZE": 4
        * 1024
        * 1024,  # the longest form with 100 kB in each of its fields, to say what is wrong
        "MAX_FORM_PARTS": 500,
        "BABEL_DEFAULT_LOCALE": "en",
        "WTF_CSRF_TIME_LIMIT": None,  # a token lasts as long as the session: a form left open overnight still works
        "RATELIMIT_STORAGE_URI": settings.rate_store,
    }


def engine_options(settings: Settings) -> dict[str, object]:
    """PostgreSQL plans a statement that comes again and again only once, unless a pooler in between would lose that."""
    if settings.database_url.startswith("sqlite"):
        return {}
    kept: dict[str, object] = {
        "pool_size": CONNECTIONS_KEPT,
        "max_overflow": CONNECTIONS_MORE,
        "pool_use_lifo": True,  # the one that was used last knows most plans
    }
    return kept if settings.prepared_statements else kept | {"connect_args": {"prepare_threshold": None}}


def _begins(words: list[str]) -> bool:
    """Whether this is `flask init`, the one command that may make a secret key."""
    options_with_a_word = {"--app", "-A", "--env-file", "-e"}
    pairs = zip(["", *words], words, strict=False)
    commands = [word for before, word in pairs if not word.startswith("-") and before not in options_with_a_word]
    return commands[:1] == ["init"]
