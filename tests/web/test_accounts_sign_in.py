"""Signing in and out: the same answers for everybody, a code where there is a second factor, and back to the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts import second_factors
from marketplace.accounts.models import Person
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.web.limits import limiter
from tests.factories.accounts import PASSWORD, a_person, code_of
from tests.web.accounts_pages import said

pytestmark = pytest.mark.one_database

ClientOf = Callable[..., FlaskClient]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def is_in(client: FlaskClient) -> bool:
    return client.get("/settings").status_code == 200


def plain(page: str, email: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page).replace(email, "…")


# ---- in ----


def test_the_right_password_signs_in(client: FlaskClient) -> None:
    marta = a_person()
    answer = sign_in(client, marta.email.upper())
    assert (answer.status_code, answer.location) == (302, "/")
    assert is_in(client)


def test_a_wrong_password_keeps_the_address_and_says_what_is_left(client: FlaskClient) -> None:
    marta = a_person()
    answer = sign_in(client, marta.email, "wrong-password")
    assert answer.status_code == 422
    (sentence,) = said(answer)
    assert sentence.startswith(
        "E-mail and password do not match. Try again, or ask for a new password below. 4 tries left"
    )
    assert f'value="{marta.email}"' in answer.text
    assert "wrong-password" not in answer.text
    assert not is_in(client)


def test_strangers_and_members_get_the_same_page(client: FlaskClient) -> None:
    marta = a_person()
    for _ in range(7):
        known = sign_in(client, marta.email, "wrong-password")
        unknown = sign_in(client, "nobody@example.org", "wrong-password")
        assert known.status_code == unknown.status_code
        assert plain(known.text, marta.email) == plain(unknown.text, "nobody@example.org")


def test_after_five_failures_the_right_password_waits_too(client: FlaskClient) -> None:
    marta = a_person()
    for _ in range(5):
        sign_in(client, marta.email, "wrong-password")
    answer = sign_in(client, marta.email)
    assert answer.status_code == 422
    assert "tried too often" in said(answer)[0]
    clock.move(timedelta(minutes=15))
    assert sign_in(client, marta.email).status_code == 302


def test_where_one_has_signed_in_before_strangers_failures_do_not_count(app: Flask, client: FlaskClient) -> None:
    marta = a_person()
    answer = sign_in(client, marta.email)
    (kept,) = (line for line in answer.headers.getlist("Set-Cookie") if line.startswith("earnest_device_"))
    assert "HttpOnly" in kept
    client.post("/sign-out")
    stranger = app.test_client()
    for _ in range(5):
        sign_in(stranger, marta.email, "wrong-password")
    assert sign_in(stranger, marta.email).status_code == 422
    assert sign_in(client, marta.email).status_code == 302


def test_a_known_device_by_itself_signs_nobody_in(client: FlaskClient) -> None:
    sign_in(client, a_person().email)
    client.delete_cookie("earnest")
    assert not is_in(client)


def test_a_device_is_known_once_the_code_was_right_too(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    sign_in(client, hedwig.email)
    assert client.get_cookie(f"earnest_device_{hedwig.id}") is None
    client.post("/sign-in/code", data={"code": code_of(hedwig)})
    assert client.get_cookie(f"earnest_device_{hedwig.id}") is not None


def test_who_has_not_proved_his_address_hears_so_once_his_password_is_right(client: FlaskClient) -> None:
    marta = a_person(confirmed=False)
    assert "do not match" in said(sign_in(client, marta.email, "wrong-password"))[0]
    answer = sign_in(client, marta.email)
    assert answer.status_code == 422
    assert said(answer) == ["Prove your e-mail address first: open the link in the mail that we sent you."]
    assert not is_in(client)


def test_empty_fields_say_what_to_enter(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={})
    assert answer.status_code == 422
    assert said(answer) == ["Enter your e-mail address.", "Enter your password."]


def test_signing_in_twice_at_once_is_being_in(client: FlaskClient) -> None:
    marta = a_person()
    sign_in(client, marta.email)
    assert sign_in(client, marta.email).status_code == 302
    assert is_in(client)


def test_stay_signed_in_lasts_thirty_days(client: FlaskClient) -> None:
    marta = a_person()
    answer = sign_in(client, marta.email, remember="1")
    stay = next(cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("earnest_stay="))
    assert "HttpOnly" in stay
    assert "SameSite=Lax" in stay
    client.delete_cookie("earnest")
    assert is_in(client)


def test_without_it_nothing_stays(client: FlaskClient) -> None:
    sign_in(client, a_person().email)
    client.delete_cookie("earnest")
    assert not is_in(client)


def test_a_page_that_wants_to_know_who_you_are_is_gone_back_to(client: FlaskClient) -> None:
    marta = a_person()
    sent = client.get("/settings/profile")
    assert sent.location == "/sign-in?next=/settings/profile"
    page = client.get(sent.location)
    assert said(page) == ["Sign in to see this page."]
    assert 'name="next" value="/settings/profile"' in page.text
    assert sign_in(client, marta.email, next="/settings/profile").location == "/settings/profile"


ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)", "evil.example", "http://[::1", "/ /evil.example", "/\u202eevil", "/" + "x" * 100_000,
    "http://localhost/settings",
]  # fmt: skip


@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=lambda way: repr(way[:24]))
def test_nobody_is_sent_elsewhere(client: FlaskClient, elsewhere: str) -> None:
    marta = a_person()
    for answer in (
        client.get("/sign-in", query_string={"next": elsewhere}),
        sign_in(client, marta.email, next=elsewhere),
        client.post("/sign-in", query_string={"next": elsewhere}, data={"email": marta.email, "password": PASSWORD}),
    ):
        assert answer.status_code == 302
        assert answer.location in {"/", "/sign-in"}


def test_what_comes_as_json_is_refused(client: FlaskClient) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    for path in ("/sign-in", "/sign-up", "/new-password", "/sign-in/code"):
        answer = client.post(path, data=deep, content_type="application/json")
        assert answer.status_code in {400, 415}, path


def test_no_token_in_an_address_or_a_header_signs_in(app: Flask, client: FlaskClient) -> None:
    marta = a_person()
    with app.test_request_context():
        token = str(marta.get_auth_token())
    assert client.get("/settings", query_string={"auth_token": token}).status_code == 302
    assert client.get("/settings", headers={"Authentication-Token": token}).status_code == 302
    answer = client.get("/settings", headers={"Authorization": "Basic bWFydGE6Y29sbGVjdC1ob25lc3RseQ=="})
    assert answer.status_code == 302


# ---- the code ----


def test_a_second_factor_is_asked_for(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    asked = sign_in(client, hedwig.email, next="/settings/profile")
    assert asked.location == "/sign-in/code?next=/settings/profile"
    assert not is_in(client)
    assert 'name="next" value="/settings/profile"' in client.get(asked.location).text
    answer = client.post("/sign-in/code", data={"code": code_of(hedwig), "next": "/settings/profile"})
    assert answer.location == "/settings/profile"
    assert is_in(client)


def test_who_just_signed_in_with_a_code_is_not_asked_for_another(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    sign_in(client, hedwig.email)
    client.post("/sign-in/code", data={"code": code_of(hedwig)})
    assert client.get("/settings/payout-details").status_code == 200


def test_a_recovery_code_stands_in_and_is_used_up(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig")
    second_factors.give(person_id=hedwig.id)
    code = second_factors.recovery_codes_of(db.session.get_one(Person, hedwig.id))[0]
    sign_in(client, hedwig.email)
    client.post("/sign-in/code", data={"code": code})
    page = client.get("/settings")
    assert said(page) == ["That recovery code is used up; 9 are left. You can make new ones in your settings."]


def test_a_wrong_code_is_counted_and_no_code_is_typed_for_ever(client: FlaskClient) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    sign_in(client, hedwig.email)
    answers = [client.post("/sign-in/code", data={"code": "000000"}) for _ in range(6)]
    assert [each.status_code for each in answers] == [422] * 6
    assert "4 tries left" in said(answers[0])[0]
    assert "tried too often" in said(answers[5])[0]
    assert client.post("/sign-in/code", data={"code": code_of(hedwig)}).status_code == 422


def test_the_code_page_is_nothing_by_itself(client: FlaskClient, client_of: ClientOf) -> None:
    answer = client.get("/sign-in/code", follow_redirects=True)
    assert said(answer) == ["Sign in again: this page cannot be opened by itself."]
    signed_in = client_of(a_person())
    assert signed_in.get("/sign-in/code").location == "/"
    assert is_in(signed_in)


def test_a_code_cannot_be_used_for_a_second_sign_in(client: FlaskClient, app: Flask) -> None:
    hedwig = a_person("Hedwig", second_factor=True)
    code, other = code_of(hedwig), app.test_client()
    for browser in (client, other):
        sign_in(browser, hedwig.email)
    assert client.post("/sign-in/code", data={"code": code}).status_code == 302
    assert other.post("/sign-in/code", data={"code": code}).status_code == 422


# ---- out ----


def test_sign_out(client_of: ClientOf) -> None:
    browser = client_of(a_person())
    assert browser.post("/sign-out").location == "/"
    assert not is_in(browser)


def test_a_link_does_not_sign_out(client_of: ClientOf) -> None:
    browser = client_of(a_person())
    assert browser.get("/sign-out").status_code == 405
    assert is_in(browser)


def test_sign_out_everywhere(client_of: ClientOf, client: FlaskClient) -> None:
    marta = a_person()
    here, there = client_of(marta), client_of(marta)
    sign_in(client, marta.email, remember="1")
    client.delete_cookie("earnest")
    answer = here.post("/settings/sign-out-everywhere", follow_redirects=True)
    assert said(answer) == ["You are signed out on every device."]
    assert not any(is_in(browser) for browser in (here, there, client))


# ---- the page itself ----


def test_nothing_of_it_is_kept_in_a_cache(client: FlaskClient, client_of: ClientOf) -> None:
    for page in (client.get("/sign-in"), client.get("/new-password"), client_of(a_person()).get("/settings")):
        assert "no-store" in page.headers["Cache-Control"]


def test_the_header_of_a_stranger_holds_the_brand_and_the_way_in(client: FlaskClient) -> None:
    header = client.get("/sign-up").text.split("</header>")[0]
    assert re.findall(r"<a [^>]*>([^<]+)</a>", header)[1:] == ["Earnest", "Sign in"]


def test_the_header_of_a_member_leads_to_his_settings_and_the_footer_out(client_of: ClientOf) -> None:
    page = client_of(a_person("Marta Lind")).get("/settings/profile").text
    assert '<a href="/settings" aria-current="true">Marta Lind</a>' in page
    assert 'action="/sign-out"' in page.split("<footer")[1]


def test_outside_the_demo_no_password_stands_on_the_page(client: FlaskClient) -> None:
    a_person(email="marta@demo.earnest.example")
    page = client.get("/sign-in").text
    assert "collect-honestly" not in page
    assert "marta@demo" not in page


def test_in_the_demo_everybody_is_listed(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    hedwig = a_person("Hedwig", email="hedwig@demo.earnest.example", second_factor=True)
    monkeypatch.setitem(app.config, "EARNEST_DEMO", True)
    page = client.get("/sign-in").text
    assert all(word in page for word in ("collect-honestly", hedwig.email, code_of(hedwig)))


def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    marta = a_person()
    assert sign_in(client, marta.email).status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    assert sign_in(client, marta.email, csrf_token=token[1]).status_code == 302
    assert client.post("/sign-out").status_code == 400
    assert is_in(client)


def test_guessing_from_one_address_is_slowed_down(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    answers = [sign_in(client, f"nobody{number}@example.org").status_code for number in range(32)]
    assert answers[0] == 422
    assert answers[-1] == 429
