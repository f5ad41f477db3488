"""The mail server, spoken to by the standard library. Knows nothing of notices."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

_TIMEOUT_SECONDS = 15
_SUBMISSION, _SUBMISSIONS = 587, 465  # RFC 6409; RFC 8314
_PERMANENT = range(500, 600)  # RFC 5321, 4.2.1: the server will say the same the next time


class Refused(Exception):
    """The server will not take this mail, now or later: there is no such mailbox."""


class NotNow(Exception):
    """This mail did not get through this time. Another may."""


class Unreachable(NotNow):
    """The server does not answer or does not let us in: no mail would get through."""


class MailServer:
    """The server at smtp:// (TLS by STARTTLS) or smtps:// (TLS at once). Connects when the first mail is sent.

    Over smtp:// TLS is used wherever the server offers it, and a password is never sent without.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._hang_up()

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over. Raises Refused, NotNow or Unreachable."""
        try:
            self._server = self._server or _connected(self._url)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_said(error)) from error
        try:
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(error) from error
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise NotNow(_said(error)) from error

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()


def _connected(url: SplitResult) -> smtplib.SMTP:
    host, tls = url.hostname or "", ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or _SUBMISSIONS, timeout=_TIMEOUT_SECONDS, context=tls)
    else:
        server = smtplib.SMTP(host, url.port or _SUBMISSION, timeout=_TIMEOUT_SECONDS)
    try:
        _enter(server, url, tls)
    except BaseException:
        server.close()
        raise
    return server


def _enter(server: smtplib.SMTP, url: SplitResult, tls: ssl.SSLContext) -> None:
    server.ehlo()
    if url.scheme == "smtp" and (url.username or server.has_extn("starttls")):
        server.starttls(context=tls)
        server.ehlo()
    if url.username:
        server.login(unquote(url.username), unquote(url.password or ""))


def _refusal(error: smtplib.SMTPRecipientsRefused) -> Refused | NotNow:
    code, reply = next(iter(error.recipients.values()))
    words = f"{code} {reply.decode(errors='replace')}"
    return Refused(words) if code in _PERMANENT else NotNow(words)


def _said(error: Exception) -> str:
    """What went wrong, in a line for operators."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
