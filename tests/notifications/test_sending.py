"""Mails leave after the commit, once if nothing breaks and at least once if something does, or are parked in sight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from marketplace.kernel import clock
from marketplace.kernel.database import db, unit_of_work
from marketplace.notifications import queries, sending, service
from marketplace.notifications.models import Mail
from marketplace.notifications.rules import BACK_OFF, KEPT_FOR, TOO_OLD
from tests.factories.accounts import a_person
from tests.factories.notifications import a_mail, a_notice
from tests.factories.together import at_once
from tests.fakes.smtp import FakeMailServer, free_port


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMailServer]:
    with FakeMailServer() as server:
        use(app, monkeypatch, server.url)
        yield server


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the product send its mails to the server at `url`."""
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], smtp_url=url))


def the_mail() -> Mail:
    db.session.rollback()
    return db.session.scalars(select(Mail)).one()


def test_a_notice_is_mailed_to_whom_it_tells(server: FakeMailServer) -> None:
    marta = a_person("Marta", email="marta@example.org")
    notice = a_notice(marta, title="Porzellan-Kännchen № 5")

    assert sending.send_due_mails() == 1

    [mail] = server.mails
    assert mail["To"] == "marta@example.org"
    assert mail["Subject"] == "Unpaid: Porzellan-Kännchen № 5"
    assert mail["From"] == "Earnest <earnest@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    assert mail["Date"]
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    words = mail.get_content().replace("\r\n", "\n")
    assert words.startswith("Marta,\n\nBruno did not pay for Porzellan-Kännchen № 5 in time.")
    assert f"http://127.0.0.1:8000/orders/{notice.ref.removeprefix('order:')}\n" in words
    assert "\n\n\n" not in words


def test_a_mail_is_sent_once(server: FakeMailServer) -> None:
    a_mail()
    assert sending.send_due_mails() == 1
    assert sending.send_due_mails() == 0
    assert len(server.mails) == 1


def test_what_was_sent_is_not_kept(server: FakeMailServer) -> None:
    a_mail(body="Open https://earnest.example.org/confirm/secret")
    sending.send_due_mails()
    assert the_mail().state == "sent"
    assert the_mail().body == ""


def test_a_waiting_mail_lies_encrypted_in_the_database(app: Flask) -> None:
    a_mail(body="Open https://earnest.example.org/confirm/secret")
    assert "secret" not in str(db.session.scalar(text("SELECT body FROM mails")))
    assert the_mail().body.endswith("secret")


def test_a_mail_of_a_deed_that_failed_is_never_sent(server: FakeMailServer) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        a_mail()
        raise ZeroDivisionError
    assert sending.send_due_mails() == 0


def test_a_server_that_is_down_then_up_gets_the_mail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    use(app, monkeypatch, f"smtp://127.0.0.1:{port}")
    a_mail()
    sending.send_due_mails()
    mail = the_mail()
    assert (mail.state, mail.tries) == ("due", 1)
    assert "ConnectionRefusedError" in mail.trouble

    with FakeMailServer(port=port) as server:
        assert sending.send_due_mails() == 0  # not before its time
        with clock.at(clock.now() + BACK_OFF[0]):
            assert sending.send_due_mails() == 1
    assert len(server.mails) == 1
    assert the_mail().trouble == ""


