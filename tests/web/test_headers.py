"""What every answer carries besides its content: the content policy, cookies, what may be kept; and what it asks for:
the right host, a token, patience."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask, request
from flask.testing import FlaskClient
from flask_limiter.util import get_qualified_name
from werkzeug.test import TestResponse

from marketplace.config import Settings
from marketplace.web.headers import CONTENT_POLICY
from marketplace.web.limits import limiter
from tests.factories.accounts import PASSWORD, a_person
from tests.installations import built
from tests.web.permission_table import EVERYBODY, TABLE, Line
from tests.web.valid_forms import FORMS
from tests.web.world import Who, World

TEMPLATES = Path(__file__).parents[2] / "templates"
HTTPS = "https://earnest.example.org"


def one_of(line: Line) -> Who:
    """Somebody who may; for what everybody may, somebody who has signed in all the same."""
    return Who.MEMBER if line.may in (EVERYBODY, frozenset()) or Who.MEMBER in line.may else min(line.may)


def asked(world: World, route: str, line: Line, **how: Any) -> TestResponse:
    """The answer to somebody who may."""
    method, rule = route.split(" ", maxsplit=1)
    found = next(r for r in world.app.url_map.iter_rules() if r.rule == rule and method in (r.methods or ()))
    thing = world.things[line.of]
    hidden = {name: thing[name] for name in thing.keys() & {"subject"}}
    path = world.path(found.endpoint, **{name: thing[name] for name in found.arguments}, **hidden)
    with world.client(one_of(line)).open(path, method=method, **how) as answer:
        return answer


GETS = [(route, line) for route, lines in TABLE.items() if route.startswith("GET ") for line in lines]
POSTS = [(route, lines[0]) for route, lines in TABLE.items() if route.startswith("POST ")]


# ---- Scripts and styles come from our own files alone ----


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "default-src 'none'" in CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY and "http" not in CONTENT_POLICY and "*" not in CONTENT_POLICY
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(CONTENT_POLICY.split("; "))


def test_every_kind_of_answer_carries_the_policy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.app.view_functions, "bids.law", _fails)
    member, photo = world.client(Who.MEMBER), world.things["a photograph of a published item"]
    answers = {
        200: [member.get("/"), member.get("/healthz"), member.get(world.path("photos.show", **photo)),
              member.get(world.path("books.export", **world.things["the group"]))],
        302: [world.client(Who.ANONYMOUS).get("/settings")],
        400: [member.get("/", headers={"Host": "evil.example"})],
        403: [member.get(world.path("group_settings.profile", **world.things["the group"]))],
        404: [member.get("/operator"), member.get("/nowhere"), member.get("/static/nothing.css")],
        405: [member.get("/sign-out")],
        413: [member.post("/settings/profile", data={"name": "x" * 5_000_000})],
        422: [member.post("/settings/profile")],
        500: [member.get("/how-bidding-works")],
    }  # fmt: skip
    for status, each in answers.items():
        for answer in each:
            answer.close()
            assert answer.status_code == status, (status, answer.request.path)
            assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"


def _fails() -> str:
    raise ZeroDivisionError


def test_a_fault_of_ours_tells_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.app.view_functions, "bids.law", _fails)
    page = world.client(Who.MEMBER).get("/how-bidding-works").text
    assert "went wrong on our side" in page
    assert "ZeroDivision" not in page and "Traceback" not in page


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_templates_hold_no_script_and_no_style(template: Path) -> None:
    text = template.read_text()
    assert not re.findall(r"""\sstyle\s*=|<style|\son[a-z]+\s*=\s*["']|javascript:""", text, re.IGNORECASE)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "|safe" not in text.replace(" ", "") and "autoescape" not in text


def test_pages_hold_no_script_and_no_style_and_nothing_from_elsewhere(world: World) -> None:
    wrong = []
    for route, line in GETS:
        answer = asked(world, route, line)
        if answer.mimetype == "text/html":
            wrong += [f"{route}: {fault}" for fault in Inline(answer.text).found]
    assert not wrong


