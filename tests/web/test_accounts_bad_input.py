"""Whatever comes into the forms of the accounts, on both databases: an answer, and never a fault of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import addresses, queries
from tests.factories.accounts import PASSWORD, a_person

ClientOf = Callable[..., FlaskClient]

HUGE = "x" * 100_000  # 100 kB, as is the wide one
NASTY = {
    "nul": "Marta\x00Lind",
    "huge": HUGE,
    "huge and wide": "漆" * 33_334,
    "turned": "\u202eadniL atraM\u2066",
    "lone surrogate": "\ud800",
    "control": "\x1b[31m\x07\x7f",
    "spaces": " \t\r\n\u00a0",
    "nothing": "",
    "negative": "-1",
    "a number": "9" * 400,
    "markup": "<script>alert(1)</script>\"'&",
    "sql": "'; DROP TABLE people; --",
    "format": "%(left)s %s {0} {{ 7*7 }}",
    "combining": "e" + "\u0301" * 5000,
    "expanding": "ﷺ" * 250,
}

OPEN_FORMS = {
    "/sign-in": {"email": "marta@example.org", "password": PASSWORD, "remember": "1", "next": "/settings"},
    "/sign-up": {"name": "Marta", "email": "new@example.org", "password": "many-old-teapots", "next": "/settings"},
    "/prove-address": {"email": "marta@example.org"},
    "/new-password": {"email": "marta@example.org"},
    "/sign-in/code": {"code": "000000", "next": "/"},
}
OWN_FORMS = {
    "/settings/verify": {"password": PASSWORD, "next": "/settings"},
    "/settings/password": {"password": PASSWORD, "new_password": "many-new-teapots"},
    "/settings/email": {"email": "new@example.org"},
    "/settings/profile": {"name": "Marta", "about": "porcelain"},
    "/settings/picture": {"picture": "no file"},
    "/settings/addresses/new": {
        "recipient": "Marta", "street": "Lindengasse 12", "postal_code": "1070", "city": "Wien", "region": "Wien",
        "country": "AT", "phone": "0660", "is_default": "1",
    },
    "/settings/payout-details": {"details": "AT61 1904 3002 3457 3201"},
    "/settings/second-factor/prove": {"code": "000000", "next": "/settings"},
}  # fmt: skip

FINE = {200, 302, 400, 422, 429}


def spoiled(form: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The form with everything nasty in all of its fields, and with the worst in one field after the other."""
    for kind, text in NASTY.items():
        yield kind, dict.fromkeys(form, sendable(text))
    for field in form:
        for kind in ("nul", "huge", "lone surrogate"):
            yield f"{field}: {kind}", form | {field: sendable(NASTY[kind])}


@pytest.mark.parametrize("path", OPEN_FORMS)
def test_open_forms_answer_whatever_comes(client: FlaskClient, path: str) -> None:
    a_person(email="marta@example.org", second_factor=True)
    for kind, form in spoiled(OPEN_FORMS[path]):
        if path == "/sign-in/code":
            client.post("/sign-in", data=OPEN_FORMS["/sign-in"])
        assert client.post(path, data=form).status_code in FINE, kind


@pytest.mark.parametrize("path", OWN_FORMS)
def test_own_forms_answer_whatever_comes(client_of: ClientOf, path: str) -> None:
    marta = a_person(email="marta@example.org", second_factor=True)
    for kind, form in spoiled(OWN_FORMS[path]):
        answer = client_of(queries.person(marta.id)).post(path, data=form)
        assert answer.status_code in FINE, kind
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ["/new-password/", "/prove-address/", "/settings/email/"])
@pytest.mark.parametrize("token", ["x", "a.b.c", "%00", "." * 500, "eyJ", "%F0%9F%92%A3", "x" * 5000])
def test_links_that_we_never_sent(client: FlaskClient, path: str, token: str) -> None:
    assert client.get(path + token).status_code in {302, 404}
    assert client.post(path + token, data={"password": "many-new-teapots"}).status_code in {302, 404, 405}


@pytest.mark.parametrize("number", ["0", "-1", "999999999999999999999", "9" * 500, "x", "1e3", "%00"])
@pytest.mark.one_database
def test_addresses_and_pictures_with_numbers_that_nobody_gave(client_of: ClientOf, number: str) -> None:
    browser = client_of(a_person())
    for path in (f"/settings/addresses/{number}", f"/people/{number}/picture"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"/settings/addresses/{number}/remove").status_code == 404


def test_a_number_that_no_database_holds_is_nobody(app: Flask, client_of: ClientOf) -> None:
    browser = client_of(a_person())
    for number in (2**63 - 1, 2**63, 10**30):
        assert browser.get(f"/people/{number}/picture").status_code == 404
        assert browser.get(f"/settings/addresses/{number}").status_code == 404


def test_the_same_form_sent_twice_leaves_one_thing(client_of: ClientOf) -> None:
    marta = a_person()
    browser = client_of(marta)
    for _ in range(2):
        assert browser.post("/settings/addresses/new", data=OWN_FORMS["/settings/addresses/new"]).status_code == 302
        assert browser.post("/settings/profile", data=OWN_FORMS["/settings/profile"]).status_code == 302
    assert len(queries.addresses_of(marta.id)) == 1


def test_a_removal_sent_twice_finds_nothing_the_second_time(client_of: ClientOf) -> None:
    marta = a_person()
    address = addresses.add_address(by=marta.id, recipient="Marta", street="Lindengasse 12", city="Wien", country="AT")
    browser = client_of(marta)
    path = f"/settings/addresses/{address.id}/remove"
    assert [browser.post(path).status_code for _ in range(2)] == [302, 404]


def sendable(text: str) -> str:
    """As a browser or an attacker would put it on the wire."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1") if "\ud800" in text else text
