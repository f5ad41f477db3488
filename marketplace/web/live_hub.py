"""Who waits for news of which lot, and one thread that looks for it.

An open page holds a thread of the web server, asleep until its lot's version changes; the thread that looks asks the
database a few times a second for the versions of all the lots that somebody waits for, in one statement by primary key,
and not at all while nobody waits. That costs the same for one page and for hundreds, nothing in the path of a bid, and
it works with any number of servers on either database. (Notifications of PostgreSQL would save these few statements,
and need a connection and a thread to send them after each commit: `python -m benchmarks.live` shows what it costs.)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep

import structlog

log = structlog.get_logger()

LOOKS_EVERY_SECONDS = 0.5
# A line on which nothing is said for longer is cut by some proxies; and only what is written tells who has gone.
HEARTBEAT_SECONDS = 50.0
# Then the page asks anew, and so whether its reader still may.
LONGEST_SECONDS = 600.0

Read = Callable[[Collection[int]], Mapping[int, int]]
"""The versions of these lots, by id."""


class Full(Exception):
    """As many pages listen as may. The others ask again and again."""


class Listener:
    """One open page, and what it was not told yet."""

    def __init__(self, lot_id: int, version: int) -> None:
        self.lot_id, self.version = lot_id, version
        self.news: SimpleQueue[int | None] = SimpleQueue()
        """Versions; None once the server goes."""

    def told(self) -> Iterator[int | None]:
        """The version now and each one after it, the newest where several came; None when nothing came for a while."""
        until = monotonic() + LONGEST_SECONDS
        yield self.version
        while (rest := until - monotonic()) > 0:
            try:
                news = self.news.get(timeout=min(rest, HEARTBEAT_SECONDS))
                with suppress(Empty):
                    while news is not None:
                        news = self.news.get_nowait()
            except Empty:
                yield None
                continue
            if news is None:
                return
            yield news


class Hub:
    """All open pages of this process."""

    def __init__(self, read: Read, *, most: int) -> None:
        self._read, self._most = read, most
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._looks = False
        self._serving = Path(os.environ["EARNEST_SERVING"]) if "EARNEST_SERVING" in os.environ else None

    def join(self, lot_id: int, version: int) -> Listener:
        """Wait for news of a lot whose version the page knows. Raises Full."""
        listener = Listener(lot_id, version)
        with self._lock:
            if len(self._listeners) >= self._most or self._is_over():
                raise Full
            self._listeners.add(listener)
            if not self._looks:
                self._looks = True
                threading.Thread(target=self._look, name="live pages", daemon=True).start()
        return listener

    def leave(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    def __len__(self) -> int:
        return len(self._listeners)

    def _look(self) -> None:
        """Until nobody waits any more."""
        while self._is_needed():
            sleep(LOOKS_EVERY_SECONDS)
            try:
                self._tell()
            except Exception:
                log.exception("open pages could not be told")
                sleep(HEARTBEAT_SECONDS / 10)

    def _is_needed(self) -> bool:
        with self._lock:
            if self._is_over():
                for listener in self._listeners:
                    listener.news.put(None)
                self._listeners.clear()
            self._looks = bool(self._listeners)
            return self._looks

    def _is_over(self) -> bool:
        """`flask serve` takes its mark away when it ends: lines that stay open would keep it waiting."""
        return self._serving is not None and not self._serving.exists()

    def _tell(self) -> None:
        with self._lock:
            waiting = list(self._listeners)
        versions = self._read({listener.lot_id for listener in waiting})
        for listener in waiting:
            version = versions.get(listener.lot_id, listener.version)
            if version != listener.version:
                listener.version = version
                listener.news.put(version)