class Inline(HTMLParser):
    """What the content policy would block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        self.found += [f"{tag} {name}" for name in has if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in has) or tag in {"iframe", "object", "embed", "base"}:
            self.found.append(f"<{tag}>")
        source = has.get("src") or (has.get("href") if tag == "link" else None) or ""
        if urlsplit(source).scheme or urlsplit(source).netloc:
            self.found.append(f"{tag} from {source}")


# ---- What is private is kept by nobody ----


# Kept by their reader's browser, which asks each time whether they still hold, and forgets them when he signs out.
ASKED_ABOUT = {"GET /g/<slug>/lots", "GET /g/<slug>/lots/<int:number>"}


def test_private_pages_are_kept_in_no_cache(world: World) -> None:
    wrong = []
    for route, line in GETS:
        kept, is_picture = asked(world, route, line), "photograph" in line.of or "picture" in route
        cache = kept.headers.get("Cache-Control", "")
        if kept.status_code == 304 or "static" in route:
            continue
        if route in ASKED_ABOUT and cache == "private, no-cache, max-age=0":
            continue
        if "public" in cache and line.may != EVERYBODY:
            wrong.append(f"{route} of {line.of}: {cache}")
        if "no-store" not in cache and not (is_picture and kept.mimetype == "image/jpeg" and "private" in cache):
            wrong.append(f"{route} of {line.of}: {cache or 'nothing'}")
    assert [each for each in wrong if "another group" not in each] == []


# ---- An installation of its own for each setting ----


@pytest.fixture
def installed(world: World, settings_of: Callable[..., Settings]) -> Iterator[Callable[..., Flask]]:
    """The same people and things under other settings."""
    made = []

    def make(**environ: str) -> Flask:
        settings: Settings = world.app.config["EARNEST"]
        app = built(settings_of(DATABASE_URL=settings.database_url, **environ))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


def cookies(answer: TestResponse) -> dict[str, str]:
    """Cookies by name, with all that is said of them."""
    return {line.split("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}


def signed_in(app: Flask, base: str) -> TestResponse:
    with app.app_context():
        address = a_person().email
    form = {"email": address, "password": PASSWORD, "remember": "1"}
    return app.test_client().post("/sign-in", data=form, base_url=base)


def test_cookies_are_for_our_pages_alone_and_follow_https(installed: Callable[..., Flask]) -> None:
    given = cookies(signed_in(installed(EARNEST_BASE_URL=HTTPS), HTTPS))
    assert set(given) >= {"earnest", "earnest_stay"}
    for line in given.values():
        assert "HttpOnly" in line and "SameSite=Lax" in line and "Secure" in line and "Domain" not in line


def test_without_https_cookies_are_sent_all_the_same(installed: Callable[..., Flask]) -> None:
    given = cookies(signed_in(installed(), "http://127.0.0.1:8000"))
    assert set(given) >= {"earnest", "earnest_stay"}
    for line in given.values():
        assert "HttpOnly" in line and "SameSite=Lax" in line and "Secure" not in line


def test_a_browser_is_told_to_stay_with_https_where_there_is_https(world: World, installed: Any) -> None:
    page = installed(EARNEST_BASE_URL=HTTPS).test_client().get("/sign-in", base_url=HTTPS)
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "Strict-Transport-Security" not in world.client(Who.ANONYMOUS).get("/sign-in").headers


@pytest.mark.parametrize("host", ["evil.example", "earnest.example.org.evil.example", "127.0.0.1", "a b", "[::1", ""])
def test_another_host_is_none_of_ours(installed: Callable[..., Flask], host: str) -> None:
    client = installed(EARNEST_BASE_URL=HTTPS).test_client()
    for path in ("/", "/sign-in", "/settings", "/nowhere", "/static/style.css"):
        with client.get(path, base_url=HTTPS, headers={"Host": host}) as answer:
            assert answer.status_code == 400
            assert "evil" not in answer.get_data(as_text=True)
    with client.get("/sign-in", base_url=HTTPS) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "127.0.0.1"])
def test_on_loopback_all_its_names_are_ours(world: World, host: str) -> None:
    assert world.client(Who.ANONYMOUS).get("/", headers={"Host": host}).status_code == 200


FORWARDED = {
    "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "earnest.example.org",
}


def seen_by(app: Flask) -> tuple[FlaskClient, list[tuple[str | None, str, str]]]:
    """A browser, and where and how the server thinks it comes in."""
    seen: list[tuple[str | None, str, str]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.scheme, request.host)))
    return app.test_client(), seen


def test_what_a_proxy_would_say_counts_for_nothing_without_one(installed: Callable[..., Flask]) -> None:
    client, seen = seen_by(installed())
    client.get("/", headers=FORWARDED)
    assert seen == [("127.0.0.1", "http", "localhost")]


def test_one_proxy_is_believed_what_it_saw_itself(installed: Callable[..., Flask]) -> None:
    client, seen = seen_by(installed(EARNEST_PROXIES="1", EARNEST_BASE_URL=HTTPS))
    client.get("/", headers=FORWARDED)
    assert seen == [("198.51.100.9", "https", "earnest.example.org")]


def test_a_proxy_cannot_bring_in_another_host(installed: Callable[..., Flask]) -> None:
    client = installed(EARNEST_PROXIES="1", EARNEST_BASE_URL=HTTPS).test_client()
    assert client.get("/", headers={**FORWARDED, "X-Forwarded-Host": "evil.example"}).status_code == 400


# ---- A form needs the token of its page ----


@pytest.fixture
def guarded(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setitem(world.app.config, "WTF_CSRF_ENABLED", True)
    return world


@pytest.mark.parametrize("token", [None, "", "x", "ImFiYyI.aAaAaA.aaaaaaaaaaaaaaaaaaaaaaaaaaa"])
def test_every_form_needs_its_token(guarded: World, token: str | None) -> None:
    wrong = []
    for route, line in POSTS:
        rule = route.removeprefix("POST ")
        form = FORMS[rule].body(guarded) if rule in FORMS and not FORMS[rule].files else {}
        answer = asked(guarded, route, line, data=form if token is None else form | {"csrf_token": token})
        if answer.status_code != 400 or guarded.has_changed():
            wrong.append(f"{route}: {answer.status_code}")
    assert not wrong


def test_a_token_is_good_for_the_session_that_it_was_made_for(guarded: World) -> None:
    mine, other = guarded.client(Who.MEMBER), guarded.client(Who.BUYER)
    token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', mine.get("/settings/profile").text)[0]
    form = {"name": "Marta", "csrf_token": token}
    assert other.post("/settings/profile", data=form).status_code == 400
    assert mine.post("/settings/profile", data=form).status_code == 302


def test_every_form_of_a_page_has_its_token(world: World) -> None:
    wrong = []
    for route, line in GETS:
        answer = asked(world, route, line)
        page = answer.text if answer.mimetype == "text/html" else ""
        for form in re.findall(r'<form[^>]*method="post"[^>]*>.*?</form>', page, re.DOTALL):
            if 'name="csrf_token"' not in form:
                wrong.append(f"{route}: {form[:90]}")
    assert not wrong


# ---- Not too often ----


@pytest.fixture
def limited(world: World) -> Iterator[World]:
    limiter.reset()
    limiter.enabled = True
    yield world
    limiter.enabled = False
    limiter.reset()


def test_every_write_has_a_limit(world: World) -> None:
    for rule in world.app.url_map.iter_rules():
        if "POST" in (rule.methods or ()):
            view = world.app.view_functions[rule.endpoint]
            own = limiter.limit_manager.decorated_limits(get_qualified_name(view))
            assert own or rule.endpoint in COUNTED_TOGETHER, rule.endpoint


COUNTED_TOGETHER = {"security.logout", "second_factor.turn_off"}
"""They have the limit that everything has."""


DEEDS = [
    (Who.ANONYMOUS, "/sign-in", {}, 30),
    (Who.ANONYMOUS, "/sign-up", {}, 6),  # as many mails to one mailbox, here to none
    (Who.ANONYMOUS, "/new-password", {"email": "marta@example.org"}, 30),
    (Who.ANONYMOUS, "/sign-out", {}, 120),
    (Who.MEMBER, "/g/lindengasse-antiques/lots/1/bid", {}, 60),
    (Who.SELLER, "/g/lindengasse-antiques/items/1/photos/add", {}, 40),
    (Who.MEMBER, "/settings/picture", {}, 30),
    (Who.BUYER, "/orders/3/messages", {}, 30),
]


@pytest.mark.parametrize(("who", "path", "form", "most"), DEEDS, ids=[path for _who, path, _form, _most in DEEDS])
def test_what_costs_others_is_done_so_often_and_no_more(
    limited: World, who: Who, path: str, form: dict[str, str], most: int
) -> None:
    client = limited.client(who)
    with time_machine.travel(datetime.now(UTC), tick=False):  # all within the minute, however slow the machine is
        for _ in range(most):
            assert client.post(path, data=form).status_code in {302, 422}
        assert client.post(path, data=form).status_code == 429
        assert client.get("/").status_code == 200


def test_a_page_is_read_as_often_as_one_likes_but_for_what_is_dear_to_make(limited: World) -> None:
    client, dear = limited.client(Who.MEMBER), "/g/lindengasse-antiques/books.csv"
    with time_machine.travel(datetime.now(UTC), tick=False):
        answers = [client.get(dear).status_code for _ in range(40)]
        assert answers[0] == 200 and answers[-1] == 429
        assert {client.get("/how-bidding-works").status_code for _ in range(130)} == {200}


def test_no_page_is_looked_up_among_the_limits_of_what_writes(limited: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    monkeypatch.setattr(limiter.limit_manager, "resolve_limits", lambda *said: (looked_up.append(said[1]), ([], []))[1])
    client = limited.client(Who.MEMBER)
    client.get("/how-bidding-works")
    assert looked_up == []
    client.post("/sign-out")
    assert looked_up == ["security.logout"]


def test_one_person_does_not_use_up_the_patience_for_another(limited: World) -> None:
    member, seller = limited.client(Who.MEMBER), limited.client(Who.SELLER)
    answers = [member.post("/settings/picture").status_code for _ in range(31)]
    assert answers == [422] * 30 + [429]
    assert seller.post("/settings/picture").status_code == 422


def test_while_the_common_store_is_away_each_process_counts_for_itself(
    installed: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = installed(EARNEST_RATE_STORE="redis://127.0.0.1:1")
    monkeypatch.setattr(limiter, "enabled", True)
    # which it finds out by itself, and the next test is not to know
    monkeypatch.setattr(limiter, "_storage_dead", False)
    client = app.test_client()
    assert {client.post("/sign-in").status_code for _ in range(30)} == {422}
    assert client.post("/sign-in").status_code == 429
    installed()  # the limiter is the process's own: the next test finds it counting in memory again


def test_a_made_up_address_of_a_proxy_buys_no_more_tries(limited: World) -> None:
    client = limited.client(Who.ANONYMOUS)
    tries = [client.post("/sign-in", headers={"X-Forwarded-For": f"203.0.113.{at}"}) for at in range(31)]
    assert tries[-1].status_code == 429
