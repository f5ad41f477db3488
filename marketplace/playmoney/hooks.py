"""Tells the platform what happened: signed, again until it is heard, and as the weather lets it."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from stripe import WebhookSignature

from marketplace.playmoney.till import Thing
from marketplace.playmoney.weather import Weather

_TRIES = 8
_FIRST_PAUSE_SECONDS = 0.5
_PATIENCE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who hears of events, and the secret that they are signed with."""

    url: str
    secret: str
    of_accounts: bool
    """Of connected accounts; else of the platform's own."""


@dataclass(frozen=True, order=True, slots=True)
class _Letter:
    at: float
    number: int
    event_id: str
    body: bytes
    endpoint: Endpoint
    tries: int


class Hooks:
    """A thread that tells, one letter after another, those first that are due first."""

    def __init__(self, endpoints: list[Endpoint], weather: Weather) -> None:
        self.endpoints, self.weather = endpoints, weather
        self._letters: list[_Letter] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_over = False
        self._under_way = 0
        self._thread = threading.Thread(target=self._tell, name="play money tells", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._thread.join(_PATIENCE_SECONDS)

    def post(self, event: Thing) -> None:
        """To be told soon: once, or twice, or not at all."""
        for endpoint in self.endpoints:
            if endpoint.of_accounts != ("account" in event):
                continue
            body = json.dumps({name: value for name, value in event.items() if not name.startswith("_")}).encode()
            for _time in range(self._times()):
                late = self.weather.dice.random() * self.weather.latest_seconds
                self._put(_Letter(time.monotonic() + late, next(self._numbers), event["id"], body, endpoint, 0))

    def wait(self, seconds: float = 30.0) -> bool:
        """Until everything was told, or given up. Whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._letters and not self._under_way, seconds)

    def _times(self) -> int:
        if self.weather.dice.random() < self.weather.lost:
            return 0
        return 2 if self.weather.dice.random() < self.weather.doubled else 1

    def _put(self, letter: _Letter) -> None:
        with self._changed:
            heapq.heappush(self._letters, letter)
            self._changed.notify_all()

    def _tell(self) -> None:
        while (letter := self._next()) is not None:
            was_heard = _deliver(letter)
            with self._changed:
                self._under_way -= 1
                if not was_heard and letter.tries + 1 < _TRIES:
                    pause = _FIRST_PAUSE_SECONDS * 2**letter.tries
                    again = _Letter(
                        time.monotonic() + pause, next(self._numbers), letter.event_id, letter.body, letter.endpoint,
                        letter.tries + 1,
                    )  # fmt: skip
                    heapq.heappush(self._letters, again)
                self._changed.notify_all()

    def _next(self) -> _Letter | None:
        """The next letter that is due; none at the end."""
        with self._changed:
            while not self._is_over:
                wait = self._letters[0].at - time.monotonic() if self._letters else None
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._letters)
                self._changed.wait(wait)
        return None


def signed(body: bytes, secret: str, *, at: int | None = None) -> str:
    """The header that proves who wrote `body`, and when."""
    return str(WebhookSignature.generate_signature_header(body.decode(), secret, timestamp=at or int(time.time())))


def _deliver(letter: _Letter) -> bool:
    """Whether it was heard: anything but a 2xx is not."""
    headers = {"Content-Type": "application/json", "Stripe-Signature": signed(letter.body, letter.endpoint.secret)}
    request = urllib.request.Request(letter.endpoint.url, letter.body, headers)  # noqa: S310 - an address of ours
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            return bool(200 <= answer.status < 300)  # noqa: PLR2004
    except (OSError, urllib.error.HTTPError):
        return False
