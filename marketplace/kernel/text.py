"""Text as machines compare it."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Text as a search compares it: letters of either case are the same, however they are put together."""
    return unicodedata.normalize("NFKC", text).casefold()
