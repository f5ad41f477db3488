"""Who is at the page."""

from __future__ import annotations

from flask_login import current_user


def me() -> int:
    """The signed-in person's id. Only behind `auth_required`."""
    return int(current_user.id)


def me_or_none() -> int | None:
    """The signed-in person's id, or none for an anonymous reader."""
    return int(current_user.id) if current_user.is_authenticated else None
