"""The cookie by which an account knows a device again. It signs nobody in: see accounts/devices.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Response, after_this_request, current_app, request
from flask_security import user_authenticated

from marketplace.accounts import devices
from marketplace.accounts.models import Person

_NAME = "earnest_device_"
_KNOWN_FOR = timedelta(days=365)
_MOST = 20  # people who share one device


def listen(app: Flask) -> None:
    user_authenticated.connect(remember, app)


def remember(app: Flask, *, user: Person, **_more: Any) -> None:
    """He is in, with all that it takes: this device is his from now on."""
    name, token = f"{_NAME}{user.id}", devices.token_for(user)

    @after_this_request
    def keep(response: Response) -> Response:
        is_https = current_app.config["EARNEST"].is_https
        response.set_cookie(name, token, max_age=_KNOWN_FOR, secure=is_https, httponly=True, samesite="Lax")
        return response


def shown() -> list[str]:
    """What this device shows of the people who have signed in on it."""
    return [token for name, token in request.cookies.items() if name.startswith(_NAME)][:_MOST]
