"""Load over real HTTP: connections that stay open, a request at a time on each, and every answer looked at."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


Ask = Callable[[int], bytes]
"""The next request of a connection, whole."""
Look = Callable[[int, Answer], bool]
"""Whether an answer is what it should be; False leaves it out of the count."""


@dataclass
class Measured:
    """What a load came to."""

    seconds: float
    answers: int = 0
    left_out: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def quantile(self, part: float) -> float:
        """Seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Line:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"127.0.0.1:{port}"
        self._buffer = b""
        self.asked_at = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        self.asked_at = time.perf_counter()
        self._socket.sendall(request)

    def read(self) -> Answer | None:
        """The answer, once all of it is here."""
        part = self._socket.recv(1 << 18)
        assert part, "the server has hung up"
        self._buffer += part
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert headers.get("transfer-encoding") is None, "the answer comes in pieces"
        if len(rest) < (length := 0 if status == HTTPStatus.NOT_MODIFIED else int(headers.get("content-length", 0))):
            return None
        self._buffer = rest[length:]
        return Answer(status, headers, rest[:length])

    def ask(self, request: bytes) -> Answer:
        """Send, and wait for the answer."""
        self.send(request)
        while (answer := self.read()) is None:
            pass
        return answer

    def close(self) -> None:
        self._socket.close()


def get(port: int, path: str, cookie: str = "", tag: str = "") -> bytes:
    """A request for a page."""
    more = (f"Cookie: {cookie}\r\n" if cookie else "") + (f"If-None-Match: {tag}\r\n" if tag else "")
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode()


def post(port: int, path: str, cookie: str, body: str) -> bytes:
    """A form that is sent, as a browser sends it."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def drive(port: int, ask: Ask, look: Look, *, connections: int, seconds: float = 0.0, most: int = 0) -> Measured:
    """Keep so many connections busy for a while, or until so many answers have come."""
    lines = [Line(port) for _each in range(connections)]
    with selectors.DefaultSelector() as waiting:
        for number, line in enumerate(lines):
            waiting.register(line, selectors.EVENT_READ, number)
            line.send(ask(number))
        began = time.perf_counter()
        measured = Measured(0.0)
        busy = len(lines)
        while busy:
            for key, _event in waiting.select():
                busy -= _heard(
                    lines[key.data], key.data, measured, ask, look, is_over=_is_over(measured, began, seconds, most)
                )
        measured.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return measured


def _is_over(measured: Measured, began: float, seconds: float, most: int) -> bool:
    return measured.answers >= most if most else time.perf_counter() - began >= seconds


def _heard(line: Line, number: int, measured: Measured, ask: Ask, look: Look, *, is_over: bool) -> int:
    """Take what has come, and ask again; 1 when this connection is done."""
    if (answer := line.read()) is None:
        return 0
    if look(number, answer):
        measured.answers += 1
        measured.latencies.append(time.perf_counter() - line.asked_at)
    else:
        measured.left_out += 1
    if is_over:
        return 1
    line.send(ask(number))
    return 0
