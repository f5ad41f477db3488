"""Encryption of what must not lie readable in the database: payout details, payment instructions, TOTP secrets."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class CannotRead(RuntimeError):
    """The stored secret was written with another key: the installation's secret key was lost or changed."""


class Secret(TypeDecorator[str]):
    """A text that is encrypted at rest with a key derived from the installation's secret key."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _cipher().encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        try:
            return _cipher().decrypt(value.encode()).decode()
        except InvalidToken:
            raise CannotRead("a stored secret cannot be read with this secret key") from None


def _cipher() -> Fernet:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return Fernet(base64.urlsafe_b64encode(hashlib.blake2b(key, digest_size=32, person=b"earnest-at-rest").digest()))
