"""Members who bid over HTTP: each bid above all others so far, each answer looked at."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from http import HTTPStatus

from benchmarks.auctions.load import Answer, Line, get, post
from benchmarks.auctions.world import World, cookie_from
from marketplace.auctions.increment_rules import increment
from marketplace.groups.term_rules import Terms
from marketplace.kernel.money import Money

_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')
_CURRENCY = "EUR"


class Bidders:
    """Signed-in sessions with their forms' tokens, and how high the last bid on each lot was."""

    def __init__(self, world: World, port: int) -> None:
        self._port, self._slug = port, world.slug
        self._lots = f"/g/{world.slug}/lots"
        self._keys = itertools.count(1)
        self._highest: dict[int, int] = defaultdict(lambda: world.opening_minor)
        self._asked: dict[int, str] = {}
        self._sessions = [self._enter(cookie) for cookie in world.cookies]

    def cookie(self, session: int) -> str:
        return self._sessions[session][0]

    def bid(self, session: int, lot: int) -> bytes:
        """The form of a bid that is two steps above the last one."""
        maximum = self._highest[lot] + 2 * increment(Money(self._highest[lot], _CURRENCY), Terms().ladder).minor
        self._highest[lot] = maximum
        cookie, token = self._sessions[session]
        self._asked[session] = path = f"{self._lots}/{lot}"
        body = (
            f"csrf_token={token}&client_key=key-{next(self._keys)}-of-the-bench&confirmed=y"
            f"&maximum={maximum // 100}.{maximum % 100:02}"
        )
        return post(self._port, f"{path}/bid", cookie, body)

    def is_accepted(self, session: int, answer: Answer) -> bool:
        """True for a bid that counts; False for one that another had overtaken. Anything else ends the benchmark."""
        if answer.status == HTTPStatus.FOUND and answer.headers["location"].endswith(self._asked[session]):
            return True
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY, (answer.status, answer.body[:2000])
        assert b"or more" in answer.body, answer.body[:5000]
        return False

    def on(self, lots: Sequence[int]) -> Iterator[int]:
        """The lots in turn, for ever."""
        return itertools.cycle(lots)

    def _enter(self, cookie: str) -> tuple[str, str]:
        """Look at the catalogue, as a browser does: the session and the token that the page brings."""
        line = Line(self._port)
        answer = line.ask(get(self._port, f"/g/{self._slug}/lots", cookie))
        assert answer.status == HTTPStatus.OK, answer
        token = _TOKEN.search(answer.body)
        assert token is not None, "the page has no form"
        set_cookie = answer.headers.get("set-cookie", "")
        line.close()
        return (cookie_from(set_cookie) if set_cookie else cookie), token.group(1).decode()
