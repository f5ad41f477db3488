"""The stand-in as a server on loopback: `with StandIn() as stripe:`, or `python -m marketplace.playmoney`."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from marketplace.playmoney import checkout, files
from marketplace.playmoney.answering import Answer, Door, Request
from marketplace.playmoney.bank import Desk
from marketplace.playmoney.hooks import Endpoint, Hooks
from marketplace.playmoney.pages import Pages
from marketplace.playmoney.till import Till
from marketplace.playmoney.weather import Fault, Weather

_LOOKS_EVERY_SECONDS = 1.0


class StandIn:
    """One Stripe, with its till, its weather and its webhooks. What it does in reply to nobody is called here."""

    def __init__(
        self, *, port: int = 0, file: Path | None = None, settles_after: int = 0, bank_takes: float | None = None
    ) -> None:
        """`bank_takes`: seconds until a bank debit comes to something by itself; None, when it is told to."""
        self.till, self.weather = Till(file=file, settles_after=settles_after), Weather()
        self.hooks, self.door = Hooks([], self.weather), Door(self.till)
        self.till.told = self.hooks.post
        self._bank_takes = bank_takes
        self._over = threading.Event()
        self._server: BaseWSGIServer = make_server("127.0.0.1", port, self._application(), threaded=True,
                                                   request_handler=_Quiet)  # fmt: skip
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), name="play money", daemon=True),
            threading.Thread(target=self._keep_time, name="play money's clock", daemon=True),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def tells(self, url: str, secret: str, *, of_accounts: bool = False) -> None:
        """Events are told at this address from now on."""
        self.hooks.endpoints.append(Endpoint(url, secret, of_accounts))

    def __enter__(self) -> StandIn:
        self.hooks.start()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self.hooks.stop()
        self.till.save()

    def _keep_time(self) -> None:
        while not self._over.wait(_LOOKS_EVERY_SECONDS):
            with self.till.lock:
                checkout.expire_due(self.till)
                if self._bank_takes is not None:
                    self._let_banks_answer(self.till.now() - self._bank_takes)

    def _let_banks_answer(self, before: float) -> None:
        for intent in self.till.all("payment_intent", status="processing"):
            session = self.till.all("checkout.session", payment_intent=intent["id"])[0]
            if intent["created"] <= before:
                checkout.settle(self.till, session["id"])
                self.till.save()

    def _application(self) -> Flask:
        app = Flask(__name__, static_folder=None)
        app.add_url_rule("/v1/<path:path>", "api", self._api, methods=["GET", "POST", "DELETE"])
        Pages(self.till).register(app)
        Desk(self.till).register(app)
        return app

    def _api(self, path: str) -> Response:
        line = f"{request.method} /v1/{path}"
        fault = self.weather.fault_of(line)
        if fault is Fault.DOWN:
            return _hung_up()
        answer = self.door.answer(
            Request(
                method=request.method, path=f"/v1/{path}",
                pairs=_pairs(),
                authorisation=request.headers.get("Authorization", "").removeprefix("Bearer "),
                key=request.headers.get("Idempotency-Key", ""), base=request.host_url.rstrip("/"),
            ),
            fault,
        )  # fmt: skip
        return _hung_up() if answer.is_lost else _said(answer)


def _pairs() -> tuple[tuple[str, str], ...]:
    """What was sent with the request, files among it."""
    if request.method == "GET":
        return tuple(request.args.items(multi=True))
    sent = [(name, files.pair(file.filename or "", file.read())) for name, file in request.files.items(multi=True)]
    return (*request.form.items(multi=True), *sent)


def _said(answer: Answer) -> Response:
    response = Response(json.dumps(answer.body), answer.status, mimetype="application/json")
    response.headers["Request-Id"] = "req_play"
    if answer.is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _hung_up() -> Response:
    """The line is cut: whoever asked hears nothing."""
    line: Any = request.environ["werkzeug.socket"]
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


class _Quiet(WSGIRequestHandler):
    """Says nothing of each request, and bears that a line is cut."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        pass
