"""Short cuts before the application, for what it answered a moment ago.

Readers who have not signed in get for a second what the last of them got at the same address. A reader who has signed
in and asks whether his page still holds, with the very cookie with which he got it, hears so after one look at the
database: at the group's trail, the time, and whether his session is still good. All else is the application's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from cachetools import TTLCache
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from marketplace.auctions.trail import glance_at
from marketplace.kernel import clock
from marketplace.web.sheets import Sheet

SHARED_SECONDS = 1.0
KNOWN_SECONDS = 15.0
"""All that is not looked at again is the count of what waits for him: it may be older by so much than it is anyway."""

_Environ = dict[str, Any]
_Headers = list[tuple[str, str]]
_MARK = "earnest.early"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered."""

    tag: str
    sheet: Sheet | None
    """None for a reader who has not signed in."""
    session: str
    """What his session carries."""
    headers: _Headers
    """Those that a 304 has, too."""
    content: _Headers
    body: bytes


def remember(environ: _Environ, tag: str, sheet: Sheet | None, session: str) -> None:
    """Say of a request that what it is answered may be answered again."""
    environ[_MARK] = tag, sheet, session


class EarlyAnswers:
    """Stands before the application."""

    def __init__(self, app: Flask) -> None:
        self._app, self._inner = app, app.wsgi_app
        self._lock = Lock()
        self._shared: TTLCache[tuple[str, ...], Kept] = TTLCache(maxsize=64, ttl=SHARED_SECONDS)
        self._known: TTLCache[tuple[str, ...], Kept] = TTLCache(maxsize=5_000, ttl=KNOWN_SECONDS)

    def __call__(self, environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return self._inner(environ, start_response)
        key = _key(environ)
        with self._lock:
            kept = self._known.get(key) if "HTTP_COOKIE" in environ else self._shared.get(key)
        if kept is None:
            return self._asked(environ, start_response, key)
        is_his = environ.get("HTTP_IF_NONE_MATCH") == f'"{kept.tag}"'
        if is_his and (kept.sheet is None or self._holds(kept, kept.sheet)):
            start_response("304 NOT MODIFIED", list(kept.headers))
            return []
        if kept.sheet is None and kept.body:
            start_response("200 OK", kept.headers + kept.content)
            return [kept.body]
        return self._asked(environ, start_response, key)

    def forget(self) -> None:
        """Answer nothing again: for tests, whose databases come and go."""
        with self._lock:
            self._shared.clear()
            self._known.clear()

    def _asked(self, environ: _Environ, start_response: Callable[..., Any], key: tuple[str, ...]) -> Iterable[bytes]:
        said: list[Any] = []

        def start(status: str, headers: _Headers, *error: object) -> Any:
            said[:] = status, headers
            return start_response(status, headers, *error)

        parts = self._inner(environ, start)
        if _MARK not in environ:
            return parts
        body = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        self._keep(key, environ[_MARK], said[1], body)
        return [body]

    def _keep(self, key: tuple[str, ...], mark: tuple[str, Sheet | None, str], headers: _Headers, body: bytes) -> None:
        tag, sheet, session = mark
        content = [pair for pair in headers if pair[0].lower().startswith("content-t") or pair[0] == "Content-Length"]
        rest = [pair for pair in headers if pair not in content and pair[0] != "Set-Cookie"]
        kept = Kept(tag, sheet, session, rest, content, b"" if sheet else body)
        with self._lock:
            (self._known if sheet else self._shared)[key] = kept

    def _holds(self, kept: Kept, sheet: Sheet) -> bool:
        try:
            with self._app.app_context():
                found = glance_at(sheet.slug, sheet.number, kept.session)
                if found is None:
                    return False
                trail, name = found
                return name == sheet.reader_name and sheet.tag(trail, clock.as_read(trail.read_at)) == kept.tag
        except SQLAlchemyError:
            return False  # the application says what is wrong


def _key(environ: _Environ) -> tuple[str, ...]:
    return tuple(
        environ.get(name, "") for name in ("wsgi.url_scheme", "HTTP_HOST", "PATH_INFO", "QUERY_STRING", "HTTP_COOKIE")
    )
