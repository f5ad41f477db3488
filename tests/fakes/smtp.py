"""A mail server on loopback that keeps what it takes, refuses whom it is told to, and can be down."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class FakeMailServer:
    """`with FakeMailServer() as server`: mails sent to `server.url` are in `server.mails`."""

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, implicit_tls: bool = False, password: str = "", port: int = 0
    ) -> None:
        """`tls` offers STARTTLS, or speaks TLS at once with `implicit_tls`; a `password` is that of user `mailer`."""
        self.mails: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        """Answers by recipient: {"gone@example.org": "550 no such mailbox"}."""
        self.were_encrypted: list[bool] = []
        self.were_let_in: list[bool] = []
        self.before_taking: Callable[[], None] = lambda: None
        self._password = password
        self.port = port or free_port()
        options: dict[str, Any] = {"authenticator": self._let_in if password else None}
        if implicit_tls:
            options |= {"ssl_context": tls, "auth_require_tls": False}  # that is: not STARTTLS as well
        elif tls:
            options["tls_context"] = tls
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def __enter__(self) -> FakeMailServer:
        self._controller.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.before_taking()
        message = email.message_from_bytes(cast(bytes, envelope.content), policy=email.policy.default)
        self.mails.append(cast(EmailMessage, message))
        self.were_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        self.were_let_in.append(bool(session.authenticated))
        return "250 taken"

    def _let_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: object) -> AuthResult:
        data = cast(LoginPassword, auth)
        return AuthResult(success=(data.login, data.password) == (b"mailer", self._password.encode()))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
