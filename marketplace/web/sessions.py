"""Sessions, as Flask keeps them in a signed cookie; what signs them is made once, not twice with each request."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer


class Sessions(SecureCookieSessionInterface):
    """Of one application, whose secret does not change while it runs."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        return self._signer if app is self._app else super().get_signing_serializer(app)

    @cached_property
    def _signer(self) -> URLSafeTimedSerializer | None:
        return super().get_signing_serializer(self._app)


def register(app: Flask) -> None:
    app.session_interface = Sessions(app)
