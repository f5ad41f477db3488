"""Words that we sign, give away, and know again when they come back: each for one purpose alone."""

from __future__ import annotations

from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer


def signed(purpose: str, value: object) -> str:
    """`value`, readable and safe in addresses and cookies, with the installation's seal for this purpose."""
    return str(_sealer(purpose).dumps(value))


def known(purpose: str, token: str) -> Any:
    """What we signed for this purpose; None for whatever else comes."""
    try:
        return _sealer(purpose).loads(token)
    except BadData:
        return None


def _sealer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"earnest {purpose}")
