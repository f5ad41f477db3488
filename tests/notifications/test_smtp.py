"""Mails and passwords travel encrypted, to a server that proves who it is."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.kernel.database import db
from marketplace.notifications import sending
from marketplace.notifications.models import Mail
from tests.factories.notifications import a_mail
from tests.fakes.certificates import a_certificate
from tests.fakes.smtp import FakeMailServer

pytestmark = pytest.mark.one_database


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the product send its mails to the server at `url`."""
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], smtp_url=url))


def trouble() -> str:
    """What went wrong with the one mail."""
    db.session.rollback()
    return db.session.scalars(select(Mail.trouble)).one()


@pytest.mark.parametrize("implicit", [False, True])
def test_a_password_goes_over_tls_alone(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, implicit: bool
) -> None:
    certificate = a_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    a_mail()
    with FakeMailServer(tls=context, implicit_tls=implicit, password="p@ss") as server:
        scheme = "smtps" if implicit else "smtp"
        use(app, monkeypatch, f"{scheme}://mailer:p%40ss@127.0.0.1:{server.port}")
        sending.send_due_mails()
    assert trouble() == ""
    assert server.were_encrypted == server.were_let_in == [True]


def test_a_server_without_tls_never_sees_the_password(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    a_mail()
    with FakeMailServer() as server:
        use(app, monkeypatch, f"smtp://mailer:secret@127.0.0.1:{server.port}")
        sending.send_due_mails()
    assert server.mails == []
    assert "SMTPNotSupportedError" in trouble()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(a_certificate(tmp_path))
    a_mail()
    with FakeMailServer(tls=context) as server:
        use(app, monkeypatch, server.url)
        sending.send_due_mails()
    assert server.mails == []
    assert "SSLCertVerificationError" in trouble()
