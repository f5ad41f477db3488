"""A person with a browser, on a bad day: pages do not come, servers are away, and he looks again."""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.faults.storm.stage import as_cookie
from tests.house import House
from tests.journeys.caller import Caller

_SECONDS = 20
_TO_STRIPE = re.compile(r'<a role="button" href="([^"]+)" rel="noreferrer">')
_DOUBT = re.compile(r'data-tone="doubt"[^>]*>(.*?)</', re.DOTALL)


class NoPage(Exception):
    """The page did not come, or is not the one that he expected: he looks again later."""


class Answered(NamedTuple):
    """One answer that was no page, and when, by time.monotonic()."""

    at: float
    status: int
    what: str


class Visitor(Caller):
    """One person at one order, signed in by a cookie. What the servers answer is kept in `answers`."""

    def __init__(self, house: House, cookie: str, answers: list[Answered] | None = None) -> None:
        super().__init__(house)
        self.answers = answers if answers is not None else []
        self.status = 0
        jar = CookieJar()
        jar.set_cookie(as_cookie(house, cookie))
        self._opener = build_opener(HTTPCookieProcessor(jar))

    def offers(self, button: str) -> bool:
        """Whether the page has it."""
        try:
            self._found(button)
        except AssertionError:
            return False
        return True

    def presses(self, button: str, **answers: str) -> None:
        """As `sends`, if the page still offers it. Raises NoPage."""
        if not self.offers(button):
            raise NoPage(f"no button “{button}” on {self.url}")
        self.sends(button, HTTPStatus.OK, **answers)

    def goes_to_stripe(self) -> None:
        """From the page that leads there. Raises NoPage where it is another."""
        found = _TO_STRIPE.search(self.text)
        if found is None:
            raise NoPage(f"nothing leads to Stripe: {self.doubt}")
        self.opens(found[1])

    @property
    def doubt(self) -> str:
        """What the page says that went wrong."""
        found = _DOUBT.search(self.text)
        return found[1] if found else ""

    def _goes(self, asked: Request, status: int = HTTPStatus.OK) -> None:
        try:
            answer: Any = self._opener.open(asked, timeout=_SECONDS)
        except HTTPError as refusal:
            answer = refusal
        except (OSError, HTTPException) as why:
            raise NoPage(str(why)) from why
        try:
            with answer:
                self.url, self.status, self.text = answer.geturl(), answer.status, answer.read().decode()
        except (OSError, HTTPException) as why:
            raise NoPage(str(why)) from why
        if self.status >= HTTPStatus.BAD_REQUEST:
            self.answers.append(Answered(time.monotonic(), self.status, f"{asked.get_method()} {asked.full_url}"))
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NoPage(f"{self.url} answers {self.status}")
