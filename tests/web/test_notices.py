"""What a person was told, on his page; and the demo's outbox, for operators alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kernel.money import Money
from marketplace.notifications import queries, sending, service
from tests.factories.accounts import a_person
from tests.factories.groups import a_group, a_member
from tests.factories.notifications import a_mail, a_notice
from tests.factories.statements import statements

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]


def test_what_happened_stands_newest_first_and_what_is_new_is_marked(app: Flask, client_of: ClientOf) -> None:
    marta = a_person("Marta")
    group = a_group()
    a_notice(marta, group=group, title="Old clock")
    a_notice(marta, title="Teapot")

    page = client_of(marta).get("/notices")

    assert page.status_code == 200
    assert page.text.index("The order for Teapot ended unpaid.") < page.text.index(
        "The order for Old clock ended unpaid."
    )
    assert page.text.count('class="badge">New<') == 2
    assert "2 notices that you have not opened" in page.text
    assert group.name in page.text


def test_sums_and_titles_are_written_as_everywhere(app: Flask, client_of: ClientOf) -> None:
    marta = a_person("Marta")
    service.notify(
        person_id=marta.id, kind="outbid", ref="lot:1", path="/g/x/lots/1",
        data={"number": 1, "title": "<b>Vase</b>", "price": Money(1420_00, "EUR")},
    )  # fmt: skip
    page = client_of(marta).get("/notices").text
    assert '<data value="1420.00">EUR\u00a01,420.00</data>' in page
    assert "&lt;b&gt;Vase&lt;/b&gt;" in page


def test_opening_a_notice_leads_on_and_marks_it_read(app: Flask, client_of: ClientOf) -> None:
    marta = a_person("Marta")
    notice = a_notice(marta)
    answer = client_of(marta).get(f"/notices/{notice.id}")
    assert answer.status_code == 302
    assert answer.location == notice.path
    assert queries.unread_of(marta.id) == 0


def test_nobody_opens_the_notice_of_another(app: Flask, client_of: ClientOf) -> None:
    notice = a_notice(a_person("Marta"))
    stranger = client_of(a_person("Stranger"))
    assert stranger.get(f"/notices/{notice.id}").status_code == 404
    assert stranger.get("/notices/999999999999999999999999").status_code == 404
    assert "Porcelain teapot" not in stranger.get("/notices").text
    assert queries.unread_of(notice.person_id) == 1


def test_all_is_marked_read_at_once_for_oneself_alone(app: Flask, client_of: ClientOf) -> None:
    marta, bruno = a_person("Marta"), a_person("Bruno")
    a_notice(marta)
    a_notice(bruno)
    assert client_of(marta).post("/notices/read").status_code == 302
    assert queries.unread_of(marta.id) == 0
    assert queries.unread_of(bruno.id) == 1


def test_a_long_list_comes_in_pages(app: Flask, client_of: ClientOf) -> None:
    marta = a_person("Marta")
    notices = [a_notice(marta, title=f"Lot {number:02}") for number in range(32)]
    client = client_of(marta)
    first = client.get("/notices").text
    assert "Lot 31" in first
    assert "Lot 01" not in first
    assert f"/notices?before={notices[2].id}" in first
    rest = client.get(f"/notices?before={notices[2].id}").text
    assert "Lot 01" in rest
    assert "Lot 02 " not in rest
    assert client.get("/notices?before=-5").status_code == 200
    assert client.get("/notices?before=nonsense%00").status_code == 200


def test_the_page_asks_the_database_the_same_whatever_it_shows(app: Flask, client_of: ClientOf) -> None:
    marta, client = a_person("Marta"), None
    client = client_of(marta)
    a_notice(marta, group=a_group())
    client.get("/notices")
    with statements() as few:
        client.get("/notices")
    for _ in range(10):
        a_notice(marta, group=a_group())
    with statements() as many:
        client.get("/notices")
    assert len(many) == len(few)


def test_who_was_told_nothing_reads_so(app: Flask, client_of: ClientOf) -> None:
    assert "Nothing has happened yet" in client_of(a_person()).get("/notices").text


@pytest.mark.parametrize("path", ["/notices", "/notices/1", "/outbox", "/outbox/1"])
def test_who_has_not_signed_in_is_asked_to(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 302


def test_operators_of_the_demo_read_the_outbox(
    app: Flask, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], demo=True))
    mail_id = a_mail(subject="Prove your address", body="Open http://127.0.0.1:8000/confirm/abc\nnow.\n\n<script>")
    sending.send_due_mails()
    operator = client_of(a_person(is_operator=True))
    assert "Prove your address" in operator.get("/outbox").text
    mail = operator.get(f"/outbox/{mail_id}").text
    assert '<a href="http://127.0.0.1:8000/confirm/abc"' in mail
    assert "&lt;script&gt;" in mail
    assert operator.get(f"/outbox/{mail_id + 1}").status_code == 404


def test_the_outbox_is_there_for_nobody_else(app: Flask, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    operator, member = a_person(is_operator=True), a_member(a_group())
    assert client_of(operator).get("/outbox").status_code == 404  # not the demo
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], demo=True))
    assert client_of(member).get("/outbox").status_code == 404
    monkeypatch.setitem(app.config, "EARNEST", replace(app.config["EARNEST"], smtp_url="smtp://mail.example.org"))
    assert client_of(operator).get("/outbox").status_code == 404