def test_after_the_last_try_a_mail_is_parked_until_an_operator_looks(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(app, monkeypatch, f"smtp://127.0.0.1:{free_port()}")
    a_mail()
    now = clock.now()
    for wait in (timedelta(), *BACK_OFF):
        now += wait
        with clock.at(now):
            assert sending.send_due_mails() == 1
            assert sending.send_due_mails() == 0
    assert the_mail().state == "failed"
    [parked] = queries.parked_mails()
    assert parked.tries == len(BACK_OFF) + 1

    service.try_again(mail_id=parked.id)
    with FakeMailServer() as server:
        use(app, monkeypatch, server.url)
        sending.send_due_mails()
    assert len(server.mails) == 1


def test_a_mailbox_that_does_not_exist_is_not_tried_again(server: FakeMailServer) -> None:
    server.refused["gone@example.org"] = "550 no such mailbox"
    a_mail("gone@example.org")
    a_mail("here@example.org")
    sending.send_due_mails()
    [parked] = queries.parked_mails()
    assert parked.address == "gone@example.org"
    assert parked.trouble == "550 no such mailbox"
    assert [mail["To"] for mail in server.mails] == ["here@example.org"]


def test_a_mailbox_that_is_full_for_now_is_tried_again(server: FakeMailServer) -> None:
    server.refused["full@example.org"] = "452 try later"
    a_mail("full@example.org")
    sending.send_due_mails()
    server.refused.clear()
    with clock.at(clock.now() + BACK_OFF[0]):
        sending.send_due_mails()
    assert len(server.mails) == 1


def test_a_worker_killed_between_claim_and_send_leaves_the_mail_to_the_next(server: FakeMailServer) -> None:
    a_mail()
    sending._claim(20, lease="of the one that was killed")
    assert sending.send_due_mails() == 0
    with clock.at(clock.now() + sending.LEASE):
        assert sending.send_due_mails() == 1
    assert len(server.mails) == 1


def test_a_worker_killed_between_send_and_outcome_sends_again_under_the_same_number(
    server: FakeMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_mail()
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(sending, "_done", _die)
        sending.send_due_mails()
    with clock.at(clock.now() + sending.LEASE):
        sending.send_due_mails()
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]


def _die(*args: object, **kwargs: object) -> None:
    raise KeyboardInterrupt


def test_a_worker_that_comes_back_too_late_writes_no_outcome(server: FakeMailServer) -> None:
    mail_id = a_mail()
    sending._claim(20, lease="slow")
    with clock.at(clock.now() + sending.LEASE):
        sending._claim(20, lease="next")
    sending._put_off(mail_id, lease="slow", trouble="late")
    assert the_mail().tries == 0
    assert the_mail().lease == "next"


def test_two_workers_share_the_mails(server: FakeMailServer) -> None:
    for _ in range(3):
        a_mail()
    first = sending._claim(2, lease="one")
    second = sending._claim(2, lease="two")
    assert len(first) == 2
    assert len(second) == 1
    assert not set(first) & set(second)


def test_no_worker_begins_a_mail_that_its_lease_may_not_outlast(
    server: FakeMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        a_mail()
    monkeypatch.setattr(sending, "_LONGEST_MAIL", sending.LEASE + timedelta(seconds=1))
    assert sending.send_due_mails() == 0
    assert server.mails == []


def test_one_mail_that_cannot_be_written_keeps_no_other(server: FakeMailServer) -> None:
    notice = a_notice()
    with unit_of_work():
        db.session.execute(text("UPDATE notices SET kind = 'nonsense' WHERE id = :id"), {"id": notice.id})
    a_mail()
    sending.send_due_mails()
    assert len(server.mails) == 1
    [waiting] = db.session.scalars(select(Mail).where(Mail.state == "due"))
    assert waiting.trouble == "KeyError"


def test_a_mail_that_waited_for_days_is_parked_for_it_would_lie(server: FakeMailServer) -> None:
    with clock.at(clock.now() - TOO_OLD - timedelta(minutes=1)):
        a_mail()
    sending.send_due_mails()
    assert server.mails == []
    assert the_mail().state == "failed"


def test_a_subject_is_one_line(server: FakeMailServer) -> None:
    a_mail(subject="Two\r\nBcc: everybody@example.org")
    sending.send_due_mails()
    assert server.mails[0]["Subject"] == "Two Bcc: everybody@example.org"
    assert server.mails[0]["Bcc"] is None


def test_a_mail_that_cannot_be_decrypted_keeps_no_other(server: FakeMailServer) -> None:
    lost = a_mail()
    with unit_of_work():
        db.session.execute(text("UPDATE mails SET body = 'written with another key' WHERE id = :id"), {"id": lost})
    a_mail()
    sending.send_due_mails()
    assert len(server.mails) == 1
    [waiting] = db.session.scalars(select(Mail).where(Mail.state == "due"))
    assert (waiting.id, waiting.trouble) == (lost, "CannotRead")


def test_after_a_month_it_is_forgotten_what_went_to_whom(server: FakeMailServer) -> None:
    a_mail()
    sending.send_due_mails()
    assert sending.forget_sent_mails() == 0
    a_mail()
    with clock.at(clock.now() + KEPT_FOR):
        assert sending.forget_sent_mails() == 1
    assert the_mail().state == "due"


def test_two_workers_at_once_send_each_mail_once(app: Flask, server: FakeMailServer) -> None:
    for number in range(12):
        a_mail(subject=f"Mail {number}")
    done = at_once(app, *[sending.send_due_mails] * 3)
    assert sum(done) == 12
    assert sorted(mail["Subject"] for mail in server.mails) == sorted(f"Mail {number}" for number in range(12))


def test_two_deeds_at_once_tell_the_same_thing_once(app: Flask) -> None:
    marta = a_person("Marta").id

    def tell() -> None:
        service.notify(person_id=marta, kind="order_unpaid", ref="order:1", path="/orders/1")

    at_once(app, *[tell] * 4)
    assert queries.unread_of(marta) == 1
    assert the_mail().person_id == marta


def test_without_a_server_mails_stay_due(app: Flask) -> None:
    a_mail()
    assert sending.send_due_mails() == 0
    assert the_mail().state == "due"


def test_the_demo_keeps_its_mails_for_the_outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], demo=True))
    with clock.at(clock.now() - timedelta(days=400)):  # the demo's history is made in one go
        a_mail(body="Open the link.")
    assert sending.send_due_mails() == 1
    [kept] = queries.outbox()
    assert (kept.state, kept.body) == ("sent", "Open the link.")
