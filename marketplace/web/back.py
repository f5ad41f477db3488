"""Where a person was and is sent back to: a path of this site, whatever the address bar or a form says."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

_LONGEST = 2000


def path_of(text: str | None) -> str | None:
    """`text`, if it is a path on this site; None for whatever could lead elsewhere.

    Browsers read "//evil.example", "/\\evil.example" and a path with a tab in it as other people's addresses.
    """
    if not text or len(text) > _LONGEST or not text.startswith("/") or text.startswith("//"):
        return None
    if "\\" in text or not text.isprintable() or " " in text:
        return None
    return text


def here() -> str:
    """The page that this request is for or, if it sends a form, came from."""
    if request.method in {"GET", "HEAD"}:
        return path_of(request.full_path.removesuffix("?")) or "/"
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return "/"
    return path_of(came_from.path + (f"?{came_from.query}" if came_from.query else "")) or "/"
